"""What a run leaves on this machine for people: what it is about, what its agent printed, what bee answered.

All in the run's folder: `run.json`, `transcript.log` (the program's own output, line by line, bounded) and
`verbs.ndjson`. A tick reads back only how many runs began today.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bee.model import codec, records
from bee.model.outcomes import Failure
from bee.model.text import clipped
from bee.system.home import Home, write_whole

ABOUT: Final = "run.json"
TRANSCRIPT: Final = "transcript.log"
VERBS: Final = "verbs.ndjson"
ANSWER_BYTES_MAX: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """One run. Times in seconds since the epoch, by GitHub's clock; `ended_at` 0 while it runs.

    `own_server`: the model is at a `base_url`. Cost and tokens are the engine's, of failed runs too.
    """

    run: str
    repo: str
    number: int
    role: str
    engine: str
    model: str = ""
    own_server: bool = False
    position: str = ""
    host: str = ""
    started_at: int = 0
    ended_at: int = 0
    outcome: str = ""
    failure: str = ""
    note: str = ""
    cost_usd: float = 0.0
    tokens: int = 0
    turns: int = 0

    @property
    def counts(self) -> bool:
        """Whether it counts as a run: a claim that came to nothing does not."""
        return self.failure != Failure.CANCELLED or self.cost_usd > 0


@dataclass(frozen=True, slots=True)
class VerbEntry:
    """One verb and bee's answer. `offset`: where the transcript stood by then, in bytes."""

    at: int
    offset: int
    verb: str
    ok: bool
    text: str


def write_about(home: Home, about: About) -> None:
    """Say what a run is about; again at its end, with what came of it."""
    write_whole(home.run_dir(about.run) / ABOUT, json.dumps(codec.plain(about), ensure_ascii=False) + "\n")


def read_about(home: Home, run: str) -> About | None:
    """What a run is about; None where it says nothing of itself here."""
    try:
        return codec.build(About, json.loads((home.path / "runs" / run / ABOUT).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def runs_of(home: Home, number: int) -> list[About]:
    """The runs on an item that are here, oldest first. Of any repository."""
    found = (read_about(home, run) for run in home.runs() if f"-{number}-" in run)
    return sorted((about for about in found if about and about.number == number), key=lambda one: one.run)


def begun_since(home: Home, repo: str, since: int) -> list[About]:
    """The runs of a repository that are here and began at or after `since`, in seconds since the epoch."""
    late = (run for run in home.runs() if (records.began_at(run) or 0) >= since)
    found = (read_about(home, run) for run in late)
    return [about for about in found if about is not None and about.repo.lower() == repo.lower()]


def add_verb(home: Home, run: str, at: int, verb: str, ok: bool, text: str) -> None:
    """Append one verb at this place of the transcript, its answer cut to ANSWER_BYTES_MAX."""
    path, transcript = home.run_dir(run) / VERBS, home.run_dir(run) / TRANSCRIPT
    printed = transcript.stat().st_size if transcript.exists() else 0
    data = codec.plain(VerbEntry(at, printed, verb, ok, clipped(text, ANSWER_BYTES_MAX)))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        file.write(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


class Tail:
    """The whole lines of a file that grows, as they come. A file that is not there yet has none."""

    def __init__(self, path: Path) -> None:
        self._path, self.position = path, 0

    def lines(self, to_end: bool = False) -> Iterator[tuple[int, bytes]]:
        """New lines, each with the position it begins at; with `to_end` also a last one without its line end."""
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(self.position)
            for line in file:
                if not line.endswith(b"\n") and not to_end:
                    return
                begin, self.position = self.position, self.position + len(line)
                yield begin, line.rstrip(b"\r\n")


def read_verb(line: bytes) -> VerbEntry | None:
    """One line of verbs.ndjson; None for anything else."""
    try:
        data: Any = json.loads(line)
        return codec.build(VerbEntry, data)
    except ValueError:
        return None
