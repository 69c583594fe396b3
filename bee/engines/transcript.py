"""What a line of an engine's output says to people: words, tool calls and their answers, troubles. Pure.

A line that is no event of the engine's stands as it is; an event that says nothing to people is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from bee.engines.events import parse, section, text_of
from bee.model.text import clipped, plain

Kind = Literal["message", "thought", "tool", "answer", "error", "output"]
TEXT_BYTES_MAX: Final = 4_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing an agent said or did, fit for a terminal: at most TEXT_BYTES_MAX, control characters made visible."""

    kind: Kind
    text: str


def readable(engine: str, line: bytes) -> list[Entry]:
    """The entries of one line of output."""
    event = parse(line) if engine in _READERS else None
    if event is None:
        text = clipped(line.decode("utf-8", "replace").rstrip(), TEXT_BYTES_MAX)
        return [Entry("output", plain(text))] if text.strip() else []
    found = _READERS[engine](event)
    return [Entry(kind, plain(clipped(text.strip("\n"), TEXT_BYTES_MAX))) for kind, text in found if text.strip()]


Found = Iterator[tuple[Kind, str]]


def _parts(value: Any) -> list[Mapping[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _flat(value: Any) -> str:
    """The text of a tool's answer, in any of the shapes it comes in."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(map(_flat, value))
    if isinstance(value, dict):
        return _flat(value.get("text") or value.get("output") or value.get("message") or "")
    return ""


def _call(name: str, args: Any) -> str:
    """A tool call: the command itself for a shell, else the name and its arguments."""
    args = args if isinstance(args, dict) else {}
    command = args.get("command") or args.get("cmd")
    if isinstance(command, str):
        return f"$ {command}"
    return f"{name} {json.dumps(args, ensure_ascii=False)}" if args else name


def _claude(event: Mapping[str, Any]) -> Found:
    kind, parts = event.get("type"), _parts(section(event, "message").get("content"))
    for part in parts:
        what = part.get("type")
        if kind == "assistant" and what == "text":
            yield ("error" if event.get("error") else "message"), text_of(part, "text")
        elif kind == "assistant" and what == "thinking":
            yield "thought", text_of(part, "thinking")
        elif kind == "assistant" and what == "tool_use":
            yield "tool", _call(text_of(part, "name"), part.get("input"))
        elif kind == "user" and what == "tool_result":
            yield ("error" if part.get("is_error") else "answer"), _flat(part.get("content"))
    if kind == "system" and event.get("subtype") == "api_retry":
        yield "error", f"the model server did not answer ({text_of(event, 'error')}); it tries again"
    elif kind == "rate_limit_event" and section(event, "rate_limit_info").get("status") == "rejected":
        yield "error", "a limit of the account is reached"
    elif kind == "result" and (event.get("is_error") is not False or event.get("subtype") != "success"):
        yield "error", text_of(event, "result") or _flat(event.get("errors")) or text_of(event, "subtype")


def _codex(event: Mapping[str, Any]) -> Found:
    kind, item = event.get("type"), section(event, "item")
    what = item.get("type")
    if kind == "item.started" and what == "command_execution":
        yield "tool", _call("", item)
    elif kind == "item.started" and what == "mcp_tool_call":
        yield "tool", _call(text_of(item, "tool"), item.get("arguments"))
    elif kind == "item.completed":
        yield from _codex_item(item, what)
    elif kind == "turn.failed":
        yield "error", text_of(section(event, "error"), "message")
    elif kind == "error":
        yield "error", text_of(event, "message")


def _codex_item(item: Mapping[str, Any], what: Any) -> Found:
    if what == "agent_message":
        yield "message", text_of(item, "text")
    elif what == "reasoning":
        yield "thought", text_of(item, "text")
    elif what == "command_execution":
        code = item.get("exit_code")
        yield ("answer" if code == 0 else "error"), text_of(item, "aggregated_output") or f"(exit {code}, no output)"
    elif what == "file_change":
        yield (
            "tool",
            "\n".join(f"{text_of(part, 'kind')} {text_of(part, 'path')}" for part in _parts(item.get("changes"))),
        )
    elif what == "web_search":
        yield "tool", f"web search: {text_of(item, 'query')}"
    elif what == "mcp_tool_call":
        yield "answer", _flat(item.get("result"))
    elif what == "error":
        yield "error", text_of(item, "message")


def _gemini(event: Mapping[str, Any]) -> Found:
    kind = event.get("type")
    if kind == "message" and event.get("role") == "assistant":
        yield "message", text_of(event, "content")
    elif kind == "tool_use":
        yield "tool", _call(text_of(event, "tool_name"), event.get("parameters"))
    elif kind == "tool_result":
        failed = event.get("status") == "error"
        yield ("error" if failed else "answer"), _flat(event.get("output")) or _flat(event.get("error"))
    elif kind == "error":
        yield "error", text_of(event, "message")
    elif kind == "result" and event.get("status") != "success":
        yield "error", text_of(section(event, "error"), "message") or "it ended with an error"


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Found]]] = {
    "claude": _claude,
    "codex": _codex,
    "gemini": _gemini,
}
