"""The merge gate, proof by proof: between the claim of a merger and its merge one thing changes, and nothing is merged.

One pull request was approved and has passed E2E; each time everything is put back to that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from bee.github.snapshot import look
from bee.lease.store import ByPerson, Claim, LeaseStore
from bee.model import limits
from bee.model.outcomes import Failure
from bee.pipeline.positions import Position
from bee.steer import actions
from tests.answers import EXAMPLES
from tests.sim.hub import Thing
from tests.sim.still import POLICY, REPO, Still
from tests.sim.transport import Asked, response

ITEM, BASE, MERGE = "Item", "GET /git/ref/heads/main", "PUT /pulls/2/merge"
MADE = "GET /git/commits/"  # what the merge made, before the branch goes


@dataclass
class Ready:
    """The pull request that would be merged by the next tick."""

    still: Still
    again: Callable[[], None]
    head: str
    number: int = 2

    def thing(self, number: int = 2) -> Thing:
        """The pull request as GitHub has it; or its issue."""
        found = self.still.hub.thing(number)
        assert found is not None
        return found

    def merged(self) -> bool:
        """Whether it is."""
        return self.thing().state == "MERGED"

    def tick(self, at: str, act: Callable[[], object], nth: int = 1) -> str:
        """A tick, and what somebody does just before the nth request of that name; what bee said of it."""
        seen: list[str] = []

        def around(asked: Asked, done: Callable[[], requests.Response]) -> requests.Response:
            seen.append(asked.name)
            if asked.name.startswith(at) and sum(name.startswith(at) for name in seen) == nth:
                self.still.around = usual
                act()
                self.still.around = around
            return done()

        usual, self.still.around = self.still.around, around
        try:
            self.still.tick()
        finally:
            self.still.around = usual
        assert sum(name.startswith(at) for name in seen) >= nth, seen
        record = self.still.record(self.number)
        return record.note if record is not None else ""

    def line(self, body: str) -> None:
        """A person speaks of a line."""
        where = {"path": "work.txt", "line": 1, "commit_id": self.head}
        self.still.hub.ask(self.still.hub.users("ada"), "POST", "/pulls/2/comments", body=body, **where)

    def approves_with_line(self, body: str) -> None:
        """A person approves, and speaks of a line in the same review."""
        lines = [{"path": "work.txt", "line": 1, "body": body}]
        review = {"event": "APPROVE", "commit_id": self.head, "comments": lines}
        self.still.hub.ask(self.still.hub.users("ada"), "POST", "/pulls/2/reviews", **review)

    def failure(self) -> Failure | None:
        """How its last run failed."""
        record = self.still.record(self.number)
        return record.failure if record is not None else None


def prepared(folder: Path, *commits: dict[str, str], policy: str = POLICY) -> Ready:
    """A pull request with these commits, up to the merger's turn."""
    still = Still(folder, policy)
    number = still.pull(*commits)
    assert "test on" in still.tick().said
    assert still.placed(number).placement.position is Position.READY_TO_MERGE
    return Ready(still, still.hub.saved(), still.placed(number).item.head)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    """Prepared once for all."""
    return prepared(tmp_path_factory.mktemp("gate"))


@pytest.fixture
def ready(made: Ready) -> Ready:
    """All as it was then."""
    made.again()
    return made


def test_it_is_merged_where_nothing_changes(ready: Ready) -> None:
    ready.tick(ITEM, lambda: None)
    assert ready.merged()


Act = Callable[["Ready"], object]


def _labels(label: str) -> Act:
    return lambda r: r.still.ask("POST", "/issues/1/labels", labels=[label])


def _texts(body: str) -> Act:
    return lambda r: r.still.ask("PATCH", "/issues/1", body=body)


def _blocks(r: Ready) -> object:
    other = r.still.ask("POST", "/issues", title="First", body="Do this first.")
    return r.still.ask("POST", "/issues/1/dependencies/blocked_by", issue_id=other["id"])


def _blocks_in_words(r: Ready) -> object:
    other = r.still.ask("POST", "/issues", title="First", body="Do this first.")["number"]
    return r.still.ask("PATCH", "/issues/1", body=f"Do it.\n\nBlocked by #{other}")


def _disowned(r: Ready) -> object:
    r.still.ask("PATCH", "/issues/1", "bob", body="Obey.")
    return r.still.hub.let(r.still.hub.users("ada"), r.still.hub.users("bob"), False)


# What a person sets on the issue of the pull request, and what the refusal says of it.
ON_ISSUE: dict[str, tuple[Act, str]] = {
    "human": (_labels("breeze:human"), "#1 is `human`"),
    "quarantine": (_labels("breeze:quarantine-hotloop"), "#1 is `quarantined`"),
    "wip": (_labels("breeze:wip"), "#1 is `wip`"),
    "done": (_labels("breeze:done"), "#1 is `done`"),
    "assigned": (lambda r: r.still.ask("POST", "/issues/1/assignees", assignees=["ada"]), "#1 is `taken`"),
    "a dependency": (_blocks, "#1 is `blocked`"),
    "a dependency in words": (_blocks_in_words, "#1 is `blocked`"),
    "an open gate": (_texts("Do it.\n\n## Design finalized\n\n- [ ] go\n"), "#1 is `design-open`"),
    "a design without a plan": (_texts("Do it.\n\n## Design finalized\n\n- [x] go\n"), "#1 is `needs-plan`"),
    "the words of who may write no more": (_disowned, "it is untrusted now"),
}  # fmt: skip


CHANGES: dict[str, tuple[str, Callable[[Ready], object], str]] = {
    "a push": (ITEM, lambda r: r.still.push("bee/1-task", {"more.txt": "1"}), "the head moved"),
    "another base": (
        ITEM, lambda r: (r.still.push("other", {"o.txt": "1"}), r.still.ask("PATCH", "/pulls/2", base="other")),
        "now goes into other",
    ),
    "changes asked for": (
        ITEM,
        lambda r: r.still.ask("POST", "/pulls/2/reviews", event="REQUEST_CHANGES", body="No.", commit_id=r.head),
        "asks for changes",
    ),
    "a line": (ITEM, lambda r: r.line("Why?"), "asks for changes"),
    "a review that comments": (
        ITEM,
        lambda r: r.still.ask("POST", "/pulls/2/reviews", event="COMMENT", body="Not yet.", commit_id=r.head),
        "asks for changes",
    ),
    "an approval with a stop on a line": (
        ITEM, lambda r: r.approves_with_line("STOP: this leaks the token"), "asks for changes",
    ),
    "a label that holds": (
        ITEM, lambda r: r.still.ask("POST", "/issues/2/labels", labels=["do not merge"]), "it is on-hold now",
    ),
    "a title that holds": (
        ITEM, lambda r: r.still.ask("PATCH", "/pulls/2", title="WIP: work"), "it is on-hold now",
    ),
    "a person's stop": (
        ITEM, lambda r: r.still.ask("POST", "/issues/2/labels", labels=["breeze:human"]), "it is human now",
    ),
    "a red check": (
        ITEM, lambda r: r.still.ask("POST", f"/statuses/{r.head}", state="failure", context="ci"),
        "it is checks-failed now",
    ),
    "a draft": (
        ITEM, lambda r: r.still.hub.set_draft(r.still.hub.users("ada"), r.thing(), True), "draft",
    ),
    "its issue closed": (ITEM, lambda r: r.still.ask("PATCH", "/issues/1", state="closed"), "#1 is not open"),
    **{f"its issue: {name}": (ITEM, act, words) for name, (act, words) in ON_ISSUE.items()},
    "a moved base": (BASE, lambda r: r.still.base_moves(), "main moved from"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_after_the_claim_is_not_merged(ready: Ready, change: str) -> None:
    """Nor is it a failed try, but for what only the next look can tell."""
    at, act, words = CHANGES[change]
    note = ready.tick(at, lambda: act(ready))
    assert (ready.merged(), words in note) == (False, True), note
    assert ready.failure() is (Failure.MERGE if change == "a moved base" else Failure.CANCELLED)


def test_a_nit_of_an_approval_holds_no_merge_back(ready: Ready) -> None:
    ready.tick(ITEM, lambda: ready.approves_with_line("nit: worked?"))
    assert ready.merged()


@pytest.mark.parametrize("edited", [True, False])
def test_case_p1_a_line_comment_edited_after_the_claim_is_not_merged_over(ready: Ready, edited: bool) -> None:
    """Its author had approved since; the edit is a later word."""
    ready.line("Why?")
    ready.still.clock.now += 60
    ready.still.ask("POST", "/pulls/2/reviews", event="APPROVE", commit_id=ready.head)
    ready.still.clock.now += 60
    (talk,) = ready.thing().talks

    def edits() -> None:
        if edited:
            ready.still.ask("PATCH", f"/pulls/comments/{talk.said[0].id}", body="STOP: do not merge.")

    note = ready.tick(ITEM, edits)
    assert (ready.merged(), "asks for changes" in note) == (not edited, edited), note


@pytest.mark.parametrize("stop", ["breeze:human", "closed"])
def test_a_persons_stop_after_the_claim_is_heard(ready: Ready, stop: str) -> None:
    """The run ends where it is; a later tick settles what it left."""

    def says_stop() -> None:
        if stop == "closed":
            ready.still.ask("PATCH", "/pulls/2", state="closed")
        else:
            ready.still.ask("POST", "/issues/2/labels", labels=[stop])

    ready.tick(ITEM, says_stop)
    assert not ready.merged()
    ready.still.clock.now += 3600
    ready.still.ticks()
    assert (ready.merged(), "breeze:wip" in ready.thing().labels) == (False, False)


def test_a_pause_that_takes_the_lease_ends_the_run_without_a_word(ready: Ready) -> None:
    """Its ref is a person's by then: what the run writes from there on would be written over their stop."""
    still = ready.still

    def pauses() -> None:
        asked.clear()
        actions.pause(ByPerson(still.host(), still.client(), REPO), 2, "Wait.")
        asked.clear()

    asked: list[Asked] = []
    usual = still.around
    still.around = lambda one, done: (asked.append(one), usual(one, done))[1]
    ready.tick(ITEM, pauses)
    still.around = usual
    assert not ready.merged()
    assert [one.name for one in asked if one.writes] == []


def test_a_lease_whose_ref_is_gone_merges_nothing(ready: Ready) -> None:
    """Who may push took the claim away, label and all: to every other look the pull request is free, and ready."""

    def takes_it_away() -> None:
        del ready.still.hub.git.refs.all["refs/bee/items/2"]
        ready.still.ask("DELETE", "/issues/2/labels/breeze:wip")

    ready.tick(ITEM, takes_it_away)
    assert not ready.merged()


def test_a_branch_that_somebody_pushed_to_in_the_moment_of_the_merge_stays(ready: Ready) -> None:
    """Its end is bee's to tidy up only where it is what was merged."""
    pushed: list[str] = []
    ready.tick(MADE, lambda: pushed.append(ready.still.push("bee/1-task", {"more.txt": "1"})))
    assert ready.merged()
    assert ready.still.hub.git.refs.get("refs/heads/bee/1-task") == pushed[0]


def test_what_was_read_before_a_sleep_is_no_proof(ready: Ready) -> None:
    """The host sleeps before its last read, and a person asks for changes meanwhile: everything is read again."""

    def sleeps() -> None:
        ready.still.clock.now += limits.PROOF_SECONDS_MAX + 1
        ready.still.ask("POST", "/pulls/2/reviews", event="REQUEST_CHANGES", body="No.", commit_id=ready.head)

    ready.tick(BASE, sleeps)
    assert not ready.merged()


def test_two_runs_do_not_merge_into_one_base_at_once(ready: Ready) -> None:
    """Another run holds the base since this one's claim; once it lets go, the merge goes on."""
    still, held = ready.still, []

    def holds() -> None:
        other, client = still.pull(), still.client()
        seen = look(client, REPO)
        store = LeaseStore.of(still.host(), client, seen.snapshot)
        claim = Claim(
            number=other, role="merger", run="20260101T000000Z-merger-4-0badc0de", fingerprint="x", position="x"
        )
        lease = store.acquire(claim, None)
        assert lease is not None
        assert store.hold_base(lease, "main", seen.snapshot.merges.get("main"))
        held.append(lease)

    note = ready.tick("Claim", holds)
    assert (ready.merged(), "another run is between E2E and merge on main" in note) == (False, True), note


@pytest.mark.parametrize(("status", "words", "rules"), [
    (405, "Repository rule violations found", True), (405, "Pull Request is not mergeable", False),
    (409, "Head branch was modified. Review and try the merge again.", False),
])  # fmt: skip
def test_what_a_rule_refuses_is_not_tried_again(ready: Ready, status: int, words: str, rules: bool) -> None:
    """And what the next look shows by itself is."""

    def around(asked: Asked, done: Callable[[], requests.Response]) -> requests.Response:
        return response(status, {"message": words}, 0) if asked.name == MERGE else done()

    usual, ready.still.around = ready.still.around, around
    ready.still.tick()
    ready.still.around = usual
    assert (ready.merged(), ready.failure()) == (False, Failure.RULES if rules else Failure.MERGE)


@pytest.mark.parametrize("at", [ITEM, MERGE])
def test_a_freeze_while_the_merger_runs_holds_up_nothing_when_it_is_over(ready: Ready, at: str) -> None:
    """Before the gate's look, or after its last: each look shows it, and that it is lifted."""

    def freeze(on: bool) -> None:
        nothing = dict.fromkeys(("required_status_checks", "required_pull_request_reviews", "restrictions"))
        ready.still.ask("PUT", "/branches/main/protection", **nothing, enforce_admins=True, lock_branch=on)

    ready.tick(at, lambda: freeze(True))
    assert (ready.merged(), ready.failure()) == (False, Failure.CANCELLED)
    ready.still.tick()
    assert ready.still.placed(2).placement.position is Position.WAITING_ON_SETTINGS
    freeze(False)
    ready.still.tick()
    assert ready.merged()


@pytest.mark.parametrize("file", ["moved.txt", "broken.txt"])
def test_a_push_in_the_last_moment_is_noticed_and_the_result_is_tested(ready: Ready, file: str) -> None:
    """GitHub does not pin the base. Where the result fails, a person is asked before the next step builds on it."""
    ready.tick(MERGE, lambda: ready.still.push("main", {file: "x"}))
    assert ready.merged()
    said = "".join(post.body for post in ready.thing().comments)
    assert ("breeze:human" in ready.thing(1).labels) is (file == "broken.txt")
    assert ("E2E ran on the result" in said) is (file == "moved.txt")


def test_a_rebase_of_two_commits_was_made_on_the_base(tmp_path: Path) -> None:
    """Its last commit's parent is the first one, and no push in between."""
    ready = prepared(tmp_path, {"a.txt": "1"}, {"b.txt": "2"}, policy=POLICY + "merge_method: rebase\n")
    ready.tick(MERGE, lambda: None)
    assert ready.merged()
    assert "breeze:human" not in ready.thing(1).labels
    assert not any("E2E ran on the result" in post.body for post in ready.thing().comments)


def test_what_is_only_shown_may_be_refused(ready: Ready) -> None:
    """The status comment is not worth a run: the next act shows the news."""
    refused = []

    def around(asked: Asked, done: Callable[[], requests.Response]) -> requests.Response:
        if not asked.name.startswith("PATCH /issues/comments/"):
            return done()
        refused.append(asked.name)
        return response(403, {"message": "Resource not accessible by personal access token"}, 0)

    usual, ready.still.around = ready.still.around, around
    ready.still.tick()
    ready.still.around = usual
    assert (ready.merged(), ready.failure(), len(refused)) == (True, None, 1)


@pytest.mark.parametrize("for_long", [False, True])
def test_what_a_rule_refused_is_shown_once_it_can_be(tmp_path: Path, for_long: bool) -> None:
    """Neither the review nor a word nor the label's removal was let through; what bee did on its own is no news.

    `for_long`: nor was the comment that shows it, which bee tries again after an hour.
    """
    still, refusing, dying = Still(tmp_path), True, True
    number = still.ask("POST", "/issues", title="Work", body="Do it.")["number"]
    still.push(f"bee/{number}-task", {"work.txt": "1"}, "bee")
    still.ask("POST", "/pulls", "bee", title="Work", head=f"bee/{number}-task", base="main", body=f"Part of #{number}")

    def around(asked: Asked, done: Callable[[], requests.Response]) -> requests.Response:
        speaks = asked.method == "POST" and asked.path.endswith(("/reviews", "/comments"))
        if (refusing and speaks) or (dying and asked.method == "DELETE"):
            return response(403, {"message": "Resource not accessible by personal access token"}, still.hub.now)
        return done()

    still.around = around
    still.tick()
    assert still.agents == ["reviewer"]
    dying = False
    if for_long:
        still.ticks()
        assert still.tick().acted == []
        still.clock.now += limits.SHOWN_AGAIN_SECONDS
    refusing = False
    still.ticks()
    thing = still.hub.thing(2)
    assert thing is not None
    (shown,) = [post.body for post in thing.comments]
    assert "Resource not accessible" in shown
    assert (thing.labels, still.agents) == ([], ["reviewer"])


def test_an_issue_that_github_does_not_let_bee_close_is_not_done(tmp_path: Path) -> None:
    """Refused again and again, it waits for a person, who is told."""
    still = Still(tmp_path)
    still.pull()

    def around(asked: Asked, done: Callable[[], requests.Response]) -> requests.Response:
        if asked.name == "Publish" and "close" in asked.body["variables"]:
            return response(200, EXAMPLES["graphql: outage"].answer, still.hub.now)
        if (asked.method, asked.path) == ("PATCH", f"/repos/{REPO}/issues/1") and asked.body.get("state") == "closed":
            return response(410, {"message": "This issue was deleted"}, still.hub.now)
        return done()

    still.around = around
    for _ in range(12):
        still.tick()
        still.clock.now += 3600
    issue = still.hub.thing(1)
    assert issue is not None
    assert (issue.state, issue.labels) == ("OPEN", ["breeze:human"])
    assert any("bee failed 5 times at this: every step is merged" in post.body for post in issue.comments)
