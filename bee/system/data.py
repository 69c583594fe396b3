"""The files that ship with bee beside its code: prompts, guards, units, and the texts that bee fills in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from bee.model.errors import UsageError


def data_path(kind: str, name: str) -> Path:
    """A file or folder of these: in the wheel beside the code, in a checkout at the top. Raises UsageError."""
    code = Path(__file__).resolve().parents[1]
    for folder in (code / "_data" / kind, code.parent / kind):
        if (folder / name).exists():
            return folder / name
    raise UsageError(f"this bee is not whole: {kind}/{name} is missing; install it again")


def filled(text: str, values: Mapping[str, str], escaped: Callable[[str], str] = str) -> str:
    """The text with each `{{name}}` replaced by its value, escaped as the reader of that text wants it."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: escaped(values[found[1]]), text)
