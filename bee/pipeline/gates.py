"""The gates in an issue body: a tick binds the person who made it and the text it guards. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum

from bee.model import markers
from bee.model.items import Comment, Issue, Who
from bee.model.plan import Body, read_body
from bee.model.text import digest, unix
from bee.pipeline.edits import as_heard, said_at, takes_back
from bee.pipeline.trust import Trust, revisions


class Gate(StrEnum):
    """A gate as it stands. VOID: ticked, but not by a trusted person, or the text was changed since by a stranger."""

    ABSENT = "absent"
    OPEN = "open"
    VOID = "void"
    TICKED = "ticked"


def design_gate(issue: Issue, trust: Trust) -> Gate:
    """`## Design finalized`: guards the design text."""
    return _gate(issue, trust, lambda body: body.design_gate, lambda body: body.design_hash)


def plan_gate(issue: Issue, trust: Trust) -> Gate:
    """`## Plan finalized`: guards the plan and the design it was made from."""
    gate = _gate(issue, trust, lambda body: body.plan_gate, _plan_guarded)
    return Gate.TICKED if gate in {Gate.OPEN, Gate.VOID} and approved_in_words(issue, trust) else gate


def _plan_guarded(body: Body) -> str:
    return f"{body.design_hash} {body.plan_hash}"


def plan_print(body: str) -> str:
    """The print of all that the plan gate of an issue body guards: 16 hex digits."""
    return digest(_plan_guarded(read_body(body)))


def approved_in_words(issue: Issue, trust: Trust) -> bool:
    """Whether a trusted person approved this very plan in words: from the terminal, or with a box on the dashboard.

    Words from before the last request for changes do not count for what comes of it, were it the same plan again; nor
    do words that take themselves back.
    Where bee wrote down what a person ticked, that person must still be trusted, as whoever ticks the gate must be.
    """
    return any(not takes_back(comment) for comment in _approvals(issue, trust))


def plan_not_approved(issue: Issue, trust: Trust) -> list[str]:
    """The words that would approve this very plan, and take themselves back, as what they do."""
    return [
        f"the approval of {said.author.login if said.author else 'ghost'} {why}, and does not count: approve anew"
        for said in _approvals(issue, trust)
        if (why := takes_back(said))
    ]


def _approvals(issue: Issue, trust: Trust) -> Iterator[Comment]:
    said = [c for c in issue.comments if markers.may_hold(c.body) and trust.counts(c)]
    wanted, asked = (plan_print(issue.body) if said else ""), last_request(issue, trust)
    for comment in said:
        if asked is not None and not is_after(comment, asked):
            continue
        for marker in markers.named(comment.body, markers.PLAN_APPROVED):
            who = _named(marker) if trust.is_bee(comment.author) else comment.author
            if marker.get("text") == wanted and trust.of(who):
                yield comment


def requests_of(issue: Issue, trust: Trust) -> list[Comment]:
    """The comments in which trusted people ask for another plan, in the order in which they were said.

    What was not edited is in GitHub's order, which numbers show. An edit says a request anew, at its time.
    """
    marked = (comment for comment in issue.comments if markers.named(comment.body, markers.CHANGES_REQUESTED))
    said = filter(None, (as_heard(comment, trust) for comment in marked))
    return sorted(said, key=lambda comment: (said_at(comment), comment.edited_at is not None, comment.id))


def last_request(issue: Issue, trust: Trust) -> Comment | None:
    """The last of `requests_of`."""
    said = requests_of(issue, trust)
    return said[-1] if said else None


def is_after(comment: Comment, asked: Comment) -> bool:
    """Whether it was said after a request as that stands; of a comment and an edit in one second, the edit is later."""
    return comment.id > asked.id if asked.edited_at is None else comment.at > asked.edited_at


def changes_asked(issue: Issue, trust: Trust) -> Comment | None:
    """The request for changes that stands: its plan was made without it, and nobody approved that plan after it."""
    said, plan = requests_of(issue, trust), read_body(issue.body).plan
    if plan is None or approved_in_words(issue, trust):
        return None
    asked = next((one for one in reversed(said) if not plan.has_read(one.id, one.edited_at)), None)
    ticked = _ticked_at(issue, trust, lambda body: body.plan_gate, _plan_guarded) if asked else None
    return asked if asked and (ticked is None or ticked <= said_at(asked)) else None


def _named(marker: markers.Marker) -> Who:
    """The person whose word bee wrote down, by id."""
    number = marker.get("id")
    return Who(marker.get("by"), int(number) if number.isdecimal() else None)


def _gate(issue: Issue, trust: Trust, ticked: Callable[[Body], bool | None], guarded: Callable[[Body], str]) -> Gate:
    now = ticked(read_body(issue.body))
    if now is None:
        return Gate.ABSENT
    if not now:
        return Gate.OPEN
    return Gate.VOID if _ticked_at(issue, trust, ticked, guarded) is None else Gate.TICKED


def _ticked_at(
    issue: Issue, trust: Trust, ticked: Callable[[Body], bool | None], guarded: Callable[[Body], str]
) -> int | None:
    """When the tick that counts was made, None where none does.

    Walks the revisions: the last change to ticked must be trusted, and no stranger may change the text after it.
    """
    good: int | None = None
    before = ""
    was_ticked = False
    for edit in revisions(issue):
        if edit.text is None:
            good, was_ticked = None, True  # what GitHub no longer shows may have been anybody's tick
            continue
        body = read_body(edit.text)
        is_ticked, text = bool(ticked(body)), guarded(body)
        if is_ticked and not was_ticked:
            good = edit.at if trust.of(edit.editor) else None
        elif not is_ticked or (text != before and not trust.of(edit.editor)):
            good = None
        was_ticked, before = is_ticked, text
    last = revisions(issue)[-1].text
    return good if last is not None and unix(last) == unix(issue.body) else None
