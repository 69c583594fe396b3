"""Where the default branch has a merge queue, bee puts pull requests in, and proves what GitHub merged."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from bee.github.snapshot import look
from bee.lease.pause import pause_all
from bee.lease.store import Claim, LeaseStore
from bee.model import limits
from bee.model.outcomes import Outcome
from bee.model.refs import merge_ref
from bee.pipeline.holds import BY_PERSON, FOR_EVER
from bee.pipeline.positions import Position
from tests.answers import EXAMPLES
from tests.sim.still import POLICY, REPO, Still
from tests.sim.transport import Asked, response

RULE = {
    "check_response_timeout_minutes": 60, "grouping_strategy": "ALLGREEN", "max_entries_to_build": 5,
    "max_entries_to_merge": 5, "min_entries_to_merge": 1, "min_entries_to_merge_wait_minutes": 5,
}  # fmt: skip
CHECK = {"required_status_checks": [{"context": "ci"}], "strict_required_status_checks_policy": False}


def add_queue(still: Still, method: str = "SQUASH") -> None:
    """main gets a merge queue that asks for the check `ci`."""
    where = {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}
    rules = [
        {"type": "merge_queue", "parameters": {**RULE, "merge_method": method}},
        {"type": "required_status_checks", "parameters": CHECK},
    ]
    still.ask("POST", "/rulesets", name="queue", enforcement="active", target="branch", conditions=where, rules=rules)


def green(still: Still, sha: str, state: str = "success") -> None:
    """The check of a commit."""
    still.ask("POST", f"/statuses/{sha}", "ci", state=state, context="ci")


def entries(still: Still) -> list[Any]:
    """The queue, the next one first."""
    return still.hub.rows("SELECT * FROM queue ORDER BY jump DESC, id")


@pytest.fixture
def still(tmp_path: Path) -> Still:
    """A project whose main has a merge queue."""
    made = Still(tmp_path)
    add_queue(made)
    return made


def queued(still: Still) -> int:
    """A pull request that bee has put into the queue."""
    number = still.pull()
    green(still, still.placed(number).item.head)
    for _ in range(2):
        still.tick()
    assert still.placed(number).placement.position is Position.IN_MERGE_QUEUE, still.placed(number).placement
    assert len(entries(still)) == 1
    return number


def merge_first(still: Still) -> None:
    """The queue's check of its first commit turns green, so that it is merged."""
    still.placed(1)  # the queue moves when somebody looks
    green(still, entries(still)[0]["group_sha"])


def test_it_waits_there_without_a_try_and_ends_merged_and_proven(still: Still) -> None:
    number = queued(still)
    place, tries = still.placed(number).placement, still.tries(number)
    assert place.reason == "GitHub's merge queue has it: number 1 in that of main, put there by bee"
    for _ in range(2):
        report = still.tick()
        assert (report.run, report.acted, report.problems) == ("", [], [])
    assert still.tries(number) == tries
    merge_first(still)
    still.ticks()
    assert [(one.state, one.labels) for one in still.hub.things()] == [
        ("CLOSED", ["breeze:done"]), ("MERGED", ["breeze:done"]),
    ]  # fmt: skip
    assert still.hub.git.refs.get("refs/heads/bee/1-task") is None


def comments(still: Still, number: int) -> str:
    """All that was said on an item."""
    thing = still.hub.thing(number)
    assert thing is not None
    return "\n".join(post.body for post in thing.comments)


def ahead(still: Still, files: dict[str, str]) -> None:
    """A pull request of ada's, at the front of the queue."""
    head = still.push("before", files)
    number = still.ask("POST", "/pulls", title="Mine", head="before", base="main", body="")["number"]
    green(still, head)
    still.enqueue(number, jump=True)


def merged_all(still: Still) -> None:
    """Everything in the queue is merged, one after the other."""
    while entries(still):
        merge_first(still)
        still.placed(1)


def test_whoever_proves_what_was_merged_leaves_the_base_to_its_holder(still: Still) -> None:
    """Another pull request's test, on another host."""
    number = queued(still)
    other = still.ask("POST", "/issues", title="Other", body="")["number"]
    client = still.client()
    seen = look(client, REPO).snapshot
    store = replace(LeaseStore.of(still.host(), client, seen), host="another")
    run = "20260101T000000Z-test-3-0badc0de"
    lease = store.acquire(Claim(number=other, role="test", run=run, fingerprint="x", position="x"), None)
    assert lease is not None
    assert store.hold_base(lease, "main", seen.merges.get("main"))
    merge_first(still)
    still.tick()
    assert still.hub.git.refs.get(merge_ref("main")) == lease.oid
    assert "breeze:done" in still.hub.things()[number - 1].labels


def test_what_came_before_it_in_the_queue_is_tested_with_it_afterwards(still: Still) -> None:
    number = queued(still)
    ahead(still, {"other.txt": "other"})
    assert "number 2 in that of main" in still.placed(number).placement.reason
    merged_all(still)
    assert still.placed(1).placement.position is Position.IN_REVIEW
    still.ticks()
    assert "E2E ran on the result" in comments(still, number)
    assert [one.state for one in still.hub.things()] == ["CLOSED", "MERGED", "MERGED"]


def test_a_merge_that_many_changes_came_after_is_seen_by_its_issue(still: Still) -> None:
    """The list of what changed last does not have it any more."""
    number = queued(still)
    merged_all(still)
    for _ in range(limits.CHANGED_READ_MAX + 1):
        still.push("later", {"later.txt": str(still.clock.now)})
        later = still.ask("POST", "/pulls", title="Later", head="later", base="main", body="")["number"]
        still.ask("PATCH", f"/pulls/{later}", state="closed")
    assert number not in {one.number for one in look(still.client(), REPO).snapshot.closed}
    still.ticks()
    assert [(one.state, one.labels) for one in still.hub.things()[:2]] == [
        ("CLOSED", ["breeze:done"]), ("MERGED", ["breeze:done"]),
    ]  # fmt: skip


def test_a_merge_of_what_is_no_step_of_an_issue_is_seen_all_the_same(still: Still) -> None:
    """A person's pull request that bee was asked to take on."""
    head = still.push("adas", {"work.txt": "1"})
    number = still.ask("POST", "/pulls", title="Mine", head="adas", base="main", body="")["number"]
    green(still, head)
    still.ask("POST", f"/issues/{number}/labels", labels=["breeze:new"])
    still.ask("POST", f"/issues/{number}/comments", body=f"<!-- bee:approved-for-e2e sha={head} -->")
    for _ in range(2):
        still.tick()
    ahead(still, {"other.txt": "other"})
    merged_all(still)
    still.ticks()
    assert "E2E ran on the result" in comments(still, number)


def test_a_result_that_fails_asks_a_person_before_the_next_step(still: Still) -> None:
    number = queued(still)
    ahead(still, {"broken.txt": "broken"})
    merged_all(still)
    still.ticks()
    issue, pull, _ = still.hub.things()
    assert (issue.state, issue.labels, pull.state, pull.labels) == (
        "OPEN", ["breeze:human"], "MERGED", ["breeze:human"],
    )  # fmt: skip
    assert "E2E of the result failed" in comments(still, number)


def test_no_agent_is_paid_for_what_was_merged(tmp_path: Path) -> None:
    """Not even where an agent plays the merger: it put the pull request in, and bee looks at what came of it."""
    still = Still(tmp_path, f"{POLICY}roles: {{merger: {{session: always}}}}\n")
    add_queue(still)
    number = queued(still)
    assert still.agents == ["merger"]
    merged_all(still)
    still.ticks()
    assert (still.agents, still.hub.things()[0].state) == (["merger"], "CLOSED")
    assert still.tries(number) == 3


@pytest.mark.parametrize("method", ["SQUASH", "MERGE", "REBASE"])
def test_case_p8_each_method_of_a_queue_ends_merged_after_a_conflict(tmp_path: Path, method: str) -> None:
    """The policy says `rebase`, so that what an agent solved can be replayed."""
    still = Still(tmp_path, f"{POLICY}merge_method: rebase\n")
    still.ask("POST", "/issues", title="Work", body="Do it.")
    still.tick()
    still.push("main", {"work.txt": "ada's"})
    add_queue(still, method)
    for _ in range(12):
        green(still, still.hub.things()[1].head)
        if entries(still):
            break
        still.tick()
    merged_all(still)
    still.ticks()
    assert [(one.state, one.labels) for one in still.hub.things()] == [
        ("CLOSED", ["breeze:done"]), ("MERGED", ["breeze:done"]),
    ]  # fmt: skip


STOPS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "pause": ("POST", "/issues/2/labels", {"labels": ["breeze:human"]}),
    "a hand on it": ("POST", "/issues/2/labels", {"labels": ["breeze:wip"]}),
    "the issue closed": ("PATCH", "/issues/1", {"state": "closed", "state_reason": "not_planned"}),
    "a pause of the issue": ("POST", "/issues/1/labels", {"labels": ["breeze:human"]}),
    "the issue taken": ("POST", "/issues/1/assignees", {"assignees": ["ada"]}),
    "an open gate of the issue": ("PATCH", "/issues/1", {"body": "Do it.\n\n## Design finalized\n\n- [ ] go\n"}),
    "the issue waits": ("PATCH", "/issues/1", {"body": "Do it.\n\nBlocked by #2"}),
    "a change request": ("POST", "/pulls/2/reviews", {"event": "REQUEST_CHANGES", "body": "Not like this."}),
    "a marker": ("POST", "/issues/2/comments", {"body": "<!-- bee:changes-requested -->"}),
    "a check": ("POST", "/statuses/HEAD", {"state": "failure", "context": "ci"}),
    "another base": ("PATCH", "/pulls/2", {"base": "release"}),
}  # fmt: skip


@pytest.mark.parametrize("name", STOPS)
def test_a_stop_takes_it_out_at_the_next_tick(still: Still, name: str) -> None:
    still.push("release", {}, start="main")
    number, (method, path, body) = queued(still), STOPS[name]
    head = still.hub.things()[1].head
    still.ask(method, path.replace("HEAD", head), "ci" if name == "a check" else "ada", **body)
    still.tick()
    assert entries(still) == []
    pull = still.hub.things()[1]
    assert pull.state == "OPEN"
    assert still.placed(number).placement.position is not Position.IN_MERGE_QUEUE


def test_a_pause_of_the_whole_repository_takes_it_out(still: Still) -> None:
    queued(still)
    host, seen = still.host(), look(still.client(), REPO).snapshot
    pause_all(LeaseStore.of(host, still.client(), seen), seen.control, BY_PERSON, "a freeze", FOR_EVER)
    still.ticks()
    assert entries(still) == []
    assert still.hub.things()[1].labels == []


@pytest.mark.parametrize("of", ["the pull request", "its issue"])
def test_what_was_stopped_goes_in_again_when_the_stop_is_lifted(still: Still, of: str) -> None:
    number = queued(still)
    stopped = number if of == "the pull request" else 1
    still.ask("POST", f"/issues/{stopped}/labels", labels=["breeze:human"])
    still.ticks()
    assert entries(still) == []
    still.ask("DELETE", f"/issues/{stopped}/labels/breeze:human")
    still.ticks()
    assert len(entries(still)) == 1


def test_a_lost_approval_takes_it_out_and_the_next_one_puts_it_in(still: Still) -> None:
    number = queued(still)
    approval = still.hub.things()[1].comments[0]
    still.ask("DELETE", f"/issues/comments/{approval.id}")
    still.ticks()
    assert entries(still) == []
    still.ask("POST", f"/issues/{number}/comments", body=approval.body)
    still.ticks()
    assert len(entries(still)) == 1


@pytest.mark.parametrize("who", ["ada", "bee"])
def test_what_somebody_else_put_in_is_theirs(still: Still, who: str) -> None:
    """Also by hand with bee's own account: its ledger knows nothing of that."""
    number = still.pull()
    green(still, still.placed(number).item.head)
    still.enqueue(number, who)
    place = still.placed(number).placement
    assert (place.position, place.reason.endswith(f"put there by {who}")) == (Position.IN_MERGE_QUEUE, True)
    still.ask("POST", f"/issues/{number}/labels", labels=["breeze:human"])
    still.ticks()
    assert len(entries(still)) == 1
    assert still.tries(number) == 0
    merged_all(still)
    still.ticks()
    assert [one.state for one in still.hub.things()] == ["CLOSED", "MERGED"]


def test_what_a_person_took_out_stays_out_until_they_say_so(still: Still) -> None:
    number = queued(still)
    still.dequeue(number)
    still.ticks()
    ahead(still, {"other.txt": "other"})
    merged_all(still)  # the base moves
    still.ticks()
    assert entries(still) == []
    place = still.placed(number).placement
    assert (place.position, place.reason) == (Position.WAITING_ON_SETTINGS, "ada took it out of the merge queue")


def test_what_the_queue_took_out_is_told_tried_again_when_the_base_moved_and_not_for_ever(still: Still) -> None:
    number, tries = queued(still), []
    for _ in range(3):
        still.placed(1)
        green(still, entries(still)[0]["group_sha"], "failure")
        still.ticks()
        assert entries(still) == []
        place = still.placed(number).placement
        tries.append(still.tries(number))
        if len(tries) == 3:
            break
        assert (place.position, place.reason) == (
            Position.WAITING_ON_SETTINGS, "GitHub took it out of the merge queue: failed checks",
        )  # fmt: skip
        still.clock.now += 3 * 60 * 60
        still.ticks()
        assert comments(still, number).count("took it out of the merge queue: failed checks") >= 1
        still.base_moves()
        still.ticks()
        assert len(entries(still)) == 1
    still.base_moves()
    still.ticks()
    place = still.placed(number).placement
    assert (place.position, still.hub.things()[1].labels) == (Position.HUMAN, ["breeze:human"])
    assert "3 E2E passes were overtaken" in comments(still, number)


def test_a_run_that_begins_in_the_second_in_which_it_was_taken_out_puts_it_in_again(still: Still) -> None:
    """That removal ended the entry before, and is no answer that this run had lost."""
    number = queued(still)
    still.base_moves()
    take_out(still)
    still.ticks()
    removed, run = still.placed(number).item.removals[-1], still.record(number)
    assert run is not None
    assert (len(entries(still)), removed.at) == (1, run.started_at)


def test_a_refusal_names_what_github_says_and_is_not_tried_again(still: Still) -> None:
    number = still.pull()
    green(still, still.placed(number).item.head)
    still.tick()
    where = {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}
    asked = {"allowed_merge_methods": ["rebase"], "required_approving_review_count": 0}
    rules = [{"type": "pull_request", "parameters": asked}]
    still.ask("POST", "/rulesets", name="more", enforcement="active", target="branch", conditions=where, rules=rules)
    still.ticks()
    place, tries = still.placed(number).placement, still.tries(number)
    assert place.position is Position.WAITING_ON_SETTINGS
    assert "Squash merges are not allowed" in place.reason
    still.ticks()
    assert still.tries(number) == tries


# ---- killed anywhere ------------------------------------------------------------------------------------------------


def entered(still: Still) -> int:
    """How often the pull request was put into the queue."""
    return len(still.hub.rows("SELECT 1 FROM events WHERE kind = 'added_to_merge_queue'"))


def take_out(still: Still) -> None:
    """The queue's check fails."""
    still.placed(1)
    green(still, entries(still)[0]["group_sha"], "failure")


MEANWHILE: dict[str, tuple[Callable[[Still], None], list[str]]] = {
    "nothing": (lambda still: None, ["CLOSED", "MERGED"]),
    "the queue merged it": (merge_first, ["CLOSED", "MERGED"]),
    "the queue took it out": (take_out, ["OPEN", "OPEN"]),
}


@pytest.mark.parametrize("meanwhile", MEANWHILE)
@pytest.mark.parametrize("way", ["before", "after", "lost"])
def test_it_enters_once_wherever_the_run_died(still: Still, way: str, meanwhile: str) -> None:
    """`lost`: only the answer did not come, and the run goes on."""
    number = still.pull()
    green(still, still.placed(number).item.head)
    still.tick()
    happens, states = MEANWHILE[meanwhile]
    happened = False

    def lost(request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
        nonlocal happened
        answer = act()
        if request.name == "Enqueue" and not happened:
            happened = True
            happens(still)
            raise requests.ConnectionError("the answer was lost")
        return answer

    if way == "lost":
        still.around = lost
        still.tick()
        still.around = lambda request, act: act()
    else:
        assert still.killed(lambda one: one.name == "Enqueue", way == "after", still.tick)
        if way == "after":
            happens(still)
    still.ticks()
    assert entered(still) == 1
    if way == "before" or meanwhile == "nothing":
        merged_all(still)
        still.ticks()
        states = ["CLOSED", "MERGED"]
    assert [one.state for one in still.hub.things()] == states
    assert entered(still) == 1
    if "OPEN" in states:
        assert still.placed(number).placement.reason.startswith("GitHub took it out of the merge queue")


@pytest.mark.parametrize("after", [False, True])
def test_it_is_taken_out_wherever_the_tick_died(still: Still, after: bool) -> None:
    number = queued(still)
    still.ask("POST", f"/issues/{number}/labels", labels=["breeze:human"])
    assert still.killed(lambda one: one.name == "Dequeue", after, still.tick)
    still.ticks()
    assert entries(still) == []
    assert (still.hub.things()[1].labels, still.placed(number).placement.position) == (
        ["breeze:human"], Position.HUMAN,
    )  # fmt: skip


def test_what_its_issue_stops_is_taken_out_and_told_once_wherever_bee_died(still: Still) -> None:
    """At each write, in turn before and after it took effect: of the next tick, and of that which tells."""
    number = queued(still)
    still.ask("POST", "/issues/1/labels", labels=["breeze:human"])
    again, at, killed = still.hub.saved(), still.clock.now, True

    def lasts() -> None:
        for seconds in (20 * 60, 3 * 60 * 60):
            still.ticks()
            still.clock.now += seconds
        still.ticks()

    for place in itertools.count():
        again()
        still.clock.now, writes = at, [True] * place
        killed = still.killed(lambda one, left=writes: one.writes and not (left and left.pop()), place % 2 == 1, lasts)
        lasts()
        out = still.hub.rows("SELECT 1 FROM events WHERE kind = 'removed_from_merge_queue'")
        told = comments(still, number).count("Reason: `issue-stopped`")
        assert (place, entries(still), len(out), told, still.hub.things()[1].labels) == (place, [], 1, 1, [])
        if not killed:
            break
    assert place > 5


def test_what_was_merged_is_proven_wherever_a_run_died(still: Still) -> None:
    """At each write after the merge, in turn before and after it took effect."""
    queued(still)
    ahead(still, {"other.txt": "other"})
    merged_all(still)
    again, killed = still.hub.saved(), True
    for place in itertools.count():
        again()
        writes = [True] * place
        killed = still.killed(
            lambda one, left=writes: one.writes and not (left and left.pop()), place % 2 == 1, still.ticks
        )
        still.ticks()
        still.clock.now += 20 * 60  # what a claim without a record of its run needs
        still.ticks()
        pull = still.hub.things()[1]
        told = [post.body for post in pull.comments if "on the result" in post.body.lower()]
        assert (place, still.hub.things()[0].state, pull.labels, len(told)) == (place, "CLOSED", ["breeze:done"], 1)
        if not killed:
            break
    assert place > 8


def test_a_push_in_the_moment_it_enters_keeps_it_out(still: Still) -> None:
    """GitHub pins the head that was proven."""
    number = still.pull()
    green(still, still.placed(number).item.head)
    still.tick()

    def around(request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
        if request.name == "Enqueue":
            green(still, still.push("bee/1-task", {"more.txt": "more"}))
        return act()

    still.around = around
    still.tick()
    assert entries(still) == []
    assert "Head branch was modified" in str(still.record(number))


def test_what_a_rule_keeps_in_the_queue_is_not_called_out(still: Still) -> None:
    """A person stopped it; bee says what GitHub refused, and does not take it for done."""
    number = queued(still)
    still.ask("POST", f"/issues/{number}/labels", labels=["breeze:human"])

    def around(asked: Asked, done: Callable[[], requests.Response]) -> requests.Response:
        refused = EXAMPLES["graphql: refused by rule"].answer
        return response(200, refused, still.hub.now) if asked.name == "Dequeue" else done()

    still.around = around
    still.tick()
    record = still.record(number)
    assert record is not None
    assert record.note.startswith("Dequeue: ")
    assert (record.outcome, len(entries(still))) == (Outcome.ERROR, 1)
