"""The schedulers that read files: launchd, and systemd's user timers. cron is in `crontab`, and answers the same.

Each fills in its own units, puts them where it reads them, and looks again. `missing` says why it cannot be used here,
`changes` what `install` would do, `present` what of bee is in it, `notes` what a person should know about it here.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final
from xml.sax.saxutils import escape

from bee.model.errors import UsageError
from bee.model.text import one_line
from bee.system import process
from bee.system.data import data_path, filled
from bee.system.home import write_whole

CALL_SECONDS_MAX: Final = 60
TICK_SECONDS_MAX: Final = 10 * 60
STARTED_SECONDS_MAX: Final = 10
BOOTSTRAP_TRIES_MAX: Final = 10
_POLL_SECONDS: Final = 0.5

Units = Mapping[str, str]
"""Texts by file name; of cron, lines by the name of their program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where a person's schedulers are: `env` is what their programs are started with, whole."""

    platform: str
    person: Path
    config: Path
    data: Path
    uid: int
    login: str
    env: Mapping[str, str]

    def call(self, *words: str, stdin: bytes = b"", seconds: float = CALL_SECONDS_MAX) -> process.Ended:
        """One of the schedulers' programs, run to its end."""
        return process.run(words, cwd=None, env=self.env, stdin=stdin, seconds=seconds)

    def is_so(self, *words: str) -> bool:
        """Whether one of them answers yes, by its exit code."""
        return self.call(*words).code == 0

    def says(self, *words: str) -> str:
        """What one of them prints."""
        return self.call(*words).out.decode("utf-8", "replace")

    def must(self, *words: str, stdin: bytes = b"", seconds: float = CALL_SECONDS_MAX) -> process.Ended:
        """The same, where it must work. Raises UsageError with what it said."""
        ended = self.call(*words, stdin=stdin, seconds=seconds)
        if ended.code != 0:
            raise UsageError(f"`{' '.join(words)}` ended with {ended.code}: {said(ended) or 'it said nothing'}")
        return ended

    def has(self, program: str) -> bool:
        """Whether a program is on PATH."""
        return shutil.which(program, path=self.env.get("PATH", "")) is not None


def said(ended: process.Ended) -> str:
    """What a program said, as one line for people."""
    return one_line((ended.err + b" " + ended.out).decode("utf-8", "replace"), 500)


@dataclass(frozen=True, slots=True)
class _Files(ABC):
    """A scheduler that reads unit files from a folder of the person's."""

    machine: Machine
    kind: ClassVar[str]
    names: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def folder(self) -> Path:
        """Where it reads them."""

    def where(self, name: str) -> str:
        """The file of a unit."""
        return str(self.folder / name)

    def _templates(self) -> Units:
        return {name: data_path(self.kind, name).read_text(encoding="utf-8") for name in self.names}

    def _differing(self, units: Units) -> list[str]:
        return [f"write {self.folder / name}" for name, text in sorted(units.items()) if not self._is_there(name, text)]

    def _is_there(self, name: str, text: str) -> bool:
        path = self.folder / name
        return path.is_file() and path.read_text(encoding="utf-8", errors="surrogateescape") == text


class Systemd(_Files):
    """User units; the timers are enabled, and go on after logout only where lingering is on."""

    kind = "systemd"
    names = ("git-bee-tick.service", "git-bee-tick.timer", "git-bee-watchdog.service", "git-bee-watchdog.timer")
    _timers = tuple(name for name in names if name.endswith(".timer"))

    @property
    def folder(self) -> Path:
        """The person's own units."""
        return self.machine.config / "systemd" / "user"

    def render(self, values: Mapping[str, str]) -> Units:
        """The units, with `values` as systemd reads them: `$` means something in commands only."""
        return {
            name: "".join(
                filled(line, values, _in_command if line.startswith("Exec") else _in_unit)
                for line in text.splitlines(keepends=True)
            )
            for name, text in self._templates().items()
        }

    def _ctl(self, *words: str) -> process.Ended:
        return self.machine.must("systemctl", "--user", *words)

    def missing(self) -> str:
        """Where no systemd of this person answers, its units would never run."""
        if not self.machine.has("systemctl"):
            return "there is no systemctl"
        ended = self.machine.call("systemctl", "--user", "show-environment")
        return "" if ended.code == 0 else f"no user systemd answers ({said(ended)})"

    def changes(self, units: Units) -> list[str]:
        """Files that differ, and timers that are not enabled and active."""
        idle = [name for name in self._timers if not (self._is("is-enabled", name) and self._is("is-active", name))]
        return self._differing(units) + [f"start {name}" for name in idle]

    def _is(self, question: str, name: str) -> bool:
        return self.machine.is_so("systemctl", "--user", "--quiet", question, name)

    def install(self, units: Units) -> None:
        """Write, reload, enable and start. Raises UsageError with what systemd said."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in units.items():
            write_whole(self.folder / name, text, 0o644)
        self._ctl("daemon-reload")
        self._ctl("enable", *self._timers)
        self._ctl("restart", *self._timers)

    def present(self) -> list[str]:
        """The unit files, the links that enable them, and the stamps of when they last ran."""
        found = [self.folder / name for name in self.names]
        found += [self.folder / "timers.target.wants" / name for name in self._timers]
        found += [self.machine.data / "systemd" / "timers" / f"stamp-{name}" for name in self._timers]
        return [str(path) for path in found if path.exists() or path.is_symlink()]

    def uninstall(self) -> None:
        """Stop the timers and delete the files; without a running systemd, the files alone."""
        answers = not self.missing()
        if answers:
            self.machine.call("systemctl", "--user", "disable", "--now", *self._timers)
        for path in self.present():
            Path(path).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            (self.folder / "timers.target.wants").rmdir()  # only where nothing else is in it
        if answers:
            self._ctl("daemon-reload")
            self.machine.call("systemctl", "--user", "reset-failed", *self.names)

    def tick(self) -> int:
        """Start the service, which waits for its end; the exit code that systemd knows, as a shell would show it."""
        service = self.names[0]
        self.machine.call("systemctl", "--user", "start", service, seconds=TICK_SECONDS_MAX)
        shown = self._ctl("show", "--property=ExecMainCode", "--property=ExecMainStatus", service).out.decode()
        values = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
        status = int(values.get("ExecMainStatus") or 0)
        ran = values.get("ExecMainCode", "0")  # CLD_EXITED is 1, CLD_KILLED 2; 0: it never ran
        return 127 if ran == "0" else status if ran == "1" else 128 + status

    def notes(self) -> list[str]:
        """Whether the timers end at logout: without lingering they do."""
        if not self.machine.has("loginctl"):
            return []
        if "Linger=yes" in self.machine.says("loginctl", "show-user", self.machine.login, "--property=Linger"):
            return []
        return [
            "These timers stop when you log out, until you log in again: lingering is off for you. "
            f"To let them go on (root may have to do it): loginctl enable-linger {self.machine.login}"
        ]


class Launchd(_Files):
    """Agents of the person: in the login session's domain, or the user's own where there is no such session."""

    kind = "launchd"
    names = ("dev.git-bee.tick.plist", "dev.git-bee.watchdog.plist")

    @property
    def folder(self) -> Path:
        """The person's agents."""
        return self.machine.person / "Library" / "LaunchAgents"

    def render(self, values: Mapping[str, str]) -> Units:
        """The agents, with `values` as XML holds them."""
        return {name: filled(text, values, escape) for name, text in self._templates().items()}

    def _domain(self) -> str:
        gui = f"gui/{self.machine.uid}"
        return gui if self._loaded(gui) else f"user/{self.machine.uid}"

    def missing(self) -> str:
        """It is part of macOS."""
        if self.machine.platform != "darwin":
            return "this is not macOS"
        return "" if self.machine.has("launchctl") else "there is no launchctl"

    def changes(self, units: Units) -> list[str]:
        """Files that differ, and agents that are not loaded."""
        domain = self._domain()
        idle = [name for name in self.names if not self._loaded(f"{domain}/{_label(name)}")]
        return self._differing(units) + [f"load {_label(name)}" for name in idle]

    def _loaded(self, service: str) -> bool:
        return self.machine.is_so("launchctl", "print", service)

    def install(self, units: Units) -> None:
        """Write and load each. Raises UsageError with what launchd said.

        One that is loaded is taken out first, since launchd keeps what it read.
        """
        domain = self._domain()
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in units.items():
            if self._is_there(name, text) and self._loaded(f"{domain}/{_label(name)}"):
                continue
            write_whole(self.folder / name, text, 0o644)
            self.machine.call("launchctl", "bootout", f"{domain}/{_label(name)}")
            self.machine.call("launchctl", "enable", f"{domain}/{_label(name)}")
            self._bootstrap(domain, self.folder / name)

    def _bootstrap(self, domain: str, path: Path) -> None:
        """Load an agent; while launchd is still letting the former one go, it refuses."""
        for _ in range(BOOTSTRAP_TRIES_MAX - 1):
            if self.machine.is_so("launchctl", "bootstrap", domain, str(path)):
                return
            time.sleep(_POLL_SECONDS)
        self.machine.must("launchctl", "bootstrap", domain, str(path))

    def present(self) -> list[str]:
        """The plists."""
        return [str(self.folder / name) for name in self.names if (self.folder / name).exists()]

    def uninstall(self) -> None:
        """Unload and delete."""
        domain = self._domain() if not self.missing() else ""
        for name in self.names:
            if domain:
                self.machine.call("launchctl", "bootout", f"{domain}/{_label(name)}")
            (self.folder / name).unlink(missing_ok=True)

    def tick(self) -> int:
        """Start the agent, unless loading it did, and wait until launchd says how it ended; its exit code.

        Raises UsageError where it does not end within TICK_SECONDS_MAX.
        """
        label = _label(self.names[0])
        service = f"{self._domain()}/{label}"
        before = _runs(self.machine.says("launchctl", "print", service))
        self.machine.call("launchctl", "kickstart", service)
        begun = time.monotonic()
        while time.monotonic() - begun < TICK_SECONDS_MAX:
            shown = self.machine.says("launchctl", "print", service)
            exited = re.search(r"last exit code = (\d+)", shown)
            running = re.search(r"^\s*state = running", shown, re.MULTILINE)
            fresh = _runs(shown) != before or time.monotonic() - begun > STARTED_SECONDS_MAX
            if exited and not running and fresh:
                return int(exited[1])
            time.sleep(_POLL_SECONDS)
        raise UsageError(
            f"launchd did not end {label} within {TICK_SECONDS_MAX // 60} minutes: launchctl print {service}"
        )

    def notes(self) -> list[str]:
        """Where there is no login session, agents end with the last connection."""
        if self._domain().startswith("gui/"):
            return []
        return ["Nobody is logged in at this Mac's screen: its agents run while you are, so log in there."]


def _label(name: str) -> str:
    return name.removesuffix(".plist")


def _runs(shown: str) -> str:
    found = re.search(r"\bruns = (\d+)", shown)
    return found[1] if found else ""


def _in_unit(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")


def _in_command(value: str) -> str:
    return _in_unit(value).replace("$", "$$")
