"""JSON shapes of labels, issues, comments and events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote

from bee.forge.core import issues, labels, pulls, relations
from bee.forge.core.events import KINDS
from bee.forge.core.ids import node_id
from bee.forge.core.repos import DEFAULT_LABELS, association
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo
from bee.forge.rest.shapes import Json, repo_url, repository, user, user_by_id

_DEFAULTS = {row[0] for row in DEFAULT_LABELS}


def label(call: Call, repo: Repo, row: Row) -> Json:
    """`label`."""
    return {
        "id": row["id"], "node_id": node_id("Label", row["id"]),
        "url": f"{repo_url(call, repo)}/labels/{quote(row['name'], safe='')}", "name": row["name"],
        "color": row["color"], "default": row["name"] in _DEFAULTS, "description": row["description"],
    }  # fmt: skip


def issue(call: Call, repo: Repo, row: Row) -> Json:
    """`issue`, for one."""
    return many(call, repo, [row])[0]


def many(call: Call, repo: Repo, rows: Sequence[Row]) -> list[Json]:
    """`issue`, for a page of them, each kind of row read once."""
    ids = [row["id"] for row in rows]
    held, assigned = labels.of_items(call, ids), issues.assignees_of(call, ids)
    waiting, children = relations.dependency_counts(call, ids), relations.child_counts(call, ids)
    halves = pulls.rows(call, [row["id"] for row in rows if row["is_pull"]])
    found = []
    for row in rows:
        made = _issue(call, repo, row)
        people = [user(call, one) for one in assigned[row["id"]]]
        made["labels"] = [label(call, repo, one) for one in held[row["id"]]]
        made["assignee"], made["assignees"] = (people[0] if people else None), people
        total, completed = children[row["id"]]
        percent = completed * 100 // total if total else 0
        made["sub_issues_summary"] = {"total": total, "completed": completed, "percent_completed": percent}
        made["issue_dependencies_summary"] = waiting[row["id"]]
        if row["is_pull"]:
            made.update(_pull_part(call, repo, row, halves[row["id"]]))
        found.append(made)
    return found


def _issue(call: Call, repo: Repo, row: Row) -> Json:
    base = repo_url(call, repo)
    url = f"{base}/issues/{row['number']}"
    kind = "pull" if row["is_pull"] else "issues"
    return {
        "url": url, "repository_url": base, "labels_url": url + "/labels{/name}", "comments_url": url + "/comments",
        "events_url": url + "/events", "timeline_url": url + "/timeline",
        "html_url": f"{call.web}/{repo.full_name}/{kind}/{row['number']}", "id": row["id"],
        "node_id": node_id("PullRequest" if row["is_pull"] else "Issue", row["id"]), "number": row["number"],
        "title": row["title"], "user": user_by_id(call, row["author_id"]), "labels": [], "state": row["state"],
        "locked": False, "assignee": None, "assignees": [], "milestone": None, "comments": row["comments"],
        "created_at": row["created_at"], "updated_at": row["updated_at"], "closed_at": row["closed_at"],
        "author_association": association(call, repo, row["author_id"]), "active_lock_reason": None,
        "body": row["body"], "closed_by": user_by_id(call, row["closed_by"]), "reactions": reactions(url),
        "performed_via_github_app": None, "state_reason": row["state_reason"],
    }  # fmt: skip


def _pull_part(call: Call, repo: Repo, row: Row, pull: Row) -> Json:
    page = f"{call.web}/{repo.full_name}/pull/{row['number']}"
    return {
        "draft": bool(pull["draft"]),
        "pull_request": {
            "url": f"{repo_url(call, repo)}/pulls/{row['number']}", "html_url": page, "diff_url": page + ".diff",
            "patch_url": page + ".patch", "merged_at": pull["merged_at"],
        },
    }  # fmt: skip


def reactions(url: str) -> Json:
    """`reaction-rollup`; reactions are not served, so it is all zeros."""
    names = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    return {"url": url + "/reactions", "total_count": 0, **dict.fromkeys(names, 0)}


def comment(call: Call, repo: Repo, row: Row, number: int, is_pull: bool) -> Json:
    """`issue-comment`."""
    url = f"{repo_url(call, repo)}/issues/comments/{row['id']}"
    kind = "pull" if is_pull else "issues"
    return {
        "url": url, "html_url": f"{call.web}/{repo.full_name}/{kind}/{number}#issuecomment-{row['id']}",
        "issue_url": f"{repo_url(call, repo)}/issues/{number}", "id": row["id"],
        "node_id": node_id("IssueComment", row["id"]), "user": user_by_id(call, row["author_id"]),
        "created_at": row["created_at"], "updated_at": row["updated_at"],
        "author_association": association(call, repo, row["author_id"]), "body": row["body"],
        "reactions": reactions(url), "performed_via_github_app": None,
    }  # fmt: skip


def event(call: Call, repo: Repo, row: Row) -> Json:
    """An event as the events and timeline lists show it."""
    data = json.loads(row["data"])
    kind = row["kind"]
    made: Json = {
        "id": row["id"], "node_id": node_id(KINDS.get(kind, "ReferencedEvent"), row["id"]),
        "url": f"{repo_url(call, repo)}/issues/events/{row['id']}", "actor": user_by_id(call, row["actor_id"]),
        "event": kind, "commit_id": data.get("commit_id"), "commit_url": None, "created_at": row["created_at"],
        "performed_via_github_app": None,
    }  # fmt: skip
    if made["commit_id"]:
        made["commit_url"] = f"{repo_url(call, repo)}/commits/{made['commit_id']}"
    if "label" in data:
        made["label"] = {"name": data["label"]["name"], "color": data["label"]["color"]}
    if "rename" in data:
        made["rename"] = data["rename"]
    if "dismissed_review" in data:
        made["dismissed_review"] = data["dismissed_review"]
    if "state_reason" in data:
        made["state_reason"] = data["state_reason"]
    if "assignee" in data:
        who = user(call, call.forge.users.by_login(data["assignee"]))
        made["assignee"], made["assigner"] = who, made["actor"]
    if "reviewer" in data:
        made["review_requester"] = made["actor"]
        made["requested_reviewer"] = user(call, call.forge.users.by_login(data["reviewer"]))
    if kind == "cross-referenced":
        return _cross_referenced(call, repo, row)
    return made


def _cross_referenced(call: Call, repo: Repo, row: Row) -> Json:
    source = issues.by_id(call, row["source_id"])
    shown: Json = {}
    where = repo if source and source["repo_id"] == repo.id else call.repo_by_id(source["repo_id"]) if source else None
    if source is not None and where is not None:
        shown = {"type": "issue", "issue": issue(call, where, source) | {"repository": repository(call, where)}}
    return {"actor": user_by_id(call, row["actor_id"]), "created_at": row["created_at"],
            "updated_at": row["created_at"], "source": shown, "event": "cross-referenced"}  # fmt: skip
