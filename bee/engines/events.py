"""The lines of an engine's output: an event as JSON, and what it says to people. Pure.

A line that is not an event is shown as it is; an event that says nothing to people is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from bee.model.text import clipped, plain

Kind = Literal["message", "thought", "tool", "answer", "error", "output"]
Found = Iterator[tuple[Kind, str]]
TEXT_BYTES_MAX: Final = 4_000
COUNT_MAX: Final = 10**12  # a program may print any number, and counts become dollars


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """One thing an agent said or did, fit for a terminal: at most TEXT_BYTES_MAX, control characters made visible."""

    kind: Kind
    text: str


def entries(found: Iterable[tuple[Kind, str]]) -> list[TranscriptEntry]:
    """What was found in one line, as entries; empty texts are left out."""
    return [
        TranscriptEntry(kind, plain(clipped(text.strip("\n"), TEXT_BYTES_MAX))) for kind, text in found if text.strip()
    ]


def output_entry(line: bytes) -> list[TranscriptEntry]:
    """A line that is not an event."""
    return entries([("output", line.decode("utf-8", "replace").rstrip())])


def parse(line: bytes) -> dict[str, Any] | None:
    """One event; None for any line that is not a JSON object."""
    if line.lstrip()[:1] != b"{":
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def section(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of an event that is an object; an empty one where it is not."""
    value = event.get(name)
    return value if isinstance(value, dict) else {}


def whole(event: Mapping[str, Any], name: str) -> int:
    """A count of an event, COUNT_MAX at most; 0 where there is none."""
    value = event.get(name)
    return min(value, COUNT_MAX) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def text_of(event: Mapping[str, Any], name: str) -> str:
    """A text of an event; empty where there is none."""
    value = event.get(name)
    return value if isinstance(value, str) else ""


def parts(event: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects of a list in an event."""
    value = event.get(name)
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def flat(value: Any) -> str:
    """The text of a tool's answer, in any of the shapes it comes in."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(map(flat, value))
    if isinstance(value, dict):
        return flat(value.get("text") or value.get("output") or value.get("message") or "")
    return ""


def call(name: str, args: Any) -> str:
    """A tool call: the command itself for a shell, else the name and its arguments."""
    args = args if isinstance(args, dict) else {}
    command = args.get("command") or args.get("cmd")
    if isinstance(command, str):
        return f"$ {command}"
    return f"{name} {json.dumps(args, ensure_ascii=False)}" if args else name
