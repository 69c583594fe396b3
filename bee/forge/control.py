"""`/_forge/`: what is not GitHub. Counts, the log, the clock, faults, users and repositories."""

from __future__ import annotations

import ipaddress
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from bee.forge.core import repos
from bee.forge.core.errors import Refused
from bee.forge.faults import parse
from bee.forge.wire import Request, Response

if TYPE_CHECKING:
    from bee.forge.app import App


def serve(app: App, request: Request) -> Response:
    """Answer one control request; only from loopback."""
    if not ipaddress.ip_address(request.address).is_loopback:
        return _json(403, {"message": "control requests are taken from loopback only"})
    raw = request.body.read()
    try:
        data = json.loads(raw) if raw.strip() else {}
        return _serve(app, request, data)
    except Refused as refusal:
        return _json(refusal.status, refusal.body())
    except (ValueError, KeyError, TypeError) as problem:
        return _json(400, {"message": f"{type(problem).__name__}: {problem}"})


def _serve(app: App, request: Request, data: Any) -> Response:
    asked = (request.method, request.path.rstrip("/"))
    if asked == ("GET", "/_forge/stats"):
        return _json(200, app.stats.counts())
    if asked == ("GET", "/_forge/log"):
        after = int(parse_qs(request.query).get("after", ["0"])[0])
        return _json(200, app.stats.after(after))
    if request.path.rstrip("/") == "/_forge/clock":
        if request.method == "POST":
            if "stopped" in data:
                app.forge.clock.stopped_at = time.time() if data["stopped"] else None
            else:
                app.forge.advance_clock(float(data["advance_seconds"]))
        return _json(200, {"now": app.forge.clock.now(), "offset_seconds": app.forge.clock.offset_seconds})
    if request.path.rstrip("/") == "/_forge/faults":
        return _faults(app, request.method, data)
    if asked == ("POST", "/_forge/users"):
        return _user(app, data)
    if asked == ("POST", "/_forge/repos"):
        return _repo(app, data)
    if asked == ("POST", "/_forge/workflow_runs"):
        return _workflow_run(app, data)
    return _json(404, {"message": f"the forge has no control endpoint {request.method} {request.path}"})


def _faults(app: App, method: str, data: Any) -> Response:
    if method == "DELETE":
        app.faults.clear()
    elif method == "POST":
        listed = data.get("faults", [data]) if isinstance(data, dict) else data
        for fault in [parse(one) for one in listed]:
            app.faults.add(fault)
    return _json(200, {"faults": app.faults.shown()})


def _user(app: App, data: Any) -> Response:
    with app.forge.call() as call:
        user = app.forge.users.put(
            call.db, data["login"], data.get("token"), data.get("permission", "none"), call.now(), data.get("type", "")
        )
    return _json(201, {"login": user.login, "id": user.id, "permission": user.permission, "type": user.type})


def _repo(app: App, data: Any) -> Response:
    with app.forge.call() as call, call.writing():
        owner = app.forge.users.by_login(data["owner"])
        if owner is None:
            owner = app.forge.users.put(call.db, data["owner"], None, "none", call.now(), "Organization")
        repo = repos.create(call, owner, data)
        if files := data.get("files"):
            texts = isinstance(files, dict) and all(isinstance(text, str) for text in files.values())
            if not texts or data.get("auto_init"):
                raise ValueError("files: a text for each path, and no auto_init beside it")
            repos.first_commit(call, repo, files, data.get("message", "Initial commit"))
    return _json(201, {"id": repo.id, "full_name": repo.full_name, "private": repo.private,
                       "default_branch": repo.default_branch, "path": str(repo.git.path)})  # fmt: skip


def _workflow_run(app: App, data: Any) -> Response:
    with app.forge.call() as call, call.writing():
        owner, name = data["repo"].split("/")
        user = app.forge.users.by_login(owner)
        row = user and call.row("SELECT id FROM repos WHERE owner_id = ? AND name = ?", user.id, name)
        if not row:
            return _json(404, {"message": "no such repository"})
        made = call.run(
            "INSERT INTO workflow_runs (repo_id, sha, branch, name, status, conclusion, actor_id, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            row["id"], data["head_sha"], data.get("head_branch", ""), data.get("name", "CI"),
            data.get("status", "completed"), data.get("conclusion"), user.id if user else 0, call.now(),
        )  # fmt: skip
    return _json(201, {"id": made})


def _json(status: int, body: Any) -> Response:
    return Response(status, json.dumps(body).encode(), {"Content-Type": "application/json"})
