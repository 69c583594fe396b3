"""The items changed last: what a query asks of them, and those that are closed. Sends nothing."""

from __future__ import annotations

from typing import Final

from bee.github.json import JsonReader
from bee.model import items

_CHANGED: Final = "number updatedAt labels(first: 100) { nodes { name } }"
CHANGED_ISSUES: Final = f"{_CHANGED} issueState: state stateReason"
CHANGED_PULLS: Final = f"{_CHANGED} pullState: state headRefName isCrossRepository"


def _closed(data: JsonReader, finished: bool, head_ref: str = "") -> items.Closed:
    names = frozenset(node.text("name") for node in data.one("labels").many("nodes"))
    return items.Closed(number=data.number("number"), label_names=names, finished=finished, head_ref=head_ref)


def closed_issue(data: JsonReader) -> items.Closed | None:
    """One of CHANGED_ISSUES where it is closed; None where it is open."""
    if data.text("issueState") == "OPEN":
        return None
    return _closed(data, data.text_or_null("stateReason") == "COMPLETED")


def closed_pull(data: JsonReader) -> items.Closed | None:
    """One of CHANGED_PULLS where it is closed or merged; None where it is open."""
    state, head_ref = data.text("pullState"), data.text("headRefName")
    own = "" if data.flag("isCrossRepository") else head_ref
    return None if state == "OPEN" else _closed(data, state == "MERGED", own)
