"""JSON shapes of labels, issues, comments and events."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from urllib.parse import quote

from bee.forge.core import issues, labels, pulls, relations
from bee.forge.core.events import KINDS
from bee.forge.core.ids import node_id
from bee.forge.core.repos import DEFAULT_LABELS
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo
from bee.forge.rest.shapes import Json, pull_urls, repo_url, repository, user, user_by_id, written

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
    waiting, children = relations.dependency_counts(call, ids), relations.child_counts(call, ids)
    halves = pulls.rows(call, [row["id"] for row in rows if row["is_pull"]])
    return [
        made | {
            "sub_issues_summary": _summary(*children[row["id"]]), "issue_dependencies_summary": waiting[row["id"]],
            **(_pull_part(call, repo, row, halves[row["id"]]) if row["is_pull"] else {}),
        } for row, made in zip(rows, items(call, repo, rows, _issue), strict=True)
    ]  # fmt: skip


def items(call: Call, repo: Repo, rows: Sequence[Row], part: Callable[[Call, Repo, Row], Json]) -> list[Json]:
    """What issues and pull requests have in common, and the `part` of each."""
    ids = [row["id"] for row in rows]
    held, assigned = labels.of_items(call, ids), issues.assignees_of(call, ids)
    found = []
    for row in rows:
        people = [user(call, one) for one in assigned[row["id"]]]
        found.append({
            **written(call, repo, row), "node_id": node_id("PullRequest" if row["is_pull"] else "Issue", row["id"]),
            "number": row["number"], "title": row["title"], "state": row["state"], "milestone": None,
            "locked": bool(row["locked"]), "active_lock_reason": row["lock_reason"],
            "labels": [label(call, repo, one) for one in held[row["id"]]],
            "assignee": people[0] if people else None, "assignees": people, "created_at": row["created_at"],
            "updated_at": row["updated_at"], "closed_at": row["closed_at"], **part(call, repo, row),
        })  # fmt: skip
    return found


def _issue(call: Call, repo: Repo, row: Row) -> Json:
    base = repo_url(call, repo)
    url, kind = f"{base}/issues/{row['number']}", "pull" if row["is_pull"] else "issues"
    return {
        "url": url, "repository_url": base, "labels_url": url + "/labels{/name}", "comments_url": url + "/comments",
        "events_url": url + "/events", "timeline_url": url + "/timeline", "comments": row["comments"],
        "html_url": f"{call.web}/{repo.full_name}/{kind}/{row['number']}", "reactions": reactions(url),
        "closed_by": user_by_id(call, row["closed_by"]), "performed_via_github_app": None,
        "state_reason": row["state_reason"],
    }  # fmt: skip


def _summary(total: int, completed: int) -> Json:
    percent = completed * 100 // total if total else 0
    return {"total": total, "completed": completed, "percent_completed": percent}


def _pull_part(call: Call, repo: Repo, row: Row, pull: Row) -> Json:
    url, page = pull_urls(call, repo, row["number"])
    addresses = {"url": url, "html_url": page, "diff_url": page + ".diff", "patch_url": page + ".patch"}
    return {"draft": bool(pull["draft"]), "pull_request": addresses | {"merged_at": pull["merged_at"]}}


def reactions(url: str) -> Json:
    """`reaction-rollup`; reactions are not served, so it is all zeros."""
    names = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    return {"url": url + "/reactions", "total_count": 0, **dict.fromkeys(names, 0)}


def comment(call: Call, repo: Repo, row: Row) -> Json:
    """`issue-comment`."""
    item, url = issues.numbered(call, row["issue_id"]), f"{repo_url(call, repo)}/issues/comments/{row['id']}"
    number, kind = item["number"], "pull" if item["is_pull"] else "issues"
    return written(call, repo, row) | {
        "url": url, "html_url": f"{call.web}/{repo.full_name}/{kind}/{number}#issuecomment-{row['id']}",
        "issue_url": f"{repo_url(call, repo)}/issues/{number}", "node_id": node_id("IssueComment", row["id"]),
        "created_at": row["created_at"], "updated_at": row["updated_at"], "reactions": reactions(url),
        "performed_via_github_app": None,
    }  # fmt: skip


def event(call: Call, repo: Repo, row: Row) -> Json:
    """An event as the events and timeline lists show it."""
    data, kind = json.loads(row["data"]), row["kind"]
    if kind == "cross-referenced":
        return _cross_referenced(call, repo, row)
    actor, commit_id, base = user_by_id(call, row["actor_id"]), data.get("commit_id"), repo_url(call, repo)
    made: Json = {
        "id": row["id"], "node_id": node_id(KINDS.get(kind, "ReferencedEvent"), row["id"]), "actor": actor,
        "url": f"{base}/issues/events/{row['id']}", "event": kind, "commit_id": commit_id,
        "commit_url": f"{base}/commits/{commit_id}" if commit_id else None, "created_at": row["created_at"],
        "performed_via_github_app": None,
        **{name: data[name] for name in ("rename", "dismissed_review", "state_reason", "lock_reason") if name in data},
    }  # fmt: skip
    if "label" in data:
        made["label"] = {"name": data["label"]["name"], "color": data["label"]["color"]}
    if "assignee" in data:
        made |= {"assignee": user(call, call.forge.users.by_login(data["assignee"])), "assigner": actor}
    if "reviewer" in data:
        who = user(call, call.forge.users.by_login(data["reviewer"]))
        made |= {"review_requester": actor, "requested_reviewer": who}
    return made


def _cross_referenced(call: Call, repo: Repo, row: Row) -> Json:
    source = issues.by_id(call, row["source_id"])
    where = call.repo_by_id(source["repo_id"]) if source else None
    shown: Json = {}
    if source is not None and where is not None:
        shown = {"type": "issue", "issue": issue(call, where, source) | {"repository": repository(call, where)}}
    return {"actor": user_by_id(call, row["actor_id"]), "created_at": row["created_at"],
            "updated_at": row["created_at"], "source": shown, "event": "cross-referenced"}  # fmt: skip
