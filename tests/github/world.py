"""A door to a GitHub that says what a test wrote down, nothing else; and time that does not pass."""

from __future__ import annotations

from typing import Any

import responses

from bee.github.client import GitHubClient, Servers

API = "https://github.example/api/v3"
GRAPHQL = "https://github.example/api/graphql"
REPO = "ada/calc"
AT = f"{API}/repos/{REPO}"
NOON = 1_767_268_800  # 2026-01-01 12:00:00 UTC
DATE = {"Date": "Thu, 01 Jan 2026 12:00:00 GMT"}
OID = "a" * 40
OTHER = "b" * 40


def client() -> GitHubClient:
    """A fresh door."""
    return GitHubClient(Servers(API, GRAPHQL, "https://github.example"), "t-bee")


def graph(github: responses.RequestsMock, body: Any, **more: Any) -> responses.BaseResponse:
    """The next GraphQL answer."""
    return github.add(responses.POST, GRAPHQL, json=body, headers=DATE, **more)


def refused(kind: str, *path: Any, message: str = "Resource not accessible by personal access token") -> dict[str, Any]:
    """An entry of a GraphQL answer's `errors`."""
    return {"type": kind, "path": list(path), "message": message}


def actor(login: str) -> dict[str, Any]:
    """An account."""
    return {"__typename": "User", "login": login, "databaseId": 1}


def listed(*nodes: Any, more: str | None = None) -> dict[str, Any]:
    """A connection's page; `more` is the cursor of the next one."""
    return {"pageInfo": {"hasNextPage": more is not None, "endCursor": more}, "nodes": list(nodes)}


def issue(number: int = 1, **more: Any) -> dict[str, Any]:
    """An issue, as bee's fragment asks for it."""
    return {
        "__typename": "Issue", "id": f"I_{number}", "number": number, "title": "t", "body": "b", "issueState": "OPEN",
        "createdAt": "2026-01-01T10:00:00Z", "lastEditedAt": None, "url": "u", "author": actor("ada"), "editor": None,
        "subIssuesSummary": {"total": 0, "completed": 0}, "labels": listed(), "comments": listed(),
        "userContentEdits": listed(), "timelineItems": listed(), **more,
    }  # fmt: skip


def pull(number: int = 2, rollup: Any = None, **more: Any) -> dict[str, Any]:
    """A pull request, as bee's fragment asks for it."""
    commit = {"oid": OID, "committedDate": "2026-01-01T09:00:00Z", "statusCheckRollup": rollup}
    return {
        "__typename": "PullRequest", "id": f"P_{number}", "number": number, "title": "t", "body": "b",
        "pullState": "OPEN", "merged": False, "createdAt": "2026-01-01T10:00:00Z", "lastEditedAt": None, "url": "u",
        "isDraft": False, "mergeable": "MERGEABLE", "isCrossRepository": False, "headRefName": "bee/1-task",
        "headRefOid": OID, "baseRefName": "main", "author": actor("bee"), "editor": None,
        "baseRef": {"target": {"oid": OTHER}, "refUpdateRule": None}, "mergeStateStatus": "UNSTABLE",
        "reviewDecision": None, "mergeQueue": None, "mergeQueueEntry": None,
        "labels": listed(), "comments": listed(), "userContentEdits": listed(), "timelineItems": listed(),
        "reviews": listed(), "reviewThreads": {"totalCount": 0}, "commits": {"nodes": [{"commit": commit}]}, **more,
    }  # fmt: skip


def head(**more: Any) -> dict[str, Any]:
    """A repository, as bee's queries ask for it."""
    target = {"__typename": "Commit", "oid": OTHER, "tree": {"oid": OTHER}}
    policy = {"__typename": "Blob", "oid": OTHER, "text": "version: 1\nintake: all\n", "isTruncated": False}
    return {
        "id": "R_1", "nameWithOwner": REPO, "isPrivate": False, "isArchived": False, "isDisabled": False,
        "isLocked": False, "viewerPermission": "WRITE",
        "mergeCommitAllowed": True, "squashMergeAllowed": True, "rebaseMergeAllowed": True,
        "defaultBranchRef": {"name": "main", "target": target}, "policy": policy, "labels": listed(), **more,
    }  # fmt: skip


def snapshot(issues: Any = None, pulls: Any = None, **more: Any) -> dict[str, Any]:
    """The answer to the snapshot query."""
    edge = {"permission": "ADMIN", "node": {"login": "Ada", "databaseId": 1}}
    people = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "edges": [edge]}
    repository = head(
        items=listed(), merges=listed(), alerts=listed(), control=None, branches=listed(), collaborators=people,
        lastIssue=listed(), lastPull=listed(), lastMerged=listed(),
        issues=issues or listed(), pullRequests=pulls or listed(),
    )  # fmt: skip
    return {
        "viewer": {"login": "bee", "databaseId": 2},
        "rateLimit": {"cost": 3, "limit": 5000, "remaining": 4990, "used": 10, "resetAt": "2026-01-01T13:00:00Z"},
        "repository": {**repository, **more},
    }
