"""What goes wrong at a terminal: one line that says what, and what to do next, with the exit code of its cause."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bee.cli import main
from tests.belt.stage import Stage, staged

VERBS = ("why", "pause", "resume", "retry", "approve", "request-changes", "cancel", "logs")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """An empty repository, this process as a host without a configuration."""
    with staged(tmp_path) as made:
        for name, value in made.env().items():
            monkeypatch.setenv(name, value)
        yield made


def said(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int) -> str:
    """The one line on standard error."""
    assert main.main(list(words)) == code, words
    line = capsys.readouterr().err
    assert line.startswith("bee: "), line
    assert line.count("\n") == 1, line
    return line


def test_every_verb_says_what_is_not_there(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in VERBS:
        line = said(capsys, (verb, "9999", "--repo", stage.repo), 2)
        assert "9999" in line
    assert "check the number" in said(capsys, ("why", "9999", "--repo", stage.repo), 2)
    for words in (("status",), ("why", "1"), ("log",), ("cost",)):
        assert "no-such" in said(capsys, (*words, "--repo", "ada/no-such"), 2 if words != ("log",) else 75)


def test_without_a_configuration_it_says_how_to_get_one(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("status", "tick", "log", "cost"):
        assert "run `bee init`, or say --repo owner/name" in said(capsys, (verb,), 2)


def test_without_a_policy_it_says_how_to_get_one(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.clone()
    stage.git("rm", "-q", ".github/bee.yml")
    stage.git("commit", "-qm", "no policy")
    stage.git("push", "-q", "origin", "HEAD:main")
    for verb in ("status", "cost"):
        assert "run `bee init`" in said(capsys, (verb, "--repo", stage.repo), 2)


def test_offline_and_without_a_token_it_is_try_later(
    stage: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GITHUB_API_URL", "GITHUB_GRAPHQL_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for words in (("status",), ("why", "1"), ("pause", "1"), ("cost",)):
        assert "check the network" in said(capsys, (*words, "--repo", stage.repo), 75)
    monkeypatch.delenv("GH_TOKEN")
    monkeypatch.setenv("PATH", "/nowhere")
    for words in (("status",), ("why", "1"), ("new", "no.md", "--yes"), ("log", "1")):
        line = said(capsys, (*words, "--repo", stage.repo), 75 if words[0] != "new" else 2)
        assert ("set GH_TOKEN" in line) or words[0] == "new"
