"""A temporary checkout of a bee that can be broken at will, and the guards that run it, with a real sh and real git."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
SHELLS = tuple(shell for shell in ("dash", "bash", "busybox") if shutil.which(shell))
SOUND = "import sys\nprint('bee 1.0' if '--version' in sys.argv else 'idle')\n"
BROKEN = "def main(:\n"


def ending(code: int) -> str:
    """A bee whose tick ends with `code`."""
    return f"import sys\nsys.exit({code})\n"


@dataclass
class Checkout:
    """A git checkout with the guards and a one-file bee; `home` is its GIT_BEE_HOME, `path` its PATH."""

    root: Path
    home: Path
    path: Path
    shell: str

    def git(self, *words: str) -> str:
        """What git says in the checkout."""
        return subprocess.run(
            ["git", "-C", str(self.root), *words], check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, text: str, name: str = "bee/__main__.py") -> str:
        """Pulls a new version of bee; returns its SHA."""
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a version")
        return self.head

    @property
    def head(self) -> str:
        """The SHA that is checked out."""
        return self.git("rev-parse", "HEAD")

    def environment(self, **extra: str) -> dict[str, str]:
        """What a scheduler would give: little."""
        return {
            "HOME": os.environ["HOME"],
            "GIT_BEE_HOME": str(self.home),
            "PATH": str(self.path),
            "GIT_CEILING_DIRECTORIES": os.environ["GIT_CEILING_DIRECTORIES"],
            **extra,
        }

    def run(self, script: str, **extra: str) -> subprocess.CompletedProcess[str]:
        """One run of a guard, under the shell of this checkout."""
        shell = [shutil.which(self.shell) or self.shell, *(["sh"] if self.shell == "busybox" else [])]
        return subprocess.run(
            [*shell, str(self.root / "scripts" / script)],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=self.environment(**extra),
            cwd="/",
            timeout=60,
        )

    def tick(self, times: int = 1) -> list[int]:
        """The exit codes of so many ticks."""
        return [self.run("tick").returncode for _ in range(times)]

    def states(self) -> list[str]:
        """The last word of every line of the history."""
        return [line.split()[3] for line in (self.home / "tick-history").read_text().splitlines()]

    def marker(self, name: str) -> dict[str, str]:
        """A "key: value" file of the home."""
        lines = (self.home / name).read_text().splitlines()
        return dict(line.split(": ", 1) for line in lines)

    def has(self, name: str) -> bool:
        """Whether a file is in the home."""
        return (self.home / name).exists()

    def tool(self, name: str, text: str) -> None:
        """Puts a program on the PATH, before what is there."""
        path = self.path / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def age(self, name: str, minutes: float) -> None:
        """Makes a file of the home look `minutes` old."""
        then = time.time() - minutes * 60
        os.utime(self.home / name, (then, then))


def _programs(folder: Path) -> Path:
    """A PATH with the ordinary tools and no desktop, no gh, no bee of this machine."""
    folder.mkdir()
    names = (
        "awk basename cat chmod cksum cp curl cut date dirname env find flock git grep head mkdir mktemp mv printf ps "
        "rm sed sh sleep sort tail tar touch tr true uname wc".split()
    )
    for name in names:
        if real := shutil.which(name):
            (folder / name).symlink_to(real)
    return folder


@pytest.fixture
def shell() -> str:
    """The strictest POSIX shell this machine has; some tests are parametrized over all of them instead."""
    return SHELLS[0]


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `checkout` begins with: git takes a dozen processes to make it, and none to copy it."""
    root = tmp_path_factory.mktemp("sound") / "checkout"
    made = Checkout(root, root, root, SHELLS[0])
    shutil.copytree(SCRIPTS, root / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    (root / ".gitignore").write_text("/.venv/\n__pycache__/\n")
    (root / "pyproject.toml").write_text('[project]\nname = "git-bee"\n')
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:  # HOME is not a test's own yet
        for name, value in {"GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x", "GIT_CONFIG_GLOBAL": os.devnull}.items():
            patch.setenv(name, value)
            patch.setenv(name.replace("AUTHOR", "COMMITTER"), value)
        made.git("init", "-q", "-b", "main", "--template=")
        made.commit("", "bee/__init__.py")
        made.commit(SOUND)
    return root


@pytest.fixture
def checkout(tmp_path: Path, sound: Path, shell: str) -> Checkout:
    """A checkout whose first version works and was never ticked."""
    made = Checkout(tmp_path / "a checkout", tmp_path / "bee home", _programs(tmp_path / "bin"), shell)
    shutil.copytree(sound, made.root, symlinks=True)
    made.git("update-index", "-q", "--refresh")  # copies are other files to git until it has looked
    return made
