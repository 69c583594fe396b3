"""A parsed configuration file: plain values that remember their lines. No parsing, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tree:
    """One value of a file, with its line (from 1); for a mapping, `key_lines` has the line of each key."""

    value: str | int | float | bool | list[Tree] | dict[str, Tree] | None
    line: int
    key_lines: Mapping[str, int] = field(default_factory=dict)
