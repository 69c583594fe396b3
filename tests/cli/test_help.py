"""`bee help`, the examples of every command, and completion in a real bash."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bee.cli import main
from bee.cli.commands import help
from bee.cli.table import COMMANDS
from bee.model import errors
from bee.model.labels import OWNED
from scripts.documents import generate
from tests.docs.test_commands import wrong

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("topic", help.TOPICS)
@pytest.mark.parametrize("width", [60, 100])
def test_every_topic_is_text_within_its_columns(topic: str, width: int) -> None:
    text = help.explained(topic, width)
    assert len(text.splitlines()) > 5
    assert "<!--" not in text
    assert "| " not in text
    if topic not in ("topics", "json"):
        assert max(map(len, text.splitlines()[1:])) <= width


def test_topics_come_from_the_code(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    assert main.main(["help", "labels"]) == 0
    labels = capsys.readouterr().out
    assert [label for label in OWNED if f"\n  {label}\n" not in labels] == []
    assert main.main(["help", "exit-codes"]) == 0
    exits = capsys.readouterr().out
    assert "\n  75\n      meaning: could not look" in exits
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind is not errors.BeeError]
    assert [kind.__name__ for kind in kinds if f"\n  {kind.__name__}\n      exit: " not in exits] == []
    assert main.main(["help"]) == 0
    assert capsys.readouterr().out.startswith("usage: bee COMMAND")
    assert main.main(["help", "why"]) == 0
    assert "usage: bee why" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["help", "lables"], "did you mean `bee help labels`?"),
        (["help", "xyzzy"], "`bee help topics` lists them"),
        (["help", "json", "forge"], "`bee forge` prints no JSON"),
    ],
)
def test_a_wrong_topic_says_what_would_be_right(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(words) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("words", ["status", "pause --all", "bee pause --all --json"])
def test_a_shape_is_printed_as_it_is_published(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    name = words.removeprefix("bee ").removesuffix(" --json")
    assert json.loads(help.schema(words)) == generate.schema_of(name)
    if "-" not in words:
        assert main.main(["help", "json", *words.split()]) == 0
        assert json.loads(capsys.readouterr().out) == generate.schema_of(name)


def test_every_command_has_examples_that_can_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    for name in main.shown():
        lines = COMMANDS[name].examples
        assert [line for line in lines if shlex.split(line)[:2] != ["bee", name] or wrong(line, whole=True)] == []
        assert main.main([name, "--help"]) == 0
        assert f"examples:\n  {lines[0]}\n" in capsys.readouterr().out


@pytest.mark.parametrize("name", main.shown())
def test_a_wrong_choice_is_answered_by_what_can_be_typed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """argparse shows each choice as its repr, which an enum's is not."""
    parser, _ = main.parser_of(name)
    for action in parser._actions:
        if action.choices is not None and action.option_strings:
            main.main([name, f"{action.option_strings[0]}=no-such-choice"])
            said = capsys.readouterr().err
            assert "no-such-choice" in said
            assert "<" not in said.partition("choose from")[2], said
            assert all(choice in said for choice in action.choices), said


def completed(folder: Path, line: str) -> list[str]:
    """What a real bash offers when Tab is pressed at the end of a line."""
    (folder / "bee").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m bee "$@"\n')
    (folder / "bee").chmod(0o755)
    asks = 'eval "$(bee completion bash)"\nwords=($1)\n[ "${1% }" = "$1" ] || words+=("")\n'
    asks += 'COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1)) COMP_TYPE=9\n'
    asks += '_python_argcomplete bee "" ""\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
    env = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        ["bash", "--norc", "-c", asks, "bash", line], env=env, cwd=folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return [word.strip() for word in ended.stdout.splitlines() if word.strip()]


def test_bash_completes_commands_options_and_choices(tmp_path: Path) -> None:
    assert shutil.which("bash")
    assert completed(tmp_path, "bee sta") == ["status"]
    assert set(completed(tmp_path, "bee ")) >= set(main.shown())
    assert completed(tmp_path, "bee status --wa") == ["--watch"]
    assert completed(tmp_path, "bee log --role pl") == ["planner"]
    assert "work" not in completed(tmp_path, "bee w")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_get_a_script_for_bee(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "bee" in script
    assert ("compdef" if shell == "zsh" else "complete") in script
