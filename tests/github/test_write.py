"""Writing: each function sends what GitHub asks for, reads no more of the answer than is listed, and knows a race."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses

from bee.github import git_database, write
from bee.github.client import GitHubClient
from bee.github.git_database import RefMove
from bee.model.errors import (
    BeeError,
    ForbiddenError,
    NotFoundError,
    RateLimitError,
    RefConflict,
    RefusedError,
    RuleError,
    ServerError,
    UnknownAnswerError,
    UnreachableError,
    UnsupportedError,
)
from bee.model.labels import Label
from bee.model.records import TREE, TREE_FILES
from tests.github.world import AT, DATE, OID, OTHER, REPO, client, graph, issue, listed, refused

REF = "refs/bee/items/7"
NO_SUCH = {"message": "Field 'updateRefs' doesn't exist on type 'Mutation'", "path": ["mutation UpdateRefs", "refs"]}

# What is called -> the one request it makes: method, path, body; the fields of the answer it reads; what it returns.
CALLS: list[tuple[str, Callable[[GitHubClient], Any], str, str, Any, Any, Any]] = [
    ("a commit", lambda d: git_database.create_commit(d, REPO, "m", OTHER, [OID]), "POST", "/git/commits",
     {"message": "m", "tree": OTHER, "parents": [OID]}, {"sha": OID}, OID),
    ("labels on", lambda d: write.add_labels(d, REPO, 1, ["breeze:wip"]), "POST", "/issues/1/labels",
     {"labels": ["breeze:wip"]}, [], None),
    ("a label off", lambda d: write.remove_label(d, REPO, 1, "breeze:wip"), "DELETE",
     "/issues/1/labels/breeze%3Awip", None, [], None),
    ("a pull request", lambda d: write.open_pull(d, REPO, "bee/1-task", "main", "t", "b"), "POST", "/pulls",
     {"title": "t", "head": "bee/1-task", "base": "main", "body": "b"}, {"number": 2}, 2),
    ("a comment", lambda d: write.comment(d, REPO, 1, "b"), "POST", "/issues/1/comments", {"body": "b"}, {"html_url": "https://x/1"},
     "https://x/1"),
    ("another body of a comment", lambda d: write.edit_comment(d, REPO, 9, "b"), "PATCH", "/issues/comments/9",
     {"body": "b"}, {}, None),
    ("a review", lambda d: write.review(d, REPO, 2, OID, "APPROVE", "b"), "POST", "/pulls/2/reviews",
     {"commit_id": OID, "event": "APPROVE", "body": "b"}, {"html_url": "https://x/2"}, "https://x/2"),
    ("another body of a review", lambda d: write.edit_review(d, REPO, 2, 9, "b"), "PUT", "/pulls/2/reviews/9",
     {"body": "b"}, {}, None),
    ("a status", lambda d: write.set_status(d, REPO, OID, "bee/review", "success", "x" * 200, ""), "POST",
     f"/statuses/{OID}", {"state": "success", "context": "bee/review", "description": "x" * 140}, {}, None),
    ("a status with a page", lambda d: write.set_status(d, REPO, OID, "c", "failure", "d", "https://x"), "POST",
     f"/statuses/{OID}", {"state": "failure", "context": "c", "description": "d", "target_url": "https://x"}, {}, None),
    ("a body", lambda d: write.edit_issue(d, REPO, 1, body="b"), "PATCH", "/issues/1", {"body": "b"}, {}, None),
    ("closing", lambda d: write.edit_issue(d, REPO, 1, state="closed", state_reason="completed"), "PATCH", "/issues/1",
     {"state": "closed", "state_reason": "completed"}, {}, None),
    ("an issue", lambda d: write.create_issue(d, REPO, "t", "b"), "POST", "/issues",
     {"title": "t", "body": "b"}, {"number": 3}, 3),
    ("a merge", lambda d: write.merge(d, REPO, 2, OID, "squash", "t", "m"), "PUT", "/pulls/2/merge",
     {"sha": OID, "merge_method": "squash", "commit_title": "t", "commit_message": "m"}, {"sha": OTHER}, OTHER),
    ("a ref away", lambda d: git_database.delete_ref(d, REPO, "refs/heads/bee/1-task"), "DELETE",
     "/git/refs/heads/bee/1-task", None, None, None),
    ("a comment away", lambda d: write.delete_comment(d, REPO, 9), "DELETE", "/issues/comments/9", None, None, None),
    ("a ref's oid", lambda d: git_database.read_oid(d, REPO, "refs/heads/main"), "GET", "/git/ref/heads/main", None,
     {"object": {"sha": OID}}, OID),
    ("a commit", lambda d: git_database.read_commit(d, REPO, OID), "GET", f"/git/commits/{OID}", None,
     {"tree": {"sha": OID}, "parents": [{"sha": OTHER}, {"sha": OID}]}, (OID, (OTHER, OID))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "method", "path", "body", "answer", "expected"), [row[1:] for row in CALLS], ids=[row[0] for row in CALLS]
)
def test_a_call_is_one_request(
    github: responses.RequestsMock,
    call: Callable[[GitHubClient], Any],
    method: str,
    path: str,
    body: Any,
    answer: Any,
    expected: Any,
) -> None:
    """The answers hold the fields of docs/github-api.md and no others: nothing else is relied upon."""
    text = "" if answer is None else json.dumps(answer)
    github.add(method, f"{AT}{path}", body=text, status=204 if answer is None else 200, headers=DATE)
    one = client()
    assert call(one) == expected
    assert one.requests == 1
    sent = github.calls[0].request.body
    assert (json.loads(sent) if sent else None) == body


@pytest.mark.parametrize(
    "call", [row[1] for row in CALLS if row[2] != "GET"], ids=[row[0] for row in CALLS if row[2] != "GET"]
)
def test_a_write_whose_reply_is_lost_is_sent_once(
    github: responses.RequestsMock, call: Callable[[GitHubClient], Any], slept: list[float]
) -> None:
    """It may have taken effect. Whoever asked looks first."""
    row = next(row for row in CALLS if row[1] is call)
    github.add(row[2], f"{AT}{row[3]}", body=requests.ConnectionError("reset"))
    one = client()
    with pytest.raises(UnreachableError):
        call(one)
    assert one.requests == 1


GONE: list[tuple[str, Callable[[GitHubClient], Any], str, str, int, Any]] = [
    ("a label", lambda d: write.remove_label(d, REPO, 1, "x"), "DELETE", "/issues/1/labels/x", 404, None),
    ("a comment", lambda d: write.delete_comment(d, REPO, 9), "DELETE", "/issues/comments/9", 404, None),
    ("a ref read", lambda d: git_database.read_oid(d, REPO, REF), "GET", "/git/ref/bee/items/7", 404, None),
    ("a tip read", lambda d: git_database.read_ref(d, REPO, "R_1", REF), "GET", "/git/ref/bee/items/7", 404, None),
]


@pytest.mark.parametrize(
    ("call", "method", "path", "status", "expected"), [row[1:] for row in GONE], ids=[row[0] for row in GONE]
)
def test_what_is_gone_already_is_no_error(
    github: responses.RequestsMock,
    call: Callable[[GitHubClient], Any],
    method: str,
    path: str,
    status: int,
    expected: Any,
) -> None:
    github.add(method, f"{AT}{path}", json={"message": "Reference does not exist"}, status=status)
    assert call(client()) is expected


@pytest.mark.parametrize("status", [405, 409, 422])
def test_a_refused_merge_says_which_way(github: responses.RequestsMock, status: int) -> None:
    github.add("PUT", f"{AT}/pulls/2/merge", json={"message": "Head branch was modified"}, status=status)
    with pytest.raises(RefusedError) as caught:
        write.merge(client(), REPO, 2, OID, "squash", "t", "m")
    assert (caught.value.status, caught.value.message) == (status, "Head branch was modified")


# ---- compare and swap ------------------------------------------------------------------------------------------------


def test_refs_move_all_or_nothing_in_one_request(github: responses.RequestsMock) -> None:
    """Nothing before is all zeros, and so is nothing after."""
    graph(github, {"data": {"refs": {"clientMutationId": None}}})
    one = client()
    moves = [RefMove(REF, None, OID), RefMove("refs/bee/merge/main", OTHER, OID), RefMove("refs/bee/x", OID, None)]
    git_database.update_refs(one, REPO, "R_1", moves)
    sent = json.loads(github.calls[0].request.body or b"")["variables"]["refs"]
    zeros = "0" * 40
    assert sent["repositoryId"] == "R_1"
    assert [(m["name"], m["beforeOid"], m["afterOid"]) for m in sent["refUpdates"]] == [
        (REF, zeros, OID), ("refs/bee/merge/main", OTHER, OID), ("refs/bee/x", OID, zeros),
    ]  # fmt: skip
    assert one.requests == 1


RACES: list[tuple[str, dict[str, Any], type[BeeError]]] = [
    ("moved", {"type": "UNPROCESSABLE", "message": f"{REF} is at {OTHER} but expected {OID}"}, RefusedError),
    ("without a type", {"message": "A ref could not be updated"}, UnknownAnswerError),
    ("something went wrong", {"message": "Something went wrong while executing your query."}, ServerError),
    ("outage", {"type": "SERVICE_UNAVAILABLE", "message": "try later"}, ServerError),
    ("rule", {"type": "UNPROCESSABLE", "message": "Repository rule violations found. Cannot create ref"}, RuleError),
    ("limit", {"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": "exceeded"}, RateLimitError),
    ("limit by its code", {"extensions": {"code": "graphql_rate_limit"}, "message": "x"}, RateLimitError),
    ("too quickly", {"type": "UNPROCESSABLE", "message": "was submitted too quickly"}, RateLimitError),
    ("unknown type", {"type": "TEAPOT", "message": "short and stout"}, UnknownAnswerError),
    ("forbidden", {"type": "FORBIDDEN", "message": "Resource not accessible"}, ForbiddenError),
]


@pytest.mark.parametrize(("error", "cause"), [row[1:] for row in RACES], ids=[row[0] for row in RACES])
def test_a_ref_that_does_not_move_says_why(github: responses.RequestsMock, error: Any, cause: type[BeeError]) -> None:
    graph(github, {"data": {"refs": None}, "errors": [{"path": ["refs"], **error}]})
    with pytest.raises(cause) as caught:
        git_database.update_refs(client(), REPO, "R_1", [RefMove(REF, OID, OTHER)])
    assert type(caught.value) is cause


def test_without_the_mutation_a_ref_is_created_by_rest(github: responses.RequestsMock) -> None:
    graph(github, {"errors": [NO_SUCH]})
    github.add("POST", f"{AT}/git/refs", json={}, status=201)
    git_database.update_refs(client(), REPO, "R_1", [RefMove(REF, None, OID)])
    assert json.loads(github.calls[1].request.body or b"") == {"ref": REF, "sha": OID}


def test_without_the_mutation_a_ref_is_moved_forward_without_force(github: responses.RequestsMock) -> None:
    """The new record's parent is the one that was seen, so a forward move is a compare and swap."""
    graph(github, {"errors": [NO_SUCH]})
    github.add("PATCH", f"{AT}/git/refs/bee/items/7", json={})
    git_database.update_refs(client(), REPO, "R_1", [RefMove(REF, OTHER, OID)])
    assert json.loads(github.calls[1].request.body or b"") == {"sha": OID, "force": False}


@pytest.mark.parametrize(("before", "method", "path"), [(None, "POST", ""), (OTHER, "PATCH", "/bee/items/7")])
def test_a_race_that_is_lost_by_rest_is_one_too(
    github: responses.RequestsMock, before: Any, method: str, path: str
) -> None:
    graph(github, {"errors": [NO_SUCH]})
    github.add(method, f"{AT}/git/refs{path}", json={"message": "Update is not a fast forward"}, status=422)
    with pytest.raises(RefusedError, match="not a fast forward"):
        git_database.update_refs(client(), REPO, "R_1", [RefMove(REF, before, OID)])


def test_several_refs_never_move_by_rest(github: responses.RequestsMock) -> None:
    """REST could move one and not the other."""
    graph(github, {"errors": [NO_SUCH]})
    one = client()
    with pytest.raises(UnsupportedError):
        git_database.update_refs(one, REPO, "R_1", [RefMove(REF, None, OID), RefMove("refs/bee/x", None, OID)])
    assert one.requests == 1


# ---- labels, claim, pause, pulse -------------------------------------------------------------------------------------


def test_a_label_is_made_where_it_is_missing(github: responses.RequestsMock) -> None:
    """With colour and description; when another host was first, its label is taken."""
    at = f"{AT}/labels"
    github.add("GET", f"{at}/breeze%3Awip", json={"message": "Not Found"}, status=404)
    github.add("POST", at, json={"node_id": "L_1"}, status=201)
    assert write.label_id(client(), REPO, Label.WIP) == "L_1"
    sent = json.loads(github.calls[1].request.body or b"")
    assert sent["name"] == "breeze:wip"
    assert len(sent["color"]) == 6
    assert sent["description"]
    github.add("GET", f"{at}/breeze%3Awip", json={"message": "Not Found"}, status=404)
    github.add("POST", at, json={"message": "Validation Failed"}, status=422)
    github.add("GET", f"{at}/breeze%3Awip", json={"node_id": "L_2"})
    assert write.label_id(client(), REPO, Label.WIP) == "L_2"


def gone(github: responses.RequestsMock) -> None:
    """The lease of #7 is not there by REST either."""
    github.add("GET", f"{AT}/git/ref/bee/items/7", json={"message": "Not Found"}, status=404)


def claimed(lease: Any) -> dict[str, Any]:
    """The answer to a claim."""
    node = issue(7, labels=listed({"name": "breeze:wip"}))
    return {
        "addLabelsToLabelable": {
            "labelable": {**node, "repository": {"id": "R_1", "lease": lease, "shown": {"totalCount": 1}}}
        }
    }


def test_a_claim_reads_item_and_lease_back_in_the_same_request(github: responses.RequestsMock) -> None:
    lease = {
        "name": "items/7",
        "target": {"__typename": "Commit", "oid": OID, "message": "no record", "parents": listed()},
    }
    graph(github, {"data": claimed(lease)})
    graph(github, {"data": claimed(None)})
    gone(github)
    one = client()
    item, tip = write.mark_claimed(one, REPO, 7, "I_7", "L_1")
    assert item.labels == {Label.WIP}
    assert tip is not None
    assert tip.oid == OID
    assert one.requests == 1
    assert write.mark_claimed(one, REPO, 7, "I_7", "L_1")[1] is None
    assert one.requests == 3, "that a lease is gone is asked twice: GraphQL may not show it"


def test_a_pause_whose_release_alone_failed_is_a_conflict(github: responses.RequestsMock) -> None:
    """Label and words are there; anything else that failed is an error."""
    said = {"add": {}, "comment": {}, "refs": None}
    graph(github, {"data": said, "errors": [refused("UNPROCESSABLE", "refs")]})
    with pytest.raises(RefConflict):
        write.pause_item(client(), "R_1", "I_7", "L_1", "b", RefMove(REF, OID, OTHER))
    graph(github, {"data": said, "errors": [refused("UNPROCESSABLE", "refs"), refused("FORBIDDEN", "comment")]})
    with pytest.raises(ForbiddenError, match="may not do this"):
        write.pause_item(client(), "R_1", "I_7", "L_1", "b", RefMove(REF, OID, OTHER))


def test_a_pause_without_its_release_that_github_refuses_says_so(github: responses.RequestsMock) -> None:
    """Asked by a server without `updateRefs`; a comment that did not take its edit is no failure there, either."""
    none = {"message": "Field 'updateRefs' doesn't exist on type 'Mutation'"}
    for problem, raised in (
        (refused("FORBIDDEN", "comment"), ForbiddenError),
        (refused("NOT_FOUND", "edit"), RefConflict),
    ):
        graph(github, {"errors": [none]})
        graph(github, {"data": {"add": {}, "comment": None}, "errors": [problem]})
        with pytest.raises(raised):
            write.pause_item(client(), "R_1", "I_7", "L_1", "b", RefMove(REF, OID, OTHER))


@pytest.mark.parametrize(("state", "is_open"), [("OPEN", True), ("CLOSED", False), ("MERGED", False)])
@pytest.mark.parametrize("key", ["issueState", "pullState"])
def test_a_pulse_is_lease_state_and_labels(github: responses.RequestsMock, key: str, state: str, is_open: bool) -> None:
    """Foreign labels say nothing; letter case does not matter to GitHub, so it does not here."""
    labels = listed({"name": "Breeze:Human"}, {"name": "bug"})
    item = {"__typename": {"issueState": "Issue", "pullState": "PullRequest"}[key], key: state, "labels": labels}
    graph(github, {"data": {"repository": {"id": "R_1", "lease": None, "issueOrPullRequest": item}}})
    gone(github)
    found = git_database.pulse(client(), REPO, 7)
    assert (found.tip, found.open, found.labels) == (None, is_open, {Label.HUMAN})


def test_a_pulse_of_nothing_says_so(github: responses.RequestsMock) -> None:
    graph(github, {"data": {"repository": {"lease": None, "issueOrPullRequest": None}}})
    with pytest.raises(NotFoundError, match="#7"):
        git_database.pulse(client(), REPO, 7)


UNKNOWN_TREE = {"message": "Tree SHA does not exist"}


def test_case_r4_the_tree_of_records_is_made_where_github_does_not_know_it(github: responses.RequestsMock) -> None:
    """Its name is known offline: GitHub is told what it holds only where it says that it does not know it."""
    github.add("POST", f"{AT}/git/commits", json=UNKNOWN_TREE, status=422, headers=DATE)
    github.add("POST", f"{AT}/git/trees", json={"sha": TREE}, status=201, headers=DATE)
    github.add("POST", f"{AT}/git/commits", json={"sha": OID}, status=201, headers=DATE)
    assert git_database.create_record(client(), REPO, "m", []) == OID
    sent = [json.loads(call.request.body or "") for call in github.calls]
    assert sent[0] == sent[2] == {"message": "m", "tree": TREE, "parents": []}
    assert [entry["path"] for entry in sent[1]["tree"]] == list(TREE_FILES)


def test_case_r4_another_refusal_of_a_record_makes_no_tree(github: responses.RequestsMock) -> None:
    github.add("POST", f"{AT}/git/commits", json={"message": "Parent SHA does not exist"}, status=422, headers=DATE)
    with pytest.raises(RefusedError, match="Parent SHA"):
        git_database.create_record(client(), REPO, "m", [OTHER])
