"""What bee says where GitHub refuses its writes, with GitHub's own words."""

from __future__ import annotations

from bee.model.text import neutralised, one_line


def push_refused(said: str) -> str:
    """What it means that GitHub did not take a push, to whoever can change its rules; `said` are GitHub's own words."""
    return (
        f"GitHub refused bee's push, and would refuse the next one: {neutralised(said)}\n\n"
        "Change the rule, or let bee's account bypass it (Settings, Rules); then reply here. bee continues by itself."
    )


def no_trace(repo: str, why: str) -> str:
    """Why nothing is tested, to whoever can change that, in one line."""
    said = neutralised(one_line(why, 300))
    return f"E2E traces go to {repo} (`e2e.repo` in the policy), and none may go there: {said}"


def refused_by_rule(said: str) -> tuple[str, str]:
    """Title and text of the one issue about a rule that stands against bee; `said` are GitHub's own words."""
    return (
        "bee: GitHub refuses its writes",
        f"{neutralised(said)}\n\nbee writes below `refs/bee/` and to branches `bee/...`. While a rule forbids that, it "
        "sends no agent here.\n\n**What you can do:** change the rule, or let bee's account bypass it (Settings, "
        "Rules). Then close this issue; bee tries again at every tick.",
    )
