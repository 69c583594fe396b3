"""Attacks by what an agent leaves in its clone, and by what it hands in: real git, real commits, real verbs."""

from __future__ import annotations

import functools
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bee.config.schema import Policy
from bee.git.command import Git
from bee.git.mirror import Mirror
from bee.host import all_output_checks
from bee.model.roles import Role
from bee.model.verb_answer import Answer
from bee.pipeline.output_checks import OutputChecks
from bee.run.agent_cli import handed_in
from bee.run.verbs import handle
from bee.run.verbs.base import Session
from tests.attacks.by_text import Layers, brief_of, view_of
from tests.attacks.rows import Layer, attack, each
from tests.git.world import Upstream, confined, plain_git
from tests.pipeline import worlds as w

CANARY = "cry-4f1d9c0b7a"
VERIFY = "tests/e2e/verify.sh"
FREE = Policy(intake="all", protected_paths=(), verify=("true",))
LARGE = replace(FREE, limits=replace(Policy().limits, diff_files=10_000, diff_bytes=100_000_000))
KNOWN = "X8"


class _World:
    """A server's repository, and bee's mirror of it: made once, as no replay changes them but by a push."""

    def __init__(self, folder: Path) -> None:
        self.upstream = Upstream(folder)
        files = {VERIFY: "sh check.sh\n", "package-lock.json": "{}\n", ".github/workflows/ci.yml": "on: push\n"}
        self.base = self.upstream.push("main", {**files, "README.md": "x\n"})
        self.git = Git(home=folder / "git-home", protocols=("file",))
        self.mirror = Mirror(self.git, folder / "mirrors" / "o" / "r.git", self.upstream.url, address=w.BEE.address)
        self.mirror.ensure()
        self.mirror.fetch(["+refs/heads/*:refs/heads/*"])


@functools.cache
def _kept() -> tuple[Any, _World]:
    kept = tempfile.TemporaryDirectory(prefix="attacks-")
    return kept, _World(Path(kept.name))


def world() -> _World:
    """The one world of this process."""
    return _kept()[1]


class Play:
    """One agent in one clone, with the verbs of its role."""

    def __init__(
        self, folder: Path, role: Role = Role.DRAFTER, policy: Policy | None = None, checks: OutputChecks | None = None
    ) -> None:
        here = world()
        self.clone = here.mirror.clone_to(folder / "clone", "bee/1-task", here.base, "main")
        item = w.issue() if role in {Role.DRAFTER, Role.PLANNER} else w.pull()
        view = view_of(item, frozenset({Layer.PERMISSION}), policy=policy or Policy(intake="all"))
        brief = brief_of(item, view, role, base=here.base, head=here.base)
        self.paused: list[str] = []
        self.session = Session(
            brief=brief, files={}, commit_pause=self.paused.append, now=lambda: int(time.time()),
            take_in=lambda pack: here.mirror.take_in(pack, folder / "quarantine", confined),
            run_e2e=lambda: None,  # type: ignore[arg-type,return-value]
            checks=checks or all_output_checks().knowing([CANARY]),
        )  # fmt: skip

    @property
    def path(self) -> Path:
        return self.clone.path

    def git(self, *args: str, **env: str) -> str:
        """git as the agent runs it, in its clone."""
        ended = subprocess.run(["git", *args], cwd=self.path, capture_output=True, text=True, check=True,
                               env={**os.environ, **env})  # fmt: skip
        return ended.stdout.strip()

    def write(self, files: dict[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, files: dict[str, str | bytes] | None = None, message: str = "work", **env: str) -> None:
        self.write(files or {"work.txt": "done\n"})
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "-m", message, **env)

    def say(self, verb: str, **args: Any) -> Answer:
        return handle(self.session, verb, args)

    def submits(self, title: str = "Work", body: str = "Done.") -> bool:
        """Whether bee takes the work."""
        return self.say("submit", title=title, body=body, **self.handed_in()).ok

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def handed_in(self) -> dict[str, Any]:
        """What the agent's `bee` sends with a submit."""
        facts, pack = handed_in(str(self.path), [world().base])
        return {**facts, "pack": pack}

    def packed(self, oid: str, *known: str) -> bytes:
        """A pack that the agent made by itself: of one object, without some others."""
        given = "".join(f"{line}\n" for line in (oid, *(f"^{one}" for one in (*known, world().base))))
        argv = ["git", "pack-objects", "--revs", "--stdout", "-q"]
        return subprocess.run(argv, cwd=self.path, input=given.encode(), capture_output=True, check=True).stdout

    def taken_in(self) -> Mirror:
        """The quarantine of the work, whatever the verbs would say of it."""
        return self.session.take_in(self.handed_in()["pack"])


# ---- what it plants -------------------------------------------------------------------------------------------------


def _plant_hook(git_dir: Path, script: Path) -> None:
    hooks = git_dir / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "pre-commit", "reference-transaction", "post-checkout"):
        (hooks / name).write_text(script.read_text())
        (hooks / name).chmod(0o755)
    _set(git_dir, f'[core]\n\thooksPath = "{hooks}"\n')


def _set(git_dir: Path, text: str) -> None:
    with (git_dir / "config").open("a") as file:
        file.write(text)


def _plant_filter(git_dir: Path, script: Path) -> None:
    (git_dir.parent / ".gitattributes").write_text("* filter=evil\n")
    (git_dir.parent / "a.txt").write_text("changed\n")
    _set(git_dir, f'[filter "evil"]\n\tclean = "{script}"\n\tsmudge = "{script}"\n')


PLANTS: dict[str, tuple[str, Callable[[Path, Path], None]]] = {
    "hook": ("a git hook", _plant_hook),
    "fsmonitor": ("core.fsmonitor (CVE-2022-24765's kind)",
                  lambda git_dir, script: _set(git_dir, f'[core]\n\tfsmonitor = "{script}"\n')),
    "filter": ("a .gitattributes filter", _plant_filter),
}  # fmt: skip


def _naive(play: Play, git: Git) -> None:
    """What a program does that trusts the clone: status and a commit, in it."""
    for args in (["status", "--porcelain"], ["add", "-A"], ["commit", "-q", "-m", "x", "--allow-empty"]):
        git.ask(args, git_dir=play.clone.git_dir, work_tree=play.path)


for name, (story, plant) in PLANTS.items():

    def _planted(plant: Callable[[Path, Path], None], on: Layers, folder: Path) -> bool:
        play = Play(folder)
        play.commit()
        sent = play.handed_in()
        script = folder / "evil.sh"
        script.write_text(f"#!/bin/sh\ntouch '{folder}/ran'\ncat\n")
        script.chmod(0o755)
        plant(play.clone.git_dir, script)
        bare = Git(home=folder / "home", protocols=("file",), config={} if Layer.GIT not in on else world().git.config)
        if Layer.CLONE in on:
            play.say("submit", title="Work", **sent)
        else:
            _naive(play, bare)
        return (folder / "ran").exists()

    layers = (Layer.CLONE,) if name == "filter" else (Layer.CLONE, Layer.GIT)
    attack(f"plants-{name}", f"an agent plants {story} in its clone", *layers, known="X6")(each(_planted, plant))


@attack("borrows-another-repository", "an agent's clone claims objects of another repository on this machine",
        Layer.CLONE, known="X5")  # fmt: skip
def _alternates(on: Layers, folder: Path) -> bool:
    other = folder / "private"
    other.mkdir()
    plain_git(other, "init", "-q", "-b", "main")
    (other / "secret.txt").write_text("private\n")
    plain_git(other, "add", "-A")
    plain_git(other, "commit", "-q", "-m", "private")
    play = Play(folder)
    info = play.clone.git_dir / "objects" / "info" / "alternates"
    info.write_text(f"{info.read_text()}{other / '.git' / 'objects'}\n")
    tree = plain_git(other, "rev-parse", "HEAD^{tree}")
    oid = play.git("commit-tree", tree, "-p", "HEAD", "-m", "work")
    if Layer.CLONE in on:  # in the box there is no other repository: the commit alone can be handed in
        return play.say("submit", title="Work", branch="bee/1-task", head=oid, pack=play.packed(oid, tree)).ok
    return len(play.packed(oid)) > 0


@attack("reads-through-a-link", "an agent makes its clone's HEAD a link to a file of the machine", Layer.CLONE,
        known="X10")  # fmt: skip
def _link(on: Layers, folder: Path) -> bool:
    (folder / "secret").write_text("ref: refs/heads/secret\n")
    play = Play(folder)
    play.commit()
    sent = play.handed_in()
    head = play.clone.git_dir / "HEAD"
    head.unlink()
    head.symlink_to(folder / "secret")
    if Layer.CLONE not in on:
        return "secret" in head.read_text()
    return "secret" in play.say("submit", title="Work", **sent).text


@attack("tree-with-a-git-folder", "an agent makes a tree that holds a .git folder (CVE-2014-9390's kind)", Layer.GIT,
        known="X10")  # fmt: skip
def _dot_git(on: Layers, folder: Path) -> bool:
    play = Play(folder)
    blob = play.git("hash-object", "-w", "README.md")
    inner = _tree(play, [("100644", "config", blob)])
    outer = _tree(play, [("40000", ".GIT", inner)])
    oid = play.git("commit-tree", outer, "-p", "HEAD", "-m", "work")
    pack = play.packed(oid, world().base)
    if Layer.GIT not in on:
        bare = folder / "naive.git"
        plain_git(folder, "init", "-q", "--bare", str(bare))
        taken = subprocess.run(["git", "index-pack", "--stdin"], cwd=bare, input=pack, capture_output=True, check=False)
        return taken.returncode == 0
    return play.say("submit", title="Work", branch="bee/1-task", head=oid, pack=pack).ok


def _tree(play: Play, entries: Iterable[tuple[str, str, str]]) -> str:
    """A tree object as nobody checks it."""
    raw = b"".join(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries)
    argv = ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"]
    done = subprocess.run(argv, cwd=play.path, input=raw, capture_output=True, check=True)
    return done.stdout.decode().strip()
