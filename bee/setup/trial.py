"""Tries how a repository is tested, as a run does: in the box, in a clean checkout of the default branch's head.

All that it makes lies in one temporary folder, and goes with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from tempfile import mkdtemp
from threading import Event
from typing import Final, Protocol

from bee.config.schema import Policy, SetupPolicy
from bee.git import submodules
from bee.git.mirror import Mirror
from bee.host import AgentRunner, all_output_checks
from bee.model.limits import FILE_BYTES_MAX, TRIALS_SECONDS_MAX
from bee.model.text import clipped, number_of, one_line, plain
from bee.pipeline.tests_ran import count_tests, said_failed
from bee.pipeline.verify_files import missing, named_of
from bee.run.e2e import plain_files
from bee.run.setup import SetUp, keep_cache
from bee.setup.candidates import OWN, Candidate, Files, wanted
from bee.system.home import Home
from bee.system.process import Ended
from bee.system.trees import remove_tree

END_BYTES_MAX: Final = 1_500
_NOT_FOUND: Final = 127  # of a shell: there is no such program
_SEEN: Final = "nothing of that name is in the box, which shows the system's folders and no one's HOME"


@dataclass(frozen=True, slots=True)
class Ran:
    """One command of a trial, as `bee init --json` lists it. `exit` is null where its time was up; `tests` where its
    output does not say how many it ran.
    """

    command: str
    exit: int | None
    seconds: float
    tests: int | None

    def said(self) -> str:
        """How it ended, for people."""
        took = f"{self.seconds:.1f} s" if self.seconds < 10 else f"{self.seconds:.0f} s"
        tests = "" if self.tests is None else number_of(self.tests, "test")
        if self.exit == 0:
            return f"{tests or 'passed'} in {took}"
        how = "stopped" if self.exit is None else f"exit {self.exit}"
        return f"{how} after {took}{f', {tests}' if tests else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of one candidate: empty `refused` where it may be proposed; `end` of the output that refused it."""

    setup: tuple[str, ...]
    verify: str
    commands: tuple[Ran, ...]
    refused: str
    end: str

    @property
    def candidate(self) -> Candidate:
        """What was tried."""
        return Candidate(self.verify, self.setup)


class Watcher(Protocol):
    """Who is told of each command."""

    def begins(self, command: str) -> None:
        """It is about to run."""

    def ended(self, ran: Ran) -> None:
        """It has ended."""


@dataclass(frozen=True, slots=True)
class _Watched:
    """A runner that keeps how each command ended, and gives none more time than is left."""

    runner: AgentRunner
    watcher: Watcher
    until: float
    ran: list[tuple[Ran, str]] = field(default_factory=list)

    def setup(
        self, command: str, where: Path, home: Path, mirror: Path, seconds: int, *, repo: str, hosts: Sequence[str]
    ) -> Ended:
        """As AgentRunner."""

        def run(left: int) -> Ended:
            return self.runner.setup(command, where, home, mirror, left, repo=repo, hosts=hosts)

        return self._kept(command, seconds, run)

    def verify(
        self, command: str, where: Path, home: Path, mirror: Path, seconds: int, *, kept: Sequence[Path] = ()
    ) -> Ended:
        """As AgentRunner."""
        return self._kept(
            command, seconds, lambda left: self.runner.verify(command, where, home, mirror, left, kept=kept)
        )  # fmt: skip

    def _kept(self, command: str, seconds: int, run: Callable[[int], Ended]) -> Ended:
        self.watcher.begins(command)
        ended = run(max(1, min(seconds, ceil(self.until - time.monotonic()))))
        text = ended.out.decode("utf-8", "replace")
        code = None if ended.timed_out else ended.code
        ran = Ran(command, code, round(ended.seconds, 1), count_tests(text))
        self.ran.append((ran, text))
        self.watcher.ended(ran)
        return ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Where candidates of one repository are tried at `head`. `seconds_max`: of all together, since `begun`.

    One command has as long as a run would give it.
    """

    folder: Path
    home: Home
    mirror: Mirror
    runner: AgentRunner
    repo: str
    head: str
    private: bool
    watcher: Watcher
    seconds_max: int = TRIALS_SECONDS_MAX
    begun: float = field(default_factory=time.monotonic)

    def over(self) -> bool:
        """Whether the time for all trials together is up."""
        return time.monotonic() - self.begun >= self.seconds_max

    def files(self) -> Files:
        """Every file of the head, with the texts that say how it is tested; one of over FILE_BYTES_MAX stays unread."""
        rows = self.mirror.ask("ls-tree", "-r", "-z", "-l", "--full-tree", self.head)
        listed = [row.partition("\t") for row in rows.out.decode("utf-8", "replace").split("\0") if row]
        sizes = {path: facts.split()[-1] for facts, _, path in listed}
        small = [path for path, size in sizes.items() if size.isdigit() and int(size) <= FILE_BYTES_MAX]
        read = {path: self.mirror.show(self.head, path) or b"" for path in wanted(small)}
        return dict.fromkeys(sizes, "") | {path: text.decode("utf-8", "replace") for path, text in read.items()}

    def tries(self, candidate: Candidate, *, said: bool = False) -> Tried:
        """Run it in a checkout of its own: `setup`, then `verify`, as before a merge. Raises LookError and GitError.

        `said`: a person said it, who knows whether it tests where its output does not say so.
        """
        where, private_home = self.folder / "clone", self.folder / "private"
        private_home.mkdir(mode=0o700)
        watched = _Watched(self.runner, self.watcher, self.begun + self.seconds_max)
        policy = Policy(verify=(candidate.verify,), setup=SetupPolicy(run=candidate.setup))
        checks = all_output_checks()
        setup = SetUp(
            runner=watched, home=self.home, mirror=self.mirror, folder=self.folder, checks=checks, policy=policy,
            repo=self.repo, private=self.private,
        )  # fmt: skip
        try:
            clone = self.mirror.checkout_to(where, self.head)
            submodules.fill(self.mirror, clone, self.head, self.private)
            files = clone.files(self.head)
            lost = missing(policy.verify, files)
            if not lost and not setup.failure(where, private_home):
                keep_cache(self.home, self.repo, private_home)
                kept = plain_files(where, named_of(policy.verify, files))
                seconds = policy.limits.verify_minutes * 60
                watched.verify(candidate.verify, where, private_home, self.mirror.path, seconds, kept=kept)
        finally:
            for folder in (where, private_home):
                remove_tree(folder)
        refused = f"{', '.join(lost)} is not in the repository" if lost else _refusal(watched.ran, candidate, said)
        refused, text = checks.told(plain(refused)), watched.ran[-1][1] if watched.ran else ""
        last = checks.told(plain(text)).strip()
        return Tried(
            setup=candidate.setup, verify=candidate.verify, commands=tuple(ran for ran, _ in watched.ran),
            refused=refused, end=clipped(last, END_BYTES_MAX, keep_end=True) if refused else "",
        )  # fmt: skip


def _refusal(ran: Sequence[tuple[Ran, str]], candidate: Candidate, said: bool) -> str:
    """Why it may not be proposed; empty where it may."""
    (last, text), tested = ran[-1], len(ran) > len(candidate.setup)
    if tested and last.tests == 0:
        return "it ran no tests"
    if last.exit == 0:
        if failed := said_failed(text):
            return f"it ends with 0, and says that tests failed: {one_line(failed)}"
        silent = last.tests is None and not said and candidate.verify != OWN
        return "says nothing of tests; if it tests, say --verify '…'" if silent else ""
    how = _SEEN if last.exit == _NOT_FOUND else last.said()
    return how if tested else f"setup, {one_line(last.command)}: {how}"


@contextmanager
def opened(
    build: Callable[[Home], tuple[Mirror, AgentRunner]], repo: str, branch: str, private: bool, watcher: Watcher
) -> Iterator[Trial]:
    """A trial in a temporary folder: fetched, and deleted at the end. `build` makes mirror and runner of a home.

    Raises LookError and GitError where the branch cannot be fetched.
    """
    folder = Path(mkdtemp(prefix="bee-init-")).resolve()
    try:
        home = Home(folder / "home")
        home.ensure()
        mirror, runner = build(home)
        mirror.ensure()
        ref = f"refs/heads/{branch}"
        mirror.fetch([f"+{ref}:{ref}"], Event())
        head = mirror.oid("rev-parse", "--verify", f"{ref}^{{commit}}")
        yield Trial(
            folder=folder, home=home, mirror=mirror, runner=runner, repo=repo, head=head, private=private,
            watcher=watcher,
        )  # fmt: skip
    finally:
        remove_tree(folder)
