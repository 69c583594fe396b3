"""Where bee's refs stand, and whether bee wrote what stands there: the one way from GitHub's commits to records.

It asks GitHub nothing: `read` and `git_database` hand it what they were told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from bee.github.json import JsonReader
from bee.model.items import Tip
from bee.model.records import Record
from bee.model.refs import CONTROL_REF, MERGE_REFS
from bee.model.seals import Doubt, Foreign, Key, Place, read

# What is asked of a ref in a list, and of one that is read alone.
LISTED: Final = "name target { __typename oid ... on Commit { message } }"
ALONE: Final = "name target { __typename oid ... on Commit { message parents(first: 1) { nodes { oid } } } }"


class Memory(Protocol):
    """The highest count that this machine saw of each ref, by repository (its node id)."""

    def seen(self, repository: str) -> Mapping[str, int]:
        """The counts of one repository."""

    def note(self, repository: str, counts: Mapping[str, int]) -> None:
        """Remember these, where they are higher."""


@dataclass(frozen=True, slots=True)
class Oblivion:
    """No memory: every ref is believed as it stands."""

    def seen(self, _repository: str) -> Mapping[str, int]:
        """Nothing."""
        return {}

    def note(self, _repository: str, _counts: Mapping[str, int]) -> None:
        """Nothing comes of it."""


@dataclass(frozen=True, slots=True)
class TipReader:
    """Reads tips with a machine's keys and memory. Without a key nothing verifies.

    `looks_only`: nothing new is remembered.
    """

    keys: tuple[Key, ...] = ()
    memory: Memory = field(default_factory=Oblivion)
    looks_only: bool = False

    def tips(self, repository: str, prefix: str, refs: Iterable[JsonReader]) -> dict[str, Tip]:
        """Where the refs below a prefix stand, by the name below it, each from its node of GraphQL's `Ref`.

        A list does not tell the commit before: GitHub would count one more request for each ref.
        """
        found = {
            name: self._tip(repository, prefix + name, node.one("target"), alone=False)
            for node in refs
            if (name := node.text("name"))
        }
        self.note(repository, {prefix + name: tip for name, tip in found.items()})
        return found

    def tip(self, repository: str, ref: str, node: JsonReader | None) -> Tip | None:
        """Where one ref stands. The pause of a repository that is gone, but was there, has been moved back."""
        if node is not None:
            found = self._tip(repository, ref, node.one("target"), alone=True)
            self.note(repository, {ref: found})
            return found
        gone = ref == CONTROL_REF and ref in self.memory.seen(repository)
        return Tip("", None, Foreign(Doubt.BEHIND)) if gone else None

    def commit(self, place: Place, oid: str, message: str) -> Tip:
        """Where a ref stands whose commit was read alone."""
        found = self._read(place, oid, message)
        self.note(place.repository, {place.ref: found})
        return found

    def below(self, repository: str, ref: str, tip: Tip, history: Sequence[JsonReader]) -> Tip:
        """A tip that does not verify, with the last record below it that does, by its first parents in `history`."""
        commits = {node.text("oid"): node for node in history}
        oid: str | None = tip.oid
        while oid is not None and (node := commits.pop(oid, None)) is not None:
            found = self._tip(repository, ref, node, alone=True)
            if found.record is not None:
                return replace(tip, record=found.record)
            oid = _parent(node) or None
        return tip

    def note(self, repository: str, tips: Mapping[str, Tip]) -> None:
        """Remember the counts of records that verify. A merge ref holds records of items, old ones too."""
        if self.looks_only:
            return
        counts = {
            ref: tip.record.sequence
            for ref, tip in tips.items()
            if tip.record is not None and not ref.startswith(MERGE_REFS)
        }
        self.memory.note(repository, counts)

    def _tip(self, repository: str, ref: str, target: JsonReader, alone: bool) -> Tip:
        oid = target.text("oid")
        if target.text("__typename") != "Commit":
            return Tip(oid, None, Foreign(Doubt.UNREADABLE))
        place = Place(repository, ref, _parent(target) if alone else None)
        return self._read(place, oid, target.text("message"))

    def _read(self, place: Place, oid: str, message: str) -> Tip:
        least = 0 if place.ref.startswith(MERGE_REFS) else self.memory.seen(place.repository).get(place.ref, 0)
        found = read(message, place, self.keys, least)
        return Tip(oid, found) if isinstance(found, Record) else Tip(oid, None, found)


def _parent(commit: JsonReader) -> str:
    """The first parent; empty where there is none."""
    nodes = commit.one("parents").many("nodes")
    return nodes[0].text("oid") if nodes else ""
