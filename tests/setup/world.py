"""A person's machine for `bee install`: a home, a bee as a wheel puts it there, and all the programs it has."""

from __future__ import annotations

import compileall
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bee.setup import install
from bee.setup.schedulers import Machine
from tests import shapes
from tests.belt.stage import AGENT, MOVES, Stage

ROOT = Path(__file__).resolve().parents[2]
FAKES = Path(__file__).with_name("fakes.py")
TOOLS = (
    "awk bash cat chmod cp curl cut date dirname env find flock git grep head ls mkdir mktemp mv printf ps rm sed sh "
    "sleep sort tail touch tr true uname wc".split()
)


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str
    words: tuple[str, ...] = ()

    @property
    def json(self) -> dict[str, Any]:
        """The last line of standard output, of the shape that is published for the command."""
        return shapes.valid(self.words, self.out)


@dataclass
class World:
    """One person on one machine. Nothing of the real machine's schedulers can be reached by name."""

    root: Path
    more: dict[str, str] = field(default_factory=dict)

    @property
    def person(self) -> Path:
        """HOME; awkward on purpose."""
        return self.root / "a person's 100% home"

    @property
    def home(self) -> Path:
        """bee's home."""
        return self.person / ".git-bee"

    @property
    def bin(self) -> Path:
        """All of PATH."""
        return self.root / "bin"

    @property
    def site(self) -> Path:
        """Where bee is installed."""
        return self.root / "site"

    @property
    def table(self) -> Path:
        """The fake crontab."""
        return self.person / "fakes" / "crontab"

    def prepare(self, built: Path) -> None:
        """Install bee as it was built, the tools and the stand-ins."""
        (self.person / "fakes").mkdir(parents=True)
        shutil.copytree(built, self.site)
        self.bin.mkdir()
        for name in TOOLS:
            if real := shutil.which(name):
                (self.bin / name).symlink_to(real)
        self.tool("bee", f'PYTHONPATH="{self.site}" exec "{sys.executable}" -P -m bee "$@"')
        for name in ("crontab", "systemctl", "loginctl", "launchctl"):
            self.tool(name, f'exec "{sys.executable}" -I -S "{FAKES}" {name} "$@"')

    def tool(self, name: str, text: str) -> None:
        """A program on PATH."""
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def env(self) -> dict[str, str]:
        """What the person's shell has."""
        return {"HOME": str(self.person), "PATH": str(self.bin), "LOGNAME": "somebody", **self.more}

    def bee(self, *words: str, **more: str) -> Ended:
        """`bee WORDS`, typed by the person."""
        ended = subprocess.run(
            [str(self.bin / "bee"), *words],
            env={**self.env(), **more},
            cwd=self.person,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr, words)

    def configure(self, text: str = "version: 1\nrepos: [ada/calc]\n") -> None:
        """A config.yml."""
        self.home.mkdir(mode=0o700, exist_ok=True)
        (self.home / "config.yml").write_text(text)

    def flag(self, name: str) -> None:
        """Something the stand-ins look at."""
        (self.person / "fakes" / name).touch()

    def machine(self, platform: str) -> Machine:
        """The machine as the verbs see it, said to be of another kind."""
        config, data = self.person / ".config", self.person / ".local" / "share"
        return Machine(
            platform=platform, person=self.person, config=config, data=data, uid=501, login="somebody", env=self.env()
        )

    def units(self, kind: str) -> dict[str, str]:
        """The rendered units of a scheduler."""
        scheduler = next(one for one in install.schedulers(self.machine("linux")) if one.kind == kind)
        scripts = self.site / "bee" / "_data" / "scripts"
        return dict(install.render(scheduler, str(scripts), str(self.home), f"{self.bin}:/usr/bin:/bin"))

    def tree(self) -> dict[str, bytes]:
        """Every file below HOME that no stand-in wrote."""
        files = (path for path in self.person.rglob("*") if path.is_file() and "fakes" not in path.parts)
        return {str(path.relative_to(self.person)): path.read_bytes() for path in files}


def build(site: Path) -> None:
    """bee and its data as the wheel lays them out, compiled once for all tests."""
    shutil.copytree(ROOT / "bee", site / "bee", ignore=shutil.ignore_patterns("__pycache__", "_data"))
    for folder in ("agents", "launchd", "systemd"):
        shutil.copytree(ROOT / folder, site / "bee" / "_data" / folder)
    (site / "bee" / "_data" / "scripts").mkdir()
    for name in ("tick", "watchdog"):
        shutil.copy(ROOT / "scripts" / name, site / "bee" / "_data" / "scripts" / name)
    compileall.compile_dir(site / "bee", quiet=2)


KEEP = ("--token-from-env", "--env", "GITHUB_API_URL", "--env", "GITHUB_GRAPHQL_URL", "--env", "GITHUB_SERVER_URL")


def ready(world: World, stage: Stage, slow: bool = True) -> dict[str, str]:
    """The machine watches ada/calc now, where the planner waits for the file `go`; what its person's shell has."""
    folder = world.root / "moves"
    folder.mkdir()
    wait = f'touch "{world.root}/started"\nwhile [ ! -e "{world.root}/go" ]; do sleep 0.1; done\n' if slow else ""
    for role, script in MOVES.items():
        (folder / f"{role}.sh").write_text(wait + script if role == "planner" else script)
    engine = json.dumps(["/bin/sh", str(AGENT), str(folder)])
    world.configure(f"version: 1\nrepos: [{stage.repo}]\nengine:\n  command: {engine}\nsandbox: none\n")
    return {name: text for name, text in stage.env().items() if name.startswith(("GITHUB_", "GH_", "BEE_KEY"))}


def cron_runs(command: str, person: Path, **more: str) -> Ended:
    """What cron does with a line's command: sh -c, with the little it sets."""
    env: Mapping[str, str] = {"HOME": str(person), "LOGNAME": "somebody", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        env={**env, **more},
        cwd=person,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)
