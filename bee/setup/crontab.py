"""cron: lines of a person's crontab, each with bee's mark at its end; every other line stays as it is."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from bee.model.errors import UsageError
from bee.setup.schedulers import TICK_SECONDS_MAX, Machine, Units, said
from bee.system import process
from bee.system.process import table

MARK: Final = " # bee: written by bee install, taken out by bee uninstall"
COMMAND_BYTES_MAX: Final = 990
PATH: Final = "/usr/bin:/bin"
TIMES: Final = {"tick": "*/{minutes} * * * *", "watchdog": "2-59/5 * * * *"}
_DAEMONS: Final = frozenset({"cron", "crond", "fcron"})


@dataclass(frozen=True, slots=True)
class Cron:
    """The person's crontab. What cannot be read or written raises UsageError with what crontab said."""

    machine: Machine
    kind: ClassVar[str] = "cron"

    def render(self, values: Mapping[str, str]) -> Units:
        """One line for each program, as cron and then the shell read it."""
        return {name: _line(name, values) for name in TIMES}

    def missing(self) -> str:
        """It needs crontab(1)."""
        return "" if self.machine.has("crontab") else "there is no crontab"

    def where(self, name: str) -> str:
        """All lines go to the one crontab."""
        return f"crontab ({name})"

    def read(self) -> str:
        """The crontab as it is. Raises UsageError where it cannot be read: unknown is not empty."""
        ended = self.machine.call("crontab", "-l")
        text = ended.out.decode("utf-8", "surrogateescape")
        if ended.code == 0:
            return text
        problem = (ended.err + ended.out).decode("utf-8", "replace").lower()
        if "no crontab for" in problem or "no such file" in problem:
            return ""
        raise UsageError(f"the crontab cannot be read: `crontab -l` ended with {ended.code}: {said(ended)}")

    def _write(self, text: str) -> None:
        """Hand over the whole crontab at once, and read it back."""
        if text:
            self.machine.must("crontab", "-", stdin=text.encode("utf-8", "surrogateescape"))
        else:
            self.machine.must("crontab", "-r")
        if self.read() != text:
            raise UsageError("the crontab does not hold what was written: compare `crontab -l`")

    def changes(self, units: Units) -> list[str]:
        """The lines that are missing, and those of an earlier install that go."""
        ours, wanted = _ours(self.read()), _lines(units)
        if sorted(ours) != sorted(wanted) and set(ours) == set(wanted):
            return ["keep each line once"]
        return [f"take out the line: {line}" for line in ours if line not in wanted] + [
            f"add the line: {line}" for line in wanted if line not in ours
        ]

    def install(self, units: Units) -> None:
        """Put the lines at the end. Raises UsageError for a line that is too long for cron."""
        for line in (lines := _lines(units)):
            length = len(cron_command(line).encode("utf-8", "surrogateescape"))
            if length > COMMAND_BYTES_MAX:
                raise UsageError(
                    f"cron takes {COMMAND_BYTES_MAX} bytes in a line, and this one has {length}, mostly PATH: "
                    "install with a shorter one, as in PATH=/usr/local/bin:/usr/bin:/bin bee install --cron"
                )
        rest = _others(self.read())
        between = "\n" if rest and not rest.endswith("\n") else ""
        self._write(rest + between + "".join(f"{line}\n" for line in lines))

    def present(self) -> list[str]:
        """bee's lines."""
        return [] if self.missing() else _ours(self.read())

    def uninstall(self) -> None:
        """Take bee's lines out."""
        if self.present():
            self._write(_others(self.read()))

    def tick(self) -> int:
        """Run the command of the tick's line through sh, with the little that cron gives it."""
        line = next(line for line in self.present() if "/tick" in line)
        env = {"HOME": str(self.machine.person), "LOGNAME": self.machine.login, "SHELL": "/bin/sh", "PATH": PATH}
        words = ["/bin/sh", "-c", cron_command(line)]
        ended = process.run(words, cwd=self.machine.person, env=env, seconds=TICK_SECONDS_MAX)
        return ended.code if ended.code >= 0 else 128 - ended.code

    def notes(self) -> list[str]:
        """Whether anybody reads the crontab, and lines that would tick a second time."""
        found = [
            f"The crontab has a line of its own for bee, so it ticks twice; take it out with `crontab -e`: {line}"
            for line in _others(self.read()).split("\n")
            if re.search(r"scripts/(tick|watchdog)\b|\bbee tick\b", line) and not line.lstrip().startswith("#")
        ]
        running = (proc.name for proc in table.every().values())
        if self.machine.platform == "linux" and _DAEMONS.isdisjoint(running):
            found.append(
                "No cron daemon runs on this machine, so nothing starts these lines: start it (service cron start)."
            )
        return found


def _line(name: str, values: Mapping[str, str]) -> str:
    words = ["/usr/bin/env", f"GIT_BEE_HOME={values['home']}", "GIT_BEE_LOGS=1", f"PATH={values['path']}"]
    command = shlex.join([*words, "/bin/sh", f"{values['scripts']}/{name}"])
    when = TIMES[name].format(minutes=values["minutes"])
    return f"{when} {command}".replace("%", "\\%") + MARK  # to cron, a bare % ends the command


def _lines(units: Units) -> list[str]:
    assert all(line.endswith(MARK) for line in units.values()), "a line that uninstall would not find"
    return list(units.values())


def _ours(crontab: str) -> list[str]:
    return [line for line in crontab.split("\n") if line.endswith(MARK)]


def _others(crontab: str) -> str:
    lines = re.findall(r"[^\n]*\n|[^\n]+", crontab)
    return "".join(line for line in lines if not line.removesuffix("\n").endswith(MARK))


def cron_command(line: str) -> str:
    """What cron hands to the shell for a line: what follows the five fields, with each `\\%` as `%`."""
    return line.split(None, 5)[5].replace("\\%", "%")
