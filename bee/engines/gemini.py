"""The `gemini` engine: Gemini CLI without a terminal, its events as JSON lines. It reports tokens and no dollars.

Its `json` format prints nothing before its end, which an outer clock cannot tell from a stall; hence `stream-json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bee.engines.base import EngineJob
from bee.engines.environment import agent_env, login
from bee.engines.events import StreamEngine, section, text_of, whole
from bee.engines.prices import Usage, cost_of, price_of
from bee.model.outcomes import Failure

LOGIN: Final = ("GEMINI_API_KEY",)
NO_KEY: Final = "none"
NOBODY: Final = "none"
ANSWERS_MAX: Final = 10_000
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


class GeminiEngine(StreamEngine):
    """Gemini CLI."""

    NAME = "gemini"
    PROGRAM = "gemini"
    PACKAGE = "@google/gemini-cli"
    TESTED = "0.61.0"
    LOGIN = LOGIN
    SERVER = "https://generativelanguage.googleapis.com"
    SERVER_VARIABLE = "GOOGLE_GEMINI_BASE_URL"
    PROTOCOL = "Gemini: `POST /v1beta/models/M:streamGenerateContent`"
    SESSIONS = ".gemini/tmp/*/chats/*.jsonl"
    IGNORES = "MCP servers, extensions, `.env`, in the box hooks"
    READS = "`GEMINI.md`, the rest of `.gemini/settings.json`"

    def prepare(self, job: EngineJob) -> None:
        """Its settings, twice: as the user's, and as the system's, which beat those in the clone."""
        for path in (job.home / ".gemini" / "settings.json", _system_settings(job)):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_text(json.dumps(SETTINGS), encoding="utf-8")

    def arguments(self, job: EngineJob) -> list[str]:
        """No MCP server and no extension but those named `none`; no questions: the box is the guard."""
        argv = ["--approval-mode", "yolo", "--output-format", "stream-json"]
        argv += [f"--allowed-mcp-server-names={NOBODY}", f"--extensions={NOBODY}"]
        return [*argv, "--model", job.model] if job.model else argv

    def env(self, job: EngineJob, host_env: Mapping[str, str]) -> dict[str, str]:
        """Its login, and where its settings are."""
        env = agent_env(job, host_env)
        env["GEMINI_CLI_SYSTEM_SETTINGS_PATH"] = str(_system_settings(job))
        env["GEMINI_CLI_TRUST_WORKSPACE"] = "true"
        env["GEMINI_CLI_NO_RELAUNCH"] = "true"
        env["NO_BROWSER"] = "true"
        if job.base_url:
            env |= {"GOOGLE_GEMINI_BASE_URL": job.base_url, LOGIN[0]: NO_KEY}
        return env | login(host_env, LOGIN)

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self._answers: dict[str, Usage] = {}

    def noted_by(self, line: Mapping[str, Any]) -> None:
        """Its session has the tokens of each answer, some answers twice."""
        tokens = section(line, "tokens")
        if line.get("type") == "gemini" and tokens and len(self._answers) < ANSWERS_MAX:
            cached, total = whole(tokens, "cached"), whole(tokens, "total")
            read = max(0, whole(tokens, "input") - cached)
            usage = Usage(read, cached, max(whole(tokens, "output"), total - read - cached))
            self._answers[text_of(line, "id")[:100]] = usage
            self.noted = sum(self._answers.values(), Usage())

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
            prices = {name: price_of(self.NAME, name, self._own_server, self._prices) for name in used}
            self.dollars = sum(cost_of(usage, prices[name]) for name, usage in used.items())
        if self.success:
            self.trouble = None
        else:
            self.note = text_of(section(event, "error"), "message") or "it ended with an error"
            self.stopped_by(self.note)


def _system_settings(job: EngineJob) -> Path:
    """A folder of its own, which only this user can write: otherwise it does not read it."""
    return job.home / ".gemini-system" / "settings.json"


def _usage(tokens: Mapping[str, Any]) -> Usage:
    """Its input holds what came from the cache; what it thought is in the total alone."""
    cached = whole(tokens, "cached")
    read = max(0, whole(tokens, "input_tokens") - cached)
    return Usage(read, cached, max(whole(tokens, "output_tokens"), whole(tokens, "total_tokens") - read - cached))
