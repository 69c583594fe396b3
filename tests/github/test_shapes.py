"""Every answer that bee reads, with each of its fields missing, null or of another type: a clear error, or no matter.

The good answers are the forge's own, to every reader and writer in turn; then they are given again, spoiled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

import pytest
from graphql import build_schema

from bee.github import blockers, git_database, probe, read, write
from bee.github import checks as reporters
from bee.github.client import GitHubClient, Servers
from bee.github.git_database import RefMove
from bee.model.errors import BeeError, ServerError
from bee.model.items import Snapshot, Who
from bee.model.labels import Label
from bee.model.records import TREE_FILES
from tests.belt.stage import Stage, staged, until
from tests.github.spoiled import Kept, Path, Recorder, conforms, nullable, player, returned, spoiled
from tests.setup.places import protect

ROOT = File(__file__).resolve().parents[2]
ITEM = "refs/bee/items/1"


@dataclass
class World:
    """What the calls below are about."""

    repo: str
    ids: dict[str, Any]
    main: str
    head: str
    pull: int = 0


@dataclass
class Call:
    """One of bee's functions and its arguments behind the door."""

    name: str
    function: Callable[..., Any]
    given: Callable[[World], tuple[Any, ...]]
    login: str = "bee"


def said(world: World) -> dict[str, dict[str, str]]:
    """Two parts of what a run publishes."""
    return {
        "comment": {"subjectId": world.ids["issue"], "body": "Together."},
        "close": {"issueId": world.ids["later"], "stateReason": "COMPLETED"},
    }


# In this order, for the writes among them take effect.
class Twos:
    """A home that remembers that GitHub answers two items at once."""

    def memo(self, _name: str) -> str:
        return "2 0"

    def set_memo(self, name: str, text: str) -> None:
        raise AssertionError((name, text))


def in_twos(client: GitHubClient, repo: str) -> Snapshot:
    """A snapshot in pages of two."""
    client.memos = Twos()
    return read.read_snapshot(client, repo)


CALLS = (
    Call("an issue", read.read_item, lambda w: (w.repo, 1)),
    Call("a pull request", read.read_item, lambda w: (w.repo, w.pull)),
    Call("a snapshot", in_twos, lambda w: (w.repo,)),
    Call("a repository's head", read.read_head, lambda w: (w.repo,)),
    Call("a branch's pull requests", read.pulls_of_branch, lambda w: (w.repo, "bee/1-task")),
    Call("a pulse", git_database.pulse, lambda w: (w.repo, 1)),
    Call("a pulse of a pull request", git_database.pulse, lambda w: (w.repo, w.pull)),
    Call("a permission", read.read_permission, lambda w: (w.repo, Who("ada", w.ids["ada"]))),
    Call("dependencies, singly", blockers.read_dependencies, lambda w: (w.repo, [1], 1000)),
    Call("dependencies, by list", blockers.read_dependencies, lambda w: (w.repo, [1, 2, 3], 3)),
    Call("own issues", read.own_issues, lambda w: (w.repo, "ada")),
    Call("an alert", read.open_alert, lambda w: (w.repo, "ada", "Do it")),
    Call("closed items", read.closed_with, lambda w: (w.repo, "bug")),
    Call("how an issue was closed", read.read_closing, lambda w: (w.repo, 4)),
    Call("the last change", GitHubClient.last_change, lambda w: (w.repo, "")),
    Call("checks elsewhere", reporters.checks_elsewhere, lambda w: (w.repo, w.head)),
    Call("a ref's tip", git_database.read_ref, lambda w: (w.repo, "R_1", ITEM)),
    Call("a ref's oid", git_database.read_oid, lambda w: (w.repo, ITEM)),
    Call("a commit", git_database.read_commit, lambda w: (w.repo, w.head)),
    Call("a label", write.label_id, lambda w: (w.repo, Label.WIP)),
    Call("a label made", write.label_id, lambda w: (w.repo, Label.DONE)),
    Call("a record", git_database.create_commit, lambda w: (w.repo, "m", w.ids["tree"], [])),
    Call("the tree of records", git_database.create_tree, lambda w: (w.repo, TREE_FILES)),
    Call("a record on its own tree", git_database.create_record, lambda w: (w.repo, "m", [])),
    Call("a claim", write.mark_claimed, lambda w: (w.repo, w.pull, w.ids["pull"], w.ids["label"])),
    Call("a comment", write.comment, lambda w: (w.repo, 1, "Said.")),
    Call("several at once", write.publish, lambda w: (said(w),)),
    Call("an answer to a line", write.reply_to_line, lambda w: (w.repo, w.pull, w.ids["line"], "So.")),
    Call("a review", write.review, lambda w: (w.repo, w.pull, w.head, "COMMENT", "Good.")),
    Call("an issue made", write.create_issue, lambda w: (w.repo, "t", "b")),
    Call("a pull request made", write.open_pull, lambda w: (w.repo, "more", "main", "t", "b")),
    Call("refs moved", git_database.update_refs,
         lambda w: (w.repo, w.ids["repo"], [RefMove("refs/bee/x", None, w.main)])),
    Call("a pause", write.pause_item,
         lambda w: (w.ids["repo"], w.ids["issue"], w.ids["label"], "b", RefMove("refs/bee/x", w.main, None))),
    Call("a merge", write.merge, lambda w: (w.repo, w.pull, w.head, "squash", "t", "m")),
    Call("how it was merged", write.merged_as, lambda w: (w.repo, w.pull)),
    Call("a repository's settings", probe.read_repo, lambda w: (w.repo,)),
    Call("labels", probe.read_labels, lambda w: (w.repo,)),
    Call("a file", probe.read_file, lambda w: (w.repo, "a.txt", "main")),
    Call("a folder", probe.read_file, lambda w: (w.repo, ".github", "main")),
    Call("rules", probe.read_rules, lambda w: (w.repo, "main"), "ada"),
    Call("what administrators are shown", reporters.read_hidden, lambda w: (w.repo, "main"), "ada"),
    Call("rules without administration", probe.read_rules, lambda w: (w.repo, "main")),
    Call("what reports", probe.reported_contexts, lambda w: (w.repo, "bee/1-task")),
    Call("how many refs", probe.count_refs, lambda w: (w.repo,)),
    Call("rates", probe.read_rates, lambda w: ()),
    Call("a login", probe.read_login, lambda w: ()),
    Call("a tree", git_database.create_tree, lambda w: (w.repo, {"b.txt": "b"}, w.ids["tree"])),
)  # fmt: skip


@dataclass
class Played:
    """A call, what came of it, and the answers it was given."""

    call: Call
    given: tuple[Any, ...]
    servers: Servers
    kept: list[Kept]
    good: Any

    def again(self) -> Any:
        """The same call with the answers as they are now."""
        return self.call.function(player(self.servers, self.kept), *self.given)


@pytest.fixture
def played(tmp_path: File) -> list[Played]:
    """Every call, once, with the forge. Two of anything are a page there."""
    with staged(tmp_path, page_size=2) as stage:
        world = furnished(stage)
        forge = stage.forge
        servers = Servers(forge.api_url, forge.graphql_url, forge.git_url)
        found = []
        for call in CALLS:
            transport = Recorder(stage.tokens[call.login])
            given = call.given(world)
            good = call.function(GitHubClient(servers, "t", transport), *given)
            found.append(Played(call, given, servers, transport.kept, good))
    return found


def furnished(stage: Stage) -> World:
    """A repository where every list that bee reads holds something, and some hold two pages."""
    main = stage.git("rev-parse", "HEAD")
    for number in range(1, 5):
        stage.issue("Do it.", labels=["bug", "breeze:new", "help"] if number == 1 else ["bug"])
        stage.comment(number, "One.")
    for text in ("Two.", "Three."):
        stage.comment(1, text)
    last = stage.call("ada", "GET", stage.at("/issues/1/comments"))[-1]
    stage.call("ada", "PATCH", stage.at(f"/issues/comments/{last['id']}"), {"body": "One and a half."})
    stage.unlabel(1, "help")
    stage.call("ada", "PATCH", stage.at("/issues/1"), {"title": "Another", "body": "Do it well."})
    stage.call("ada", "PATCH", stage.at("/issues/1"), {"body": "Do it very well."})
    stage.call("ada", "PATCH", stage.at("/issues/4"), {"state": "closed", "state_reason": "completed"})
    blocker = stage.item(2)["id"]
    stage.call("ada", "POST", stage.at("/issues/1/dependencies/blocked_by"), {"issue_id": blocker})
    stage.push({"new.txt": "new\n"}, "more")
    head = stage.push({"one.txt": "1\n"}, "bee/1-task")
    wanted = {"title": "One", "head": "bee/1-task", "base": "main", "body": "For #1."}
    pull = stage.call("bee", "POST", stage.at("/pulls"), wanted)
    number = int(pull["number"])
    stage.call("ada", "PATCH", stage.at(f"/issues/{number}"), {"title": "First", "labels": ["bug"]})
    for linked in (True, False, True):
        stage.control("links", {"repo": stage.repo, "issue": 1, "pull": number, "login": "ada", "linked": linked})
    for event in ("COMMENT", "APPROVE"):
        stage.call("ada", "POST", stage.at(f"/pulls/{number}/reviews"), {"event": event, "body": "Good."})
    on = {"path": "one.txt", "line": 1, "commit_id": head}
    lines = [stage.call("ada", "POST", stage.at(f"/pulls/{number}/comments"), {**on, "body": text})["id"]
             for text in ("Why?", "How?", "When?")]  # fmt: skip
    for text in ("So.", "And so."):
        stage.call("bee", "POST", stage.at(f"/pulls/{number}/comments/{lines[0]}/replies"), {"body": text})
    for base in ("more", "main"):
        stage.call("ada", "PATCH", stage.at(f"/pulls/{number}"), {"base": base})
    stage.comment(number, "Said.")
    for context in ("ci/a", "ci/b", "ci/c"):
        status = {"state": "success", "context": context, "description": "Fine", "target_url": "https://x.example"}
        stage.call("ada", "POST", stage.at(f"/statuses/{head}"), status)
    record = "A record\n\nof another kind"
    made = {"message": record, "tree": stage.git("rev-parse", "HEAD^{tree}"), "parents": []}
    oid = stage.call("bee", "POST", stage.at("/git/commits"), made)["sha"]
    for ref in (ITEM, "refs/bee/items/2", "refs/bee/items/3", "refs/bee/merge/main", "refs/bee/alerts/one",
                "refs/bee/control", f"refs/bee/items/{number}"):  # fmt: skip
        stage.call("bee", "POST", stage.at("/git/refs"), {"ref": ref, "sha": oid})
    label = stage.call("ada", "POST", stage.at("/labels"), {"name": "breeze:wip", "color": "ededed"})
    protect(stage, 0, ("ci/a",))
    until("mergeability", 20, lambda: stage.call("ada", "GET", stage.at(f"/pulls/{number}"))["mergeable"] is not None)
    ids = {
        "ada": stage.call("ada", "GET", "/user")["id"],
        "repo": stage.call("ada", "GET", stage.at(""))["node_id"], "label": label["node_id"],
        "issue": stage.item(1)["node_id"], "later": stage.item(3)["node_id"], "pull": pull["node_id"],
        "tree": str(made["tree"]), "line": lines[-1],
    }  # fmt: skip
    return World(stage.repo, ids, main, head, number)


# What GitHub leaves out by REST, or may: no decision rests on its being there.
MAY_LACK = {
    "a comment: html_url": "missing null",  # for people only
    "a review: html_url": "missing null",
    "an answer to a line: html_url": "missing null",
    "a repository's settings: permissions": "missing null",  # not shown means not given
    "a repository's settings: permissions.push": "missing null",
    "a permission: user": "missing null",  # then it is nobody's
    "an alert: body": "null",
    "own issues: body": "null",
    **{
        f"{call}: {field}": spoiled  # an account that is gone still is one reporter
        for call in ("checks elsewhere", "a pull request", "a claim")
        for field, spoiled in (("creator", "missing null"), ("description", "null"), ("target_url", "null"))
    },
    "how an issue was closed: closed_by": "missing null",  # by nobody whom bee trusts
    "how an issue was closed: state_reason": "missing null",
    "how it was merged: merged_by": "null",
    "rates: resources.core": "missing null",
    "rates: resources.graphql": "missing null",
}


# Of what may be null: another value, "there is no such thing", "the list changed while it was read".
MAY_COME = ("other", "NotFoundError", "CutOffError")
# How bee itself writes down that it may not see the checks. It asks otherwise, and is told of none here.
REFUSED = "statusCheckRollup.contexts"


def dotted(path: Path) -> str:
    """A path without places in lists."""
    return ".".join(part for part in path if isinstance(part, str))


def outcome(one: Played, path: Path) -> str:
    """What came of a spoiled answer: `same`, `error`, `other` (another good value), or words about what is wrong."""
    try:
        found = one.again()
    except ServerError as problem:
        wanted = dotted(path).removeprefix("data.").split(".")[-1]
        return "error" if wanted in str(problem) or "all of it" in str(problem) else f"does not say where: {problem}"
    except BeeError as problem:
        return type(problem).__name__
    except Exception as problem:  # the very thing that must not be
        return repr(problem)
    if found == one.good:
        return "same"
    return "other" if conforms(found, returned(one.call.function)) else f"of another type: {found!r}"


def spoilt(one: Played, kept: Kept, seen: set[str], path: Path = ()) -> Iterator[tuple[Path, str, str]]:
    """(where, how, what came of it) for every field of an answer; not within what bee does not look at.

    Nor within an item that was `seen`: whatever asks for whole items reads them by the same function.
    """
    here, good = kept.data, kept.text
    for part in path:
        here = here[part]
    for part, child in inner(here):
        where, matters = (*path, part), False
        for how in spoiled(kept.data, where):
            kept.text = json.dumps(kept.data).encode()
            came = outcome(one, where)
            kept.text = good
            matters = matters or came != "same"
            yield where, how, came
        if matters and isinstance(child, dict | list):
            kind = str(child.get("__typename")) if isinstance(child, dict) and "userContentEdits" in child else ""
            if kind not in seen:
                yield from spoilt(one, kept, seen, where)
            seen |= {kind} - {""}


def inner(data: Any) -> list[tuple[str | int, Any]]:
    """The fields of an object; of a list, one element of each kind."""
    if isinstance(data, list):
        kinds = {one.get("__typename") if isinstance(one, dict) else None: at for at, one in enumerate(data)}
        return [(at, data[at]) for at in kinds.values()]
    return list(data.items())


@pytest.mark.timeout(500)
def test_a_spoiled_answer_is_a_clear_error_or_no_matter(played: list[Played]) -> None:
    """Another value comes of it only where GitHub's own words let the field be null."""
    schema = build_schema((ROOT / "bee" / "forge" / "schema.graphql").read_text(), assume_valid=True)
    wrong, lacked, seen, tried = [], set(), set[str](), 0
    for one in played:
        assert one.again() == one.good, one.call.name
        assert conforms(one.good, returned(one.call.function)), one.call.name
        for kept in one.kept:
            null = nullable(schema, kept.document) if kept.document else frozenset()
            for path, how, came in spoilt(one, kept, seen):
                tried += 1
                where = dotted(path).removeprefix("data.")
                if came in ("same", "error"):
                    continue
                if kept.document and how == "null" and where in null and came in MAY_COME:
                    continue
                if where.endswith(REFUSED) and how == "null":
                    continue
                if not kept.document and how in ("missing", "null") and came == "other":
                    lacked.add(f"{one.call.name}: {where} {how}")
                    continue
                wrong.append(f"{one.call.name}: {where} {how}: {came}")
    print(f"{tried} spoiled answers")
    assert wrong == []
    assert lacked == {f"{where} {how}" for where, hows in MAY_LACK.items() for how in hows.split()}
    assert tried >= 5000
