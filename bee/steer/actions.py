"""What a person says from the terminal: pause, resume, approve, request changes, cancel, retry.

Each verb can be run again: it completes what a crash left, and never says a thing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bee.config.schema import TrustPolicy
from bee.github import read
from bee.github.client import GitHubClient
from bee.github.read import Comparison, OneItem
from bee.host import Host, Say
from bee.lease import pause as control
from bee.lease.store import ByPerson, Ending, LeaseStore, Writer
from bee.model import limits, markers
from bee.model.effects import MergePull, effect_key
from bee.model.errors import UsageError
from bee.model.items import Issue, Item, Permission, Pull, Tip
from bee.model.labels import STOPS, Label
from bee.model.outcomes import Failure, Outcome
from bee.model.plan import read_body
from bee.model.records import Kind, Record
from bee.model.refs import item_ref
from bee.model.text import one_line, plain, unix
from bee.pipeline.edits import said_against
from bee.pipeline.evidence import Verdict, verdict_at_head, words
from bee.pipeline.facts import escalation_stands
from bee.pipeline.gates import approved_in_words, changes_asked, is_after, last_request, plan_print
from bee.pipeline.heads import names_in_full
from bee.pipeline.holds import BY_PERSON
from bee.pipeline.issue_facts import steps_left
from bee.pipeline.trust import Trust, finished_at, resumed_at
from bee.publish import labels, posts
from bee.steer import status_comment
from bee.wording import texts

HUMAN_ROLE = "human"


@dataclass(frozen=True, slots=True)
class Done:
    """What a verb did: one sentence, and whether anything changed."""

    said: str
    changed: bool = True


def pause(person: ByPerson, number: int, reason: str) -> Done:
    """Stop all work on an item: the label first, then the comment, then the claim's release, in one request.

    A run at its merge keeps its claim. The label stops it before the merge; after that, what came of it must be said.
    Raises UsageError where the claim moved in the same moment.
    """
    one = read.read_item(person.client, person.repo, number)
    key = effect_key(number, HUMAN_ROLE, f"{resumed(one)} {reason}", "pause")
    body = texts.marked(texts.paused_by_person(reason), "human", HUMAN_ROLE, key)
    is_labelled, is_said, merges = Label.HUMAN in one.item.labels, has_said(one, key), _merges(one)
    holds = one.tip is not None and one.tip.record is not None and one.tip.record.holds and not merges
    if is_labelled and is_said and not holds:
        return Done(f"#{number} is paused already", changed=False)
    _stop_here(person.host, one)
    if is_labelled or is_said or merges:  # what an earlier command left undone, or the claim stays
        labels.change(person, number, add=(Label.HUMAN,), present=one.item.labels)
        if not is_said:
            posts.comment(person, number, body)
        if holds:
            _release(person, one)
        status_comment.show_held(person, one)
    else:
        store = person.store_of(one.snapshot)
        record = _paused(store, one)
        edit = status_comment.held_edit(one, record, record.at)
        if not labels.pause_item(person, store, one, record=record, body=body, edit=edit):
            # The claim moved meanwhile (a renewal, a claim); the label stands already, so only the release is left.
            one = read.read_item(person.client, person.repo, number)
            if not _merges(one):
                _release(person, one)
    return Done(f"#{number} is paused; to go on: bee resume {number}")


def _merges(one: OneItem) -> bool:
    """Whether a run has decided to merge it and is not over, so that it may be merged already."""
    record = one.tip.record if one.tip else None
    return record is not None and record.holds and any(isinstance(effect, MergePull) for effect in record.outbox)


def has_said(one: OneItem, key: str) -> bool:
    """Whether a comment with this effect key stands there."""
    return any(marker.get("key") == key for c in one.item.comments for marker in markers.named(c.body, markers.RUN))


def _paused(store: LeaseStore, one: OneItem) -> Record:
    """The record of a person's pause. A run that is stopped by it is remembered as cancelled, not as lost."""
    tip = one.tip
    if tip is not None and tip.record is not None and tip.record.holds:
        tip = replace(tip, record=replace(tip.record, kind=Kind.PAUSED, at=store.client.now()))
    return store.bridging(Kind.PAUSED, HUMAN_ROLE, one.item.number, tip)


def _release(person: ByPerson, one: OneItem) -> None:
    store, number = person.store_of(one.snapshot), one.item.number
    if not store.put(item_ref(number), one.tip, _paused(store, one)):
        raise UsageError(f"the claim of #{number} moved in the same moment; run the command again")


def _stop_here(host: Host, one: OneItem) -> bool:
    """End the run on this machine at once, when it is here; elsewhere it notices within half a minute."""
    record = one.tip.record if one.tip else None
    is_here = record is not None and record.holds and record.host == host.host_id
    return record is not None and is_here and host.executor.cancel(record.run)


def resumed(one: OneItem) -> int:
    """When somebody last let the item go on, in seconds since the epoch; 0 for never."""
    return resumed_at(one.item, _everyone(one))


def _everyone(one: OneItem) -> Trust:
    """Whoever said anything on the item, taken as trusted: to know what must be said again, never whose word counts."""
    people = {who.id: Permission.WRITE for who in read.people_of(one.item) if who.id is not None}
    return Trust(one.snapshot.viewer, people)


def resume(person: ByPerson, number: int) -> Done:
    """Let bee go on: the labels that hold an item go. Attempts are counted from now."""
    one = read.read_item(person.client, person.repo, number)
    held = [label for label in (Label.HUMAN, Label.QUARANTINE) if label in one.item.labels]
    trust = Trust(one.snapshot.viewer, {}, TrustPolicy())
    lifted = _lift(person, one)
    if not lifted and not held and not escalation_stands(one.item, trust, one.tip.record if one.tip else None):
        return Done(f"#{number} is not paused", changed=False)
    if held or not lifted:
        _take_off(person, one, [*held, Label.HUMAN])
    if one.item.open:
        status_comment.show_let_go(person, one, "resume")
    return Done(f"#{number} goes on with the next tick")


def _lift(writer: Writer, one: OneItem) -> bool:
    """End what stands on the item's ref and does not verify, by a record of this machine's; whether there was any."""
    if one.tip is None or one.tip.foreign is None:
        return False
    store, number = writer.store_of(one.snapshot), one.item.number
    if not store.put(item_ref(number), one.tip, store.bridging(Kind.ADOPTED, HUMAN_ROLE, number, one.tip)):
        raise UsageError(f"{item_ref(number)} moved in the same moment; run the command again")
    return True


def retry(writer: Writer, number: int, hint: str) -> Done:
    """Try again now, whatever the history says; the hint is in the next prompt. Raises UsageError."""
    one = read.read_item(writer.client, writer.repo, number)
    if not one.item.open:
        raise UsageError(f"#{number} is closed; reopen it first")
    refuse_finished(one)
    if hint:
        posts.comment(writer, number, texts.hinted(hint))
    go_on(writer, one)
    status_comment.show_let_go(writer, one, "retry")
    return Done(f"#{number} is tried again with the next tick")


def refuse_finished(one: OneItem) -> None:
    """Raise UsageError for an issue that bee has finished, and that has no step left to try."""
    item, trust = one.item, Trust(one.snapshot.viewer)
    if isinstance(item, Issue) and finished_at(item, trust) and not steps_left(item, finished_at(item, trust)):
        number = item.number
        raise UsageError(
            f"#{number} is finished: every step of it is merged, so there is nothing to try again. To have more done, "
            f"change its design text and take off {Label.DONE}, or open another issue"
        )


def go_on(writer: Writer, one: OneItem) -> None:
    """Take away whatever holds an open item, and have its attempts counted from now. Raises UsageError."""
    number, record = one.item.number, one.tip.record if one.tip else None
    if one.tip is not None and record is not None and record.holds:
        if record.kind is Kind.PUBLISHED:
            raise UsageError(f"the run on #{number} has published already and is being carried out; try again later")
        _end_run(writer.store_of(one.snapshot), one.tip, record)
    else:
        _lift(writer, one)
    _take_off(writer, one, (Label.WIP, Label.DONE, Label.QUARANTINE, Label.HUMAN))


def _take_off(writer: Writer, one: OneItem, held: Sequence[Label]) -> None:
    """Take labels off. Attempts are counted from the moment a person takes HUMAN off, so it must have been on."""
    present, number = one.item.labels, one.item.number
    labels.change(writer, number, add=(Label.HUMAN,), present=present)
    labels.change(writer, number, remove=dict.fromkeys(held), present=present | {Label.HUMAN})


def _end_run(store: LeaseStore, tip: Tip, record: Record) -> None:
    """Write down that a person ended a run. Its agent, wherever it is, ends within a minute."""
    ending = Ending(outcome=Outcome.STALE_INPUT, note="a person cancelled the run", failure=Failure.CANCELLED)
    if not store.put(item_ref(record.number), tip, store.ended(record, ending)):
        raise UsageError(f"the run on #{record.number} moved on in the same moment; run the command again")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a person is shown before they approve it: this head, into this base; or a plan, by its print."""

    head: str
    base_ref: str
    text: str
    question: str


def look_at(person: ByPerson, number: int) -> Seen:
    """What `bee approve` would approve: a head with its commits and files, or a plan. Raises UsageError."""
    item = read.read_item(person.client, person.repo, number).item
    if isinstance(item, Issue) and item.open:
        return Seen(plan_print(item.body), "", _plan_shown(item), f"Approve this plan of #{number}?")
    pull = _open_pull(item)
    found = read.read_comparison(person.client, person.repo, pull.base, pull.head)
    question = f"Approve {texts.short(pull.head)} for E2E and merge into {one_line(pull.base_ref)}?"
    return Seen(pull.head, pull.base_ref, _shown(pull, found), question)


def _plan_shown(issue: Issue) -> str:
    """The plan as it stands in the issue, with what a page would hide. Raises UsageError where there is none."""
    body = read_body(issue.body)
    if body.plan_gate is None:
        raise UsageError(f"#{issue.number} is an issue without a plan to approve; give the number of a pull request")
    head = f"#{issue.number} {one_line(issue.title, 80)}\nplan {plan_print(issue.body)}:"
    return f"{head}\n{plain(body.plan_text or '').strip()}\n{issue.url}"


def _shown(pull: Pull, found: Comparison) -> str:
    """The short log and the files, newest commit first, harmless on a terminal."""
    most = limits.SEEN_LINES_MAX
    logged = [f"  {texts.short(oid)} {one_line(title, 80)}" for oid, title in reversed(found.commits)]
    listed = [f"  {status}: {one_line(path, 100)}" for status, path in found.files]
    lines = [f"#{pull.number} {one_line(pull.title, 80)}", f"{pull.head} into {one_line(pull.base_ref, 80)}"]
    for name, rows, count in (("commits", logged, found.total_commits), ("files", listed, len(listed))):
        more = [f"  and {count - min(most, len(rows))} more"] if count > min(most, len(rows)) else []
        lines += [f"{name}:", *rows[:most], *more]
    return "\n".join([*lines, pull.url])


def approve(
    person: ByPerson, number: int, reason: str, sha: str = "", base_ref: str = "", show: Say = lambda text: None
) -> Done:
    """`bee approve`: of an issue its plan, of a pull request the head that the person has seen.

    `sha`: the head's oid or the plan's print, in full; `base_ref`: the base that was shown with it; `show` is given a
    plan before it is approved. Raises UsageError.
    """
    one = read.read_item(person.client, person.repo, number)
    if isinstance(one.item, Issue) and one.item.open:
        return _approve_plan(person, one, one.item, reason, sha, show)
    pull = _open_pull(one.item)
    again = f"bee approve {number} --sha {pull.head}"
    if not sha:
        raise UsageError(f"say which head of #{number} you have looked at: {again} is what it is now")
    _demand_in_full(f"the head of #{number}", pull.head, sha, again)
    if base_ref not in ("", pull.base_ref):
        raise UsageError(f"#{number} goes into {pull.base_ref} now, not {base_ref}: look again, then run: {again}")
    return _say_of_head(person, one, pull, markers.APPROVED, reason)


def _demand_in_full(what: str, now: str, said: str, again: str) -> None:
    """Raise UsageError unless `said` names what is approved in full: what only begins like it can be made."""
    if names_in_full(said, now):
        return
    if now.startswith(said.lower()):
        raise UsageError(f"{what} begins with {said}, and so may another: say all of its digits: {again}")
    raise UsageError(f"{what} is {now} now, not {said}: look at that one, then run: {again}")


def _demand_approval(number: int, text: str) -> None:
    """Raise UsageError where this text would take its own approval back."""
    if found := said_against(text):
        raise UsageError(
            f"an approval that says \u201c{found}\u201d does not count: give it without, or say what must change: "
            f'bee request-changes {number} "…"'
        )


def request_changes(person: ByPerson, number: int, reason: str) -> Done:
    """`bee request-changes`: of the head as it is now, or of an issue's plan. Raises UsageError."""
    one = read.read_item(person.client, person.repo, number)
    if isinstance(one.item, Issue) and one.item.open:
        return _refuse_plan(person, one, one.item, reason)
    return _say_of_head(person, one, _open_pull(one.item), markers.CHANGES_REQUESTED, reason)


def _say_of_head(person: ByPerson, one: OneItem, pull: Pull, kind: str, reason: str) -> Done:
    """A marker bound to the head, and an approval to its base."""
    approves = kind == markers.APPROVED
    word = "approved" if approves else "changes requested"
    if _said_already(one, pull, Verdict.APPROVED if approves else Verdict.CHANGES):
        return Done(f"#{pull.number} has this already at {texts.short(pull.head)}: {word}", changed=False)
    text = texts.human_marker(kind, pull.head, reason, pull.base_ref if approves else "")
    if approves:
        _demand_approval(pull.number, text)
    posts.comment(person, pull.number, text)
    status_comment.show_judged(person, one, "approve" if approves else "request-changes")
    return Done(f"#{pull.number}: {word} at {texts.short(pull.head)}")


def _approve_plan(person: ByPerson, one: OneItem, issue: Issue, reason: str, sha: str, show: Say) -> Done:
    """`bee approve` of an issue: its plan as it stands, bound to its text, as a tick at its gate would be."""
    viewer, number, shown = one.snapshot.viewer, issue.number, _plan_shown(issue)
    text = plan_print(issue.body)
    if sha:
        _demand_in_full(f"the plan of #{number}", text, sha, f"bee approve {number} --sha {text}")
    asked = last_request(issue, _everyone(one))
    later = tuple(said for said in issue.comments if asked is None or is_after(said, asked))
    if approved_in_words(replace(issue, comments=later), Trust(viewer)):
        return Done(f"the plan of #{number} is approved as it stands already", changed=False)
    show(shown)
    said = texts.plan_approved(viewer, text, reason=reason)
    _demand_approval(number, said)
    posts.comment(person, number, said)
    status_comment.show_judged(person, one, "approve")
    return Done(f"the plan of #{number} is approved as it stands")


def _refuse_plan(person: ByPerson, one: OneItem, issue: Issue, reason: str) -> Done:
    """`bee request-changes` of an issue: its plan goes back to the planner."""
    number = issue.number
    if read_body(issue.body).plan_text is None:
        raise UsageError(f"#{number} is an issue without a plan to send back; give the number of a pull request")
    text, asked = texts.human_marker(markers.CHANGES_REQUESTED, "", reason), changes_asked(issue, _everyone(one))
    if asked is not None and asked.author == one.snapshot.viewer and unix(asked.body).strip() == text.strip():
        return Done(f"the plan of #{number} goes back to the planner already", changed=False)
    posts.comment(person, number, text)
    status_comment.show_judged(person, one, "request-changes")
    return Done(f"the plan of #{number} goes back to the planner")


def _open_pull(item: Item) -> Pull:
    if not isinstance(item, Pull):
        raise UsageError(f"#{item.number} is an issue; give the number of a pull request")
    if not item.open:
        raise UsageError(f"#{item.number} is closed; nothing can be said about it any more")
    return item


def _said_already(one: OneItem, pull: Pull, verdict: Verdict) -> bool:
    """Whether the last word about this head, of anybody, is this account's own and says the same."""
    last = verdict_at_head(words(pull, _everyone(one), one.tip.record if one.tip else None), pull.head)
    own = last is not None and not last.by_bee and last.author == one.snapshot.viewer.login
    return own and last is not None and last.verdict is verdict


def cancel(person: ByPerson, number: int) -> Done:
    """End a live run cleanly: its lease goes, its agent is ended, its label comes off. The item stays bee's."""
    one = read.read_item(person.client, person.repo, number)
    record = one.tip.record if one.tip else None
    if one.tip is None or record is None or not record.holds:
        return Done(f"nothing runs on #{number}", changed=False)
    if record.kind is Kind.PUBLISHED:
        return Done(f"the run on #{number} has published already and is being carried out", changed=False)
    here = _stop_here(person.host, one)
    _end_run(person.store_of(one.snapshot), one.tip, record)
    labels.change(person, number, remove=(Label.WIP,))
    if not STOPS & one.item.labels:
        status_comment.show_let_go(person, one, "cancel")
    where = (
        "" if here or record.host == person.host.host_id else f"; its host {record.host} ends the agent within a minute"
    )
    return Done(f"the run on #{number} ({record.run}) is cancelled{where}")


def pause_repo(host: Host, client: GitHubClient, repo: str, reason: str) -> Done:
    """Stop every host's dispatching in a repository; runs under way end by themselves."""
    store, tip = _control(host, client, repo)
    if control.pause_all(store, tip, BY_PERSON, reason):
        return Done(f"{repo} is paused on every host; to go on: bee resume --all")
    return Done(f"{repo} is paused already", changed=False)


def resume_repo(host: Host, client: GitHubClient, repo: str) -> Done:
    """Let every host dispatch in a repository again."""
    store, tip = _control(host, client, repo)
    if control.resume_all(store, tip):
        return Done(f"{repo} goes on with the next tick")
    return Done(f"{repo} is not paused", changed=False)


def _control(host: Host, client: GitHubClient, repo: str) -> tuple[LeaseStore, Tip | None]:
    head = read.read_head(client, repo)
    return LeaseStore.of(host, client, head), head.control


# What a person says of an item: the reason, or the hint, goes with the verbs that have one.
VERBS: Final[Mapping[str, Callable[[ByPerson, int, str], Done]]] = {
    "pause": pause,
    "resume": lambda person, number, _words: resume(person, number),
    "approve": lambda person, number, words: approve(person, number, words),
    "request-changes": request_changes,
    "cancel": lambda person, number, _words: cancel(person, number),
    "retry": retry,
}
