"""Drives the belt: one real `bee tick` after another, the person's gates in between, until the issue is closed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bee.demo.screen import Screen
from bee.demo.stage import PERSON_LOGIN, Stage, bee_env, wipe_home
from bee.model.errors import BeeError
from bee.model.text import one_line
from bee.system import process

TICKS_MAX: Final = 60
TICKS_UNCHANGED_MAX: Final = 3
TICK_SECONDS_MAX: Final = 3 * 60 * 60
PAUSE_SECONDS: Final = 0.5
INDENT: Final = 9
TEXT_MAX: Final = 220
TICK: Final = (sys.executable, "-m", "bee", "tick", "--inline", "--json")
GATES: Final[Mapping[str, tuple[str, ...]]] = {
    "design-open": ("## Design finalized", "## Finalization gate"),
    "plan-open": ("## Plan finalized",),
}

_COMMAND: Final = "$ bee "
_ADVICE: Final = ("Now: ", "Fix these lines")


class DemoStopped(BeeError):
    """The belt did not reach the end. The text says where it stopped and why."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class TickLine:
    """What one `bee tick --json` said."""

    decision: Mapping[str, Any]
    items: tuple[Mapping[str, Any], ...]
    seconds: float

    @property
    def role(self) -> str:
        """The role that was sent; empty for none."""
        return str(self.decision.get("role") or "")

    @property
    def places(self) -> dict[int, str]:
        """The position of every item, by number."""
        return {int(item["number"]): str(item["position"]) for item in self.items}

    @property
    def print(self) -> str:
        """What must differ between two ticks for the later one to have changed something."""
        return json.dumps([dict(self.decision), self.places], sort_keys=True, default=str)


@dataclass(slots=True, kw_only=True)
class Drive:
    """A run over one stage. `wipe` empties bee's home between ticks."""

    stage: Stage
    screen: Screen
    wipe: bool
    command: Sequence[str] = TICK
    ticks: int = 0
    runs: int = 0
    _shown: dict[int, str] = field(default_factory=dict)
    _log: ActivityLog = field(init=False)

    def __post_init__(self) -> None:
        self._log = ActivityLog(self.stage.home)

    def to_the_end(self) -> None:
        """Tick until the issue is closed. Raises DemoStopped when nothing moves any more."""
        last, unchanged = "", 0
        while self.ticks < TICKS_MAX:
            tick = self._tick()
            self._show(tick)
            acted = self._person_acts(tick)
            unchanged = 0 if acted or tick.print != last else unchanged + 1
            last = tick.print
            if self.stage.issue not in tick.places and self._closed():
                return
            if unchanged >= TICKS_UNCHANGED_MAX - 1:
                raise DemoStopped(f"{TICKS_UNCHANGED_MAX} ticks in a row changed nothing. {_reasons(tick)}")
            if unchanged:
                time.sleep(PAUSE_SECONDS)
            if self.wipe:
                wipe_home(self.stage)
                self._log.begin_again()
        raise DemoStopped(f"after {TICKS_MAX} ticks the issue is still open")

    def _closed(self) -> bool:
        return str(self.stage.person.issue(self.stage.issue)["state"]) == "closed"

    def _tick(self) -> TickLine:
        ended = process.run(self.command, cwd=self.stage.folder, env=bee_env(self.stage), seconds=TICK_SECONDS_MAX)
        self.ticks += 1
        out, err = (text.decode("utf-8", "replace").strip() for text in (ended.out, ended.err))
        with (self.stage.folder / "ticks.log").open("a", encoding="utf-8") as log:
            log.write(f"tick {self.ticks}: exit {ended.code}, {ended.seconds:.1f} s\n{err}\n{out}\n")
        try:
            said = json.loads(out.splitlines()[-1])
            tick = TickLine(said["decision"], tuple(said["items"]), ended.seconds)
        except (IndexError, ValueError, KeyError, TypeError):
            raise DemoStopped(
                f"`bee tick` ended with {ended.code} and without its JSON line. It said: {err or out}"
            ) from None
        if ended.code:
            raise DemoStopped(f"`bee tick` ended with {ended.code}. It said: {err or out}")
        self.runs += bool(tick.role)
        return tick

    def _show(self, tick: TickLine) -> None:
        screen, number = self.screen, tick.decision.get("number")
        where = f" -> #{number} ({tick.places.get(int(number), 'gone')})" if number else ""
        head = f"tick {self.ticks:>2}  {tick.role or str(tick.decision.get('kind') or 'idle').lower()}{where}"
        screen.line()
        screen.line(f"{head.ljust(70)}{tick.seconds:>6.1f} s", "agent" if tick.role else "dim")
        screen.wrapped(str(tick.decision.get("reason") or ""), INDENT, " " * INDENT)
        for said in self._log.new_lines():
            label, colour = " " * INDENT + said.what, "good" if said.good else "bad"
            if said.asked:
                screen.wrapped(said.asked, INDENT + 16, label)
                label = " " * INDENT
            screen.wrapped(f"-> {said.answer}" if said.asked else said.answer, INDENT + 16, label, colour)
        for item in tick.items:
            if self._shown.get(int(item["number"])) != item["position"] and item["number"] != number:
                place = f"{item['position']}, next: {item['moves_next']} ({item['reason']})"
                screen.wrapped(place, INDENT + 16, f"{' ' * INDENT}#{item['number']} {item['kind']}", "dim")
        self._shown = tick.places

    def _person_acts(self, tick: TickLine) -> bool:
        for item in tick.items:
            for heading in GATES.get(str(item["position"]), ()):
                if self.stage.person.tick(int(item["number"]), heading):
                    name = heading.removeprefix("## ")
                    self.screen.wrapped(f'ticks "{name}" on #{item["number"]}', INDENT, PERSON_LOGIN, "person")
                    return True
        return False


def _reasons(tick: TickLine) -> str:
    reasons = [f"#{item['number']} {item['kind']}: {item['position']}: {item['reason']}" for item in tick.items]
    return "; ".join(reasons) or "There is no open item."


# ---- the activity log -----------------------------------------------------------------------------------------------
# bee's answers are in the activity log, for any engine; the agent's own words are in its transcript, where the scripted
# agent writes every command on a line of its own, after `$ `.


@dataclass(frozen=True, slots=True)
class Logged:
    """One verb, or the end of a run: its name, what was asked and answered, and whether bee agreed."""

    what: str
    asked: str
    answer: str
    good: bool


@dataclass(slots=True)
class ActivityLog:
    """The activity of a home, read on from where the last look ended."""

    home: Path
    _offset: int = 0
    _asked: dict[str, Iterator[str]] = field(default_factory=dict)

    def new_lines(self) -> list[Logged]:
        """What was said since the last look."""
        path = self.home / "activity.ndjson"
        if not path.exists():
            return []
        with path.open("rb") as file:
            file.seek(self._offset)
            raw = file.read()
        self._offset += len(raw)
        events = [json.loads(line) for line in raw.splitlines() if line.startswith(b"{") and line.endswith(b"}")]
        return [said for event in events if (said := self._logged(event)) is not None]

    def begin_again(self) -> None:
        """The home was emptied."""
        self._offset = 0

    def _logged(self, event: dict[str, Any]) -> Logged | None:
        if "outcome" in event:
            outcome = str(event["outcome"])
            return Logged(outcome, "", one_line(str(event.get("note", "")), TEXT_MAX), outcome != "error")
        if "verb" not in event:
            return None
        verb, good = str(event["verb"]), bool(event.get("ok"))
        asked = next(self._words_of(str(event.get("run", ""))), "")
        own = asked.removeprefix(verb).partition(" --body-file ")[0].strip() if asked.startswith(verb) else ""
        return Logged(f"bee {verb}", one_line(own, TEXT_MAX), short(str(event.get("text", "")), good), good)

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
