"""The outermost door: help for everything, errors that say what would be right, and exits by cause."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bee import __version__
from bee.cli import main

ROOT = Path(__file__).resolve().parents[2]


def bee(*args: str, out: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """`bee` as a process without any configuration or token."""
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-P", "-m", "bee", *args], stdout=out, stderr=subprocess.PIPE, text=True, env=env, check=False
    )


def test_help_names_every_command_and_every_exit(capsys: pytest.CaptureFixture[str]) -> None:
    """`bee --help`, `bee help` and `bee` alone, as git-bee has it. No line is wider than 120 columns."""
    assert main.main(["--help"]) == 0
    text = capsys.readouterr().out
    assert main.main(["help"]) == 0
    assert capsys.readouterr().out == text
    assert main.main([]) == 0
    assert capsys.readouterr().out == text
    for name in main.shown():
        assert re.search(rf"^  {name} +\S", text, re.M), name
    for code in ("0", "1", "2", "3", "75", "130"):
        assert re.search(rf"\b{code}\b", text)
    assert max(map(len, text.split("\n"))) <= 120


@pytest.mark.parametrize("name", main.shown())
def test_every_command_has_a_help_that_says_what_it_is_for(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, a description, and every option with words beside it."""
    assert main.main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: bee {name}")
    assert len(text.split("\n\n")[1].strip()) > 15
    options = re.findall(r"^  (--?[a-z].*(?:\n {3,}.*)*)", text.partition("options:")[2], re.M)
    assert options
    for option in options:
        assert re.search(r"\S(?: {2}|\n) *\S", option), option


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["tik"], "there is no command 'tik'; did you mean `bee tick`?"),
        (["frobnicate"], "`bee --help` lists the commands"),
        (["why"], "N"),
        (["why", "x", "--repo", "a/b"], "'x'"),
        (["tick", "--jsn"], "unrecognized arguments: --jsn"),
        (["pause", "--repo", "a/b"], "say which item"),
        (["status", "--repo", "../.."], "write owner/name"),
        (["tick"], "--repo owner/name"),
    ],
)
def test_a_wrong_command_line_is_2_and_says_what_would_be_right(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is asked of GitHub for it, and no home appears."""
    monkeypatch.setenv("GH_TOKEN", "x")
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    assert main.main(words) == 2
    assert says in capsys.readouterr().err
    assert not (Path.home() / ".git-bee").exists()


def test_the_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """For scripts and bug reports."""
    assert main.main(["--version"]) == 0
    assert capsys.readouterr().out == f"bee {__version__}\n"


def test_a_closed_pipe_is_no_bug() -> None:
    """`bee --help | head -1`: no traceback, no report."""
    read, write = os.pipe()
    os.close(read)
    ended = bee("--help", out=write)
    os.close(write)
    assert "bug" not in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "Exception" not in ended.stderr
    assert ended.returncode in (0, main.BROKEN_PIPE)


def test_a_bug_report_has_module_names_and_no_arguments() -> None:
    """What a person pastes tells no path of their machine, and nothing they typed after the command."""
    try:
        raise RuntimeError("broken")
    except RuntimeError as bug:
        text = main.bug_report(bug, ["approve", "7", "my secret reason"])
    assert "command: bee approve\n" in text
    assert "secret" not in text
    assert str(ROOT) not in text
    assert "RuntimeError: broken" in text
    assert "tests/cli/test_main.py" in text


def test_an_interrupt_is_130() -> None:
    """Ctrl-C says so and leaves no traceback."""
    script = "import bee.cli.main as c, bee.cli.commands.status as s\n"
    script += "def stop(*a): raise KeyboardInterrupt\ns.run = stop\nraise SystemExit(c.main(['status']))"
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, check=False)
    assert (ended.returncode, ended.stderr) == (130, "bee: interrupted\n")


def test_the_version_by_each_of_its_names(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["version"], ["--version"], ["-V"], ["-v"]):
        assert main.main(words) == 0
        assert capsys.readouterr().out == f"bee {__version__}\n"
