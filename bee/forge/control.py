"""`/_forge/`: what is not GitHub. Counts, the log, the clock, faults, users and repositories.

Whoever asks here can make an admin, so every request proves that it comes from the one who started the forge.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from bee.forge.core import issues, relations, repos
from bee.forge.core.clock import stamp
from bee.forge.core.errors import Refused
from bee.forge.core.world import Forge
from bee.forge.faults import Faults, parse
from bee.forge.http import Request, Response, json_response
from bee.forge.stats import Stats


class Control:
    """The control endpoints. Each takes the JSON body (or the query, where there is none) and returns JSON."""

    def __init__(self, forge: Forge, faults: Faults, stats: Stats, token: str) -> None:
        self._forge, self._faults, self._token = forge, faults, token.encode()
        self._endpoints: dict[tuple[str, str], tuple[int, Callable[[Any], Any]]] = {
            ("GET", "/_forge/stats"): (200, lambda _data: stats.counts()),
            ("GET", "/_forge/log"): (200, lambda data: stats.after(int(data.get("after", 0)))),
            ("GET", "/_forge/clock"): (200, self._clock),
            ("POST", "/_forge/clock"): (200, self._set_clock),
            ("GET", "/_forge/faults"): (200, self._shown_faults),
            ("POST", "/_forge/faults"): (200, self._add_faults),
            ("DELETE", "/_forge/faults"): (200, self._clear_faults),
            ("POST", "/_forge/users"): (201, self._user),
            ("POST", "/_forge/repos"): (201, self._repo),
            ("POST", "/_forge/workflow_runs"): (201, self._workflow_run),
            ("POST", "/_forge/links"): (201, self._link),
        }

    def serve(self, request: Request) -> Response:
        """Answer one control request."""
        refused = self._refusal(request)
        if refused is not None:
            return refused
        raw = request.body.read()
        found = self._endpoints.get((request.method, request.path.rstrip("/")))
        if found is None:
            message = f"the forge has no control endpoint {request.method} {request.path}"
            return json_response({"message": message}, 404)
        status, endpoint = found
        try:
            return json_response(endpoint(json.loads(raw) if raw.strip() else dict(parse_qsl(request.query))), status)
        except Refused as refusal:
            return json_response(refusal.body(), refusal.status)
        except (ValueError, KeyError, TypeError) as problem:
            return json_response({"message": f"{type(problem).__name__}: {problem}"}, 400)

    def _refusal(self, request: Request) -> Response | None:
        """The refusal of a request that another than the one who started the forge may have sent."""
        if not ipaddress.ip_address(request.address).is_loopback:
            return json_response({"message": "control requests are taken from loopback only"}, 403)
        if not hmac.compare_digest(request.headers.get("x-forge-token", "").encode(), self._token):
            message = "control requests need the header X-Forge-Token: the control_token of the forge's start line"
            return json_response({"message": message}, 403)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not request.body.empty and kind != "application/json":
            message = f"control requests take JSON (Content-Type: application/json), not {kind or 'an unnamed type'}"
            return json_response({"message": message}, 415)
        return None

    def _clock(self, _data: Any) -> Any:
        return {"now": self._forge.clock.now(), "offset_seconds": self._forge.clock.offset_seconds}

    def _set_clock(self, data: Any) -> Any:
        if "stopped" in data:
            self._forge.clock.stopped_at = time.time() if data["stopped"] else None
        else:
            self._forge.advance_clock(float(data["advance_seconds"]))
        return self._clock(data)

    def _shown_faults(self, _data: Any) -> Any:
        return {"faults": self._faults.shown()}

    def _add_faults(self, data: Any) -> Any:
        for fault in [parse(one) for one in (data.get("faults", [data]) if isinstance(data, dict) else data)]:
            self._faults.add(fault)
        return self._shown_faults(data)

    def _clear_faults(self, data: Any) -> Any:
        self._faults.clear()
        return self._shown_faults(data)

    def _user(self, data: Any) -> Any:
        login, permission, kind = data["login"], data.get("permission", "none"), data.get("type", "")
        with self._forge.call() as call:
            user = self._forge.users.put(call.db, login, data.get("token"), permission, call.now(), kind)
            left = data.get("expires_in_seconds")
            ends = None if left is None else stamp(self._forge.clock.seconds() + float(left))
            self._forge.users.limit(call.db, user, workflows=data.get("workflows", True), expires_at=ends)
        return {"login": user.login, "id": user.id, "permission": user.permission, "type": user.type}

    def _repo(self, data: Any) -> Any:
        users = self._forge.users
        with self._forge.call() as call, call.writing():
            owner = users.by_login(data["owner"])
            if owner is None:
                owner = users.put(call.db, data["owner"], None, "none", call.now(), "Organization")
            repo = repos.create(call, owner, data)
            if files := data.get("files"):
                texts = isinstance(files, dict) and all(isinstance(text, str) for text in files.values())
                if not texts or data.get("auto_init"):
                    raise ValueError("files: a text for each path, and no auto_init beside it")
                repos.first_commit(call, repo, files, data.get("message", "Initial commit"))
        return {"id": repo.id, "full_name": repo.full_name, "private": repo.private,
                "default_branch": repo.default_branch, "path": str(repo.git.path)}  # fmt: skip

    def _workflow_run(self, data: Any) -> Any:
        owner, name = data["repo"].split("/")
        with self._forge.call(self._forge.users.by_login(owner)) as call, call.writing():
            repo = call.repo(owner, name)
            made = call.insert(
                "workflow_runs", repo_id=repo.id, sha=data["head_sha"], branch=data.get("head_branch", ""),
                name=data.get("name", "CI"), status=data.get("status", "completed"),
                conclusion=data.get("conclusion"), actor_id=repo.owner.id, created_at=call.now(),
            )  # fmt: skip
        return {"id": made["id"]}

    def _link(self, data: Any) -> Any:
        """What a person does in the Development section of an issue; GitHub has no API for it."""
        with self._forge.call(self._forge.users.by_login(data["login"])) as call, call.writing():
            repo = call.repo(*data["repo"].split("/"))
            issue, pull = (issues.get(call, repo, int(data[name])) for name in ("issue", "pull"))
            relations.link(call, repo, issue, pull, data.get("linked", True))
            return {"linked": [row["number"] for row in relations.linked(call, issue)]}
