"""Which hosts an agent may reach: `open`, `none`, or a list of names. Pure.

A name is `host`, `host:port`, or `*.domain` (every name below it, not itself). What the engine's own model server
needs is added by whoever starts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

Network = str | tuple[str, ...]
OPEN: Final = "open"
NONE: Final = "none"
PATTERN: Final = re.compile(
    r"(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})(?::[0-9]{1,5})?|\[[0-9a-fA-F:.]{2,45}\](?::[0-9]{1,5})?"
)


def is_host(text: str) -> bool:
    """Whether it is a name that a list may hold."""
    return PATTERN.fullmatch(text) is not None and ".." not in text


def allows(patterns: Iterable[str], host: str, port: int) -> bool:
    """Whether a host and port are on a list; names are compared without case and without the root's dot."""
    host = host.lower().rstrip(".")
    return any(_covers(*_split(pattern), host, str(port)) for pattern in patterns)


def _split(pattern: str) -> tuple[str, str]:
    """Name and port; the port empty for any."""
    found = re.fullmatch(r"(.*?)(?::([0-9]{1,5}))?", pattern.lower()) if not pattern.startswith("[") else None
    if found is None:
        name, _, port = pattern.lower().partition("]")
        return name[1:], port.removeprefix(":")
    return found[1], found[2] or ""


def _covers(name: str, port: str, other: str, other_port: str) -> bool:
    """Whether everything that `other` means is meant by `name`."""
    below = name.startswith("*.") and other.removeprefix("*.").endswith(name[1:])
    return (name == other or below) and port in ("", other_port)


def narrowed(first: Network, second: Network) -> Network:
    """What both allow."""
    if NONE in (first, second):
        return NONE
    if first == OPEN:
        return second
    if second == OPEN:
        return first
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    pairs = [(one, other) for own, others in ((first, second), (second, first)) for one in own for other in others]
    return tuple(dict.fromkeys(one for one, other in pairs if _covers(*_split(other), *_split(one))))
