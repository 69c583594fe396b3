"""Review threads: where a comment may stand and where its line is later, replies, resolving, pending reviews."""

from __future__ import annotations

from typing import Any

import pytest

from tests.forge.world import Person, World

OLD = "".join(f"line {n}\n" for n in range(1, 31))
NEW = OLD.replace("line 10\n", "line ten\n").replace("line 20\n", "")
THREADS = """{ repository(owner: "ada", name: "calc") { pullRequest(number: 1) {
  updatedAt reviewThreads(first: 50) { totalCount nodes { id isResolved resolvedBy { login } isOutdated path line
  originalLine startLine diffSide subjectType viewerCanResolve viewerCanUnresolve
  comments(first: 50) { totalCount nodes { id databaseId body state outdated line author { login }
  replyTo { databaseId }
  lastEditedAt editor { login } userContentEdits(first: 5) { totalCount } originalCommit { oid } commit { oid }
  pullRequestReview { state } diffHunk } } } } } } }"""
ADD = """mutation($input: AddPullRequestReviewThreadInput!) { addPullRequestReviewThread(input: $input) {
  thread { id line } } }"""
REPLY = """mutation($input: AddPullRequestReviewThreadReplyInput!) { addPullRequestReviewThreadReply(input: $input) {
  comment { databaseId body state } } }"""
RESOLVE = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"
UNRESOLVE = "mutation($id: ID!) { unresolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"


def threads(who: Person) -> Any:
    """The threads of pull request 1 as somebody sees them."""
    return who.data(THREADS)["repository"]["pullRequest"]["reviewThreads"]["nodes"]


@pytest.fixture
def pull(world: World) -> Any:
    """A pull request that changes one line of a file and takes out another."""
    work = world.clone()
    world.commit(work, "main", {"code.txt": OLD})
    return world.pull("topic", {"code.txt": NEW})


def say(who: Person, pull: Any, line: int | None = 10, status: int = 201, **more: Any) -> Any:
    """A comment on a line of code.txt, at the head that the pull request had."""
    asked = {"body": "why?", "path": "code.txt", "commit_id": pull["head"]["sha"], "line": line, **more}
    return who.post("pulls/1/comments", {key: value for key, value in asked.items() if value is not None}, status)


def test_a_thread_has_its_place_and_its_replies(world: World, ada: Person, wil: Person, pull: Any) -> None:
    made = say(ada, pull, body="why?\n```suggestion\nline 10!\n```")
    assert [made[key] for key in ("line", "original_line", "side", "position", "subject_type")] == [
        10, 10, "RIGHT", 5, "line",
    ]  # fmt: skip
    assert made["diff_hunk"] == "@@ -7,7 +7,7 @@\n line 7\n line 8\n line 9\n-line 10\n+line ten"
    answer = wil.post(f"pulls/1/comments/{made['id']}/replies", {"body": "because"})
    again = ada.post("pulls/1/comments", {"body": "hm", "in_reply_to": answer["id"]})
    assert answer["in_reply_to_id"] == again["in_reply_to_id"] == made["id"]
    (thread,) = threads(ada)
    assert [(one["author"]["login"], one["state"]) for one in thread["comments"]["nodes"]] == [
        ("ada", "SUBMITTED"), ("wil", "SUBMITTED"), ("ada", "SUBMITTED"),
    ]  # fmt: skip
    assert [one["replyTo"] for one in thread["comments"]["nodes"]] == [None] + [{"databaseId": made["id"]}] * 2
    assert (thread["path"], thread["line"], thread["diffSide"], thread["isOutdated"]) == (
        "code.txt",
        10,
        "RIGHT",
        False,
    )
    assert [one["state"] for one in ada.get("pulls/1/reviews")] == ["COMMENTED"] * 3
    assert len(ada.get("pulls/1/comments")) == len(ada.get("pulls/comments")) == 3
    wil.post("pulls/1/comments/7/replies", {"body": "x"}, 404)


def test_a_line_that_is_not_in_the_diff_is_refused(ada: Person, pull: Any) -> None:
    wrong = say(ada, pull, 30, 422)
    assert wrong["errors"][0]["message"] == "pull_request_review_thread.line must be part of the diff"
    assert say(ada, pull, status=422, path="none.txt")["errors"][0]["field"] == "path"
    assert say(ada, pull, status=422, commit_id="0" * 40)["errors"][0]["field"] == "commit_id"
    assert say(ada, pull, 11, 422, start_line=12)["errors"][0]["field"] == "pull_request_review_thread.start_line"
    assert say(ada, pull, body=" ", status=422)["errors"][0]["code"] == "missing_field"
    for place, words in (({"line": 30}, "Line could not be resolved"), ({"path": "x"}, "Path could not be resolved")):
        asked = {"event": "COMMENT", "comments": [{"path": "code.txt", "line": 10, "body": "b", **place}]}
        assert ada.post("pulls/1/reviews", asked, 422)["errors"] == [words]
    assert threads(ada) == [], "nothing of what was refused is there"
    assert ada.get("pulls/1/reviews") == []


def test_a_side_a_position_a_range_and_a_file(ada: Person, pull: Any) -> None:
    assert say(ada, pull, 20, side="LEFT")["line"] == 20
    assert say(ada, pull, None, position=4)["side"] == "LEFT"
    ranged = say(ada, pull, 11, start_line=9)
    assert (ranged["start_line"], ranged["start_side"], ranged["line"]) == (9, "RIGHT", 11)
    assert say(ada, pull, None, subject_type="file")["subject_type"] == "file"
    shown = [(one["line"], one["startLine"], one["diffSide"], one["subjectType"]) for one in threads(ada)]
    assert shown == [(20, None, "LEFT", "LINE"), (10, None, "LEFT", "LINE"), (11, 9, "RIGHT", "LINE"),
                     (None, None, "RIGHT", "FILE")]  # fmt: skip
    say(ada, pull, None, 422, position=999)


def test_a_later_push_moves_a_line_or_outdates_it(world: World, ada: Person, pull: Any) -> None:
    first, second = say(ada, pull, 10), say(ada, pull, 13)
    work = world.folder / "work"
    changed = "a new first line\n" + NEW.replace("line ten\n", "line TEN\n")
    head = world.commit(work, "topic", {"code.txt": changed})
    outdated, moved = threads(ada)
    assert (outdated["isOutdated"], outdated["line"], outdated["originalLine"]) == (True, None, 10)
    assert (moved["isOutdated"], moved["line"], moved["originalLine"]) == (False, 14, 13)
    commits = [one["comments"]["nodes"][0]["commit"]["oid"] for one in (outdated, moved)]
    assert commits == [pull["head"]["sha"], head]
    rest = {one["id"]: one for one in ada.get("pulls/1/comments")}
    assert (rest[first["id"]]["line"], rest[first["id"]]["position"]) == (None, None)
    assert (rest[second["id"]]["line"], rest[second["id"]]["commit_id"]) == (14, head)
    world.commit(work, "topic", {"code.txt": OLD})
    assert all(one["isOutdated"] for one in threads(ada)), "the file is not changed any more"


def test_who_may_resolve_a_conversation(world: World, ada: Person, wil: Person, zoe: Person, pull: Any) -> None:
    say(zoe, pull)
    (thread,) = threads(zoe)
    assert (thread["isResolved"], thread["viewerCanResolve"], thread["viewerCanUnresolve"]) == (False, False, False)
    assert zoe.graph(RESOLVE, id=thread["id"])["errors"][0]["type"] == "FORBIDDEN"
    assert wil.data(RESOLVE, id=thread["id"]) == {"resolveReviewThread": {"thread": {"isResolved": True}}}
    (thread,) = threads(ada)
    assert (thread["resolvedBy"], thread["viewerCanResolve"], thread["viewerCanUnresolve"]) == (
        {"login": "wil"}, False, True,
    )  # fmt: skip
    ada.data(UNRESOLVE, id=thread["id"])
    assert threads(ada)[0]["isResolved"] is False
    assert ada.graph(RESOLVE, id="PRRT_x")["errors"][0]["type"] == "NOT_FOUND"


def test_a_pending_review_is_its_authors_alone_until_it_is_submitted(ada: Person, wil: Person, pull: Any) -> None:
    say(wil, pull)
    (mine,) = threads(ada)
    asked = {"comments": [{"path": "code.txt", "line": 11, "body": "draft"}]}
    review = ada.post("pulls/1/reviews", asked, 200)
    assert review["state"] == "PENDING"
    reply = {"body": "later", "pullRequestReviewThreadId": mine["id"], "pullRequestReviewId": review["node_id"]}
    assert ada.data(REPLY, input=reply)["addPullRequestReviewThreadReply"]["comment"]["state"] == "PENDING"
    place = {"body": "two", "path": "code.txt", "line": 12, "pullRequestId": pull["node_id"]}
    assert ada.data(ADD, input=place)["addPullRequestReviewThread"]["thread"]["line"] == 12
    assert [one["comments"]["totalCount"] for one in threads(ada)] == [2, 1, 1]
    assert [one["comments"]["totalCount"] for one in threads(wil)] == [1]
    assert [len(who.get("pulls/1/comments")) for who in (ada, wil)] == [4, 1]
    assert say(ada, pull, status=422)["errors"][0]["message"] == (
        "user_id can only have one pending review per pull request"
    )
    assert ada.post("pulls/1/reviews", {"event": "APPROVE"}, 422)["errors"] == [
        "User can only have one pending review per pull request"
    ]
    assert wil.graph(REPLY, input=reply)["errors"][0]["type"] == "NOT_FOUND"
    ada.post(f"pulls/1/reviews/{review['id']}/events", {"event": "REQUEST_CHANGES", "body": "see below"}, 200)
    assert [one["comments"]["totalCount"] for one in threads(wil)] == [2, 1, 1]
    assert "already been submitted" in ada.graph(REPLY, input=reply)["errors"][0]["message"]


def test_a_pending_review_goes_with_its_comments(ada: Person, pull: Any) -> None:
    place = {"body": "two", "path": "code.txt", "line": 12, "pullRequestId": pull["node_id"]}
    ada.data(ADD, input=place)
    (review,) = ada.get("pulls/1/reviews")
    ada.send("DELETE", f"pulls/1/reviews/{review['id']}")
    assert (threads(ada), ada.get("pulls/1/reviews")) == ([], [])
    assert say(ada, pull)["line"] == 10


def test_a_comment_is_edited_by_its_author_and_deleted(ada: Person, wil: Person, zoe: Person, pull: Any) -> None:
    made = say(zoe, pull)
    zoe.send("PATCH", f"pulls/comments/{made['id']}", {"body": "now this"})
    wil.data('mutation($id: ID!) { updatePullRequestReviewComment(input: {pullRequestReviewCommentId: $id, body: "no"})'
             "{ pullRequestReviewComment { body } } }", id=made["node_id"])  # fmt: skip
    (comment,) = threads(ada)[0]["comments"]["nodes"]
    assert (comment["editor"], comment["userContentEdits"]["totalCount"], comment["body"]) == (
        {"login": "wil"},
        3,
        "no",
    )
    assert ada.data("query($id: ID!) { node(id: $id) { ... on PullRequestReviewComment { body } } }",
                    id=made["node_id"]) == {"node": {"body": "no"}}  # fmt: skip
    answer = zoe.post(f"pulls/1/comments/{made['id']}/replies", {"body": "mine"})
    ada.send("DELETE", f"pulls/comments/{made['id']}", status=204)
    assert [one["databaseId"] for one in threads(ada)[0]["comments"]["nodes"]] == [answer["id"]]
    zoe.send("DELETE", f"pulls/comments/{answer['id']}", status=204)
    assert threads(ada) == []
    ada.get(f"pulls/comments/{made['id']}", 404)
