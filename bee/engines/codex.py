"""The `codex` engine: Codex CLI's `exec`, its events as JSON lines. It reports tokens and no dollars."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from bee.engines.base import EngineJob
from bee.engines.environment import agent_env, login
from bee.engines.events import StreamEngine, section, text_of, whole
from bee.engines.prices import Usage
from bee.model.outcomes import Failure

LOGIN: Final = ("OPENAI_API_KEY",)
NO_KEY: Final = "none"
PROVIDER: Final = "bee"
FOLDER: Final = ".codex"
# Items that are the agent's work; `error` and the like are not.
_WORK: Final = frozenset(
    "agent_message reasoning command_execution file_change mcp_tool_call web_search todo_list".split()
)


class CodexEngine(StreamEngine):
    """Codex CLI. A run is one turn of its own; what counts here are the items in it."""

    NAME = "codex"
    PROGRAM = "codex"
    PACKAGE = "@openai/codex"
    TESTED = "0.169.0"
    LOGIN = LOGIN
    SERVER = "https://api.openai.com/v1"
    SERVER_VARIABLE = "OPENAI_BASE_URL"
    PROTOCOL = "OpenAI: `POST /v1/responses`"
    SESSIONS = ".codex/sessions/*/*/*/*.jsonl"
    IGNORES = "`config.toml`, rules, MCP servers"
    READS = "`AGENTS.md`"

    def prepare(self, job: EngineJob) -> None:
        """Its folder must exist."""
        (job.home / FOLDER).mkdir(mode=0o700, exist_ok=True)

    def arguments(self, job: EngineJob) -> list[str]:
        """No configuration and rules of anybody's; no questions: the box is the guard.

        It keeps a session (in the private HOME, which ends with the run), because there alone it says what it has used.
        Its shell must be no login shell, whose profile would put the system's PATH in the place of the run's.
        """
        argv = ["exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]
        argv += ["--ignore-user-config", "--ignore-rules", "-c", "allow_login_shell=false"]
        if job.base_url:
            provider = {"name": PROVIDER, "base_url": job.base_url, "env_key": LOGIN[0], "wire_api": "responses"}
            table = ",".join(f"{key}={json.dumps(value)}" for key, value in provider.items())
            argv += ["-c", f'model_provider="{PROVIDER}"', "-c", f"model_providers.{PROVIDER}={{{table}}}"]
        return [*argv, "-m", job.model] if job.model else argv

    def env(self, job: EngineJob, host_env: Mapping[str, str]) -> dict[str, str]:
        """Its login: the vendor's own server is logged in to by CODEX_API_KEY, with the same key."""
        env = {**agent_env(job, host_env), "CODEX_HOME": str(job.home / FOLDER)}
        key = login(host_env, LOGIN)
        if job.base_url:
            return {**env, LOGIN[0]: NO_KEY, **key}
        return {**env, **key, "CODEX_API_KEY": key[LOGIN[0]]} if key else env

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

    def noted_by(self, line: Mapping[str, Any]) -> None:
        """Its session counts up."""
        payload = section(line, "payload")
        if payload.get("type") == "token_count":
            self.noted = _usage(section(section(payload, "info"), "total_token_usage"))

    def _error(self, text: str) -> None:
        """It connects anew five times, and waits as long as it is told to, for what will not come in this run."""
        self.note = text
        trouble = self.stopped_by(text)
        again = text.startswith("Reconnecting") and "exceeded retry limit" not in text
        quota = trouble is not None and trouble.failure is Failure.QUOTA and not again
        self.hopeless = quota or (trouble is not None and trouble.failure is Failure.AUTH)

    def plain(self, stream: str, line: str) -> None:
        """Errors before the first event."""
        if not self.turns and not self.final:
            self.stopped_by(line)


def _usage(usage: Mapping[str, Any]) -> Usage:
    """Its input holds what came from the cache, its output the reasoning."""
    cached = whole(usage, "cached_input_tokens")
    return Usage(max(0, whole(usage, "input_tokens") - cached), cached, whole(usage, "output_tokens"))
