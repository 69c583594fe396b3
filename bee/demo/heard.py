"""What the agent of a run asked bee for and what bee answered, as bee's home remembers it. Reads only.

The answers are in the journal, for any engine; the agent's own words are in its transcript, where the scripted agent
writes every command on a line of its own, after `$ `.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bee.model.text import one_line

TEXT_MAX: Final = 220
_COMMAND: Final = "$ bee "
_ADVICE: Final = ("Now: ", "Mend these lines")


@dataclass(frozen=True, slots=True)
class Said:
    """One verb, or the end of a run: its name, what was asked and answered, and whether bee agreed."""

    what: str
    asked: str
    answer: str
    good: bool


@dataclass(slots=True)
class Journal:
    """The activity of a home, read on from where the last look ended."""

    home: Path
    _offset: int = 0
    _asked: dict[str, Iterator[str]] = field(default_factory=dict)

    def news(self) -> list[Said]:
        """What was said since the last look."""
        path = self.home / "activity.ndjson"
        if not path.exists():
            return []
        with path.open("rb") as journal:
            journal.seek(self._offset)
            raw = journal.read()
        self._offset += len(raw)
        events = [json.loads(line) for line in raw.splitlines() if line.startswith(b"{") and line.endswith(b"}")]
        return [said for event in events if (said := self._said(event)) is not None]

    def begin_again(self) -> None:
        """The home was emptied."""
        self._offset = 0

    def _said(self, event: dict[str, Any]) -> Said | None:
        if "outcome" in event:
            outcome = str(event["outcome"])
            return Said(outcome, "", one_line(str(event.get("note", "")), TEXT_MAX), outcome != "error")
        if "verb" not in event:
            return None
        verb, good = str(event["verb"]), bool(event.get("ok"))
        asked = next(self._words_of(str(event.get("run", ""))), "")
        own = asked.removeprefix(verb).partition(" --body-file ")[0].strip() if asked.startswith(verb) else ""
        return Said(f"bee {verb}", one_line(own, TEXT_MAX), short(str(event.get("text", "")), good), good)

    def _words_of(self, run: str) -> Iterator[str]:
        """The `bee` commands in a run's transcript, one after another."""
        if run not in self._asked:
            path = self.home / "runs" / run / "transcript.log"
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
            self._asked[run] = iter([line[len(_COMMAND) :] for line in lines if line.startswith(_COMMAND)])
        return self._asked[run]


def short(answer: str, good: bool) -> str:
    """An answer of bee's for the screen: its first sentence, or where it says no, also what it found."""
    lines = [line.strip() for line in answer.splitlines() if line.strip() and not line.startswith(_ADVICE)] or [""]
    if good:
        return one_line(lines[0].partition(". ")[0].removesuffix("."), TEXT_MAX)
    return one_line(lines[0] + "".join(f" {line}" for line in lines[1:][-1:]), TEXT_MAX)
