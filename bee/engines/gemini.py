"""The `gemini` engine: Gemini CLI without a terminal, its events as JSON lines. It reports tokens and no dollars.

Its `json` format prints nothing before its end, which an outer clock cannot tell from a stall; hence `stream-json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bee.engines.base import AgentJob
from bee.engines.events import Found, call, flat, section, text_of, whole
from bee.engines.prices import Usage
from bee.engines.stream import StreamEngine
from bee.model.outcomes import Failure

NOBODY: Final = "none"
COMMAND_SECONDS_MAX: Final = 30 * 60
SETTINGS: Final = {
    "security": {"auth": {"selectedType": "gemini-api-key"}},
    "general": {"maxAttempts": 3, "enableAutoUpdate": False, "enableAutoUpdateNotification": False},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "hooksConfig": {"enabled": False},
    # a .env in the clone could send the API key to another server
    "advanced": {"ignoreLocalEnv": True},
    "tools": {"shell": {"inactivityTimeout": COMMAND_SECONDS_MAX}},
}
_CODES: Final = {41: Failure.AUTH, 53: Failure.TURNS, 130: Failure.KILLED}


class Adapter(StreamEngine):
    """Gemini CLI."""

    def prepare(self, job: AgentJob) -> None:
        """Its settings, twice: as the user's, and as the system's, which beat those in the clone."""
        for path in (job.home / ".gemini" / "settings.json", _system_settings(job)):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_text(json.dumps(SETTINGS), encoding="utf-8")

    def arguments(self, job: AgentJob) -> list[str]:
        """No MCP server and no extension but those named `none`; no questions: the box is the guard."""
        argv = ["--approval-mode", "yolo", "--output-format", "stream-json"]
        argv += [f"--allowed-mcp-server-names={NOBODY}", f"--extensions={NOBODY}"]
        return [*argv, "--model", job.model] if job.model else argv

    def env(self, job: AgentJob, host_env: Mapping[str, str]) -> dict[str, str]:
        """Where its settings are."""
        return {
            **super().env(job, host_env),
            "GEMINI_CLI_SYSTEM_SETTINGS_PATH": str(_system_settings(job)),
            "GEMINI_CLI_TRUST_WORKSPACE": "true",
            "GEMINI_CLI_NO_RELAUNCH": "true",
            "NO_BROWSER": "true",
        }

    def noted_by(self, line: Mapping[str, Any]) -> None:
        """Its session has the tokens of each answer, some answers twice."""
        if line.get("type") == "gemini" and section(line, "tokens"):
            self.noted = self.answer(
                text_of(line, "id")[:100], _usage(section(line, "tokens"), ("input", "output", "total"))
            )

    def event(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        kind = event.get("type")
        if kind == "tool_use" or (kind == "message" and event.get("role") == "assistant"):
            self.worked()
        elif kind == "init":
            self.model = text_of(event, "model") or self.model
        elif kind == "error" and event.get("severity") != "warning":
            self.note = text_of(event, "message")
            self.stopped_by(self.note)
        elif kind == "result":
            self._result(event)

    def said(self, event: Mapping[str, Any]) -> Found:
        """Words, tool calls and their answers, and what went wrong."""
        kind = event.get("type")
        if kind == "message" and event.get("role") == "assistant":
            yield "message", text_of(event, "content")
        elif kind == "tool_use":
            yield "tool", call(text_of(event, "tool_name"), event.get("parameters"))
        elif kind == "tool_result":
            failed = event.get("status") == "error"
            yield ("error" if failed else "answer"), flat(event.get("output")) or flat(event.get("error"))
        elif kind == "error":
            yield "error", text_of(event, "message")
        elif kind == "result" and event.get("status") != "success":
            yield "error", text_of(section(event, "error"), "message") or "it ended with an error"

    def plain(self, stream: str, line: str) -> None:
        """On stderr it says why it cannot begin, or which answer it tries to get again."""
        if not self.final and (not self.turns or line.startswith("Attempt ")):
            self.stopped_by(line)

    def by_code(self, code: int) -> Failure | None:
        """Its own exit codes."""
        return _CODES.get(code)

    def _result(self, event: Mapping[str, Any]) -> None:
        self.final = True
        self.success = event.get("status") == "success" and not event.get("error")
        models = section(section(event, "stats"), "models")
        used = {name: _usage(section(models, name)) for name in models}
        self.usage = sum(used.values(), Usage())
        if used:
            self.dollars = sum(self.price(usage, name) for name, usage in used.items())
        if self.success:
            self.error = None
        else:
            self.note = text_of(section(event, "error"), "message") or "it ended with an error"
            self.stopped_by(self.note)


def _system_settings(job: AgentJob) -> Path:
    """A folder of its own, which only this user can write: otherwise it does not read it."""
    return job.home / ".gemini-system" / "settings.json"


def _usage(
    tokens: Mapping[str, Any], names: tuple[str, str, str] = ("input_tokens", "output_tokens", "total_tokens")
) -> Usage:
    """Its input holds what came from the cache; what it thought is in the total alone."""
    given, written, total = (whole(tokens, name) for name in names)
    cached = whole(tokens, "cached")
    read = max(0, given - cached)
    return Usage(read, cached, max(written, total - read - cached))
