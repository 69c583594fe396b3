"""Judges a `--json` line by the schema of its command, with no room for keys that the schema does not name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import jsonschema

from bee.cli.commands import help


def shape_of(words: Sequence[str]) -> str:
    """The name of the shape that a command line prints."""
    named = [f"{words[0]} --all"] if "--all" in words else []
    return next((name for name in named if name in help.shapes()), words[0])


def valid(words: Sequence[str], out: str) -> dict[str, Any]:
    """The last line of what `bee WORDS` printed, judged."""
    data = json.loads(out.strip().split("\n")[-1])
    judge(shape_of(words), data)
    return dict(data)


def judge(name: str, data: Any) -> None:
    """Raise jsonschema's ValidationError where the data is not of that shape."""
    schema = _closed(json.loads(help.schema(name)))
    jsonschema.validate(data, schema, cls=jsonschema.Draft202012Validator)


def _closed(part: Any) -> Any:
    """The schema without room for keys that it does not name."""
    if isinstance(part, list):
        return [_closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    closed = {key: _closed(value) for key, value in part.items()}
    return {**closed, "additionalProperties": False} if "properties" in part and "required" in part else closed
