"""The model and the forge are held together: the same cases, through bee's own hands, must end the same on both.

What is expected stands once. The forge answers over HTTP, the model in this process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Protocol

import pytest

from bee.github import git_database, read, write
from bee.github.client import GitHubClient, Servers
from bee.github.git_database import RefMove
from bee.model.errors import BeeError, NotFoundError, RefConflict, RefusedError
from bee.model.items import CheckState, Issue, Permission, Pull, PullState, ReviewState
from bee.model.labels import Label
from tests.belt.stage import Stage, staged, until
from tests.sim.gitmodel import Objects
from tests.sim.hub import Hub
from tests.sim.timeline import START
from tests.sim.transport import API, GRAPHQL, WEB, Transport

REPO = "ada/calc"
FILES = {".github/bee.yml": "version: 1\nintake: all\n", "a.txt": "one\n"}


class GitHub(Protocol):
    """What a case may use."""

    def client(self, login: str = "bee") -> GitHubClient:
        """A door of an account."""

    def push(self, branch: str, files: Mapping[str, str]) -> str:
        """A commit by ada on a branch, made from main where it is new; its oid."""

    def wait(self, seconds: int) -> None:
        """Time goes by on GitHub's clock."""

    def known(self, number: int) -> bool:
        """Whether a pull request merges, once GitHub knows."""


class OnForge:
    """The embedded GitHub, over HTTP."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def client(self, login: str = "bee") -> GitHubClient:
        forge = self.stage.forge
        return GitHubClient(Servers(forge.api_url, forge.graphql_url, forge.git_url), self.stage.tokens[login])

    def push(self, branch: str, files: Mapping[str, str]) -> str:
        return self.stage.push(files, branch)

    def wait(self, seconds: int) -> None:
        self.stage.sleep(seconds)

    def known(self, number: int) -> bool:
        until("mergeability", 20, lambda: read_pull(self, number).mergeable is not None)
        return bool(read_pull(self, number).mergeable)


class OnModel:
    """The model of the simulator."""

    def __init__(self) -> None:
        self.now = START
        self.hub = Hub(REPO, Objects(), lambda: self.now)
        self.hub.settle_seconds = lambda: 0.5
        for login, role in (("ada", "admin"), ("bee", "write"), ("eve", "none")):
            self.hub.user(login, role)
        objects = self.hub.objects
        self.hub.refs["refs/heads/main"] = objects.commit(objects.tree(FILES), (), "start", int(START), "ada")

    def client(self, login: str = "bee") -> GitHubClient:
        return GitHubClient(Servers(API, GRAPHQL, WEB), "t", Transport(self.hub, self.hub.users[login]))

    def push(self, branch: str, files: Mapping[str, str]) -> str:
        hub, ref = self.hub, f"refs/heads/{branch}"
        before = hub.refs.get(ref) or hub.refs["refs/heads/main"]
        tree = hub.objects.tree({**hub.objects.files(before), **files})
        made = hub.objects.commit(tree, (before,), "change", hub.now, "ada")
        hub.move_refs(hub.users["ada"], [(ref, hub.refs.get(ref), made)])
        return made

    def wait(self, seconds: int) -> None:
        self.now += seconds

    def known(self, number: int) -> bool:
        read_pull(self, number)
        self.wait(1)
        return bool(read_pull(self, number).mergeable)


@contextmanager
def _forge(folder: Path) -> Iterator[OnForge]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HOME", str(folder))
        with staged(folder, FILES) as stage:
            yield OnForge(stage)


@pytest.fixture(scope="module", params=["forge", "model"])
def github(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    """One repository on each, for all cases."""
    if request.param == "model":
        yield OnModel()
        return
    with _forge(tmp_path_factory.mktemp("forge")) as made:
        yield made


# ---- what cases have in common --------------------------------------------------------------------------------------


def new_issue(github: GitHub, who: str = "ada", body: str = "Do it.") -> int:
    """An issue; its number."""
    return write.create_issue(github.client(who), REPO, "A task", body)


def read_pull(github: GitHub, number: int) -> Pull:
    """A pull request as bee reads it."""
    found = read.read_item(github.client(), REPO, number).item
    assert isinstance(found, Pull)
    return found


def read_issue(github: GitHub, number: int) -> Issue:
    """An issue as bee reads it."""
    found = read.read_item(github.client(), REPO, number).item
    assert isinstance(found, Issue)
    return found


def new_pull(github: GitHub, branch: str, files: Mapping[str, str], who: str = "bee", body: str = "") -> Pull:
    """A branch with one commit, and its pull request."""
    github.push(branch, files)
    return read_pull(github, write.open_pull(github.client(who), REPO, branch, "main", "Work", body))


def commit(github: GitHub, message: str, *parents: str) -> str:
    """A commit with the default branch's tree."""
    client = github.client()
    return git_database.create_commit(client, REPO, message, read.read_head(client, REPO).default_tree, parents)


def move(github: GitHub, *moves: RefMove, who: str = "bee") -> None:
    """Refs by compare-and-swap."""
    client = github.client(who)
    git_database.update_refs(client, REPO, read.read_head(client, REPO).repo_id, moves)


def refused(act: Callable[[], Any]) -> tuple[str, int]:
    """How bee hears a refusal: the kind, and the status where there is one."""
    try:
        act()
    except BeeError as problem:
        return type(problem).__name__, getattr(problem, "status", 0)
    return "done", 0


# ---- refs -----------------------------------------------------------------------------------------------------------


def test_a_ref_is_created_only_where_there_is_none(github: GitHub) -> None:
    ref = f"refs/bee/items/{Random().randrange(10**8)}"
    first, second = commit(github, "first"), commit(github, "second")
    move(github, RefMove(ref, None, first))
    assert refused(lambda: move(github, RefMove(ref, None, second))) == ("RefConflict", 0)
    assert git_database.read_oid(github.client(), REPO, ref) == first


def test_a_ref_moves_only_from_where_it_was_seen(github: GitHub) -> None:
    ref = f"refs/bee/items/{Random().randrange(10**8)}"
    first, second, third = commit(github, "first"), commit(github, "second"), commit(github, "third")
    move(github, RefMove(ref, None, first))
    move(github, RefMove(ref, first, second))
    assert refused(lambda: move(github, RefMove(ref, first, third))) == ("RefConflict", 0)
    assert git_database.read_oid(github.client(), REPO, ref) == second
    move(github, RefMove(ref, second, None))
    assert git_database.read_oid(github.client(), REPO, ref) is None
    assert git_database.read_ref(github.client(), REPO, ref) is None


def test_of_several_refs_all_move_or_none(github: GitHub) -> None:
    one, two = (f"refs/bee/items/{Random().randrange(10**8)}" for _ in range(2))
    first, second = commit(github, "first"), commit(github, "second")
    move(github, RefMove(one, None, first), RefMove(two, None, first))
    wrong = (RefMove(one, first, second), RefMove(two, second, first))
    assert refused(lambda: move(github, *wrong)) == ("RefConflict", 0)
    assert [git_database.read_oid(github.client(), REPO, ref) for ref in (one, two)] == [first, first]


def test_a_stranger_moves_no_ref(github: GitHub) -> None:
    ref, oid = "refs/bee/items/77", commit(github, "first")
    assert refused(lambda: move(github, RefMove(ref, None, oid), who="eve"))[0] in {"ForbiddenError", "RefConflict"}
    assert git_database.read_oid(github.client(), REPO, ref) is None


def test_a_commit_keeps_its_message_and_parents(github: GitHub) -> None:
    first = commit(github, "first\n\nline\n")
    second = commit(github, "second", first)
    ref = f"refs/bee/items/{Random().randrange(10**8)}"
    move(github, RefMove(ref, None, second))
    assert git_database.read_commit(github.client(), REPO, second)[1] == (first,)
    tip = git_database.read_ref(github.client(), REPO, ref)
    assert tip is not None
    assert (tip.oid, tip.record) == (second, None)


# ---- labels, comments, bodies ---------------------------------------------------------------------------------------


def test_labels_fold_case_and_events_say_who_and_when(github: GitHub) -> None:
    number, ada, bee = new_issue(github), github.client("ada"), github.client()
    write.add_labels(ada, REPO, number, ["Breeze:Human"])
    write.add_labels(bee, REPO, number, ["breeze:human"])
    assert {name.lower() for name in read_issue(github, number).label_names} == {"breeze:human"}
    github.wait(5)
    write.remove_label(bee, REPO, number, "BREEZE:HUMAN")
    write.remove_label(bee, REPO, number, "breeze:human")
    issue = read_issue(github, number)
    assert issue.labels == frozenset()
    said = [(event.label.lower(), event.added, event.actor.login if event.actor else "") for event in issue.events]
    assert said == [("breeze:human", True, "ada"), ("breeze:human", False, "bee")]
    assert 5 <= issue.events[1].at - issue.events[0].at <= 30


def test_a_label_has_one_id_whether_it_is_found_or_made(github: GitHub) -> None:
    client = github.client()
    made = write.label_id(client, REPO, Label.QUARANTINE)
    assert write.label_id(client, REPO, Label.QUARANTINE) == made
    assert read.read_head(client, REPO).label_ids[Label.QUARANTINE.value] == made


def test_a_claims_label_comes_back_with_the_item_and_its_lease(github: GitHub) -> None:
    number, client = new_issue(github), github.client()
    oid, ref = commit(github, "claim"), f"refs/bee/items/{number}"
    node, label = read_issue(github, number).node_id, write.label_id(client, REPO, Label.WIP)
    item, tip = write.mark_claimed(client, REPO, number, node, label)
    assert (item.number, item.labels, tip) == (number, frozenset({Label.WIP}), None)
    move(github, RefMove(ref, None, oid))
    item, tip = write.mark_claimed(client, REPO, number, node, label)
    assert tip is not None
    assert tip.oid == oid
    assert len(item.events) == 1
    pulse = git_database.pulse(client, REPO, number)
    assert (pulse.tip, pulse.open, pulse.labels) == (tip, True, frozenset({Label.WIP}))


def test_a_stranger_may_comment_but_not_label_or_edit(github: GitHub) -> None:
    number, eve = new_issue(github), github.client("eve")
    write.comment(eve, REPO, number, "Hello.")
    assert [c.author.login for c in read_issue(github, number).comments if c.author] == ["eve"]
    assert refused(lambda: write.add_labels(eve, REPO, number, ["breeze:new"]))[0] == "ForbiddenError"
    assert refused(lambda: write.edit_issue(eve, REPO, number, body="Mine."))[0] == "ForbiddenError"


def test_a_strangers_issue_gets_none_of_the_labels_it_asks_for(github: GitHub) -> None:
    body = {"title": "t", "body": "b", "labels": ["breeze:new"]}
    data, _ = github.client("eve").rest("POST", f"/repos/{REPO}/issues", body)
    assert read_issue(github, int(data["number"])).labels == frozenset()


def test_a_comment_edited_by_another_says_so(github: GitHub) -> None:
    number = new_issue(github)
    write.comment(github.client(), REPO, number, "As it was.")
    before = read_issue(github, number).comments[0]
    assert (before.edited_at, before.editor) == (None, None)
    github.wait(3)
    write.edit_comment(github.client("ada"), REPO, before.id, "As it is.")
    after = read_issue(github, number).comments[0]
    assert (after.id, after.body, after.author) == (before.id, "As it is.", before.author)
    assert after.editor is not None
    assert after.editor.login == "ada"
    assert after.edited_at is not None
    assert after.edited_at >= after.at + 3
    write.delete_comment(github.client(), REPO, before.id)
    write.delete_comment(github.client(), REPO, before.id)
    assert read_issue(github, number).comments == ()


def test_several_parts_are_published_at_once_and_one_that_fails_keeps_no_other(github: GitHub) -> None:
    number, client = new_issue(github), github.client()
    node, label = read_issue(github, number).node_id, write.label_id(client, REPO, Label.HUMAN)
    parts: dict[str, Mapping[str, Any]] = {
        "comment": {"subjectId": node, "body": "Words."},
        "add": {"labelableId": node, "labelIds": [label]},
    }
    address, failed = write.publish(client, parts)
    assert failed == frozenset()
    assert address.startswith("http")
    issue = read_issue(github, number)
    assert ([c.body for c in issue.comments], issue.labels) == (["Words."], frozenset({Label.HUMAN}))


@pytest.mark.parametrize("gone", [False, True])
def test_a_pause_edits_its_own_comment_in_the_same_request_and_does_without(github: GitHub, gone: bool) -> None:
    """Label, words, status comment, release. Where the comment is gone, the pause is whole all the same."""
    number = new_issue(github)
    write.comment(github.client(), REPO, number, "Before")
    issue = read_issue(github, number)
    (there,) = issue.comments
    label, oid = write.label_id(github.client(), REPO, Label.HUMAN), commit(github, "paused")
    edit = replace(there, body="After")
    release = RefMove(f"refs/bee/items/{number}", None, oid)
    client = github.client()
    if gone:
        write.delete_comment(client, REPO, there.id)
    write.pause_item(client, read.read_head(client, REPO).repo_id, issue.node_id, label, "Said", release, edit)
    after = read_issue(github, number)
    assert Label.HUMAN in after.labels
    assert [c.body for c in after.comments] == ([] if gone else ["After"]) + ["Said"]
    assert git_database.read_oid(client, REPO, release.ref) == oid
    with pytest.raises(RefConflict):
        write.pause_item(client, read.read_head(client, REPO).repo_id, issue.node_id, label, "Again", release, edit)


def test_the_history_of_a_body_begins_with_its_first_text_and_ends_with_the_last(github: GitHub) -> None:
    number = new_issue(github, "ada", "first")
    assert (read_issue(github, number).edits, read_issue(github, number).edited_at) == ((), None)
    github.wait(2)
    write.edit_issue(github.client(), REPO, number, body="second")
    github.wait(2)
    write.edit_issue(github.client("ada"), REPO, number, body="third")
    issue = read_issue(github, number)
    told = sorted((edit.at, edit.text, edit.editor.login if edit.editor else "") for edit in issue.edits)
    assert [rest for _, *rest in told] == [["first", "ada"], ["second", "bee"], ["third", "ada"]]
    assert issue.edited_at == told[-1][0]
    assert issue.editor is not None
    assert issue.editor.login == "ada"


def test_a_closed_issue_says_by_whom(github: GitHub) -> None:
    number = new_issue(github)
    write.edit_issue(github.client(), REPO, number, state="closed", state_reason="completed")
    assert read_issue(github, number).open is False
    closing = read.read_closing(github.client(), REPO, number)
    assert (closing.open, closing.by, closing.completed) == (False, "bee", True)
    write.add_labels(github.client(), REPO, number, ["breeze:done"])
    assert read_issue(github, number).labels == {Label.DONE}


# ---- pull requests --------------------------------------------------------------------------------------------------


def test_a_branch_has_one_open_pull_request_and_its_issue_is_told(github: GitHub) -> None:
    issue = new_issue(github)
    branch = f"bee/{issue}-task"
    pull = new_pull(github, branch, {f"{issue}.txt": "x"}, body=f"Part of #{issue}.")
    assert (pull.head_ref, pull.base_ref, pull.open, pull.merged, pull.draft) == (branch, "main", True, False, False)
    again = refused(lambda: write.open_pull(github.client(), REPO, branch, "main", "Work", ""))
    assert again == ("RefusedError", 422)
    assert [(ref.number, ref.state) for ref in read_issue(github, issue).pulls] == [(pull.number, PullState.OPEN)]
    assert [ref.number for ref in read.pulls_of_branch(github.client(), REPO, branch)] == [pull.number]


def test_a_branch_without_commits_of_its_own_gets_no_pull_request(github: GitHub) -> None:
    main = git_database.read_oid(github.client(), REPO, "refs/heads/main")
    branch = f"bee/{Random().randrange(10**6)}-none"
    move(github, RefMove(f"refs/heads/{branch}", None, main))
    assert refused(lambda: write.open_pull(github.client(), REPO, branch, "main", "W", "")) == ("RefusedError", 422)
    missing = refused(lambda: write.open_pull(github.client(), REPO, "bee/1-never", "main", "W", ""))
    assert missing == ("RefusedError", 422)


def test_mergeable_is_known_in_the_end_and_again_after_a_push(github: GitHub) -> None:
    number = new_issue(github)
    pull = new_pull(github, f"bee/{number}-m", {f"m{number}.txt": "x"})
    assert pull.mergeable in (None, True)  # opening it began the job
    assert github.known(pull.number) is True
    head = github.push(f"bee/{number}-m", {f"m{number}.txt": "y"})
    again = read_pull(github, pull.number)
    assert again.head == head
    assert github.known(pull.number) is True


def test_a_conflict_is_not_mergeable_and_is_refused_with_405(github: GitHub) -> None:
    number = new_issue(github)
    path = f"c{number}.txt"
    github.push("main", {path: "0\n"})
    pull = new_pull(github, f"bee/{number}-c", {path: "theirs\n"})
    github.push("main", {path: "ours\n"})
    assert github.known(pull.number) is False
    merging = refused(lambda: write.merge(github.client(), REPO, pull.number, pull.head, "squash", "t", ""))
    assert merging == ("RefusedError", 405)


def test_a_merge_needs_the_head_it_was_asked_for_and_happens_once(github: GitHub) -> None:
    issue = new_issue(github)
    branch = f"bee/{issue}-task"
    pull = new_pull(github, branch, {f"w{issue}.txt": "x"}, body=f"Part of #{issue}.")
    client, base = github.client(), git_database.read_oid(github.client(), REPO, "refs/heads/main")
    old = pull.head
    head = github.push(branch, {f"w{issue}.txt": "y"})
    assert refused(lambda: write.merge(client, REPO, pull.number, old, "squash", "t", "")) == ("RefusedError", 409)
    made = write.merge(client, REPO, pull.number, head, "squash", "t", "")
    assert git_database.read_commit(client, REPO, made)[1] == (base,)
    assert git_database.read_oid(client, REPO, "refs/heads/main") == made
    assert write.merged_as(client, REPO, pull.number) == (made, "bee")
    assert refused(lambda: write.merge(client, REPO, pull.number, head, "squash", "t", "")) == ("RefusedError", 405)
    after = read_pull(github, pull.number)
    assert (after.open, after.merged) == (False, True)
    (ref,) = read_issue(github, issue).pulls
    assert ref.state is PullState.MERGED
    assert ref.closed_at is not None


def test_a_stranger_does_not_merge(github: GitHub) -> None:
    number = new_issue(github)
    pull = new_pull(github, f"bee/{number}-s", {f"s{number}.txt": "x"})
    eve = github.client("eve")
    kind, _ = refused(lambda: write.merge(eve, REPO, pull.number, pull.head, "squash", "t", ""))
    assert kind in {"ForbiddenError", "NotFoundError"}
    assert read_pull(github, pull.number).merged is False


def test_a_merge_of_the_method_merge_has_base_and_head_as_parents(github: GitHub) -> None:
    number = new_issue(github)
    pull = new_pull(github, f"bee/{number}-p", {f"p{number}.txt": "x"})
    base = git_database.read_oid(github.client(), REPO, "refs/heads/main")
    made = write.merge(github.client(), REPO, pull.number, pull.head, "merge", "t", "")
    assert git_database.read_commit(github.client(), REPO, made)[1] == (base, pull.head)


def test_deleting_a_branch_closes_its_pull_request(github: GitHub) -> None:
    number = new_issue(github)
    pull = new_pull(github, f"bee/{number}-d", {f"d{number}.txt": "x"})
    move(github, RefMove(f"refs/heads/bee/{number}-d", pull.head, None))
    after = read_pull(github, pull.number)
    assert (after.open, after.merged) == (False, False)
    assert [ref.state for ref in read.pulls_of_branch(github.client(), REPO, f"bee/{number}-d")] == [PullState.CLOSED]


def test_nobody_judges_their_own_pull_request_and_a_review_names_its_commit(github: GitHub) -> None:
    number = new_issue(github)
    pull = new_pull(github, f"bee/{number}-r", {f"r{number}.txt": "x"})
    bee, ada, eve = github.client(), github.client("ada"), github.client("eve")
    for event in ("APPROVE", "REQUEST_CHANGES"):
        own = refused(lambda event=event: write.review(bee, REPO, pull.number, pull.head, event, "w"))
        assert own == ("RefusedError", 422)
    write.review(bee, REPO, pull.number, pull.head, "COMMENT", "mine")
    write.review(ada, REPO, pull.number, pull.head, "REQUEST_CHANGES", "no")
    write.review(eve, REPO, pull.number, pull.head, "APPROVE", "yes")
    told = [(r.author.login if r.author else "", r.state, r.commit) for r in read_pull(github, pull.number).reviews]
    assert told == [
        ("bee", ReviewState.COMMENTED, pull.head),
        ("ada", ReviewState.CHANGES_REQUESTED, pull.head),
        ("eve", ReviewState.APPROVED, pull.head),
    ]


def test_a_review_keeps_its_verdict_when_its_words_change_and_a_stranger_changes_none(github: GitHub) -> None:
    number = new_issue(github)
    pull = new_pull(github, f"bee/{number}-w", {f"w{number}.txt": "x"})
    write.review(github.client("ada"), REPO, pull.number, pull.head, "REQUEST_CHANGES", "no")
    (said,) = read_pull(github, pull.number).reviews
    stranger = refused(lambda: write.edit_review(github.client("eve"), REPO, pull.number, said.id, "yes"))
    assert stranger[0] == "ForbiddenError"
    write.edit_review(github.client("ada"), REPO, pull.number, said.id, "no, again")
    (after,) = read_pull(github, pull.number).reviews
    assert (after.id, after.state, after.body) == (said.id, ReviewState.CHANGES_REQUESTED, "no, again")
    assert after.editor is not None
    assert after.edited_at is not None


def test_the_latest_status_of_a_context_counts(github: GitHub) -> None:
    number = new_issue(github)
    pull = new_pull(github, f"bee/{number}-st", {f"st{number}.txt": "x"})
    assert pull.checks == ()
    client = github.client()
    for context, state in (("ci", "pending"), ("ci", "failure"), ("bee/e2e", "success")):
        write.set_status(client, REPO, pull.head, context, state, "words", "")
    checks = {check.name: check.state for check in read_pull(github, pull.number).checks}
    assert checks == {"ci": CheckState.RED, "bee/e2e": CheckState.GREEN}
    unknown = refused(lambda: write.set_status(client, REPO, "e" * 40, "ci", "success", "", ""))
    assert unknown == ("RefusedError", 422)


# ---- the whole ------------------------------------------------------------------------------------------------------


def test_what_is_not_there_is_not_found(github: GitHub) -> None:
    assert refused(lambda: read.read_item(github.client(), REPO, 99_999)) == ("NotFoundError", 0)
    assert refused(lambda: read.read_head(github.client(), "ada/none")) == ("NotFoundError", 0)
    assert refused(lambda: github.client().rest("GET", f"/repos/{REPO}/issues/9999")) == ("NotFoundError", 0)


def test_permissions_by_login_and_an_outsider_has_none(github: GitHub) -> None:
    client = github.client()
    found = {login: read.read_permission(client, REPO, login) for login in ("ada", "bee", "eve", "nobody")}
    assert found == {
        "ada": Permission.ADMIN, "bee": Permission.WRITE, "eve": Permission.READ, "nobody": Permission.NONE,
    }  # fmt: skip
    listed = read.read_snapshot(client, REPO).permissions
    assert {login: listed.get(login, Permission.NONE) for login in ("ada", "bee", "eve")} == {
        "ada": Permission.ADMIN, "bee": Permission.WRITE, "eve": Permission.NONE,
    }  # fmt: skip


def test_a_snapshot_shows_open_items_refs_and_the_policy_and_the_clock_moves_with_github(github: GitHub) -> None:
    client = github.client()
    issue, closed = new_issue(github), new_issue(github)
    write.edit_issue(client, REPO, closed, state="closed", state_reason="completed")
    oid = commit(github, "tip")
    move(github, RefMove(f"refs/bee/items/{issue}", None, oid))
    first = read.read_snapshot(client, REPO)
    numbers = [one.number for one in first.issues]
    assert issue in numbers
    assert closed not in numbers
    assert numbers == sorted(numbers)
    assert first.items[issue].oid == oid
    assert first.policy_text == FILES[".github/bee.yml"]
    assert first.viewer.login == "bee"
    assert first.default_head == git_database.read_oid(client, REPO, "refs/heads/main")
    github.wait(100)
    assert 100 <= read.read_snapshot(client, REPO).now - first.now <= 130


def test_lists_longer_than_a_page_are_read_to_their_end(github: GitHub) -> None:
    number = new_issue(github)
    node = read_issue(github, number).node_id
    for start in range(105):
        write.publish(github.client(), {"comment": {"subjectId": node, "body": f"{start}"}})
    assert [c.body for c in read_issue(github, number).comments] == [str(n) for n in range(105)]


def test_an_own_alert_is_found_and_a_strangers_is_not(github: GitHub) -> None:
    marker = f"<!-- bee:alert key=k{Random().randrange(10**6)} -->"
    write.create_issue(github.client("eve"), REPO, "Alert", marker)
    assert read.open_alert(github.client(), REPO, "bee", marker) == 0
    number = write.create_issue(github.client(), REPO, "Alert", f"Words.\n\n{marker}")
    assert read.open_alert(github.client(), REPO, "bee", marker) == number
    write.edit_issue(github.client(), REPO, number, state="closed", state_reason="completed")
    assert read.open_alert(github.client(), REPO, "bee", marker) == 0


def test_closed_items_are_listed_by_their_label(github: GitHub) -> None:
    with_it, without, still_open = (new_issue(github) for _ in range(3))
    for number in (with_it, still_open):
        write.add_labels(github.client("ada"), REPO, number, ["breeze:quarantine-hotloop"])
    for number in (with_it, without):
        write.edit_issue(github.client("ada"), REPO, number, state="closed", state_reason="completed")
    assert read.closed_with(github.client(), REPO, "breeze:quarantine-hotloop") == [with_it]


def test_an_issue_without_dependencies_has_none(github: GitHub) -> None:
    number = new_issue(github)
    assert read.read_dependencies(github.client(), REPO, [number], 1) == {number: (0, ())}


def test_errors_that_bee_knows_by_name_are_the_same(github: GitHub) -> None:
    """The classes that the code above catches are those that its hands raise."""
    assert {NotFoundError, RefusedError, RefConflict} <= set(BeeError.__subclasses__())
