"""What bee says where GitHub refuses its writes, with GitHub's own words."""

from __future__ import annotations

import re
from typing import Final

from bee.model.text import neutralised, one_line

BYPASS: Final = "change the rule, or let bee's account bypass it (Settings, Rules)"
# What GitHub says of a push that no bypass of a ruleset helps, and what helps then.
# https://docs.github.com/en/repositories/working-with-files/managing-large-files/about-large-files-on-github
# https://docs.github.com/en/code-security/secret-scanning/working-with-secret-scanning-and-push-protection
_OTHERWISE: Final = (
    (
        r"refusing to allow .* workflow|without `?workflows?`? (permission|scope)",
        "give bee's token the permission Workflows (write), or the scope `workflow` where it is a classic one",
    ),
    (
        r"\bGH001\b|large files detected|file size limit",
        "say how to do without the file: left out, made smaller, or by Git LFS; no rule of yours lets it pass",
    ),
    (
        r"push protection|\bGH009\b|secrets? (detected|found)",
        "where it is a real secret, revoke it, and say what is to stand there; where it is not, allow it at the "
        "address that GitHub names",
    ),
)


def way_out(said: str) -> str:
    """What a person can do about a refusal in these words of GitHub's, as half a sentence."""
    return next((advice for words, advice in _OTHERWISE if re.search(words, said, re.IGNORECASE)), BYPASS)


def push_refused(said: str) -> str:
    """What it means that GitHub did not take a push, to whoever can change its rules; `said` are GitHub's own words."""
    return (
        f"GitHub refused bee's push, and would refuse the next one: {neutralised(said)}\n\n"
        f"What you can do: {way_out(said)}; then reply here. bee continues by itself."
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
        f"sends no agent here.\n\n**What you can do:** {way_out(said)}. Then close this issue; bee tries again at "
        "every tick.",
    )
