"""Which command `bee init` writes into the policy: one that it has run, or one that a person keeps all the same."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from textwrap import indent
from threading import Event, Thread
from typing import Final

from bee.cli import ask
from bee.model.errors import UsageError
from bee.model.text import one_line, plain
from bee.setup.candidates import OWN, Candidate, Files, candidates, split
from bee.setup.trial import Ran, Trial, Tried, Watcher
from bee.status import terminal

_QUESTION: Final = "Which command must pass before a merge?"
_INDENT, _COMMAND_MAX = 12, 160
_UNTRIED: Final = "add --untried to have it written as it stands"
_NO_WAY: Final = (
    "nothing in the repository's files says how it is tested\n"
    f"Say --verify COMMAND; --untried alone writes `{OWN}`, which bee's first step may bring"
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What goes into the policy, all that was tried for it, and how that ended, for people."""

    candidate: Candidate
    tried: tuple[Tried, ...] = ()
    said: str = "not tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Where to look: `opened` fetches the repository, `given` is a person's command.

    Nothing of the repository is run where `why_not` says why.
    """

    opened: Callable[[Watcher], AbstractContextManager[Trial]]
    given: str
    why_not: str
    asks: bool
    quiet: bool


@dataclass(slots=True)
class _Lines:
    """Tells people at once what runs, on a terminal how long it has, and then how it ended."""

    quiet: bool
    live: bool = field(default_factory=sys.stdout.isatty)
    _over: Event = field(default_factory=Event)
    _clock: Thread | None = None

    def begins(self, command: str) -> None:
        if self.quiet:
            return
        cells = terminal.columns(self.live) - _INDENT - len(" … 2400 s") if self.live else _COMMAND_MAX
        print(f"{'':<{_INDENT}}{one_line(command, min(cells, _COMMAND_MAX))}", end=" … ", flush=True)
        if self.live:
            self._over = Event()
            self._clock = Thread(target=_tick, args=(self._over,), daemon=True)
            self._clock.start()

    def ended(self, ran: Ran) -> None:
        self.done(ran.said())

    def done(self, how: str) -> None:
        """Say how it ended."""
        self.still()
        if not self.quiet:
            print(how, flush=True)

    def still(self) -> None:
        """Show no more seconds."""
        self._over.set()
        if self._clock is not None:
            self._clock.join()
            self._clock = None


def _tick(over: Event) -> None:
    """Show the seconds since now, each over the last; what is printed next stands in their place."""
    began = time.monotonic()
    while not over.wait(1):
        text = f"{time.monotonic() - began:.0f} s"
        print(text, end="\b" * len(text), flush=True)


@contextmanager
def _fetched(search: Search) -> Iterator[Trial]:
    """The trial; on a terminal, how long its fetch takes is shown too."""
    lines = _Lines(search.quiet)
    try:
        if lines.live:
            lines.begins("git fetch")
        with search.opened(lines) as trial:
            if lines.live:
                lines.done("fetched")
            yield trial
    finally:
        lines.still()


@dataclass(frozen=True, slots=True)
class _Tries:
    """The trials so far."""

    trial: Trial
    made: list[Tried] = field(default_factory=list)

    def passes(self, candidate: Candidate, *, said: bool) -> bool:
        """Try it; `said` by a person."""
        self.made.append(self.trial.tries(candidate, said=said))
        return not self.made[-1].refused

    def chosen(self) -> Chosen:
        """The last one."""
        last = self.made[-1]
        said = last.refused or last.commands[-1].said()
        return Chosen(last.candidate, tuple(self.made), said)


def chosen(search: Search) -> Chosen:
    """Look, try, ask. Raises UsageError where nothing passes and nobody can be asked, or the given command does not."""
    if search.given and search.why_not:
        return Chosen(split(search.given, {}), said=f"not tried, {search.why_not}")
    if not (search.quiet or search.why_not):
        print("trying      in a clean checkout of the default branch:", flush=True)
    with _fetched(search) as trial:
        files = {} if search.given else trial.files()
        rows = [split(search.given, files)] if search.given else candidates(files)
        if search.why_not:
            return _untried(rows[0] if rows else Candidate(OWN), search)
        tries = _Tries(trial)
        passed = any(not trial.over() and tries.passes(row, said=bool(search.given)) for row in rows)
        if search.asks and not search.given:
            return _asked(tries, files, passed)
        if not passed:
            raise UsageError(_refused(tries, search.given))
        return tries.chosen()


def _untried(first: Candidate, search: Search) -> Chosen:
    typed = ask.line(_QUESTION, first.verify) if search.asks else first.verify
    return Chosen(first if typed == first.verify else split(typed, {}), said=f"not tried, {search.why_not}")


def _asked(tries: _Tries, files: Files, passed: bool) -> Chosen:
    """What passed, or what a person says instead, tried too: they see why it is refused, and may keep it."""
    found = tries.chosen() if passed else None
    if found is None:
        print(f"\n{plain(_refused(tries, ''))}")
    while True:
        typed = ask.line(_QUESTION, found.candidate.verify if found else "")
        if found and typed == found.candidate.verify:
            return replace(found, tried=tuple(tries.made))
        if not typed:
            print("  a command, please")
            continue
        parts = split(typed, files)
        setup = parts.setup or (found.candidate.setup if found else ())
        if tries.passes(Candidate(parts.verify, setup), said=True):
            return tries.chosen()
        print(plain(_ended(tries.made[-1])))
        if ask.yes("Keep it all the same?", default=False):
            return tries.chosen()


def _refused(tries: _Tries, given: str) -> str:
    """What was tried, why each was refused, and the end of the last output."""
    tried = tries.made
    if given:
        return f"--verify is refused, and nothing was written:\n{_ended(tried[-1])}\nSay another command, or {_UNTRIED}"
    if not tried:
        return _NO_WAY
    lines = [f"  {one_line(one.verify)}: {one.refused}" for one in tried[:-1]]
    over = [f"  no more was tried: {tries.trial.seconds_max // 60} minutes were up"] if tries.trial.over() else []
    why = "\n".join(["no command passed and ran tests; nothing was written:", *lines, _ended(tried[-1]), *over])
    return f"{why}\nSay --verify COMMAND; where it cannot pass yet, {_UNTRIED}"


def _ended(one: Tried) -> str:
    end = f"\n{indent(one.end, '    | ')}" if one.end else ""
    return f"  {one_line(one.verify)}: {one.refused}{end}"
