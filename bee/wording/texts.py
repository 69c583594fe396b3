"""Everything bee says on GitHub, in one place. Pure: facts in, Markdown out; tests compare the exact text.

What an agent wrote is neutralised before it stands here; bee's own markers are added last, by `marked`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bee.model import markers
from bee.model.effects import TraceResult
from bee.model.items import Who
from bee.model.labels import Label
from bee.model.limits import BODY_BYTES_MAX, DASHBOARD_ROWS_MAX, ESCALATION_REASON_BYTES_MAX
from bee.model.markdown import closed
from bee.model.outcomes import Cause, Outcome
from bee.model.records import RunSummary
from bee.model.refs import branch_of
from bee.model.steps import Step
from bee.model.text import clipped, neutralised, number_of, one_line, plain, utc
from bee.wording.escalations import CAUSES, TERMINAL_ANSWERS


def kept_from(hosts: Sequence[str]) -> str:
    """What the network policy refused in a run; empty for nothing."""
    more = f" and {len(hosts) - 3} more" if len(hosts) > 3 else ""
    return f"the network policy kept it from {', '.join(hosts[:3])}{more}" if hosts else ""


def marked(text: str, run: str, role: str, key: str, n: int = 0, **values: str) -> str:
    """The text with its `bee:run` marker at the end. `n`: the sequence number of the run's record, where it has one."""
    counted = {"n": str(n)} if n else {}
    marker = markers.Marker(markers.RUN, {"id": run, "role": role, "key": key, **counted, **values})
    return f"{closed(clipped(text, BODY_BYTES_MAX))}\n\n{markers.render(marker)}"


def _prose(text: str, lead: str = "") -> str:
    """What somebody wrote, harmless, after `lead`; its last code fence is closed, for what follows must not be code."""
    return closed(f"{lead}{neutralised(text)}")


def said(role: str, text: str) -> str:
    """What a role posts."""
    return f"**{role}:** {text}"


def short(oid: str) -> str:
    """An oid as people read it."""
    return oid[:10]


def quoted(text: str) -> str:
    """A short text of somebody else's in the middle of a line, harmless."""
    return neutralised(one_line(text))


def stands(number: int, state: str, upcoming: str) -> str:
    """What a status comment begins with: where the item stands, and who moves next."""
    return f"**bee:** #{number} is {state}\n\n- **Next:** {upcoming}"


def let_go(verb: str) -> str:
    """Where an item stands once a person has let it go on from the terminal."""
    return f"on its way: a person said `bee {verb}`"


BEE_NEXT: Final = "bee, at its next tick."


def standing(
    number: int, state: str, upcoming: str, runs: Sequence[RunSummary], *, usd: float, at: int, is_open: bool,
    is_issue: bool = False,
) -> str:  # fmt: skip
    """The status comment of an item: where it stands, as of `at`. `runs` are the agents', oldest first."""
    lines = [stands(number, state, upcoming)]
    if runs:
        note = f": {quoted(runs[-1].note)}" if runs[-1].note else ""
        lines.append(f"- **Last run:** {runs[-1].role}, {runs[-1].outcome}{note}")
    lines.append(f"- **So far:** {number_of(len(runs), 'run')}{f', {usd:.2f} USD' if usd else ''}")
    if is_open:
        lines.append(
            f"- **To stop it:** add the label `{Label.HUMAN}`, or run `bee pause {number}`. "
            f"To go on: take it off, or run `bee resume {number}`."
            f"{' Its open pull requests stop and go on with it.' if is_issue else ''}"
        )
    return as_of("\n".join(lines), at)


DASHBOARD_TITLE = "bee: dashboard"


def retried(who: str, at: int) -> str:
    """What stands on an item whose box on the dashboard a person ticked."""
    return f"**human:** `{who}` asked on the dashboard to try again ({utc(at)})"


def dashboard_head(repo: str) -> str:
    """The first words of a dashboard issue."""
    return (
        f"This is bee's dashboard of {repo}; the first comment below shows where everything stands. Tick a box to have "
        "bee act at its next tick: it counts when somebody with write access ticks it. bee never works on this issue."
    )


def dashboard(parts: Mapping[str, Sequence[str]], runs: int, usd: float, error: str, hold: str) -> str:
    """The picture on a dashboard: lists by heading, what today cost, the last error, why nothing is dispatched."""
    lines = [f"**bee:** {', '.join(f'{heading.lower()}: {len(rows)}' for heading, rows in parts.items())}"]
    if hold:
        lines += ["", f"**Nothing is dispatched:** {quoted(hold)}"]
    for heading, rows in parts.items():
        if rows:
            lines += ["", f"**{heading}**", "", *(f"- {row}" for row in rows[:DASHBOARD_ROWS_MAX])]
        if len(rows) > DASHBOARD_ROWS_MAX:
            lines.append(f"- and {len(rows) - DASHBOARD_ROWS_MAX} more: `bee status`")
    lines += ["", f"**Today:** {number_of(runs, 'run')}{f', {usd:.2f} USD' if usd else ''} (UTC)"]
    if error:
        lines += ["", f"**Last error:** {error}"]
    return "\n".join(lines)


def as_of(text: str, at: int) -> str:
    """A picture with the time it was taken."""
    return f"{text}\n\n<sub>As of {utc(at)}. bee edits this comment; the labels are the state.</sub>"


def asked_on_dashboard(at: int, who: str, what: str, came_of_it: str) -> str:
    """One line about a box that was ticked; `who` is empty where GitHub's history does not tell."""
    said_ = quoted(came_of_it).replace("`", "'")
    return f"- {utc(at)}, {who or 'somebody'}: {what}. {said_}"


def plan_approved(by: Who, text: str, at: int = 0, reason: str = "") -> str:
    """A person's approval of a plan, bound to its text; `at` where bee writes down a box ticked on the dashboard."""
    where = f"`{by.login}` approved the plan on the dashboard ({utc(at)})" if at else "the plan is approved"
    marker = markers.Marker(markers.PLAN_APPROVED, {"text": text, "by": by.login, "id": str(by.id or "")})
    return f"{_prose(reason, f'**human:** {where}' + (': ' if reason else ''))}\n\n{markers.render(marker)}"


def plan_posted(steps: Sequence[Step], needs_gate: bool) -> str:
    """The planner's comment beside the plan it wrote into the issue."""
    lines = "\n".join(f"{index}. `{step.id}` {neutralised(step.title)}" for index, step in enumerate(steps, 1))
    nexts = (
        "To start, tick the box under **Plan finalized** in the description. To change something, edit the plan first, "
        f"or say it in a comment with `{markers.render(markers.Marker(markers.CHANGES_REQUESTED, {}))}` below "
        "(in a terminal: `bee request-changes`)."
        if needs_gate
        else "The policy needs no approval of plans, so the first step starts now."
    )
    count = number_of(len(steps), "step")
    return said("planner", f"the plan has {count}, one pull request each:\n\n{lines}\n\n{nexts}")


def pull_body(issue: int, step: str, text: str, plan: str, pushed: str) -> str:
    """The description of a pull request of bee's; `Part of` links the issue without closing it.

    `pushed`: the head that bee pushed; empty where nobody knows who did.
    """
    head = {"pushed": pushed} if pushed else {}
    marker = markers.Marker(markers.PULL, {"issue": str(issue), "step": step, "plan": plan, **head})
    body = _prose(text).strip() or "(the drafter gave no description)"
    return f"{closed(clipped(body, BODY_BYTES_MAX))}\n\nPart of #{issue}, step `{step}`.\n\n{markers.render(marker)}"


def found_branch(issue: int, step: str) -> str:
    """The description of a pull request that bee opens for a branch it found without one."""
    return f"The branch `{branch_of(issue, step)}` was there without a pull request, so bee opened this one."


def pushed(role: str, title: str, text: str, head: str) -> str:
    """What drafter or test say when they have added commits to the branch."""
    return said(role, f"{neutralised(one_line(title))} ({short(head)})\n\n{_prose(text)}".rstrip())


def reply(text: str) -> str:
    """The drafter's answer to a review, without commits."""
    return _prose(text, said("drafter", ""))


def beside_thread(url: str, answer: str) -> str:
    """An answer that GitHub did not take in its review thread, as a comment."""
    return f"On {url}:\n\n{answer}"


def reviewed(approved: bool, text: str, head: str) -> str:
    """The reviewer's verdict on one head."""
    verdict = "approved" if approved else "changes requested"
    return said("reviewer", f"{verdict} at {short(head)}\n\n{_prose(text)}".rstrip())


def e2e_result(trace: TraceResult, base_ref: str, steps: str, verdict: str) -> str:
    """The E2E comment of one head on one base. `steps` is a Markdown list made by bee from the step records."""
    word = "pass" if trace.passed else "fail"
    text = f"**E2E trace ({word})** of {trace.head} on `{base_ref}` {trace.base}\n\n{steps}"
    if verdict:
        text += "\n\n" + _prose(verdict, said("test", ""))
    return f"{text}\n\nThe whole trace: `git fetch {trace.fetched} && git log FETCH_HEAD`"


def setup_failed(ref: str, said: str) -> str:
    """What a failed `setup` means, to whoever can fix it; `said` is the command with what it printed."""
    lines = "\n".join(f"    {line}" for line in said.splitlines())
    return f"The policy's `setup` fails on `{ref}`:\n\n{lines}\n"


def step_line(command: str, code: int, seconds: int) -> str:
    """One E2E step as a list item."""
    return f"- `{one_line(command, 120).replace('`', chr(39))}`: exit {code}, {seconds} s"


def escalation(
    cause: Cause, reason: str, tried: Sequence[RunSummary], evidence: Sequence[str], number: int, role: str = "bee"
) -> str:
    """The comment that hands an item to a person: why, what was tried, the evidence, and every answer it takes.

    `reason` is somebody's words; `evidence` are lines made by bee.
    """
    known = CAUSES[cause]
    lines = [
        _prose(clipped(reason, ESCALATION_REASON_BYTES_MAX), f"**{role}: {known.stands} "),
        f"\nReason: `{cause}`. {known.meaning}",
    ]
    if tried and known.holds:
        lines += ["\n**What was tried**\n", *map(_tried, tried)]
    if evidence:
        lines += ["\n**Evidence**\n", *(f"- {line}" for line in evidence)]
    lines += [f"\n**bee recommends:** {known.recommends}", "\n**What you can do**\n"]
    lines += [f"- {answer.format(number=number)}" for answer in known.answers]
    if known.holds:
        lines.append(f"- In a terminal: {TERMINAL_ANSWERS.format(number=number)}")
    return "\n".join(lines)


def _tried(run: RunSummary) -> str:
    failure = f" ({run.failure})" if run.failure else ""
    note = f": {quoted(run.note)}" if run.note else ""
    cost = f", {run.cost_usd:.2f} USD" if run.cost_usd else ""
    return f"- {utc(run.started_at)}, {run.role}: {run.outcome}{failure}{note}{cost}"


def evidence_quote(text: str) -> str:
    """What somebody wrote or a program printed, as one harmless line of code."""
    return f"`{neutralised(one_line(text, 500)).replace('`', chr(39))}`"


def released(reason: str, count: int, count_max: int) -> str:
    """bee took an item out of quarantine by itself."""
    left = "the next hot loop waits for a person" if count >= count_max else "bee goes on"
    return f"**bee:** released from quarantine, because {reason} (release {count} of {count_max}; {left})."


def paused_by_person(reason: str) -> str:
    """`bee pause` from the terminal."""
    return _prose(reason, f"**human:** paused{': ' if reason else ''}")


def overridden(state: str, reason: str) -> str:
    """`bee override` from the terminal: what a person made of the item, and why."""
    return _prose(reason, f"**human:** override to {state}: ")


def hinted(text: str) -> str:
    """`bee retry --hint`: a person's word for the next run."""
    return f"{_prose(text, '**human:** try again: ')}\n\n{markers.render(markers.Marker(markers.HINT))}"


def human_marker(kind: str, sha: str, reason: str, base_ref: str = "") -> str:
    """`bee approve` and `bee request-changes` from the terminal, bound to a head (of a plan: to none) and to a base."""
    word = "approved for E2E and merge" if kind == markers.APPROVED else "changes requested"
    text = _prose(reason, f"**human:** {word} {f'at {short(sha)}' if sha else 'in the plan'}{': ' if reason else ''}")
    about = {"sha": sha, "base_ref": markers.ref_value(base_ref) if base_ref else ""}
    return f"{text}\n\n{markers.render(markers.Marker(kind, {key: value for key, value in about.items() if value}))}"


def hot_loop(number: int, reason: str, tried: Sequence[RunSummary]) -> tuple[str, str]:
    """Title and text of the one issue about a hot loop."""
    lines = "\n".join(f"- `{run.run}`: {run.outcome}, {run.ended_at - run.started_at} s" for run in tried)
    text = (
        f"bee sent an agent to #{number} twice within minutes and nothing came of it: {reason}.\n\n{lines}\n\n"
        f"#{number} is in quarantine (`{Label.QUARANTINE}`) and nothing is dispatched there. It is released by "
        "a new head, by a trusted comment on it, or by removing the label. This issue is never work for bee; close it "
        "when the cause is fixed."
    )
    return f"bee: hot loop on #{number}", text


def not_logged_in(engine: str, host: str, note: str) -> tuple[str, str]:
    """Title and text of the one issue about an engine that is not logged in on one machine."""
    return (
        f"bee: {engine} is not logged in on {host}",
        f"{neutralised(one_line(note, 500))}\n\nNothing is dispatched from that machine, and no item's attempts are "
        f"spent on it.\n\n**What you can do:** log `{engine}` in as the scheduler's user there (`bee doctor` says "
        "how), then run `bee resume --all` there and close this issue.",
    )


def rolled_back(text: str) -> tuple[str, str]:
    """Title and text of the one issue about a rollback of bee itself. `text` is the guard's own ROLLBACK file."""
    return (
        "bee rolled itself back",
        "bee crashed three times in a row on one host, so its guard checked out the last version that worked and "
        f"stopped.\n\n````text\n{plain(text).replace('````', '')}\n````\n\n**What you can do:** fix or update bee "
        "there, then run `bee resume --rollback`.",
    )


def counted(text: str, count: int, at: int) -> str:
    """An alert's text, with how often its cause was seen. `at` is the last time, in seconds since the epoch."""
    if count <= 1:
        return text
    return f"{text}\n\nSeen {count} times, the last time at {utc(at)}."


def over_budget(kind: str, text: str) -> tuple[str, str]:
    """Title and text of the one issue about a day's budget that is spent. `text` is the hold's, with its end."""
    return (
        "bee: the day's money is spent" if kind == "usd-per-day" else "bee: the day's runs are spent",
        f"{neutralised(text)}.\n\nRuns under way go on to their end; nothing is dispatched until then, and no item's "
        "label or attempts change.\n\n**What you can do:** nothing, it goes on by itself; or raise "
        f"`{kind.replace('-', '_')}` in `config.yml` of the machine that ticks. Close this issue when read.",
    )


def foreign_records(text: str) -> tuple[str, str]:
    """Title and text of the one issue about records that do not verify. `text` is the hold's, with what to do."""
    return (
        "bee: some of its records here are not its own",
        f"{neutralised(text)}.\n\nNothing is dispatched here until then. What moved the ref has write access to this "
        "repository: another machine of bee's with another key, another App, or somebody who should not have it.\n\n"
        "**What you can do:** bring the key to this machine, or take its records over, as the first sentence says. "
        "`bee key` shows which keys this machine has. Close this issue when that is done.",
    )


def idle_with_debt(owed: Sequence[tuple[int, str, str]]) -> tuple[str, str]:
    """Title and text of the one issue about open items that nobody moves: (number, position, advice) of each."""
    lines = "\n".join(f"- #{number} is `{position}`. {advice}" for number, position, advice in owed)
    return (
        "bee: open items that nobody is responsible for",
        "No agent, no person, no condition and not bee will ever move these items as they stand:\n\n"
        f"{lines}\n\nbee closes this issue by itself when none is left.",
    )


ALL_FINISHED: Final = "all finished: nothing that is bee's is open in {repo} any more"
IDLE_DEBT_OVER: Final = "None is left: every open item has somebody or something that moves it."


def said_twice(role: str, number: int, review: int) -> str:
    """What stands where a review stood a second time. Its marker says that no person wrote it, and has no verdict."""
    text = said("bee", "this review was sent twice, because a machine slept while it sent it. The earlier one counts.")
    return marked(text, role, role, f"twin-{number}-{review}")


def completed(steps: Sequence[tuple[str, int | None]], runs: int, usd: float) -> str:
    """The summary on an issue whose every step is merged."""
    lines = "\n".join(f"- `{step}`: {f'#{pull}' if pull else 'ticked by a person'}" for step, pull in steps)
    cost = f", {usd:.2f} USD" if usd else ""
    return f"**merger:** every step is merged.\n\n{lines}\n\nAgent runs on this issue: {runs}{cost}."


def merged(head: str, base_ref: str, commit: str) -> str:
    """What stands on a merged pull request."""
    return said("merger", f"merged {short(head)} into `{base_ref}` as {short(commit)}")


def base_overtaken(number: int, base_ref: str, tested: str, parent: str, trace: str) -> str:
    """A person's push overtook the base in the moment of the merge, and the result is not known to be good."""
    reason = (
        f"`{base_ref}` moved from {short(tested)} to {short(parent)} in the moment of the merge, so the result is "
        f"not what E2E tested. {'E2E of the result failed.' if trace else 'E2E has not run on the result.'}"
    )
    evidence = [f"`git fetch {trace} && git log FETCH_HEAD`"] if trace else []
    return escalation(Cause.BASE_MOVED, reason, (), evidence, number)


def held_back(number: int, why: str) -> str:
    """The merge gate's output checks found something, and nobody has approved it at this head."""
    return escalation(Cause.HELD_BACK, why, (), (), number)


def other_result(number: int, base_ref: str, commit: str) -> str:
    """What GitHub merged is not what bee had computed, and checked."""
    reason = f"the merge {short(commit)} on `{base_ref}` holds other files than git makes of its base and this head."
    return escalation(Cause.OTHER_RESULT, reason, (), (), number)


def result_passed(base_ref: str, parent: str, commit: str, trace: str) -> str:
    """The same push, but E2E of the merged result passed: nobody has to do anything."""
    return said(
        "merger",
        f"`{base_ref}` moved to {short(parent)} in the moment of the merge, so E2E ran on the result {short(commit)}, "
        f"and passed: `git fetch {trace} && git log FETCH_HEAD`",
    )


def status_text(outcome: Outcome, role: str, number: int, action: str, upcoming: str) -> str:
    """The one status line of a run in the log; never read back."""
    return f"{role}: target={number} action={action or outcome} next={upcoming or 'none'}"
