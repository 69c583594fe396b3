"""Every `--json` line is of its published shape: each command is run on the forge, and judged by its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from bee.cli import main
from bee.cli.commands import help
from scripts.documents import generate
from tests.belt.plays import configure, head_of, task_pull
from tests.belt.stage import Stage, staged
from tests.shapes import judge, shape_of, valid

ROOT = Path(__file__).resolve().parents[2]
# Run by their own tests, on hosts and servers of their own: `install` and `uninstall` in tests/setup, the demo in
# tests/demo.
ELSEWHERE = {"install", "uninstall", "demo"}
ISSUE, PULL = "1", "3"
COMMANDS = (
    ("init", "--dry-run", "--repo", "ada/calc"),
    ("doctor",),
    ("new", "doc.md", "--dry-run"),
    ("status",),
    ("why", ISSUE),
    ("why", PULL),
    ("context", ISSUE),
    ("context", PULL),
    ("pause", ISSUE, "wait"),
    ("resume", ISSUE),
    ("pause", "--all", "wait"),
    ("resume", "--all"),
    ("approve", PULL),
    ("request-changes", PULL, "no"),
    ("cancel", PULL),
    ("retry", ISSUE, "--hint", "look"),
    ("override", ISSUE, "--to", "ready", "--reason", "look"),
    ("tick", "--dry-run"),
    ("tick", "--inline"),
    ("status",),
    ("log", PULL),
    ("log",),
    ("cost", "--since", "1d"),
    ("logs", PULL),
    ("config", "show"),
    ("config", "get", "slots"),
    ("watchdog",),
    ("key",),
)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A task, a task with its pull request, and this process as the host."""
    with staged(tmp_path) as made:
        configure(made)
        made.issue()
        task_pull(made)
        for name, value in made.env().items():
            monkeypatch.setenv(name, value)
        Path("doc.md").write_text("# A title\n\nIt is slow.\n\n## Done when\n\n`make test` passes.\n")
        yield made


def test_each_command_prints_its_shape(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    ran = set()
    for words in COMMANDS:
        sha = ["--sha", head_of(stage, int(PULL))] if words[0] == "approve" else []
        code = main.main([*words, *sha, "--json"])
        said = capsys.readouterr()
        assert code in (0, 1), f"bee {' '.join(words)}: {code}\n{said.err}"
        valid(words, said.out)
        ran.add(shape_of(words))
    assert ran | ELSEWHERE == set(generate.LINES)


def test_every_command_with_json_has_a_shape() -> None:
    with_json = {name for name in main.shown() if "--json" in generate.parser_of(name)._option_string_actions}
    assert with_json == {name.partition(" ")[0] for name in generate.LINES}


def test_every_schema_is_one_and_lies_in_its_file() -> None:
    made = generate.made()
    assert set(help.shapes()) == set(generate.LINES)
    assert {path for path in made if path.suffix == ".json"} == set((ROOT / "docs" / "schemas").iterdir())
    for name in generate.LINES:
        jsonschema.Draft202012Validator.check_schema(generate.schema_of(name))
        text = generate.file_of(name).read_text(encoding="utf-8")
        assert text == made[generate.file_of(name)], "run: python -m scripts.documents --write"


@pytest.mark.parametrize(
    "wrong", [{"version": 2}, {"said": 3}, {"changed": None}, {"number": "2"}, {"more": "than is said"}]
)
def test_a_line_of_another_shape_is_refused(wrong: dict[str, object]) -> None:
    good = {"version": 1, "repo": "ada/calc", "number": 2, "changed": True, "said": "done"}
    judge("retry", good)
    with pytest.raises(jsonschema.ValidationError):
        judge("retry", {**good, **wrong})
    if "more" in wrong:  # a reader of the published schema takes what a later bee adds
        jsonschema.validate({**good, **wrong}, json.loads(help.schema("retry")))
