"""The `claude` engine: Claude Code in print mode, its events as JSON lines."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from bee.engines.base import AgentJob
from bee.engines.errors import EngineError, is_quota_sentence, sane
from bee.engines.events import COUNT_MAX, Found, call, flat, parts, section, text_of, whole
from bee.engines.prices import Usage
from bee.engines.stream import StreamEngine
from bee.model.outcomes import Failure

# Longer than any E2E run: `bee e2e run` is one command of the agent's shell tool.
COMMAND_SECONDS_MAX: Final = 30 * 60
HOPELESS_RETRIES: Final = 2
# From this share of a limit on, Claude Code may end its turn before the work is done, and call it a success.
NEAR_LIMIT_SHARE: Final = 0.9
NEAR_LIMIT_SECONDS_MAX: Final = 5 * 60 * 60  # its short window; a week's end is not waited for on a warning
QUIET: Final = {
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_TELEMETRY": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
    "BASH_DEFAULT_TIMEOUT_MS": str(COMMAND_SECONDS_MAX * 1000),
    "BASH_MAX_TIMEOUT_MS": str(COMMAND_SECONDS_MAX * 1000),
}
_ERRORS: Final = {
    "authentication_failed": Failure.AUTH,
    "oauth_org_not_allowed": Failure.AUTH,
    "billing_error": Failure.AUTH,
    "rate_limit": Failure.QUOTA,
}
_STATUS: Final = {401: Failure.AUTH, 402: Failure.AUTH, 403: Failure.AUTH, 429: Failure.QUOTA}
_SUBTYPES: Final = {"error_max_turns": Failure.TURNS, "error_max_budget_usd": Failure.BUDGET}


class Adapter(StreamEngine):
    """Claude Code. Exit code, `subtype` and `is_error` each lie sometimes, so all of them must say success."""

    def arguments(self, job: AgentJob) -> list[str]:
        """No settings, hooks or MCP servers but its own; no questions: the box is the guard."""
        argv = ["-p", "--output-format", "stream-json", "--verbose", "--permission-mode", "bypassPermissions"]
        argv += ["--setting-sources", "", "--strict-mcp-config", "--no-session-persistence"]
        argv += ["--model", job.model] if job.model else []
        argv += ["--max-budget-usd", f"{job.usd_max:g}"] if job.usd_max > 0 else []
        return argv

    def env(self, job: AgentJob, host_env: Mapping[str, str]) -> dict[str, str]:
        """Without questions, updates and telemetry."""
        env = {**super().env(job, host_env), **QUIET}
        if job.boxed and os.geteuid() == 0:
            env["IS_SANDBOX"] = "1"  # it refuses to work without questions as root, but in a box
        return env

    def event(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        kind = event.get("type")
        if kind == "result":
            self._result(event)
        elif kind == "assistant":
            self._assistant(event)
        elif kind == "rate_limit_event":
            self._rate_limit(section(event, "rate_limit_info") or event)
        elif kind == "system" and event.get("subtype") == "api_retry":
            self._retry(event)

    def said(self, event: Mapping[str, Any]) -> Found:
        """Words, thoughts, tool calls and their answers, and what went wrong."""
        kind = event.get("type")
        for part in parts(section(event, "message"), "content"):
            what = part.get("type")
            if kind == "assistant" and what == "text":
                yield ("error" if event.get("error") else "message"), text_of(part, "text")
            elif kind == "assistant" and what == "thinking":
                yield "thought", text_of(part, "thinking")
            elif kind == "assistant" and what == "tool_use":
                yield "tool", call(text_of(part, "name"), part.get("input"))
            elif kind == "user" and what == "tool_result":
                yield ("error" if part.get("is_error") else "answer"), flat(part.get("content"))
        if kind == "system" and event.get("subtype") == "api_retry":
            yield "error", f"the model server did not answer ({text_of(event, 'error')}); it tries again"
        elif kind == "rate_limit_event" and section(event, "rate_limit_info").get("status") == "rejected":
            yield "error", "a limit of the account is reached"
        elif kind == "result" and (event.get("is_error") is not False or event.get("subtype") != "success"):
            yield "error", text_of(event, "result") or flat(event.get("errors")) or text_of(event, "subtype")

    def plain(self, stream: str, line: str) -> None:
        """Without events it says in words why it stops."""
        if is_quota_sentence(line):
            self.stopped_by(line, Failure.QUOTA)
        elif not self.turns:
            self.stopped_by(line)

    def _assistant(self, event: Mapping[str, Any]) -> None:
        error = text_of(event, "error")
        message = section(event, "message")
        if error:
            words = " ".join(text_of(part, "text") for part in parts(message, "content")).strip()
            self.stopped_by(words or error, _ERRORS.get(error))
            return
        self.usage = self.answer(text_of(message, "id") or str(len(self.answers)), _usage(section(message, "usage")))
        self.model = text_of(message, "model") or self.model
        self.worked()

    def _rate_limit(self, info: Mapping[str, Any]) -> None:
        """Sent after every answer; only `rejected` stops it. `utilization` is a share, 0 to 1."""
        now, used = self._clock(), info.get("utilization")
        at = sane(whole(info, "resetsAt") or whole(info, "resets_at"), now)
        limit = text_of(info, "rateLimitType") or "of the account"
        if info.get("status") == "rejected":
            self.error = EngineError(Failure.QUOTA, f"the limit {limit} is reached", at)
            return
        full = not isinstance(used, int | float) or used >= NEAR_LIMIT_SHARE
        near = full and info.get("status") == "allowed_warning"
        soon = at if at is not None and at - now <= NEAR_LIMIT_SECONDS_MAX else None
        self.warned = EngineError(Failure.QUOTA, f"the limit {limit} is nearly reached", soon) if near else None

    def _retry(self, event: Mapping[str, Any]) -> None:
        """It tries ten times, for minutes, what a wrong login will not change."""
        failure = _ERRORS.get(text_of(event, "error")) or _STATUS.get(whole(event, "error_status"))
        if failure is not None:
            self.stopped_by(f"{text_of(event, 'error')} (HTTP {whole(event, 'error_status')})", failure)
            self.hopeless = failure is Failure.AUTH and whole(event, "attempt") >= HOPELESS_RETRIES

    def _result(self, event: Mapping[str, Any]) -> None:
        self.final = True
        self.turns = whole(event, "num_turns")
        dollars = event.get("total_cost_usd")
        if isinstance(dollars, int | float) and 0 <= dollars <= COUNT_MAX:
            self.dollars = float(dollars)
        self.usage = _usage(section(event, "usage"))
        subtype, text = text_of(event, "subtype"), text_of(event, "result")
        lines = event.get("errors")
        self.note = text or "; ".join(map(str, lines)) if isinstance(lines, list) else text or subtype
        failed = event.get("is_error") is not False or subtype != "success"
        if subtype in _SUBTYPES:
            self.error = EngineError(_SUBTYPES[subtype], self.note)
        elif failed:
            self.stopped_by(self.note, _STATUS.get(whole(event, "api_error_status")))
        elif is_quota_sentence(text):
            self.stopped_by(text, Failure.QUOTA)
        self.success = not failed


def _usage(usage: Mapping[str, Any]) -> Usage:
    names = ("input_tokens", "cache_read_input_tokens", "output_tokens", "cache_creation_input_tokens")
    return Usage(*(whole(usage, name) for name in names))
