"""How many issues and pull requests GitHub is asked for at once: as many as it answers, and remembered.

A size is a memo in bee's home, and may be forgotten at any time. Nothing is decided by it: every list is read whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from bee.model import limits
from bee.model.errors import TooBigError
from bee.model.text import digest

LADDER: Final = (limits.PAGE_ITEMS_MAX, 50, 25, 10, 5, 2, 1)


class Memos(Protocol):
    """What a home remembers to save asking again."""

    def memo(self, name: str) -> str:
        """The text of a memo; empty where there is none."""

    def set_memo(self, name: str, text: str) -> None:
        """Remember it."""


def forget(memos: Memos | None, repo: str) -> None:
    """Ask for the most again."""
    if memos is not None:
        memos.set_memo(_name(repo), "")


def _name(repo: str) -> str:
    return f"pages-{digest(repo.lower())}"


@dataclass(slots=True)
class PageSize:
    """The size for one repository, now. It grows by a rung once a day, for what was too much need not stay so."""

    memos: Memos | None
    name: str
    value: int
    remembers: bool

    @classmethod
    def of(cls, memos: Memos | None, repo: str, now: int, remembers: bool) -> PageSize:
        """The size that GitHub last answered for a repository; the largest where none is known. `now` may be 0."""
        name = _name(repo)
        words = memos.memo(name).split() if memos is not None else []
        if len(words) != 2 or not all(word.isdecimal() for word in words) or int(words[0]) not in LADDER:
            return cls(memos, name, LADDER[0], remembers)
        size, at = int(words[0]), int(words[1])
        if now - at > limits.DAY_SECONDS:
            size = LADDER[max(LADDER.index(size) - 1, 0)]
        return cls(memos, name, size, remembers)

    @property
    def largest(self) -> bool:
        """Whether GitHub has not yet refused to answer as many."""
        return self.value == LADDER[0]

    def shrink(self, problem: TooBigError, now: int) -> None:
        """Ask for less from now on. Raises the problem where one at a time is too much, too."""
        if self.value == LADDER[-1]:
            raise problem
        self.value = LADDER[LADDER.index(self.value) + 1]
        if self.memos is not None and self.remembers:
            self.memos.set_memo(self.name, f"{self.value} {now}")
