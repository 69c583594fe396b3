"""Commit statuses, check runs and workflow runs."""

from __future__ import annotations

import json
from typing import Any

from bee.forge.core import checks
from bee.forge.core.errors import invalid, not_found, unprocessable
from bee.forge.core.ids import node_id
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo
from bee.forge.rest.base import REPO, Ask, route
from bee.forge.rest.shapes import Json, repo_url, repository, user_by_id

_COLUMNS = ("status", "conclusion", "details_url", "external_id", "started_at", "completed_at", "name")


def _simple_status(call: Call, repo: Repo, row: Row) -> Json:
    url = f"{repo_url(call, repo)}/statuses/{row['sha']}"
    return {
        "url": url, "avatar_url": f"{call.web}/avatars/u/{row['creator_id']}", "id": row["id"],
        "node_id": node_id("StatusContext", row["id"]), "state": row["state"], "description": row["description"],
        "target_url": row["target_url"], "context": row["context"], "created_at": row["created_at"],
        "updated_at": row["created_at"],
    }  # fmt: skip


def _status(call: Call, repo: Repo, row: Row) -> Json:
    return _simple_status(call, repo, row) | {"creator": user_by_id(call, row["creator_id"])}


@route("POST", REPO + "/statuses/<sha>", _status, created=True)
def create_status(ask: Ask) -> Row:
    """Attach a status to a commit."""
    return checks.create_status(ask.call, ask.repo, ask.args["sha"], ask.data)


def _sha(ask: Ask) -> str:
    sha = ask.repo.git.find(ask.args["ref"], ask.repo.default_branch, "commit")
    if sha is None:
        raise unprocessable(f"No commit found for SHA: {ask.args['ref']}")
    return sha


@route("GET", REPO + "/commits/<path:ref>/statuses", _status)
@route("GET", REPO + "/statuses/<path:ref>", _status)
def list_statuses(ask: Ask) -> list[Row]:
    """Every status of a commit, newest first."""
    return checks.statuses(ask.call, ask.repo, _sha(ask))


@route("GET", REPO + "/commits/<path:ref>/status")
def combined(ask: Ask) -> Json:
    """The latest status of each context, and what they come to."""
    sha = _sha(ask)
    rows = checks.latest(ask.call, ask.repo.id, [sha])[sha][0]
    url = f"{repo_url(ask.call, ask.repo)}/commits/{sha}"
    return {
        "state": checks.combined([row["state"].upper() for row in rows]).lower(), "sha": sha, "total_count": len(rows),
        "statuses": [_simple_status(ask.call, ask.repo, row) for row in ask.paged(rows)],
        "repository": repository(ask.call, ask.repo), "commit_url": url, "url": url + "/status",
    }  # fmt: skip


# -- check runs -------------------------------------------------------------------------------------


def _run(call: Call, repo: Repo, row: Row) -> Json:
    url = f"{repo_url(call, repo)}/check-runs/{row['id']}"
    page = f"{call.web}/{repo.full_name}/runs/{row['id']}"
    output = {"title": None, "summary": None, "text": None, "annotations_count": 0,
              "annotations_url": url + "/annotations", **json.loads(row["output"])}  # fmt: skip
    return {
        "id": row["id"], "head_sha": row["sha"], "node_id": node_id("CheckRun", row["id"]),
        "external_id": row["external_id"] or "", "url": url,
        "html_url": page, "details_url": row["details_url"] or page,
        "status": row["status"], "conclusion": row["conclusion"], "started_at": row["started_at"],
        "completed_at": row["completed_at"], "output": output, "name": row["name"],
        "check_suite": {"id": row["id"]}, "app": None, "pull_requests": [],
    }  # fmt: skip


def _filled(call: Call, data: Json) -> Json:
    filled = dict(data)
    if filled.get("conclusion"):
        filled["status"] = "completed"
        filled.setdefault("completed_at", call.now())
    elif filled.get("status") == "completed":
        raise invalid("CheckRun", "conclusion", "missing_field")
    return filled


@route("POST", REPO + "/check-runs", _run, status=201, needs="write")
def create_run(ask: Ask) -> Row:
    """Create a check run. GitHub takes these from Apps only; here everyone who may write. Raises Refused (422)."""
    data = _filled(ask.call, ask.data)
    if not data.get("name") or not ask.repo.git.commit(str(data.get("head_sha"))):
        raise unprocessable("Invalid request.")
    values = {"status": "queued", "started_at": ask.call.now(), **{key: data[key] for key in _COLUMNS if key in data}}
    return ask.call.insert(
        "check_runs", **values, repo_id=ask.repo.id, sha=data["head_sha"], creator_id=ask.call.actor().id,
        output=json.dumps(data.get("output") or {}),
    )  # fmt: skip


@route("GET", REPO + "/check-runs/<run>", _run)
def get_run(ask: Ask) -> Row:
    """One check run. Raises Refused (404)."""
    row = ask.call.row("SELECT * FROM check_runs WHERE id = ? AND repo_id = ?", ask.integer("run"), ask.repo.id)
    if row is None:
        raise not_found()
    return row


@route("PATCH", REPO + "/check-runs/<run>", _run)
def update_run(ask: Ask) -> Row:
    """Change a check run."""
    row = get_run(ask)
    ask.call.need(ask.repo, "write")
    data = _filled(ask.call, ask.data)
    values: dict[str, Any] = {key: data[key] for key in _COLUMNS if key in data}
    if "output" in data:
        values["output"] = json.dumps(data["output"])
    if values:
        ask.call.update("check_runs", row["id"], **values)
    return get_run(ask)


def _asked(ask: Ask, rows: list[Row], **columns: str) -> list[Row]:
    """The rows that have what the query asks for, under its names."""
    wanted = {column: ask.query[name] for name, column in columns.items() if ask.query.get(name)}
    return [row for row in rows if all(row[column] == value for column, value in wanted.items())]


@route("GET", REPO + "/commits/<path:ref>/check-runs")
def list_runs(ask: Ask) -> Json:
    """The latest run of each check, newest first."""
    sha = _sha(ask)
    latest = checks.latest(ask.call, ask.repo.id, [sha])[sha][1][::-1]
    rows = _asked(ask, latest, check_name="name", status="status")
    return {"total_count": len(rows), "check_runs": [_run(ask.call, ask.repo, row) for row in ask.paged(rows)]}


# -- workflow runs ----------------------------------------------------------------------------------


def _workflow_run(ask: Ask, row: Row) -> Json:
    base, actor = repo_url(ask.call, ask.repo), user_by_id(ask.call, row["actor_id"])
    url, shown = f"{base}/actions/runs/{row['id']}", repository(ask.call, ask.repo)
    return {
        "id": row["id"], "name": row["name"], "node_id": node_id("WorkflowRun", row["id"]),
        "head_branch": row["branch"], "head_sha": row["sha"], "path": ".github/workflows/ci.yml", "run_number": 1,
        "event": "push", "display_title": row["name"], "status": row["status"],
        "conclusion": row["conclusion"], "workflow_id": 1, "check_suite_id": row["id"], "url": url,
        "html_url": f"{ask.call.web}/{ask.repo.full_name}/actions/runs/{row['id']}", "pull_requests": [],
        "created_at": row["created_at"], "updated_at": row["created_at"], "actor": actor,
        "triggering_actor": actor, "run_attempt": 1, "run_started_at": row["created_at"],
        "jobs_url": url + "/jobs", "logs_url": url + "/logs", "check_suite_url": f"{base}/check-suites/{row['id']}",
        "artifacts_url": url + "/artifacts", "cancel_url": url + "/cancel", "rerun_url": url + "/rerun",
        "workflow_url": f"{base}/actions/workflows/1", "head_commit": None, "repository": shown,
        "head_repository": shown,
    }  # fmt: skip


@route("GET", REPO + "/actions/runs")
def workflow_runs(ask: Ask) -> Json:
    """Workflow runs that a test has put here; the forge runs none itself."""
    every = ask.call.rows("SELECT * FROM workflow_runs WHERE repo_id = ? ORDER BY id DESC", ask.repo.id)
    rows = _asked(ask, every, head_sha="sha", branch="branch")
    if ask.query.get("status"):
        rows = [row for row in rows if ask.query["status"] in (row["status"], row["conclusion"])]
    return {"total_count": len(rows), "workflow_runs": [_workflow_run(ask, row) for row in ask.paged(rows)]}
