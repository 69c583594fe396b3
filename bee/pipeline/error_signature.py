"""The print of a failure: what is the same about it when numbers, paths, oids and times are left out. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bee.model.outcomes import Failure
from bee.model.records import RunSummary
from bee.model.text import digest, unix

_CHARACTERS_MAX: Final = 2_000
_URL: Final = re.compile(r"\bhttps?://\S+")
_PATH: Final = re.compile(r"(?<![\w.])(?:~|\.{1,2})?(?:/[\w.@+~-]+)+/?")
_HEX: Final = re.compile(r"\b(?:0x)?[0-9a-f]{7,64}\b")
_NUMBER: Final = re.compile(r"[0-9]+(?:[.,:][0-9]+)*")
_REST: Final = re.compile(r"[^a-z_/#]+")


def normalised(text: str) -> str:
    """The text without what differs from one time to the next; in time linear in its (bounded) length."""
    text = unix(text)[:_CHARACTERS_MAX].lower()
    for pattern, kept in ((_URL, " / "), (_PATH, " / "), (_HEX, " # "), (_NUMBER, " # ")):
        text = pattern.sub(kept, text)
    return " ".join(_REST.sub(" ", text).split())


def error_print(failure: Failure | None, text: str) -> str:
    """16 hex digits that two failures of the same kind share; empty where nothing failed."""
    return digest(f"{failure}\n{normalised(text)}") if failure is not None else ""


def alike_at_the_end(failed: Sequence[RunSummary]) -> tuple[RunSummary, ...]:
    """The last failed runs that failed in the same way, oldest first; `failed` holds failed runs only, oldest first."""
    found: list[RunSummary] = []
    for run in reversed(failed):
        if not run.error_print or (found and run.error_print != found[0].error_print):
            break
        found.append(run)
    return tuple(reversed(found))


def alternates(failed: Sequence[RunSummary]) -> bool:
    """Whether the last four failures were two kinds in turn: one, the other, one, the other."""
    prints = [run.error_print for run in failed[-4:]]
    return len(prints) == 4 and all(prints) and prints[0] != prints[1] and prints[:2] == prints[2:]
