"""What this machine has: a clone, engines and their logins, a scheduler, a heartbeat. It is only looked at."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bee.config.schema import Settings
from bee.engines.table import LOGINS
from bee.host import AgentRunner
from bee.model.errors import AuthError, UsageError
from bee.sandbox.box import Box
from bee.setup.checks import DoctorCheck, fail, warn
from bee.setup.install import TOKENS, env_names, schedulers
from bee.setup.schedulers import Machine
from bee.system import gh, process, renewal
from bee.system.home import Home

# Where a token comes from that no variable holds.
BY_GH: Final = "gh auth token"
BY_COMMAND: Final = "the command of config.yml"
GIT_SECONDS_MAX: Final = 10
_OWN_CONFIG_ONLY: Final = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
_OWN_LINE: Final = re.compile(r"^\s*[^#\s].*(?:scripts/tick|\bbee tick)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What is looked at: this machine as bee would work on it, and how thoroughly.

    `runner`: what asks each engine for one word of its model; None where that is not wanted.
    """

    home: Home
    settings: Settings
    path: str
    kept: Mapping[str, str]
    machine: Machine
    find_box: Callable[[], Box]
    token_from: str
    security: bool = False
    runner: Callable[[], AgentRunner] | None = None


@dataclass(frozen=True, slots=True)
class EngineSeen:
    """One engine by name. `login` is the variable that logs it in, `kept`: scheduled ticks get that too."""

    name: str
    program: str | None
    login: str | None
    kept: bool

    @property
    def usable(self) -> bool:
        """Whether a role could be given to it now."""
        return self.program is not None and self.login is not None

    @property
    def way_in(self) -> str:
        """What logs it in for scheduled ticks."""
        if self.login:
            return f"bee install --env {self.login}"
        names = " or ".join(LOGINS.get(self.name, ()))
        return f"set {names}, then: bee install --env {LOGINS[self.name][-1]}" if names else ""

    def said(self) -> str:
        """One sentence for people."""
        if self.program is None:
            return "not installed"
        if self.login is None:
            return f"{self.program}, not logged in"
        where = "scheduled ticks get it" if self.kept else "scheduled ticks do not get it yet"
        return f"{self.program}, logged in by {self.login} ({where})"


def origin(folder: Path, path: str) -> str | None:
    """The first address of the remote `origin` of the clone that `folder` lies in; None where there is none.

    `path` is where git is found. It only reads the configuration, so it may be somebody else's clone.
    """
    argv = ["git", "-c", "safe.directory=*", "config", "--get-all", "remote.origin.url"]
    ended = process.run(argv, cwd=folder, env={"PATH": path, **_OWN_CONFIG_ONLY}, seconds=GIT_SECONDS_MAX)
    return ended.out.decode("utf-8", "replace").partition("\n")[0] or None


def git_version(program: str) -> tuple[int, int] | None:
    """The version of a git, as far as it matters; None where it does not say."""
    ended = process.run([program, "--version"], cwd=None, env={}, seconds=GIT_SECONDS_MAX)
    found = re.search(rb"version (\d+)\.(\d+)", ended.out)
    return (int(found[1]), int(found[2])) if found else None


def look_for_engine(name: str, path: str, kept: Mapping[str, str], home: Home) -> EngineSeen:
    """One engine by its name. `kept` is what bee passes on of this environment, `path` where its program is found.

    Under the scheduler only what `bee install` keeps is there.
    """
    scheduled = env_names(home)
    there = [variable for variable in LOGINS.get(name, ()) if variable in scheduled]
    here = [variable for variable in LOGINS.get(name, ()) if kept.get(variable)]
    return EngineSeen(name, shutil.which(name, path=path), next(iter(there + here), None), bool(there))


def look_for_engines(path: str, kept: Mapping[str, str], home: Home) -> tuple[EngineSeen, ...]:
    """The engines bee knows by name."""
    return tuple(look_for_engine(name, path, kept, home) for name in LOGINS)


def engine_of(words: str, path: str, folder: Path) -> str | tuple[str, ...]:
    """An engine as a person writes it: a name, or a command. Programs and files of a command become absolute.

    Raises UsageError where there is no such program.
    """
    try:
        parts = shlex.split(words)
    except ValueError as error:
        raise UsageError(f"the engine {words!r} is not a command: {error}") from error
    if not parts:
        raise UsageError(f"which engine? Say {', '.join(LOGINS)}, or a command in quotes")
    if len(parts) == 1 and parts[0] in LOGINS:
        return parts[0]
    program = shutil.which(parts[0] if "/" not in parts[0] else str(folder / parts[0]), path=path)
    if program is None:
        raise UsageError(f"there is no program {parts[0]!r}; an engine is {', '.join(LOGINS)}, or a command")
    rest = [str(folder / part) if not part.startswith("-") and (folder / part).exists() else part for part in parts[1:]]
    return (os.path.abspath(program), *rest)  # noqa: PTH100 # a link stays what it is: `python` of an environment


def command_problem(argv: Sequence[str]) -> str:
    """What is wrong with the program of a `command` engine as a run would start it; empty where nothing is."""
    program = argv[0]
    if "/" in program:
        if not Path(program).is_absolute():
            return f"{program} is not an absolute path, and runs start in a clone"
        return "" if os.access(program, os.X_OK) and Path(program).is_file() else f"{program} cannot be run"
    return "" if shutil.which(program, path=process.SYSTEM_PATH) else f"{program} is not in the system's folders"


@dataclass(frozen=True, slots=True)
class Scheduling:
    """What starts ticks on this machine, and what a person should know about it. `by_hand`: bee did not install it."""

    kind: str
    notes: tuple[str, ...] = ()
    by_hand: bool = False


def scheduling(machine: Machine) -> Scheduling | None:
    """The scheduler that has bee in it, or a line of the crontab that a person wrote; None where nothing ticks."""
    for one in schedulers(machine):
        if one.present():
            return Scheduling(one.kind, tuple(one.notes()))
    if machine.has("crontab") and _OWN_LINE.search(machine.says("crontab", "-l")):
        return Scheduling("cron, by a line of your own", by_hand=True)
    return None


def scheduled_token(machine: Machine, home: Home, path: str, command: Sequence[str], keep: Collection[str] = ()) -> str:
    """Where ticks that are scheduled with this PATH find a token; empty where they find none.

    `command` is that of config.yml, `keep` are the variables that are about to be kept for them.
    """
    for name in TOKENS:
        if name in keep or name in env_names(home):
            return name
    bare = {"HOME": str(machine.person), "LOGNAME": machine.login, "PATH": path}
    if not command:
        return BY_GH if gh.token(bare) else ""
    try:
        return BY_COMMAND if renewal.printed(command, bare) else ""
    except AuthError:
        return ""


def wsl_checks(release: str, home: str) -> list[DoctorCheck]:
    """What is so on Windows' Linux, by the kernel's release and where bee's home is; nothing anywhere else."""
    if "microsoft" not in release.lower():
        return []
    if "wsl2" not in release.lower():
        text = f"WSL 1 ({release}): agents cannot be boxed in it"
        return [fail("host", text, "wsl --set-version DISTRIBUTION 2, in Windows")]
    if home.startswith("/mnt/"):
        text = f"bee's home {home} is on a Windows drive, where neither file modes nor locks can be relied on"
        return [fail("host", text, "GIT_BEE_HOME=~/.git-bee, on the Linux side")]
    text = "WSL 2, which nobody has tried with bee: Windows ends it some time after its last window, and ticks with it"
    return [warn("host", text, "have Windows' Task Scheduler start `wsl -e bee tick`, see docs/hosts.md")]


def free_bytes(home: Home) -> int:
    """Room left where bee's home is, or would be."""
    place = next(path for path in (home.path, *home.path.parents) if path.exists())
    return shutil.disk_usage(place).free
