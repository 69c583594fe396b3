"""From nothing to the first run that is sent: a person types into a shell on a real terminal, and answers five times.

What was typed and shown is kept in a recording; its length in seconds is printed, and judged by nobody here.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pytest

from tests.belt.plays import last_seq
from tests.belt.stage import CHECKOUT, Stage, until
from tests.setup import fetch
from tests.setup.places import done_writes, engine, fresh

ANSWERS_MAX = 5
PROMPT = "ready> "
DOC = """# Greet people by name

People are greeted as "you".

## The shape

`sh greet.sh ada` prints `Hello, ada`.

## Edge cases

Without a name it prints `Hello, you`.

## Done when

`sh check.sh` passes.

## Design finalized

- [x] The design is complete: bee may plan it
"""


@dataclass
class Shell:
    """A shell on a terminal, and a person who counts how often they were asked."""

    child: pexpect.spawn[str]
    answers: int = 0

    def run(self, line: str) -> None:
        """Type a command."""
        self.child.sendline(line)

    def answer(self, question: str, text: str) -> None:
        """Wait for a question, and answer it."""
        self.child.expect_exact(question)
        self.child.sendline(text)
        self.answers += 1

    def done(self) -> str:
        """Wait for the prompt; what the command has shown, which must have ended well."""
        self.child.expect_exact(PROMPT)
        shown = str(self.child.before)
        self.child.sendline("echo code=$?")
        self.child.expect(r"code=(\d+)\r\n")
        assert self.child.match is not None
        assert str(self.child.match[1]) == "0", shown
        self.child.expect_exact(PROMPT)
        return shown


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A repository that bee has never seen."""
    with fresh(tmp_path) as made:
        yield made


def person(stage: Stage, path: str) -> dict[str, str]:
    """A machine with a clone of the repository, a token and an editor, and nothing of bee's."""
    home = stage.folder / "person"
    home.mkdir()
    editor = home / "editor"
    editor.write_text(f"#!/bin/sh\ncat > \"$1\" <<'END'\n{DOC}END\n")
    editor.chmod(0o755)
    stage.clone()
    kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    servers = {name: value for name, value in stage.env().items() if name.startswith(("GITHUB_", "BEE_KEY"))}
    return {
        **kept, **servers, "HOME": str(home), "PATH": path, "GH_TOKEN": stage.tokens["ada"], "EDITOR": str(editor),
        "TERM": "xterm", "PS1": PROMPT, "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "NO_PROXY": "127.0.0.1",
        "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip


def play(stage: Stage, env: dict[str, str], before: tuple[str, ...] = ()) -> None:
    """`bee init`, `bee new`, `bee tick`; then the planner has been sent, and its plan waits for the person."""
    recording = (stage.folder / "recording.txt").open("w", encoding="utf-8")
    child = pexpect.spawn(
        "bash", ["--norc", "--noprofile"], env=env, cwd=str(stage.folder / "ada"), encoding="utf-8", timeout=170,
        dimensions=(24, 80),
    )  # fmt: skip
    child.logfile_read = recording
    shell, begun = Shell(child), time.monotonic()
    try:
        child.expect_exact(PROMPT)
        for line in before:
            shell.run(line)
            shell.done()
        shell.run("bee init --sandbox none")
        shell.answer("[1] > ", "")
        shell.answer("[sh tests/e2e/verify.sh] > ", "")
        shell.answer("> ", engine(stage))
        shell.answer("Write this? [Y/n] ", "")
        assert "ada/calc is set up." in shell.done()
        shell.run("bee new")
        shell.answer("Open this issue in ada/calc as ada? [Y/n] ", "")
        assert "Its gate is ticked: bee plans it with the next tick." in shell.done()
        shell.run("bee tick")
        shown = shell.done()
        assert re.search(r"decision: dispatch planner ada/calc#1: ", shown), shown
        seconds = time.monotonic() - begun
        until("the plan waits for the person", 60, lambda: stage.position(1) == "plan-open")
        shell.run("bee status || true")
        assert "Is the plan right? 1. The first step; 2. The second step" in shell.done()
    finally:
        child.close(force=True)
        recording.close()
    assert shell.answers <= ANSWERS_MAX
    print(f"first run sent after {seconds:.1f} s and {shell.answers} answers; recording: {recording.name}")


def test_from_an_installed_bee_to_the_first_run_in_five_answers(stage: Stage) -> None:
    program = stage.folder / "bin" / "bee"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH={CHECKOUT} exec {sys.executable} -P -m bee "$@"\n')
    program.chmod(0o755)
    seq = last_seq(stage)
    play(stage, person(stage, f"{program.parent}:{os.environ['PATH']}"))
    assert done_writes(stage, seq)


@pytest.mark.deep
def test_from_an_empty_machine_to_the_first_run_in_five_answers(stage: Stage) -> None:
    """A fresh clone, its environment built by the checkout's own script, and nothing else."""
    if not fetch.wheels().is_dir():
        pytest.skip("bee's own packages are not in the cache; python -m tests.setup.fetch brings them")
    bees = stage.folder / "git-bee"
    env = {**person(stage, os.environ["PATH"]), "PIP_FIND_LINKS": str(fetch.wheels())}
    play(
        stage,
        env,
        (f"git clone -q {CHECKOUT} {bees}", f"{bees}/scripts/_env demo", f"export PATH={bees}/.venv/bin:$PATH"),
    )
