"""What `bee doctor --prove` finds out by reading alone, of what a repository has already. Pure.

Each says what it saw, or None where there is nothing to look at yet; raises NotSoError where it is not so.
"""

from __future__ import annotations

from collections.abc import Sequence

from bee.model.errors import BeeError
from bee.model.items import Item, Snapshot, Who
from bee.pipeline.trust import revisions


class NotSoError(BeeError):
    """An assumption of bee's does not hold here."""


def must(so: bool, otherwise: str) -> None:
    """Raises NotSoError where it is not so."""
    if not so:
        raise NotSoError(otherwise)


def authors(found: Sequence[Who]) -> str | None:
    """Whether an author is known by a number."""
    if not found:
        return None
    must(found[0].id is not None, "the author of the last issue has no number")
    return "authors have numbers"


def edits(looked: Snapshot) -> str | None:
    """Whether an edit shows the whole text it left: the last one of each item must have left what stands there.

    Of a revision that a person deleted there is none, which shows nothing of the others.
    """
    items: tuple[Item, ...] = (*looked.issues, *looked.pulls)
    edited = [(item, revisions(item)[-1].text) for item in items if item.edits]
    left = [(item, text) for item, text in edited if text is not None]
    must(not edited or bool(left), "edits are shown without the texts that they left")
    for item, text in left:
        same = text.splitlines() == item.body.splitlines()
        must(same, f"the last edit of #{item.number} has another text than what stands there")
    return f"the last edits of {len(left)} texts have left what stands there" if left else None


def heads(found: Sequence[tuple[int, str, str]]) -> str | None:
    """Whether the last commit of a pull request is its head: (number, head, last commit) of some."""
    for number, head, last in found:
        must(head == last, f"the last commit of #{number} is not its head")
    return f"the last commit of {len(found)} pull requests is their head" if found else None
