"""The hidden markers `<!-- bee:<name> key=value ... -->`: parsed and rendered, nothing more.

Whether a marker counts (who wrote it, when, about which head) is decided in `trust`. Total: bad text is not a marker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from bee.model.markdown import BODIES_KEPT_MAX, in_alerts, outside_code
from bee.model.text import digest

POSTS_KEPT_MAX: Final = 512
APPROVED: Final = "approved-for-e2e"
CHANGES_REQUESTED: Final = "changes-requested"
PLAN: Final = "plan"
PLAN_APPROVED: Final = "plan-approved"
PULL: Final = "pr"
RUN: Final = "run"
ALERT: Final = "alert"
HINT: Final = "hint"
NEW: Final = "new"

# By name: the values it holds, who writes it, what it does.
KNOWN: Final = {
    APPROVED: (
        "`sha=`, all digits; `base_ref=`",
        "a person, on a pull request",
        "approved into this base: on to E2E and merge without review",
    ),
    CHANGES_REQUESTED: (
        "`sha=`, at least 7 digits, on a pull request",
        "a person",
        "a pull request goes back to the drafter, over any approval; an issue's plan to the planner, unless a person "
        "approves it later",
    ),
    PLAN: (
        "`design=` `answers=` `edited=`",
        "bee, above the plan",
        "binds the plan to the design text it was made from, and to the last change request that its planner read, by "
        "its number and the last edit",
    ),
    PLAN_APPROVED: (
        "`text=` `by=` `id=`",
        "a person through `bee approve`, or bee for a box that a person ticked on the dashboard",
        "approves the plan with this text, as a tick at its gate does",
    ),
    PULL: (
        "`issue=` `step=` `plan=` `pushed=`",
        "bee, in a pull request body",
        "says which step the pull request is, and which head bee pushed",
    ),
    RUN: (
        "`id=` `role=` `key=`, and for evidence `verdict=` `head=` `base=` `base_ref=` `base_changes=` `result=` "
        "`class=` `trace=`, `origin=` where the trace is in another repository; `pushed=` where the run pushed; "
        "`thread=` `line=` in a review thread, up to which comment; `kind=status` in the status comment",
        "bee, in everything it posts",
        "finds bee's own earlier effect, so that a retry repeats nothing; carries verdicts and E2E results",
    ),
    ALERT: ("`key=`", "bee and `scripts/watchdog`, in an alert issue", "one issue per key; never work"),
    HINT: ("none", "`bee retry --hint`", "the comment is given to the next run as `hint.md`"),
    NEW: ("`key=`", "`bee new`, in an issue's body", "a second try finds the issue instead of opening another"),
}

_MARKER: Final = re.compile(r"<!-- bee:([a-z][a-z0-9-]{0,40})((?: [a-z_]{1,20}=[A-Za-z0-9._:/@+,-]{0,200}){0,20}) -->")
_VALUE: Final = re.compile(r"[A-Za-z0-9._:/@+,-]{0,200}")


@dataclass(frozen=True, slots=True)
class Marker:
    """One marker. Values hold no spaces: ids, oids, hashes, numbers."""

    name: str
    values: Mapping[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str:
        """The value of `key`, or the empty string."""
        return self.values.get(key, "")


def render(marker: Marker) -> str:
    """The marker as GitHub hides it. Raises ValueError for a value that would not come back."""
    for key, value in marker.values.items():
        if not _VALUE.fullmatch(value):
            raise ValueError(f"marker value {key}={value!r} cannot be written")
    text = f"<!-- bee:{marker.name}{''.join(f' {key}={value}' for key, value in marker.values.items())} -->"
    if parse(text) != (marker,):
        raise ValueError(f"marker {marker!r} cannot be written")
    return text


def ref_value(name: str) -> str:
    """A branch name as a value; as its hash, after a colon that no branch name holds, where a value cannot hold it."""
    return name if _VALUE.fullmatch(name) else f":{digest(name)}"


def may_hold(text: str) -> bool:
    """Whether there can be a marker in the text at all: a cheap look before the thorough one."""
    return "<!-- bee:" in text


@lru_cache(maxsize=BODIES_KEPT_MAX)
def parse(body: str) -> tuple[Marker, ...]:
    """All markers of a body in order, outside code and quotes; then what asks for changes in an alert."""
    return _parsed(body) if may_hold(body) else ()


@lru_cache(maxsize=POSTS_KEPT_MAX)
def _parsed(body: str) -> tuple[Marker, ...]:
    stops = [marker for line in in_alerts(body) for marker in _in_line(line) if marker.name == CHANGES_REQUESTED]
    return (*(marker for _, line in outside_code(body) for marker in _in_line(line)), *stops)


def _in_line(line: str) -> Iterator[Marker]:
    for match in _MARKER.finditer(line):
        yield Marker(match[1], dict(pair.partition("=")[::2] for pair in match[2].split()))


def is_status(body: str) -> bool:
    """Whether this is the text of a status comment: where an item stands, for people; never a word in its thread."""
    return any(marker.get("kind") == "status" for marker in named(body, RUN))


def is_question(body: str) -> bool:
    """Whether this tells a person of a cause, and asks what to do."""
    return any(marker.get("cause") for marker in named(body, RUN))


def named(body: str, name: str) -> tuple[Marker, ...]:
    """The markers of one name, in order."""
    return tuple(marker for marker in parse(body) if marker.name == name)
