"""Commit statuses, check runs and workflow runs."""

from __future__ import annotations

import json
from typing import Any

from bee.forge.core import checks
from bee.forge.core.errors import invalid, not_found, unprocessable
from bee.forge.core.ids import node_id
from bee.forge.core.store import Row
from bee.forge.core.world import Call
from bee.forge.rest.base import REPO, Answer, Ask, Route, created
from bee.forge.rest.shapes import Json, repo_url, repository, user_by_id

_COLUMNS = ("status", "conclusion", "details_url", "external_id", "started_at", "completed_at", "name")


def _status(ask: Ask, row: Row, short: bool = False) -> Json:
    url = f"{repo_url(ask.call, ask.repo)}/statuses/{row['sha']}"
    made = {
        "url": url, "avatar_url": f"{ask.call.web}/avatars/u/{row['creator_id']}", "id": row["id"],
        "node_id": node_id("StatusContext", row["id"]), "state": row["state"], "description": row["description"],
        "target_url": row["target_url"], "context": row["context"], "created_at": row["created_at"],
        "updated_at": row["created_at"],
    }  # fmt: skip
    return made if short else made | {"creator": user_by_id(ask.call, row["creator_id"])}


def create_status(ask: Ask) -> Answer:
    """Attach a status to a commit."""
    return created(_status(ask, checks.create_status(ask.call, ask.repo, ask.args["sha"], ask.data)))


def _sha(ask: Ask) -> str:
    sha = ask.repo.git.find(ask.args["ref"], ask.repo.default_branch, "commit")
    if sha is None:
        raise unprocessable(f"No commit found for SHA: {ask.args['ref']}")
    return sha


def list_statuses(ask: Ask) -> Answer:
    """Every status of a commit, newest first."""
    rows = checks.statuses(ask.call, ask.repo, _sha(ask))
    return Answer([_status(ask, row) for row in ask.paged(rows)])


def combined(ask: Ask) -> Answer:
    """The latest status of each context, and what they come to."""
    sha = _sha(ask)
    rows = checks.latest(ask.call, ask.repo.id, [sha])[sha][0]
    url = f"{repo_url(ask.call, ask.repo)}/commits/{sha}"
    return Answer({
        "state": checks.combined([row["state"].upper() for row in rows]).lower(),
        "statuses": [_status(ask, row, short=True) for row in ask.paged(rows)], "sha": sha, "total_count": len(rows),
        "repository": repository(ask.call, ask.repo), "commit_url": url, "url": url + "/status",
    })  # fmt: skip


# -- check runs -------------------------------------------------------------------------------------


def _run(ask: Ask, row: Row) -> Json:
    url = f"{repo_url(ask.call, ask.repo)}/check-runs/{row['id']}"
    output = {"title": None, "summary": None, "text": None, "annotations_count": 0,
              "annotations_url": url + "/annotations", **json.loads(row["output"])}  # fmt: skip
    return {
        "id": row["id"], "head_sha": row["sha"], "node_id": node_id("CheckRun", row["id"]),
        "external_id": row["external_id"] or "", "url": url,
        "html_url": f"{ask.call.web}/{ask.repo.full_name}/runs/{row['id']}",
        "details_url": row["details_url"] or f"{ask.call.web}/{ask.repo.full_name}/runs/{row['id']}",
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


def create_run(ask: Ask) -> Answer:
    """Create a check run. GitHub takes these from Apps only; here everyone who may write."""
    ask.call.need(ask.repo, "write")
    data = _filled(ask.call, ask.data)
    if not data.get("name") or not ask.repo.git.commit(str(data.get("head_sha"))):
        raise unprocessable("Invalid request.")
    values = {"status": "queued", "started_at": ask.call.now(), **{key: data[key] for key in _COLUMNS if key in data}}
    made = ask.call.insert(
        "check_runs", **values, repo_id=ask.repo.id, sha=data["head_sha"], creator_id=ask.call.actor().id,
        output=json.dumps(data.get("output") or {}),
    )  # fmt: skip
    return Answer(_run(ask, made), 201)


def _run_row(ask: Ask, run_id: int) -> Row:
    row = ask.call.row("SELECT * FROM check_runs WHERE id = ? AND repo_id = ?", run_id, ask.repo.id)
    if row is None:
        raise not_found()
    return row


def update_run(ask: Ask) -> Answer:
    """Change a check run."""
    row = _run_row(ask, ask.integer("run"))
    ask.call.need(ask.repo, "write")
    data = _filled(ask.call, ask.data)
    values: dict[str, Any] = {key: data[key] for key in _COLUMNS if key in data}
    if "output" in data:
        values["output"] = json.dumps(data["output"])
    if values:
        ask.call.update("check_runs", row["id"], **values)
    return Answer(_run(ask, _run_row(ask, row["id"])))


def get_run(ask: Ask) -> Answer:
    """One check run."""
    return Answer(_run(ask, _run_row(ask, ask.integer("run"))))


def list_runs(ask: Ask) -> Answer:
    """The latest run of each check, newest first."""
    sha = _sha(ask)
    rows = checks.latest(ask.call, ask.repo.id, [sha])[sha][1][::-1]
    for name, column in (("check_name", "name"), ("status", "status")):
        if ask.query.get(name):
            rows = [row for row in rows if row[column] == ask.query[name]]
    return Answer({"total_count": len(rows), "check_runs": [_run(ask, row) for row in ask.paged(rows)]})


# -- workflow runs ----------------------------------------------------------------------------------


def _workflow_run(ask: Ask, row: Row) -> Json:
    url = f"{repo_url(ask.call, ask.repo)}/actions/runs/{row['id']}"
    base, actor = repo_url(ask.call, ask.repo), user_by_id(ask.call, row["actor_id"])
    shown = repository(ask.call, ask.repo)
    return {
        "id": row["id"], "name": row["name"],
        "node_id": node_id("WorkflowRun", row["id"]), "head_branch": row["branch"],
        "head_sha": row["sha"], "path": ".github/workflows/ci.yml", "run_number": 1, "event": "push",
        "display_title": row["name"], "status": row["status"], "conclusion": row["conclusion"], "workflow_id": 1,
        "check_suite_id": row["id"], "url": url,
        "html_url": f"{ask.call.web}/{ask.repo.full_name}/actions/runs/{row['id']}", "pull_requests": [],
        "created_at": row["created_at"], "updated_at": row["created_at"], "actor": actor,
        "triggering_actor": actor, "run_attempt": 1, "run_started_at": row["created_at"],
        "jobs_url": url + "/jobs", "logs_url": url + "/logs", "check_suite_url": f"{base}/check-suites/{row['id']}",
        "artifacts_url": url + "/artifacts", "cancel_url": url + "/cancel", "rerun_url": url + "/rerun",
        "workflow_url": f"{base}/actions/workflows/1", "head_commit": None, "repository": shown,
        "head_repository": shown,
    }  # fmt: skip


def workflow_runs(ask: Ask) -> Answer:
    """Workflow runs that a test has put here; the forge runs none itself."""
    rows = ask.call.rows("SELECT * FROM workflow_runs WHERE repo_id = ? ORDER BY id DESC", ask.repo.id)
    for name, column in (("head_sha", "sha"), ("branch", "branch")):
        if ask.query.get(name):
            rows = [row for row in rows if row[column] == ask.query[name]]
    if ask.query.get("status"):
        rows = [row for row in rows if ask.query["status"] in (row["status"], row["conclusion"])]
    return Answer({"total_count": len(rows), "workflow_runs": [_workflow_run(ask, row) for row in ask.paged(rows)]})


ROUTES = [
    Route("POST", REPO + "/statuses/<sha>", create_status),
    Route("GET", REPO + "/commits/<path:ref>/statuses", list_statuses),
    Route("GET", REPO + "/statuses/<path:ref>", list_statuses),
    Route("GET", REPO + "/commits/<path:ref>/status", combined),
    Route("GET", REPO + "/commits/<path:ref>/check-runs", list_runs),
    Route("POST", REPO + "/check-runs", create_run),
    Route("GET", REPO + "/check-runs/<run>", get_run),
    Route("PATCH", REPO + "/check-runs/<run>", update_run),
    Route("GET", REPO + "/actions/runs", workflow_runs),
]
