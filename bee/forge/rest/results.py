"""Deployments and results of code scanning (https://docs.github.com/rest/deployments,
https://docs.github.com/rest/code-scanning).
"""

from __future__ import annotations

import json

from bee.forge.core import results
from bee.forge.core.errors import not_found
from bee.forge.core.ids import node_id
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo
from bee.forge.rest.base import REPO, Ask, route
from bee.forge.rest.shapes import Json, repo_url, user_by_id

STATUSES = REPO + "/deployments/<deployment>/statuses"


def _deployment(call: Call, repo: Repo, row: Row) -> Json:
    url = f"{repo_url(call, repo)}/deployments/{row['id']}"
    return {
        "url": url, "id": row["id"], "node_id": node_id("Deployment", row["id"]), "sha": row["sha"], "ref": row["ref"],
        "task": row["task"], "payload": json.loads(row["payload"]), "original_environment": row["environment"],
        "environment": row["environment"], "description": row["description"],
        "creator": user_by_id(call, row["creator_id"]), "created_at": row["created_at"],
        "updated_at": row["created_at"], "statuses_url": url + "/statuses", "repository_url": repo_url(call, repo),
        "transient_environment": False, "production_environment": row["environment"] == "production",
    }  # fmt: skip


def _status(call: Call, repo: Repo, row: Row) -> Json:
    url = f"{repo_url(call, repo)}/deployments/{row['deployment_id']}"
    return {
        "url": f"{url}/statuses/{row['id']}", "id": row["id"], "node_id": node_id("DeploymentStatus", row["id"]),
        "state": row["state"], "creator": user_by_id(call, row["creator_id"]), "description": row["description"],
        "environment": row["environment"], "target_url": "", "created_at": row["created_at"],
        "updated_at": row["created_at"], "deployment_url": url, "repository_url": repo_url(call, repo),
        "environment_url": "", "log_url": "",
    }  # fmt: skip


@route("POST", REPO + "/deployments", _deployment, created=True, needs="write")
def create_deployment(ask: Ask) -> Row:
    """Say that a commit is to be deployed."""
    return results.deploy(ask.call, ask.repo, ask.data)


def _named(ask: Ask) -> Row:
    sql = "SELECT * FROM deployments WHERE id = ? AND repo_id = ?"
    row = ask.call.row(sql, ask.integer("deployment"), ask.repo.id)
    if row is None:
        raise not_found()
    return row


@route("POST", STATUSES, _status, created=True, needs="write")
def create_status(ask: Ask) -> Row:
    """Say what became of it."""
    return results.tell(ask.call, _named(ask), ask.data)


@route("GET", STATUSES, _status)
def list_statuses(ask: Ask) -> list[Row]:
    """What was told of it, newest first."""
    return results.statuses(ask.call, _named(ask)["id"])


@route("POST", REPO + "/code-scanning/sarifs", status=202, needs="write")
def upload(ask: Ask) -> Json:
    """Results of code scanning; they count at once."""
    row = results.analyse(ask.call, ask.repo, ask.data)
    return {"id": str(row["id"]), "url": f"{repo_url(ask.call, ask.repo)}/code-scanning/sarifs/{row['id']}"}
