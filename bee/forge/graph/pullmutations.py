"""Writes on pull requests and reviews."""

from __future__ import annotations

from typing import Any

from bee.forge.core import issues, merge, pulls, reviews, settle
from bee.forge.core.errors import Refused, unprocessable
from bee.forge.core.store import Row
from bee.forge.core.world import Call
from bee.forge.graph import people
from bee.forge.graph.base import Batch, Edge
from bee.forge.graph.items import wrap
from bee.forge.graph.mutations import Input, Payload, again, changes, logins
from bee.forge.graph.pulls import PullRequest
from bee.forge.graph.query import need
from bee.forge.graph.repository import Repository
from bee.forge.graph.reviewnodes import PullRequestReview


def create_pull_request(call: Call, asked: Input) -> Payload:
    """Open a pull request."""
    repo = need(call, asked["repository_id"], Repository).repo
    head = asked.get("head_repository_id")
    opening = pulls.Opening(
        title=asked["title"], body=asked.get("body"), head=asked["head_ref_name"].removeprefix("refs/heads/"),
        base=asked["base_ref_name"].removeprefix("refs/heads/"), draft=bool(asked.get("draft")),
        maintainer_can_modify=asked.get("maintainer_can_modify") is not False,
        head_repo=need(call, head, Repository).repo if head else None,
    )  # fmt: skip
    try:
        row = pulls.create(call, repo, opening)
    except Refused as refusal:
        raise _plain(refusal) from refusal
    return {"pullRequest": wrap(call, [row])[0]}


def _plain(refusal: Refused) -> Refused:
    """A refusal whose details stand in its message, as GraphQL's errors have it."""
    details = [one["message"] if isinstance(one, dict) and "message" in one else one for one in refusal.errors or []]
    texts = [one if isinstance(one, str) else f"{one.get('field')} is {one.get('code')}" for one in details]
    return Refused(refusal.status, ", ".join(texts) or refusal.message, kind=refusal.kind)


def update_pull_request(call: Call, asked: Input) -> Payload:
    """Change a pull request."""
    item = need(call, asked["pull_request_id"], PullRequest)
    wanted = changes(call, asked)
    if asked.get("base_ref_name"):
        wanted["base"] = asked["base_ref_name"]
    if asked.get("maintainer_can_modify") is not None:
        wanted["maintainer_can_modify"] = asked["maintainer_can_modify"]
    pulls.edit(call, item.repo, item.row, wanted)
    return {"pullRequest": again(call, item), "actor": people.account(call, call.actor())}


def _set_state(call: Call, asked: Input, state: str) -> Payload:
    item = need(call, asked["pull_request_id"], PullRequest)
    issues.edit(call, item.repo, item.row, {"state": state})
    return {"pullRequest": again(call, item)}


def close_pull_request(call: Call, asked: Input) -> Payload:
    """Close a pull request."""
    return _set_state(call, asked, "closed")


def reopen_pull_request(call: Call, asked: Input) -> Payload:
    """Reopen a pull request."""
    return _set_state(call, asked, "open")


def _set_draft(call: Call, asked: Input, draft: bool) -> Payload:
    item = need(call, asked["pull_request_id"], PullRequest)
    pulls.set_draft(call, item.repo, item.row, draft)
    return {"pullRequest": again(call, item)}


def mark_pull_request_ready_for_review(call: Call, asked: Input) -> Payload:
    """A draft no more."""
    return _set_draft(call, asked, False)


def convert_pull_request_to_draft(call: Call, asked: Input) -> Payload:
    """A draft again."""
    return _set_draft(call, asked, True)


def merge_pull_request(call: Call, asked: Input) -> Payload:
    """Merge; `expectedHeadOid` guards the head."""
    item = need(call, asked["pull_request_id"], PullRequest)
    wish = merge.Wish(
        (asked.get("merge_method") or "MERGE").lower(), asked.get("expected_head_oid"),
        asked.get("commit_headline"), asked.get("commit_body"),
    )  # fmt: skip
    merge.merge(call, item.repo, item.row, wish)
    settle.resettle(call, item.repo)
    return {"pullRequest": again(call, item), "actor": people.account(call, call.actor())}


# -- reviews --------------------------------------------------------------------------------------------


def _review(call: Call, item: Any, row: Row) -> PullRequestReview:
    return PullRequestReview(call, item.repo, row, Batch([row["id"]]))


def add_pull_request_review(call: Call, asked: Input) -> Payload:
    """Review a pull request."""
    item = need(call, asked["pull_request_id"], PullRequest)
    event = asked.get("event")
    if event == "DISMISS":
        raise unprocessable("A review cannot be created as dismissed")
    try:
        row = reviews.create(
            call, item.repo, item.row, event=event, body=asked.get("body"), commit_id=asked.get("commit_oid"),
            comments=asked.get("comments"),
        )  # fmt: skip
    except Refused as refusal:
        raise _plain(refusal) from refusal
    node = _review(call, item, row)
    return {"pullRequestReview": node, "reviewEdge": Edge(node, row["id"])}


def _issue_of(call: Call, review: PullRequestReview) -> Row:
    row = issues.by_id(call, review.row["issue_id"])
    assert row is not None
    return row


def submit_pull_request_review(call: Call, asked: Input) -> Payload:
    """Submit a pending review."""
    if not asked.get("pull_request_review_id"):
        raise unprocessable("pullRequestReviewId is required by this forge")
    node = need(call, asked["pull_request_review_id"], PullRequestReview)
    issue = _issue_of(call, node)
    row = reviews.submit(call, node.repo, issue, node.row, asked["event"], asked.get("body"))
    return {"pullRequestReview": _review(call, node, row)}


def update_pull_request_review(call: Call, asked: Input) -> Payload:
    """Change a review's text."""
    node = need(call, asked["pull_request_review_id"], PullRequestReview)
    row = reviews.edit(call, node.repo, _issue_of(call, node), node.row, asked["body"])
    return {"pullRequestReview": _review(call, node, row)}


def dismiss_pull_request_review(call: Call, asked: Input) -> Payload:
    """Dismiss a review."""
    node = need(call, asked["pull_request_review_id"], PullRequestReview)
    row = reviews.dismiss(call, node.repo, _issue_of(call, node), node.row, asked["message"])
    return {"pullRequestReview": _review(call, node, row)}


def request_reviews(call: Call, asked: Input) -> Payload:
    """Ask for reviews; without `union` the list replaces the one that stands."""
    item = need(call, asked["pull_request_id"], PullRequest)
    wanted = logins(call, asked.get("user_ids") or [])
    if not asked.get("union"):
        standing = reviews.requested(call, [item.row["id"]])[item.row["id"]]
        gone = [user.login for one in standing if (user := call.user(one)) and user.login not in wanted]
        reviews.request(call, item.repo, item.row, gone, wanted=False)
    reviews.request(call, item.repo, item.row, wanted, wanted=True)
    return {"pullRequest": again(call, item), "actor": people.account(call, call.actor())}
