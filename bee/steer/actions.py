"""What a person says from the terminal: pause, resume, approve, request changes, cancel, retry.

Each verb can be run again: it completes what a crash left, and never says a thing twice.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any

from bee.config.schema import TrustPolicy
from bee.github import read, write
from bee.github.client import GitHubClient
from bee.github.read import OneItem
from bee.github.write import RefMove
from bee.host import Host, new_run
from bee.lease import lease as leases
from bee.lease import pause as control
from bee.lease.lease import Desk, Ending, desk_of
from bee.model import markers
from bee.model.effects import effect_key
from bee.model.errors import RefConflict, UsageError
from bee.model.items import Issue, Item, Permission, Pull, Tip
from bee.model.labels import STOPS, Label
from bee.model.outcomes import Failure, Outcome
from bee.model.plan import read_body
from bee.model.records import Kind, Record, fold, following, spent
from bee.model.refs import item_ref
from bee.pipeline.facts import escalation_stands
from bee.pipeline.gates import plan_print
from bee.pipeline.holds import BY_PERSON
from bee.pipeline.trust import Trust, resumed_at
from bee.steer import status_comment
from bee.wording import texts

HUMAN_ROLE = "human"


@dataclass(frozen=True, slots=True)
class Done:
    """What a verb did: one sentence, and whether anything changed."""

    said: str
    changed: bool = True

    def json(self, repo: str, number: int) -> dict[str, Any]:
        """The stable shape of the steering verbs' `--json`."""
        return {"version": 1, "repo": repo, "number": number, "changed": self.changed, "said": self.said}


def pause(host: Host, client: GitHubClient, repo: str, number: int, reason: str) -> Done:
    """Stop all work on an item: the label first, then the words, then the claim's release, in one request."""
    one = read.read_item(client, repo, number)
    desk = desk_of(client, one.snapshot, host.host_id, host.boot)
    key = effect_key(number, HUMAN_ROLE, f"{resumed(one)} {reason}", "pause")
    body = texts.marked(texts.paused_by_person(reason), "human", HUMAN_ROLE, key)
    missing_words = not any(
        marker.get("key") == key for c in one.item.comments for marker in markers.named(c.body, "run")
    )
    holds = one.tip is not None and one.tip.record is not None and one.tip.record.holds
    if Label.HUMAN in one.item.labels and not missing_words and not holds:
        return Done(f"#{number} is paused already", changed=False)
    _stop_here(host, one)
    if Label.HUMAN not in one.item.labels and missing_words:
        _pause_whole(desk, one, body)
        return Done(f"#{number} is paused; to go on: bee resume {number}")
    if Label.HUMAN not in one.item.labels:
        write.add_labels(client, repo, number, [Label.HUMAN.value])
    if missing_words:
        write.comment(client, repo, number, body)
    if holds:
        _release(desk, one)
    status_comment.show_held(client, repo, one)
    return Done(f"#{number} is paused; to go on: bee resume {number}")


def _pause_whole(desk: Desk, one: OneItem, body: str) -> None:
    label = write.label_id(desk.client, desk.repo, Label.HUMAN)
    move, record = _paused_move(desk, one)
    edit = status_comment.held_edit(one, record, record.at)
    try:
        write.pause(desk.client, desk.repo_id, one.item.node_id, label, body, [move], edit)
    except RefConflict:
        # The claim moved meanwhile (a renewal, a claim); the label stands already, so only the release is left.
        _release(desk, read.read_item(desk.client, desk.repo, one.item.number))


def _paused_move(desk: Desk, one: OneItem) -> tuple[RefMove, Record]:
    before = one.tip.record if one.tip else None
    now = desk.client.now()
    usd, runs = spent(before)
    record = Record(
        Kind.PAUSED, one.item.number, new_run(HUMAN_ROLE, one.item.number, now), HUMAN_ROLE, now,
        secrets.token_hex(8), desk.host, desk.boot, history=fold(before) if before else (),
        cost_usd_before=usd, runs_before=runs, handoff=before.handoff if before else "",
        sequence=following(before, now),
    )  # fmt: skip
    if before is not None and before.holds:
        # The run that is stopped here is remembered as cancelled, not as lost.
        stopped = replace(before, kind=Kind.PAUSED, at=now)
        record = replace(record, history=fold(stopped))
    oid = leases.write_record(desk, record, one.tip.oid if one.tip else None)
    return RefMove(item_ref(one.item.number), one.tip.oid if one.tip else None, oid), record


def _release(desk: Desk, one: OneItem) -> None:
    move, _ = _paused_move(desk, one)
    assert move.after is not None
    if not leases.swap(desk, move.ref, move.before, move.after):
        raise UsageError(f"the claim of #{one.item.number} moved in the same moment; run the command again")


def _stop_here(host: Host, one: OneItem) -> bool:
    """End the run on this machine at once, when it is here; elsewhere it notices within half a minute."""
    record = one.tip.record if one.tip else None
    if record is None or not record.holds or record.host != host.host_id:
        return False
    return host.executor.cancel(record.run)


def resumed(one: OneItem) -> int:
    """When somebody last let the item go on, in seconds since the epoch; 0 for never."""
    everyone = {event.actor.login.lower(): Permission.WRITE for event in one.item.events if event.actor}
    return resumed_at(one.item, Trust(one.snapshot.viewer, everyone))


def resume(client: GitHubClient, repo: str, number: int) -> Done:
    """Let bee go on: the labels that hold an item go. Attempts are counted from now."""
    one = read.read_item(client, repo, number)
    held = [label for label in (Label.HUMAN, Label.QUARANTINE) if label in one.item.labels]
    trust = Trust(one.snapshot.viewer, {}, TrustPolicy())
    if not held and not escalation_stands(one.item, trust, one.tip.record if one.tip else None):
        return Done(f"#{number} is not paused", changed=False)
    if Label.HUMAN not in held:
        write.add_labels(client, repo, number, [Label.HUMAN.value])
        held.append(Label.HUMAN)
    for label in held:
        write.remove_label(client, repo, number, label.value)
    if one.item.open:
        status_comment.show_let_go(client, repo, one, "resume")
    return Done(f"#{number} goes on with the next tick")


def retry(client: GitHubClient, repo: str, number: int, hint: str) -> Done:
    """Try again now, whatever the history says; the hint is in the next prompt."""
    one = read.read_item(client, repo, number)
    if not one.item.open:
        raise UsageError(f"#{number} is closed; reopen it first")
    if hint:
        write.comment(client, repo, number, texts.hinted(hint))
    go_on(client, repo, one)
    status_comment.show_let_go(client, repo, one, "retry")
    return Done(f"#{number} is tried again with the next tick")


def go_on(client: GitHubClient, repo: str, one: OneItem) -> None:
    """Take away whatever holds an open item, and have its attempts counted from now. Raises UsageError."""
    number, record = one.item.number, one.tip.record if one.tip else None
    if one.tip is not None and record is not None and record.holds:
        if record.kind is Kind.PUBLISHED:
            raise UsageError(f"the run on #{number} has published already and is being carried out; try again later")
        _end_run(desk_of(client, one.snapshot, record.host, record.boot), one.tip, record)
    if Label.HUMAN not in one.item.labels:
        # Attempts are counted from the moment a person takes the label off, so it must have been on.
        write.add_labels(client, repo, number, [Label.HUMAN.value])
    for label in (Label.WIP, Label.DONE, Label.QUARANTINE, Label.HUMAN):
        if label is Label.HUMAN or label in one.item.labels:
            write.remove_label(client, repo, number, label.value)


def _end_run(desk: Desk, tip: Tip, record: Record) -> None:
    """Write down that a person ended a run. Its agent, wherever it is, ends within a minute."""
    ending = Ending(Outcome.STALE_INPUT, "a person cancelled the run", Failure.CANCELLED)
    last = leases.ended(record, ending, desk.client.now())
    if not leases.swap(desk, item_ref(record.number), tip.oid, leases.write_record(desk, last, tip.oid)):
        raise UsageError(f"the run on #{record.number} moved on in the same moment; run the command again")


def say_of_head(client: GitHubClient, repo: str, number: int, kind: str, reason: str) -> Done:
    """`bee approve` and `bee request-changes`: a marker bound to the head as it is now."""
    one = read.read_item(client, repo, number)
    if kind == markers.APPROVED and isinstance(one.item, Issue) and one.item.open:
        return _approve_plan(client, repo, one, one.item, reason)
    pull = _open_pull(one.item)
    word = "approved" if kind == markers.APPROVED else "changes requested"
    if _said_already(pull, kind):
        return Done(f"#{number} has this already at {texts.short(pull.head)}: {word}", changed=False)
    write.comment(client, repo, number, texts.human_marker(kind, pull.head, reason))
    status_comment.show_judged(client, repo, one, "approve" if kind == markers.APPROVED else "request-changes")
    return Done(f"#{number}: {word} at {texts.short(pull.head)}")


def _approve_plan(client: GitHubClient, repo: str, one: OneItem, issue: Issue, reason: str) -> Done:
    """`bee approve` of an issue: its plan as it stands, bound to its text, as a tick at its gate would be."""
    login = one.snapshot.viewer.login
    if read_body(issue.body).plan_gate is None:
        raise UsageError(f"#{issue.number} is an issue without a plan to approve; give the number of a pull request")
    text = plan_print(issue.body)
    own = (c for c in issue.comments if c.author is not None and c.author.login == login)
    said = (marker for comment in own for marker in markers.named(comment.body, markers.PLAN_APPROVED))
    if any((marker.get("by"), marker.get("text")) == (login, text) for marker in said):
        return Done(f"the plan of #{issue.number} is approved as it stands already", changed=False)
    write.comment(client, repo, issue.number, texts.plan_approved(login, text, reason=reason))
    status_comment.show_judged(client, repo, one, "approve")
    return Done(f"the plan of #{issue.number} is approved as it stands")


def _open_pull(item: Item) -> Pull:
    if not isinstance(item, Pull):
        raise UsageError(f"#{item.number} is an issue; give the number of a pull request")
    if not item.open:
        raise UsageError(f"#{item.number} is closed; nothing can be said of it any more")
    return item


def _said_already(pull: Pull, kind: str) -> bool:
    """Whether the last human marker about this head says the same."""
    kinds = (markers.APPROVED, markers.CHANGES_REQUESTED)
    last = ""
    for comment in sorted(pull.comments, key=lambda comment: (comment.at, comment.id)):
        for marker in markers.parse(comment.body):
            if marker.name in kinds and marker.get("sha") == pull.head:
                last = marker.name
    return last == kind


def cancel(host: Host, client: GitHubClient, repo: str, number: int) -> Done:
    """End a live run cleanly: its lease goes, its agent is ended, its label comes off. The item stays bee's."""
    one = read.read_item(client, repo, number)
    record = one.tip.record if one.tip else None
    if one.tip is None or record is None or not record.holds:
        return Done(f"nothing runs on #{number}", changed=False)
    if record.kind is Kind.PUBLISHED:
        return Done(f"the run on #{number} has published already and is being carried out", changed=False)
    desk = desk_of(client, one.snapshot, host.host_id, host.boot)
    here = _stop_here(host, one)
    _end_run(desk, one.tip, record)
    write.remove_label(client, repo, number, Label.WIP.value)
    if not STOPS & one.item.labels:
        status_comment.show_let_go(client, repo, one, "cancel")
    where = "" if here or record.host == host.host_id else f"; its host {record.host} ends the agent within a minute"
    return Done(f"the run on #{number} ({record.run}) is cancelled{where}")


def pause_repo(host: Host, client: GitHubClient, repo: str, reason: str) -> Done:
    """Stop every host's dispatching in a repository; runs under way end by themselves."""
    desk, tip = _control(host, client, repo)
    if control.pause_all(desk, tip, BY_PERSON, reason):
        return Done(f"{repo} is paused on every host; to go on: bee resume --all")
    return Done(f"{repo} is paused already", changed=False)


def resume_repo(host: Host, client: GitHubClient, repo: str) -> Done:
    """Let every host dispatch in a repository again."""
    desk, tip = _control(host, client, repo)
    if control.resume_all(desk, tip):
        return Done(f"{repo} goes on with the next tick")
    return Done(f"{repo} is not paused", changed=False)


def _control(host: Host, client: GitHubClient, repo: str) -> tuple[Desk, Tip | None]:
    head = read.read_head(client, repo)
    return desk_of(client, head, host.host_id, host.boot), head.control
