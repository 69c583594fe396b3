"""A repository as a server has it, and people's and agents' own git beside bee's."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bee.system import process
from bee.system.process import Ended

ENV = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.invalid",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.invalid",
}


def plain_git(folder: Path, *args: str, check: bool = True) -> str:
    """Somebody's git, with no setting of bee's."""
    ended = subprocess.run(["git", *args], cwd=folder, env=ENV, check=False, capture_output=True, text=True)
    assert not check or ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def confined(argv: Sequence[str], where: Path, mirror: Path, env: Mapping[str, str], stdin: bytes) -> Ended:
    """What a quarantine runs, without a box."""
    return process.run(argv, cwd=where, env=env, stdin=stdin, seconds=60)


def commit(folder: Path, files: dict[str, str | None], message: str = "change") -> str:
    """A commit of these files (None deletes); its oid."""
    for name, content in files.items():
        path = folder / name
        if content is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    plain_git(folder, "add", "-A")
    plain_git(folder, "commit", "-q", "-m", message)
    return plain_git(folder, "rev-parse", "HEAD")


class Upstream:
    """A bare repository with one commit on main, and a person's clone of it."""

    def __init__(self, folder: Path) -> None:
        self.bare = folder / "server.git"
        self.person = folder / "person"
        self.bare.mkdir()
        plain_git(self.bare, "init", "-q", "--bare", "-b", "main")
        plain_git(folder, "clone", "-q", str(self.bare), str(self.person))
        plain_git(self.person, "checkout", "-q", "-b", "main")
        self.main = self.push("main", {"a.txt": "one\n", "CLAUDE.md": "base rules\n"})

    @property
    def url(self) -> str:
        return f"file://{self.bare}"

    def push(self, branch: str, files: dict[str, str | None]) -> str:
        """A commit on a branch, made from where the person stands when it is new."""
        if plain_git(self.person, "branch", "--list", branch):
            plain_git(self.person, "checkout", "-q", branch)
        elif plain_git(self.person, "branch", "--list"):
            plain_git(self.person, "checkout", "-q", "-b", branch)
        oid = commit(self.person, files)
        plain_git(self.person, "push", "-q", "origin", branch)
        return oid


def until(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
