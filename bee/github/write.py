"""Everything bee writes through GitHub's API, one function per request. Looks at nothing, decides nothing.

A reply that is lost raises UnreachableError, and one of another shape ServerError: the write may have taken effect all
the same, so whoever calls looks before it tries again. A refusal raises as `GitHubClient.rest` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from bee.github import git_database, hidden, queries
from bee.github.checks import with_every_reporter
from bee.github.client import GitHubClient
from bee.github.errors import GraphQLErrors, of_graphql
from bee.github.git_database import RefMove, refs_input
from bee.github.graphql import ask, mutate
from bee.github.json import JsonReader, top
from bee.github.read import whole_item, with_threads
from bee.model.errors import NotFoundError, RefConflict, RefusedError, UnsupportedError
from bee.model.items import Comment, Item, Pull, Tip
from bee.model.labels import Label
from bee.model.refs import item_ref


def mark_claimed(client: GitHubClient, repo: str, number: int, node_id: str, label: str) -> tuple[Item, Tip | None]:
    """Put the label WIP on an item, and read the item and its lease again in the same request.

    Raises as `graphql.ask`; asked twice, a label is still one label.
    """
    ref = item_ref(number)
    data = ask(client, queries.CLAIM, {"item": node_id, "label": label, "ref": ref})
    node = data.one("addLabelsToLabelable").one("labelable")
    where = node.one("repository")
    tip = git_database.standing(client, repo, where.text("id"), ref, where.one_or_null("lease"))
    if tip is not None:
        hidden.note(client, repo, where)
    item = with_every_reporter(client, repo, whole_item(client, repo, node))
    item = with_threads(client, item, node.one("threads") if isinstance(item, Pull) else None)
    return item, tip


def pause_item(
    client: GitHubClient,
    repo_id: str,
    node_id: str,
    label: str,
    body: str,
    move: RefMove,
    edit: Comment | None = None,
) -> None:
    """A person's pause in one request: the label, the words, the edit of a comment, the claim's release, in this order.

    The label comes first because it stops everything. Raises RefConflict when only the release failed: label and
    comment are there, and where the claim stands by now must be read. That a comment did not take its edit is not a
    failure. A server that moves no ref by GraphQL is asked for the rest.
    """
    parts: dict[str, dict[str, Any]] = {
        "add": {"labelableId": node_id, "labelIds": [label]},
        "comment": {"subjectId": node_id, "body": body},
        **({"edit": {"id": edit.node_id, "body": edit.body}} if edit else {}),
        "refs": refs_input(repo_id, [move]),
    }
    try:
        mutate(client, "Pause", parts)
    except GraphQLErrors as problems:
        failed = problems.parts()
        if failed == {"edit"}:
            return
        if failed <= {"edit", "refs"}:
            raise RefConflict(problems.text()) from problems
        meaning = of_graphql(problems, {}, client.now())
        if not isinstance(meaning, UnsupportedError) or "refs" not in parts:
            raise meaning from problems
        del parts["refs"]
        _pause_alone(client, parts)
        raise RefConflict("this server moves no ref by GraphQL") from problems


def _pause_alone(client: GitHubClient, parts: Mapping[str, Mapping[str, Any]]) -> None:
    """The same without the release."""
    try:
        mutate(client, "PauseAlone", parts)
    except GraphQLErrors as problems:
        if problems.parts() != {"edit"}:
            raise of_graphql(problems, {}, client.now()) from problems


def label_id(client: GitHubClient, repo: str, label: Label) -> str:
    """The node id of one of bee's labels, made with its colour and description where it does not exist yet.

    Where another machine makes it in the same moment, GitHub answers 422, and the label is there:
    https://docs.github.com/en/rest/issues/labels#create-a-label
    """
    path = f"/repos/{repo}/labels"
    one = f"{path}/{quote(label.value, safe='')}"
    try:
        data = client.one("GET", one)
    except NotFoundError:
        body = {"name": label.value, "color": label.color, "description": label.description}
        try:
            data = client.one("POST", path, body)
        except RefusedError:
            data = client.one("GET", one)
    return data.text("node_id")


def add_labels(client: GitHubClient, repo: str, number: int, names: Sequence[str]) -> None:
    """Add labels; existing ones stay, so this is not a compare-and-swap."""
    client.rest("POST", f"/repos/{repo}/issues/{number}/labels", {"labels": list(names)})


def remove_label(client: GitHubClient, repo: str, number: int, name: str) -> None:
    """Take a label off; one that is not there is not an error."""
    with suppress(NotFoundError):
        client.rest("DELETE", f"/repos/{repo}/issues/{number}/labels/{quote(name, safe='')}")


def open_pull(client: GitHubClient, repo: str, head: str, base: str, title: str, body: str) -> int:
    """A pull request; its number."""
    asked = {"title": title, "head": head, "base": base, "body": body}
    return client.one("POST", f"/repos/{repo}/pulls", asked).number("number")


def comment(client: GitHubClient, repo: str, number: int, body: str) -> str:
    """A comment on an issue or pull request; its address for people."""
    return _address(client.one("POST", f"/repos/{repo}/issues/{number}/comments", {"body": body}))


def _address(posted: JsonReader) -> str:
    """For people only: a post without one is posted all the same."""
    return posted.text("html_url", "")


def edit_comment(client: GitHubClient, repo: str, comment_id: int, body: str) -> None:
    """Another body for a comment. Raises NotFoundError when it is gone."""
    client.rest("PATCH", f"/repos/{repo}/issues/comments/{comment_id}", {"body": body})


def review(client: GitHubClient, repo: str, number: int, head: str, event: str, body: str) -> str:
    """A review of `head`; `event` is APPROVE, REQUEST_CHANGES or COMMENT. Its address for people."""
    said = {"commit_id": head, "event": event, "body": body}
    return _address(client.one("POST", f"/repos/{repo}/pulls/{number}/reviews", said))


def reply_to_line(client: GitHubClient, repo: str, number: int, thread: int, body: str) -> str:
    """A reply in the review thread that begins with the comment `thread`; its address for people.

    Raises NotFoundError where that comment is gone.
    https://docs.github.com/en/rest/pulls/comments#create-a-reply-for-a-review-comment
    """
    return _address(client.one("POST", f"/repos/{repo}/pulls/{number}/comments/{thread}/replies", {"body": body}))


def edit_review(client: GitHubClient, repo: str, number: int, review_id: int, body: str) -> None:
    """Another body for a submitted review; its verdict stays, and nobody can delete it.

    https://docs.github.com/en/rest/pulls/reviews#update-a-review-for-a-pull-request
    """
    client.rest("PUT", f"/repos/{repo}/pulls/{number}/reviews/{review_id}", {"body": body})


def publish(client: GitHubClient, parts: Mapping[str, Mapping[str, Any]]) -> tuple[str, frozenset[str]]:
    """Several writes in one request: `parts` are the inputs by name (queries.PARTS), done in their order.

    (the address of the comment among them, the parts it did not do). A document refused as a whole did nothing.
    """
    try:
        answer, failed = mutate(client, "Publish", parts), frozenset[str]()
    except GraphQLErrors as problems:
        named = problems.parts()
        failed = frozenset(parts if "" in named else named)
        answer = {part: top(problems.data, "mutation Publish").one(part) for part in parts if part not in failed}
    posted = answer.get("comment")
    return posted.one("commentEdge").one("node").text("url") if posted else "", failed


def set_status(
    client: GitHubClient, repo: str, sha: str, context: str, state: str, description: str, target_url: str
) -> None:
    """A commit status; GitHub keeps at most 140 characters of the description."""
    body = {"state": state, "context": context, "description": description[:140]}
    client.rest("POST", f"/repos/{repo}/statuses/{sha}", {**body, **({"target_url": target_url} if target_url else {})})


def edit_issue(client: GitHubClient, repo: str, number: int, **changes: str) -> None:
    """Change fields of an issue or pull request (`body`, `state`, `state_reason`); the others stay.

    https://docs.github.com/en/rest/issues/issues#update-an-issue
    """
    client.rest("PATCH", f"/repos/{repo}/issues/{number}", changes)


def create_issue(client: GitHubClient, repo: str, title: str, body: str) -> int:
    """An issue; its number."""
    return client.one("POST", f"/repos/{repo}/issues", {"title": title, "body": body}).number("number")


def merge(client: GitHubClient, repo: str, number: int, head: str, method: str, title: str, message: str) -> str:
    """A merge with the head as guard; the oid of the merge commit. Raises RefusedError (405, 409, 422)."""
    body = {"sha": head, "merge_method": method, "commit_title": title, "commit_message": message}
    return client.one("PUT", f"/repos/{repo}/pulls/{number}/merge", body).text("sha")


def enqueue(client: GitHubClient, node_id: str, head: str) -> None:
    """A pull request into its base's merge queue, with the head as guard. Raises RefusedError (422).

    https://docs.github.com/en/graphql/reference/mutations#enqueuepullrequest
    """
    _in_queue(client, "Enqueue", {"enqueue": {"pullRequestId": node_id, "expectedHeadOid": head}})


def dequeue(client: GitHubClient, node_id: str) -> None:
    """A pull request out of the merge queue. Raises RefusedError (422) where it is not there.

    https://docs.github.com/en/graphql/reference/mutations#dequeuepullrequest
    """
    _in_queue(client, "Dequeue", {"dequeue": {"id": node_id}})


def _in_queue(client: GitHubClient, operation: str, parts: Mapping[str, Mapping[str, Any]]) -> None:
    try:
        mutate(client, operation, parts)
    except GraphQLErrors as problems:
        raise of_graphql(problems, {}, client.now()) from problems


def merged_as(client: GitHubClient, repo: str, number: int) -> tuple[str, str]:
    """(the merge commit, the login of who merged) of a merged pull request."""
    data = client.one("GET", f"/repos/{repo}/pulls/{number}")
    by = data.one_or_null("merged_by")
    return data.text("merge_commit_sha"), by.text("login") if by else ""


def delete_line_comment(client: GitHubClient, repo: str, comment_id: int) -> None:
    """A comment in a review thread taken away; one that is not there is not an error."""
    with suppress(NotFoundError):
        client.rest("DELETE", f"/repos/{repo}/pulls/comments/{comment_id}")


def delete_comment(client: GitHubClient, repo: str, comment_id: int) -> None:
    """A comment taken away; one that is not there is not an error."""
    with suppress(NotFoundError):
        client.rest("DELETE", f"/repos/{repo}/issues/comments/{comment_id}")
