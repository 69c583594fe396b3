"""The schedulers of a machine: launchd and systemd's user timers here, cron in `crontab`.

Nothing here knows what a unit says: it gets texts by name, puts them where the scheduler reads them, and looks again.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from bee.model.errors import UsageError
from bee.model.text import one_line
from bee.system import process
from bee.system.home import write_whole

CALL_SECONDS_MAX: Final = 60
TICK_SECONDS_MAX: Final = 10 * 60
STARTED_SECONDS_MAX: Final = 10
BOOTSTRAP_TRIES_MAX: Final = 10
_POLL_SECONDS: Final = 0.5

Units = Mapping[str, str]


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

    def must(self, *words: str, stdin: bytes = b"", seconds: float = CALL_SECONDS_MAX) -> process.Ended:
        """The same, where it must work. Raises UsageError with what it said."""
        ended = self.call(*words, stdin=stdin, seconds=seconds)
        if ended.code != 0:
            raise UsageError(f"`{' '.join(words)}` ended with {ended.code}: {said(ended) or 'it said nothing'}")
        return ended

    def has(self, program: str) -> bool:
        """Whether a program is on PATH."""
        return shutil.which(program, path=self.env.get("PATH", "")) is not None


class Scheduler(Protocol):
    """One scheduler. `units` are texts by file name (of cron: lines by the program's name)."""

    @property
    def kind(self) -> str:
        """Its name for people."""

    def missing(self) -> str:
        """Why it cannot be used here; empty where it can."""

    def where(self, name: str) -> str:
        """Where a unit of that name goes."""

    def changes(self, units: Units) -> list[str]:
        """What `install` would change, in words; nothing where all stands and is active."""

    def install(self, units: Units) -> None:
        """Put the units in place and activate them. Raises UsageError with what the scheduler said."""

    def present(self) -> list[str]:
        """What of bee stands in this scheduler."""

    def uninstall(self) -> None:
        """Take all of it out."""

    def tick(self) -> int:
        """Have the scheduler run one tick now, or run it as the scheduler would; its exit code."""

    def notes(self) -> list[str]:
        """What a person should know about this scheduler on this machine."""


def said(ended: process.Ended) -> str:
    """What a program said, as one line for people."""
    return one_line((ended.err + b" " + ended.out).decode("utf-8", "replace"), 500)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return None


def _differing(folder: Path, units: Units) -> list[str]:
    return [f"write {folder / name}" for name, text in sorted(units.items()) if _text(folder / name) != text]


@dataclass(frozen=True, slots=True)
class Systemd:
    """User units; the timers are enabled, and go on after logout only where lingering is on."""

    machine: Machine
    names: Sequence[str]
    kind: str = "systemd"

    @property
    def _folder(self) -> Path:
        return self.machine.config / "systemd" / "user"

    @property
    def _timers(self) -> list[str]:
        return [name for name in self.names if name.endswith(".timer")]

    def _ctl(self, *words: str) -> process.Ended:
        return self.machine.must("systemctl", "--user", *words)

    def missing(self) -> str:
        """Where no systemd of this person answers, its units would never run."""
        if not self.machine.has("systemctl"):
            return "there is no systemctl"
        ended = self.machine.call("systemctl", "--user", "show-environment")
        return "" if ended.code == 0 else f"no user systemd answers ({said(ended)})"

    def where(self, name: str) -> str:
        """The file of a unit."""
        return str(self._folder / name)

    def changes(self, units: Units) -> list[str]:
        """Files that differ, and timers that are not enabled and active."""
        idle = [name for name in self._timers if not (self._is("is-enabled", name) and self._is("is-active", name))]
        return _differing(self._folder, units) + [f"start {name}" for name in idle]

    def _is(self, question: str, name: str) -> bool:
        return self.machine.call("systemctl", "--user", "--quiet", question, name).code == 0

    def install(self, units: Units) -> None:
        """Write, reload, enable and start."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, text in units.items():
            write_whole(self._folder / name, text, 0o644)
        self._ctl("daemon-reload")
        self._ctl("enable", *self._timers)
        self._ctl("restart", *self._timers)

    def present(self) -> list[str]:
        """The unit files, the links that enable them, and the stamps of when they last ran."""
        found = [self._folder / name for name in self.names]
        found += [self._folder / "timers.target.wants" / name for name in self._timers]
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
            (self._folder / "timers.target.wants").rmdir()  # only where nothing else is in it
        if answers:
            self._ctl("daemon-reload")
            self.machine.call("systemctl", "--user", "reset-failed", *self.names)

    def tick(self) -> int:
        """Start the service, which waits for its end, and ask systemd how it ended."""
        service = next(name for name in self.names if name.endswith("tick.service"))
        self.machine.call("systemctl", "--user", "start", service, seconds=TICK_SECONDS_MAX)
        shown = self._ctl("show", "--property=ExecMainCode", "--property=ExecMainStatus", service).out.decode()
        values = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
        status = int(values.get("ExecMainStatus") or 0)
        ran = values.get("ExecMainCode", "0")  # CLD_EXITED is 1, CLD_KILLED 2; 0: it never ran
        return 127 if ran == "0" else status if ran == "1" else 128 + status

    def notes(self) -> list[str]:
        """Lingering."""
        if not self.machine.has("loginctl"):
            return []
        ended = self.machine.call("loginctl", "show-user", self.machine.login, "--property=Linger")
        if b"Linger=yes" in ended.out:
            return []
        return [
            "These timers stop when you log out, until you log in again: lingering is off for you. "
            f"To let them go on (root may have to do it): loginctl enable-linger {self.machine.login}"
        ]


@dataclass(frozen=True, slots=True)
class Launchd:
    """Agents of the person: in the login session's domain, or the user's own where there is no such session."""

    machine: Machine
    names: Sequence[str]
    kind: str = "launchd"

    @property
    def _folder(self) -> Path:
        return self.machine.person / "Library" / "LaunchAgents"

    def _domain(self) -> str:
        gui = f"gui/{self.machine.uid}"
        return gui if self.machine.call("launchctl", "print", gui).code == 0 else f"user/{self.machine.uid}"

    def missing(self) -> str:
        """It is macOS's."""
        if self.machine.platform != "darwin":
            return "this is not macOS"
        return "" if self.machine.has("launchctl") else "there is no launchctl"

    def where(self, name: str) -> str:
        """The file of an agent."""
        return str(self._folder / name)

    def changes(self, units: Units) -> list[str]:
        """Files that differ, and agents that are not loaded."""
        domain = self._domain()
        idle = [name for name in self.names if not self._loaded(f"{domain}/{_label(name)}")]
        return _differing(self._folder, units) + [f"load {_label(name)}" for name in idle]

    def _loaded(self, service: str) -> bool:
        return self.machine.call("launchctl", "print", service).code == 0

    def install(self, units: Units) -> None:
        """Write and load each; one that is loaded is taken out first, since launchd keeps what it read."""
        domain = self._domain()
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, text in units.items():
            if _text(self._folder / name) == text and self._loaded(f"{domain}/{_label(name)}"):
                continue
            write_whole(self._folder / name, text, 0o644)
            self.machine.call("launchctl", "bootout", f"{domain}/{_label(name)}")
            self.machine.call("launchctl", "enable", f"{domain}/{_label(name)}")
            self._bootstrap(domain, self._folder / name)

    def _bootstrap(self, domain: str, path: Path) -> None:
        """Load an agent; while launchd is still letting the former one go, it refuses."""
        for _ in range(BOOTSTRAP_TRIES_MAX - 1):
            if self.machine.call("launchctl", "bootstrap", domain, str(path)).code == 0:
                return
            time.sleep(_POLL_SECONDS)
        self.machine.must("launchctl", "bootstrap", domain, str(path))

    def present(self) -> list[str]:
        """The plists."""
        return [str(self._folder / name) for name in self.names if (self._folder / name).exists()]

    def uninstall(self) -> None:
        """Unload and delete."""
        domain = self._domain() if not self.missing() else ""
        for name in self.names:
            if domain:
                self.machine.call("launchctl", "bootout", f"{domain}/{_label(name)}")
            (self._folder / name).unlink(missing_ok=True)

    def tick(self) -> int:
        """Start the agent, unless loading it did, and wait until launchd says how it ended."""
        label = next(_label(name) for name in self.names if "tick" in name)
        service = f"{self._domain()}/{label}"
        before = self._runs(service)
        self.machine.call("launchctl", "kickstart", service)
        begun = time.monotonic()
        while time.monotonic() - begun < TICK_SECONDS_MAX:
            shown = self.machine.call("launchctl", "print", service).out.decode("utf-8", "replace")
            exited = re.search(r"last exit code = (\d+)", shown)
            running = re.search(r"^\s*state = running", shown, re.MULTILINE)
            fresh = self._runs(service) != before or time.monotonic() - begun > STARTED_SECONDS_MAX
            if exited and not running and fresh:
                return int(exited[1])
            time.sleep(_POLL_SECONDS)
        raise UsageError(
            f"launchd did not end {label} within {TICK_SECONDS_MAX // 60} minutes: launchctl print {service}"
        )

    def _runs(self, service: str) -> str:
        found = re.search(
            r"\bruns = (\d+)", self.machine.call("launchctl", "print", service).out.decode("utf-8", "replace")
        )
        return found[1] if found else ""

    def notes(self) -> list[str]:
        """Where there is no login session, agents end with the last connection."""
        if self._domain().startswith("gui/"):
            return []
        return ["Nobody is logged in at this Mac's screen: its agents run while you are, so log in there."]


def _label(name: str) -> str:
    return name.removesuffix(".plist")
