"""Every attack is stopped by its layers, by each of them alone, and succeeds without them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.attacks import catalogue
from tests.attacks.rows import Attack, Layer, Skipped, try_out

PLAYS = catalogue.plays(deep=True)
ROOT = Path(__file__).resolve().parents[2]

# What the suite was asked to have, by the name it has here.
ASKED = """
strangers-issue strangers-marker strangers-verdict strangers-e2e strangers-review marker-in-quote marker-in-code-block
marker-in-pull-body marker-in-test-output marker-in-diff marker-in-file-name marker-in-commit-message
commit-with-a-marker marker-in-branch-name order-in-branch-name
edited-after-adoption comment-edited-by-another ticked-after-adoption push-with-an-old-date approval-races-a-push
renamed-after-adoption order-in-hidden-comment order-in-image-text fence-closed-by-readme fence-closed-by-test-output
obeys-a-readme obeys-a-failing-test reads-proc reads-memory reads-other-runs reads-the-home plants-hook plants-filter
plants-fsmonitor submodule symlink-out-of-the-tree branch-like-an-option file-of-a-gigabyte hundred-thousand-files
changes-workflow changes-nested-agent-rules changes-lock-file verify-always-passes verb-merge-of-another-role
verb-of-another-item verb-after-the-run verb-twice verbs-at-once comment-flood osc-in-a-title yaml-alias-bomb yaml-tag
regular-expression-bomb
""".split()


def _marks(attacks: tuple[Attack, ...]) -> list[pytest.MarkDecorator]:
    # two hundred looks at sessions, two a second
    return [pytest.mark.deep, pytest.mark.timeout(600)] if all(one.deep for one in attacks) else []


@pytest.mark.parametrize("play", [pytest.param(name, marks=_marks(found)) for name, found in PLAYS.items()])
def test_attack(play: str, tmp_path: Path) -> None:
    for number, one in enumerate(PLAYS[play]):
        try:
            tried = try_out(one, tmp_path / str(number))
        except Skipped as reason:
            pytest.skip(str(reason))
        assert tried.problems == (), one.story
        assert tried.stopped_by == one.layers


def test_the_suite_has_what_it_was_asked_for() -> None:
    names = [one.id for one in catalogue.ATTACKS]
    assert set(ASKED) <= set(names)
    assert len(names) == len(set(names))
    assert len(names) >= 100
    asked = {f"X{number}" for number in range(1, 11)} | {f"T{number}" for number in range(1, 26)}
    assert asked <= {one.known for one in catalogue.ATTACKS}


def test_every_layer_is_tried_and_stands_on_the_page() -> None:
    page = catalogue.SECURITY.read_text(encoding="utf-8")
    for layer in Layer:
        assert any(layer in one.layers for one in catalogue.ATTACKS), layer
        assert f"\n| {layer} |" in page


def test_every_layer_of_the_page_says_what_it_leaves_open() -> None:
    page = catalogue.SECURITY.read_text(encoding="utf-8")
    stops, leaves = page.split("| layer | what it does not stop |")
    named = [
        set(re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE))
        for text in (stops.split("| layer | what it stops |")[1], leaves.split("\n\n")[0])
    ]
    assert named[0] == named[1]
    assert len(named[0]) > len(Layer)


def test_the_page_has_the_table_that_would_be_made() -> None:
    """Made anew with: python -m tests.attacks --write"""
    page = catalogue.SECURITY.read_text(encoding="utf-8")
    assert catalogue.refreshed(page) == page
    assert f"\n{catalogue.table()}\n" in page


def test_one_command_tries_them_and_says_what_stopped_them() -> None:
    argv = [sys.executable, "-m", "tests.attacks", "marker-in-quote", "order-in-attribute"]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "blocked  marker-in-quote: strict readers (the only layer)" in ended.stdout
    assert "2 attacks tried, 2 blocked, 1 by one layer alone, 0 skipped" in ended.stdout


def test_an_attack_that_succeeds_is_told(tmp_path: Path) -> None:
    """The suite sees a layer that stops nothing, and a replay that proves nothing."""
    porous = Attack("porous", "a story", (Layer.PATHS, Layer.BASE), lambda on, folder: Layer.PATHS not in on)
    assert try_out(porous, tmp_path / "a").problems == ("agent files from the base alone does not stop it",)
    vain = Attack("vain", "a story", (Layer.PATHS,), lambda on, folder: False)
    assert "proves nothing" in try_out(vain, tmp_path / "b").problems[0]
    lost = Attack("lost", "a story", (Layer.PATHS,), lambda on, folder: True)
    assert try_out(lost, tmp_path / "c").problems == ("it succeeds against every layer",)
