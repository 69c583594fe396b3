"""Keeping the dashboard issue: does what trusted people ask for by ticking its boxes, and shows what has changed.

Called by a tick, before and after all else, for repositories whose policy wants one. Nothing here costs a request while
the picture is the same and no box is ticked. All of it is done under the lease of its key, so that two hosts act once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bee.dashboard import model as board
from bee.dashboard.model import Asked, Checkbox, Do
from bee.executors.phases import with_phases
from bee.github import read
from bee.github.client import GitHubClient
from bee.github.snapshot import look
from bee.host import Host
from bee.lease import pause
from bee.lease.store import Lease, LeaseStore
from bee.model import limits, markers
from bee.model.effects import effect_key
from bee.model.errors import BeeError, UsageError
from bee.model.items import Comment, Issue, Who
from bee.model.records import OWN_ROLE
from bee.model.text import unix
from bee.pipeline import status_comment
from bee.pipeline.decide import Decision
from bee.pipeline.facts import View
from bee.pipeline.gates import plan_print
from bee.pipeline.holds import BY_PERSON
from bee.pipeline.status import survey
from bee.pipeline.trust import revisions
from bee.publish import posts
from bee.steer import actions
from bee.wording import texts as wording


def heed(host: Host, client: GitHubClient, views: Sequence[View]) -> list[View]:
    """Do what was asked for on the dashboards, before anything else is decided; the views as they are then."""
    return [_heeded(host, client, view) if view.policy.dashboard else view for view in views]


def _heeded(host: Host, client: GitHubClient, view: View) -> View:
    issue = board.found(view)
    if issue is None or not board.asked(issue):
        return view
    store = LeaseStore.of(host, client, view.snapshot)
    try:
        with store.singleton(board.KEY, view.snapshot.alerts.get(board.KEY)) as lease:
            fresh = read.read_item(client, store.repo, issue.number).item if lease is not None else None
            if lease is not None and isinstance(fresh, Issue) and fresh.open:
                _answer(lease, fresh, view)
    except BeeError as problem:
        _say(host, view, problem)
    return with_phases(host, look(client, view.snapshot.repo))


def show(host: Host, client: GitHubClient, views: Sequence[View], decision: Decision, started: str) -> list[str]:
    """Bring each dashboard up to date; the repositories whose news has to wait. What fails here is said, and waits."""
    behind = []
    for view in views:
        if view.policy.dashboard:
            try:
                shown = _show(host, client, view, decision, started)
            except BeeError as problem:
                _say(host, view, problem)
                shown = False
            behind += [] if shown else [view.snapshot.repo]
    return behind


def _say(host: Host, view: View, problem: BeeError) -> None:
    host.say(f"{view.snapshot.repo}: the dashboard was not brought up to date: {problem}")


def _show(host: Host, client: GitHubClient, view: View, decision: Decision, started: str) -> bool:
    """Whether the dashboard now shows what is so. It is changed once in DASHBOARD_MINUTES_MIN at most."""
    boxes, text = board.boxes(view, decision.statuses), board.picture(view, decision, started)
    issue = board.found(view)
    shown = _shown(issue, view) if issue is not None else None
    if issue is not None and shown is not None:
        if tuple(board.boxes_in(issue.body)) == boxes and board.same(unix(shown.body), text):
            return True
        latest = max(shown.edited_at or shown.at, revisions(issue)[-1].at)
        if view.snapshot.now - latest < limits.DASHBOARD_MINUTES_MIN * 60:
            return False
    store = LeaseStore.of(host, client, view.snapshot)
    with store.singleton(board.KEY, view.snapshot.alerts.get(board.KEY)) as lease:
        if lease is not None and issue is None:
            _open(lease, view, boxes, text)
        elif lease is not None and issue is not None:
            fresh = read.read_item(client, store.repo, issue.number).item
            if isinstance(fresh, Issue) and fresh.open:
                _refresh(lease, fresh, view, boxes, text)
        return lease is not None


def _key(number: int) -> str:
    return effect_key(number, OWN_ROLE, "", board.KEY)


def _shown(issue: Issue, view: View) -> Comment | None:
    """The comment with the picture."""
    return status_comment.found(issue, view.trust, _key(issue.number))


def _open(lease: Lease, view: View, boxes: Sequence[Checkbox], text: str) -> None:
    """The issue with its picture; unless somebody opened it since the snapshot."""
    marker = markers.render(markers.Marker(markers.ALERT, {"key": board.KEY}))
    if read.open_alert(lease.client, lease.repo, view.snapshot.viewer.login, marker):
        return
    number = posts.create_issue(lease, wording.DASHBOARD_TITLE, board.body(lease.repo, boxes, ()))
    posts.comment(lease, number, _comment(lease, number, text))


def _comment(lease: Lease, number: int, text: str) -> str:
    """The comment with the picture, as it is posted."""
    return wording.marked(wording.as_of(text, lease.client.now()), board.KEY, OWN_ROLE, _key(number), kind="status")


def _answer(lease: Lease, issue: Issue, view: View) -> None:
    """Do what was asked for, and take the ticks off with a line about each."""
    said = board.said(issue.body)
    seen: Issue | None = issue
    for _ in range(limits.REQUEST_TRIES_MAX):
        if seen is None:
            return
        for one in board.asked(seen):
            done = _do(lease, one, view)
            line = wording.asked_on_dashboard(
                one.at or lease.client.now(), one.who.login if one.who else "", one.box.line()[6:], done
            )
            said += [line] if line not in said else []
        now = look(lease.client, lease.repo)
        body = board.body(lease.repo, board.boxes(now, survey(now)), said)
        posts.write_body(lease, issue.number, body)
        seen = _written_over(lease, seen, body)


def _refresh(lease: Lease, issue: Issue, view: View, boxes: Sequence[Checkbox], text: str) -> None:
    """The boxes that make sense now, and the picture. A box that is ticked meanwhile is left to the next tick."""
    if len(issue.edits) >= limits.DASHBOARD_EDITS_MAX:
        # Every tick reads the edits of an open issue to their end: a fresh issue keeps that to one request.
        posts.close_issue(lease, issue.number)
        return
    body = board.body(lease.repo, boxes, board.said(issue.body))
    if body != unix(issue.body) and not board.asked(issue):
        posts.write_body(lease, issue.number, body)
        lost = _written_over(lease, issue, body)
        if lost is not None:
            _answer(lease, lost, view)
    comment, shown = _comment(lease, issue.number, text), _shown(issue, view)
    if shown is None:
        posts.comment(lease, issue.number, comment)
    elif not board.same(unix(shown.body), comment):
        posts.edit_comment(lease, shown.id, comment)


def _written_over(lease: Lease, seen: Issue, written: str) -> Issue | None:
    """The issue as somebody edited it in the moment before bee wrote: what they ticked counts. None: nobody did.

    That text is not put back: a tick must stay its author's, never become bee's.
    """
    after = read.read_item(lease.client, lease.repo, seen.number).item
    edits = revisions(after)
    texts = [unix(edit.text or "") for edit in edits]
    at = len(texts) - 1 - texts[::-1].index(written) if written in texts else 0
    if at == 0 or texts[at - 1] == unix(seen.body):
        return None
    return replace(seen, body=texts[at - 1], edits=tuple(reversed(edits[:at])))


def _do(lease: Lease, one: Asked, view: View) -> str:
    """What was asked for, when a trusted person asked; in one sentence."""
    if one.who is None or not view.trust.of(one.who):
        return "Nothing was done: it counts when somebody with write access ticks it"
    try:
        return _act(lease, one.box, one.who, one.at, view)
    except UsageError as problem:
        return str(problem)


def _act(lease: Lease, box: Checkbox, who: Who, at: int, view: View) -> str:
    client, repo, number = lease.client, lease.repo, box.number
    if box.do is Do.PAUSE:
        pause.pause_all(lease.store, view.snapshot.control, BY_PERSON, f"{who.login}, on the dashboard")
        return "Nothing is dispatched in this repository, by any host, until somebody lets it go on"
    if box.do is Do.RESUME:
        pause.resume_all(lease.store, view.snapshot.control)
        return "It goes on with the next tick"
    key = effect_key(number, "human", f"{box.do} {who.login} {at}", board.KEY)
    item = read.read_item(client, repo, number).item
    if any(m.get("key") == key for c in item.comments for m in markers.named(c.body, markers.RUN)):
        return "It was done already"
    if box.do is Do.RETRY:
        done = actions.retry(lease, number, "")
        posts.comment(lease, number, wording.marked(wording.retried(who.login, at), board.KEY, "human", key))
        return done.said
    if not isinstance(item, Issue) or box.bound != plan_print(item.body):
        return "Nothing was done: the plan is another by now"
    text = wording.plan_approved(who, box.bound, at)
    posts.comment(lease, number, wording.marked(text, board.KEY, "human", key))
    return f"The plan of #{number} counts as approved"
