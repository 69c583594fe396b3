"""Hands bee to a scheduler and takes it back: renders the units, has them put in place, and tries one tick there.

A tool that works in a shell often does not under a scheduler: so the one tick runs in the units' own environment.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from bee.model.errors import UsageError
from bee.model.text import plain
from bee.setup.crontab import MARK, Cron
from bee.setup.schedulers import Launchd, Machine, Scheduler, Systemd, Units
from bee.system.home import Home, Slot, remove_tree, write_whole

TEMPLATES: Final = {
    "launchd": ("dev.git-bee.tick.plist", "dev.git-bee.watchdog.plist"),
    "systemd": (
        "git-bee-tick.service",
        "git-bee-tick.timer",
        "git-bee-watchdog.service",
        "git-bee-watchdog.timer",
    ),
    "cron": (),
}
CRON_TIMES: Final = {"tick": "*/5 * * * *", "watchdog": "2-59/5 * * * *"}
TOKENS: Final = ("GH_TOKEN", "GITHUB_TOKEN")
ENV_FILE: Final = "env"
ENV_HEAD: Final = "# What scheduled ticks get beside their unit; `bee uninstall` deletes this file.\n"
SAID_LINES_MAX: Final = 30
# What an unfinished tick may end with that means something to a caller; anything else is a set-up that does not work.
PASSED_EXITS: Final = frozenset({0, 2, 3, 75})


@dataclass(frozen=True, slots=True)
class Values:
    """What the templates' placeholders stand for: absolute folders, and a PATH of such."""

    scripts: str
    home: str
    path: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallLine:
    """What `bee install --json` prints."""

    exit: int
    """the process's exit code"""
    scheduler: str
    files: tuple[File, ...]
    changes: tuple[str, ...]
    token: str | None
    """where scheduled ticks find one"""
    tick: Tried | None
    notes: tuple[str, ...]
    """what else a person should know"""


@dataclass(slots=True, kw_only=True)
class Installed:
    """What `install` did, or would do."""

    scheduler: str
    files: dict[str, str]
    changes: list[str] = field(default_factory=list)
    token: str | None = None
    tick: Tried | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def exit(self) -> int:
        """0 where the tick worked or none was tried; else what the tick ended with, or 2."""
        code = self.tick.exit if self.tick else 0
        return code if code in PASSED_EXITS else 2

    def line(self) -> InstallLine:
        """As `bee install --json` prints it."""
        files = tuple(File(path, text) for path, text in self.files.items())
        return InstallLine(
            exit=self.exit, scheduler=self.scheduler, files=files, changes=tuple(self.changes), token=self.token,
            tick=self.tick, notes=tuple(self.notes),
        )  # fmt: skip


# ---- rendering ------------------------------------------------------------------------------------------------------


def render(kind: str, templates: Mapping[str, str], values: Values) -> dict[str, str]:
    """The units of a scheduler by name, each value escaped as that scheduler reads it. Raises UsageError."""
    for name in ("scripts", "home", "path"):
        value = getattr(values, name)
        if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
            raise UsageError(f"no scheduler takes a path with a control character in it: {value!r}")
    if kind == "cron":
        return {name: _cron_line(name, values) for name in CRON_TIMES}
    fill = _plist if kind == "launchd" else _unit
    return {name: fill(text, values) for name, text in templates.items()}


def _cron_line(name: str, values: Values) -> str:
    words = ["/usr/bin/env", f"GIT_BEE_HOME={values.home}", "GIT_BEE_LOGS=1", f"PATH={values.path}"]
    command = shlex.join([*words, "/bin/sh", f"{values.scripts}/{name}"])
    return f"{CRON_TIMES[name]} {command}".replace("%", "\\%") + MARK  # to cron, a bare % ends the command


def _plist(text: str, values: Values) -> str:
    return _filled(text, values, escape)


def _unit(text: str, values: Values) -> str:
    return "".join(
        _filled(line, values, _unit_exec if line.startswith("Exec") else _unit_value)
        for line in text.splitlines(keepends=True)
    )


def _unit_value(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")


def _unit_exec(value: str) -> str:
    return _unit_value(value).replace("$", "$$")


def _filled(text: str, values: Values, escaped: Callable[[str], str]) -> str:
    for name in ("scripts", "home", "path"):
        text = text.replace("{{" + name + "}}", escaped(getattr(values, name)))
    return text


# ---- which scheduler ------------------------------------------------------------------------------------------------


def schedulers(machine: Machine) -> tuple[Scheduler, ...]:
    """All there may be, the one to take first."""
    return (Launchd(machine, TEMPLATES["launchd"]), Systemd(machine, TEMPLATES["systemd"]), Cron(machine))


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
    return [line.partition("=")[0] for line in _env_lines(home) if _is_setting(line)]


def keep_env(home: Home, wanted: Mapping[str, str], write: bool) -> list[str]:
    """Put NAME=VALUE lines into the env file, mode 0600, beside what stands there; what changed, in words."""
    for name, value in wanted.items():
        if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
            raise UsageError(f"{name} holds a control character; it cannot be kept in {home.path / ENV_FILE}")
    before = _env_lines(home)
    lines = [line for line in before if line.partition("=")[0] not in wanted]
    lines += [f"{name}={value}" for name, value in wanted.items()]
    path = home.path / ENV_FILE
    mode_stands = not path.exists() or path.stat().st_mode & 0o077 == 0
    if mode_stands and sorted(lines) == sorted(before):
        return []
    if write:
        write_whole(path, ("" if before else ENV_HEAD) + "".join(f"{line}\n" for line in lines))
    return [f"write {', '.join(wanted) or 'its mode'} to {path}"]


def _env_lines(home: Home) -> list[str]:
    path = home.path / ENV_FILE
    return path.read_text(encoding="utf-8", errors="surrogateescape").split("\n")[:-1] if path.exists() else []


def _is_setting(line: str) -> bool:
    return "=" in line and not line.startswith("#")


# ---- install --------------------------------------------------------------------------------------------------------


def install(
    machine: Machine, scheduler: Scheduler, units: Units, home: Home, keep: Mapping[str, str], write: bool
) -> Installed:
    """Put bee into one scheduler and out of every other. Run again, it changes nothing and says so.

    Without `write` it only finds out what would change.
    """
    done = Installed(scheduler=scheduler.kind, files={scheduler.where(name): text for name, text in units.items()})
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
    begun, beaten = _size(log), _changed_at(beat)
    code = scheduler.tick()
    if _changed_at(beat) == beaten:
        return Tried(code or 127, ("scripts/tick did not begin: there is no new heartbeat",))
    text = _since(log, begun)
    lines = [plain(line) for line in text.splitlines() if line.strip() and not line.startswith("== ")]
    return Tried(code, tuple(lines[-SAID_LINES_MAX:]))


def _changed_at(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _since(path: Path, begun: int) -> str:
    if not path.exists():
        return ""
    data = path.read_bytes()
    return data[begun if len(data) >= begun else 0 :].decode("utf-8", "replace")


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
    above: Sequence[Path] = (machine.person.resolve(), *machine.person.resolve().parents)
    known = ("config.yml", "slots", "heartbeat", "tick-history")
    ours = any((home.path / name).exists() for name in known) and not home.path.is_symlink()
    if home.path.exists() and (not ours or home.path.resolve() in above):
        raise UsageError(f"{home.path} does not look like bee's home, so nothing was removed: delete it by hand")
