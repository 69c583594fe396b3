"""The judge's own reader: what bee left on GitHub, by the formats that `docs` describe. Nothing of bee reads here.

It believes every record: who wrote one is the judge's question, not the reader's.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

ITEM_REFS: Final = "refs/bee/items/"
MERGE_REFS: Final = "refs/bee/merge/"
CONTROL_REF: Final = "refs/bee/control"
HOLDING: Final = frozenset({"claimed", "renewed", "published"})
AGENTS: Final = frozenset({"planner", "drafter", "reviewer", "test", "merger"})
NOT_A_TRY: Final = frozenset({"quota", "auth", "github-away", "rules-refused", "cancelled"})
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_NO_TEXT: Final = re.compile(r"^(?: {4}|\t| {0,3}>)")
_SPAN: Final = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_MARKER: Final = re.compile(r"<!-- bee:([a-z0-9-]+)((?: [a-z_]+=\S*)*) -->")
_BRANCH: Final = re.compile(r"bee/([0-9]+)-(.+)")


@dataclass(frozen=True)
class Record:
    """One commit of a ledger. `outbox` and `history` are as in its JSON; an effect's kind is its `do`."""

    text: dict[str, Any]
    outbox: tuple[SimpleNamespace, ...] = field(init=False)
    history: tuple[SimpleNamespace, ...] = field(init=False)

    def __post_init__(self) -> None:
        effects = tuple(SimpleNamespace(**one) for one in self.text.get("outbox", ()))
        blank = {"role": "", "outcome": "", "failure": "", "note": "", "head": "", "ended_at": 0, "run": "",
                 "cost_usd": 0.0}  # fmt: skip
        history = tuple(SimpleNamespace(**{**blank, **one}) for one in self.text.get("history", ()))
        object.__setattr__(self, "outbox", effects)
        object.__setattr__(self, "history", history)

    def _word(self, name: str) -> str:
        return str(self.text.get(name) or "")

    def _number(self, name: str) -> int:
        return int(self.text.get(name) or 0)

    kind = property(lambda self: self._word("kind"))
    run = property(lambda self: self._word("run"))
    role = property(lambda self: self._word("role"))
    host = property(lambda self: self._word("host"))
    fingerprint = property(lambda self: self._word("fingerprint"))
    outcome = property(lambda self: self._word("outcome"))
    failure = property(lambda self: self._word("failure"))
    note = property(lambda self: self._word("note"))
    head = property(lambda self: self._word("head"))
    number = property(lambda self: self._number("number"))
    at = property(lambda self: self._number("at"))
    started_at = property(lambda self: self._number("started_at"))
    expires_at = property(lambda self: self._number("expires_at"))
    cost_usd = property(lambda self: float(self.text.get("cost_usd") or 0.0))
    cost_usd_before = property(lambda self: float(self.text.get("cost_usd_before") or 0.0))

    @property
    def holds(self) -> bool:
        """Whether it claims the item, until `expires_at`."""
        return self.kind in HOLDING

    @property
    def runs(self) -> tuple[Any, ...]:
        """All runs that it tells of, oldest first, its own last."""
        return (*self.history, self) if self.fingerprint else self.history


def record(message: str) -> Record | None:
    """The record of a commit's message: a line, an empty one, then JSON. None for anything else."""
    try:
        text = json.loads(message.partition("\n\n")[2])
    except ValueError:
        return None
    return Record(text) if isinstance(text, dict) and "kind" in text else None


@dataclass(frozen=True)
class Marker:
    """`<!-- bee:NAME key=value … -->`."""

    name: str
    values: dict[str, str]
    text: str

    def get(self, key: str) -> str:
        """The value of `key`, or the empty string."""
        return self.values.get(key, "")


def markers(body: str, *names: str) -> list[Marker]:
    """The markers of a text (those with these names, or all), outside code and quotes."""
    found, fence = list[Marker](), ""
    for line in body.splitlines():
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        elif not fence and not _NO_TEXT.match(line):
            for one in _MARKER.finditer(_SPAN.sub("", line)):
                values = dict(pair.split("=", 1) for pair in one[2].split())
                found.append(Marker(one[1], values, one[0]))
    return [one for one in found if not names or one.name in names]


def branch(name: str) -> tuple[int, str] | None:
    """(the issue, the step) of a branch of bee's."""
    found = _BRANCH.fullmatch(name)
    return (int(found[1]), found[2]) if found else None
