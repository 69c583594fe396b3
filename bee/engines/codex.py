"""The `codex` engine: Codex CLI's `exec`, its events as JSON lines. It reports tokens and no dollars."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from bee.engines.base import AgentJob
from bee.engines.events import Found, call, flat, parts, section, text_of, whole
from bee.engines.prices import Usage
from bee.engines.stream import StreamEngine
from bee.model.outcomes import Failure

PROVIDER: Final = "bee"
FOLDER: Final = ".codex"
# Items that are the agent's work; `error` and the like are not.
_WORK: Final = frozenset(
    "agent_message reasoning command_execution file_change mcp_tool_call web_search todo_list".split()
)


class Adapter(StreamEngine):
    """Codex CLI. A run is one turn of its own; what counts here are the items in it."""

    def prepare(self, job: AgentJob) -> None:
        """Its folder must exist."""
        (job.home / FOLDER).mkdir(mode=0o700, exist_ok=True)

    def arguments(self, job: AgentJob) -> list[str]:
        """No configuration and rules of anybody's; no questions: the box is the guard.

        It keeps a session (in the private HOME, which ends with the run), because there alone it says what it has used.
        Its shell must be no login shell, whose profile would put the system's PATH in the place of the run's.
        """
        argv = ["exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]
        argv += ["--ignore-user-config", "--ignore-rules", "-c", "allow_login_shell=false"]
        if job.base_url:
            own = {"base_url": job.base_url, "env_key": self.row.login[0], "wire_api": "responses"}
            table = ",".join(f"{key}={json.dumps(value)}" for key, value in {"name": PROVIDER, **own}.items())
            argv += ["-c", f'model_provider="{PROVIDER}"', "-c", f"model_providers.{PROVIDER}={{{table}}}"]
        return [*argv, "-m", job.model] if job.model else argv

    def env(self, job: AgentJob, host_env: Mapping[str, str]) -> dict[str, str]:
        """The vendor's own server is logged in to by CODEX_API_KEY, with the same key; its arguments name any other."""
        env = {**super().env(job, host_env), "CODEX_HOME": str(job.home / FOLDER)}
        if job.base_url:
            del env[self.row.server_variable]
        elif key := env.get(self.row.login[0]):
            env["CODEX_API_KEY"] = key
        return env

    def event(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        kind = event.get("type")
        if kind == "item.completed" and section(event, "item").get("type") in _WORK:
            self.worked()
        elif kind == "turn.completed":
            self.final = self.success = True
            self.usage += _usage(section(event, "usage"))
        elif kind == "turn.failed":
            self.final = True
            self.note = text_of(section(event, "error"), "message") or "the turn failed"
            self.stopped_by(self.note)
        elif kind == "error":
            self._error(text_of(event, "message"))

    def said(self, event: Mapping[str, Any]) -> Found:
        """Tool calls as they start, the rest as it is completed."""
        kind, item = event.get("type"), section(event, "item")
        what = item.get("type")
        if kind == "item.started" and what == "command_execution":
            yield "tool", call("", item)
        elif kind == "item.started" and what == "mcp_tool_call":
            yield "tool", call(text_of(item, "tool"), item.get("arguments"))
        elif kind == "item.completed":
            yield from _completed(item, what)
        elif kind == "turn.failed":
            yield "error", text_of(section(event, "error"), "message")
        elif kind == "error":
            yield "error", text_of(event, "message")

    def noted_by(self, line: Mapping[str, Any]) -> None:
        """Its session counts up."""
        payload = section(line, "payload")
        if payload.get("type") == "token_count":
            self.noted = _usage(section(section(payload, "info"), "total_token_usage"))

    def _error(self, text: str) -> None:
        """It connects anew five times, and waits as long as it is told to, for what will not come in this run."""
        self.note = text
        error = self.stopped_by(text)
        again = text.startswith("Reconnecting") and "exceeded retry limit" not in text
        quota = error is not None and error.failure is Failure.QUOTA and not again
        self.hopeless = quota or (error is not None and error.failure is Failure.AUTH)

    def plain(self, stream: str, line: str) -> None:
        """Errors before the first event."""
        if not self.turns and not self.final:
            self.stopped_by(line)


def _usage(usage: Mapping[str, Any]) -> Usage:
    """Its input holds what came from the cache, its output the reasoning."""
    cached = whole(usage, "cached_input_tokens")
    return Usage(max(0, whole(usage, "input_tokens") - cached), cached, whole(usage, "output_tokens"))


def _completed(item: Mapping[str, Any], what: Any) -> Found:
    if what == "agent_message":
        yield "message", text_of(item, "text")
    elif what == "reasoning":
        yield "thought", text_of(item, "text")
    elif what == "error":
        yield "error", text_of(item, "message")
    elif what == "command_execution":
        code = item.get("exit_code")
        yield ("answer" if code == 0 else "error"), text_of(item, "aggregated_output") or f"(exit {code}, no output)"
    elif what == "file_change":
        changes = (f"{text_of(part, 'kind')} {text_of(part, 'path')}" for part in parts(item, "changes"))
        yield "tool", "\n".join(changes)
    elif what == "web_search":
        yield "tool", f"web search: {text_of(item, 'query')}"
    elif what == "mcp_tool_call":
        yield "answer", flat(item.get("result"))
