"""Hands bee to a scheduler and takes it back: has its units put in place, and tries one tick there.

A tool that works in a shell often does not under a scheduler: so the one tick runs in the units' own environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bee.model.errors import UsageError
from bee.model.limits import TICK_EVERY_MINUTES
from bee.model.text import plain
from bee.setup.crontab import Cron
from bee.setup.schedulers import Launchd, Machine, Systemd, Units
from bee.system.home import Home, Slot, write_whole
from bee.system.trees import remove_tree

Scheduler = Launchd | Systemd | Cron
TOKENS: Final = ("GH_TOKEN", "GITHUB_TOKEN")
ENV_FILE: Final = "env"
ENV_HEAD: Final = "# What scheduled ticks get beside their unit; `bee uninstall` deletes this file.\n"
SAID_LINES_MAX: Final = 30
# What an unfinished tick may end with that means something to a caller; anything else is a set-up that does not work.
PASSED_EXITS: Final = frozenset({0, 2, 3, 75})


@dataclass(frozen=True, slots=True)
class Tried:
    """One tick in the scheduler's own environment: its exit code, and what it said."""

    exit: int
    """the process's exit code"""
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class File:
    """One file of a scheduler."""

    path: str
    text: str


@dataclass(slots=True, kw_only=True)
class Installed:
    """What `bee install --json` prints."""

    exit: int
    """the process's exit code"""
    scheduler: str
    files: list[File]
    changes: list[str]
    token: str | None
    """where scheduled ticks find one"""
    tick: Tried | None
    notes: list[str]
    """what else a person should know"""

    def add_tick(self, tick: Tried) -> None:
        """The tick that was tried; its exit code counts, or 2 where it means nothing to a caller."""
        self.tick, self.exit = tick, tick.exit if tick.exit in PASSED_EXITS else 2


def render(scheduler: Scheduler, scripts: str, home: str, path: str, minutes: int = TICK_EVERY_MINUTES) -> Units:
    """The units of a scheduler by name: absolute folders, a PATH of such, minutes between ticks. Raises UsageError."""
    values = {
        "scripts": scripts, "home": home, "path": path, "minutes": str(minutes), "seconds": str(60 * minutes),
    }  # fmt: skip
    for value in values.values():
        if _has_control(value):
            raise UsageError(f"no scheduler takes a path with a control character in it: {value!r}")
    return scheduler.render(values)


def _has_control(value: str) -> bool:
    return any(ord(letter) < 32 or ord(letter) == 127 for letter in value)


def untouched(scheduler: Scheduler, units: Units) -> Installed:
    """What there is to say before anything has been looked at: where each unit goes, and what it says."""
    files = [File(scheduler.where(name), text) for name, text in units.items()]
    return Installed(exit=0, scheduler=scheduler.kind, files=files, changes=[], token=None, tick=None, notes=[])


# ---- which scheduler ------------------------------------------------------------------------------------------------


def schedulers(machine: Machine) -> tuple[Scheduler, ...]:
    """All there may be, the one to take first."""
    return (Launchd(machine), Systemd(machine), Cron(machine))


def choose(machine: Machine, cron: bool) -> Scheduler:
    """The first that can be used here. Raises UsageError with the reason for each that cannot."""
    every = [one for one in schedulers(machine) if one.kind == "cron" or not cron]
    reasons = []
    for one in every:
        reason = one.missing()
        if not reason:
            return one
        reasons.append(f"{one.kind}: {reason}")
    raise UsageError(
        f"no scheduler can be used here. {'; '.join(reasons)}. Install cron, or call scripts/tick yourself"
    )


# ---- the environment file -------------------------------------------------------------------------------------------


def env_names(home: Home) -> list[str]:
    """The names that the env file sets."""
    return [line.partition("=")[0] for line in _env_lines(home) if "=" in line and not line.startswith("#")]


def keep_env(home: Home, wanted: Mapping[str, str], write: bool) -> list[str]:
    """Put NAME=VALUE lines into the env file, mode 0600, beside the existing ones; what changed, in words.

    Raises UsageError for a value with a control character.
    """
    for name, value in wanted.items():
        if _has_control(value):
            raise UsageError(f"{name} holds a control character; it cannot be kept in {home.path / ENV_FILE}")
    before = _env_lines(home)
    lines = [line for line in before if line.partition("=")[0] not in wanted]
    lines += [f"{name}={value}" for name, value in wanted.items()]
    path = home.path / ENV_FILE
    private = not path.exists() or path.stat().st_mode & 0o077 == 0
    if private and sorted(lines) == sorted(before):
        return []
    if write:
        write_whole(path, ("" if before else ENV_HEAD) + "".join(f"{line}\n" for line in lines))
    return [f"write {', '.join(wanted) or 'its mode'} to {path}"]


def _env_lines(home: Home) -> list[str]:
    path = home.path / ENV_FILE
    return path.read_text(encoding="utf-8", errors="surrogateescape").split("\n")[:-1] if path.exists() else []


# ---- install --------------------------------------------------------------------------------------------------------


def install(
    machine: Machine, scheduler: Scheduler, units: Units, home: Home, keep: Mapping[str, str], write: bool
) -> Installed:
    """Put bee into one scheduler and out of every other. Run again, it changes nothing and says so.

    Without `write` it only finds out what would change.
    """
    done = untouched(scheduler, units)
    if write:
        home.ensure()
    done.changes += keep_env(home, keep, write)
    for other in schedulers(machine):
        if other.kind != scheduler.kind and (found := other.present()):
            done.changes += [f"take bee out of {other.kind}: {one}" for one in found]
            if write:
                other.uninstall()
    changes = scheduler.changes(units)
    if changes and write:
        scheduler.install(units)
    done.changes += changes
    done.notes += scheduler.notes()
    return done


def try_tick(scheduler: Scheduler, home: Home) -> Tried:
    """One tick in the scheduler's environment; what it said is what it wrote to its log meanwhile."""
    log, beat = home.path / "logs" / "tick.log", home.path / "heartbeat"
    begun, beaten = len(_bytes(log)), _changed_at(beat)
    code = scheduler.tick()
    if _changed_at(beat) == beaten:
        return Tried(code or 127, ("scripts/tick did not begin: there is no new heartbeat",))
    data = _bytes(log)
    text = data[begun if len(data) >= begun else 0 :].decode("utf-8", "replace")
    lines = [plain(line) for line in text.splitlines() if line.strip() and not line.startswith("== ")]
    return Tried(code, tuple(lines[-SAID_LINES_MAX:]))


def _changed_at(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


# ---- uninstall ------------------------------------------------------------------------------------------------------


def uninstall(machine: Machine, home: Home, purge: bool, write: bool) -> list[str]:
    """Take bee out of every scheduler, and its token with it; what changed, in words. Raises UsageError for a purge
    while a run is live, or of a folder that is not bee's home.
    """
    if purge:
        _check_purge(machine, home)
    changes: list[str] = []
    for one in schedulers(machine):
        if found := one.present():
            changes += [f"take out of {one.kind}: {thing}" for thing in found]
            if write:
                one.uninstall()
    kept = home.path / ENV_FILE
    if kept.exists():
        changes.append(f"delete {kept} ({', '.join(env_names(home)) or 'nothing in it'})")
        if write:
            kept.unlink()
    if purge and home.path.exists():
        changes.append(f"delete {home.path}")
        if write:
            remove_tree(home.path)
    return changes


def live_runs(home: Home) -> list[str]:
    """What the live runs of this home say of themselves."""
    return Slot.holders(home, len(list(home.slots_dir.glob("*.lock"))))


def _check_purge(machine: Machine, home: Home) -> None:
    if live := live_runs(home):
        raise UsageError(f"a run is live, so nothing was removed: {'; '.join(live)}. End it first: bee cancel N")
    above = (machine.person.resolve(), *machine.person.resolve().parents)
    known = ("config.yml", "slots", "heartbeat", "tick-history")
    ours = any((home.path / name).exists() for name in known) and not home.path.is_symlink()
    if home.path.exists() and (not ours or home.path.resolve() in above):
        raise UsageError(f"{home.path} does not look like bee's home, so nothing was removed: delete it by hand")
