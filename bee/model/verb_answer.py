"""What bee answers to a verb an agent used in session. A value, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """The text for the agent, and `exit`, the code its `bee` command ends with."""

    ok: bool
    text: str
    exit: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)


def refused(text: str, exit_code: int = 2) -> Answer:
    """An answer that says no; `text` says what would be accepted."""
    return Answer(ok=False, text=text, exit=exit_code)
