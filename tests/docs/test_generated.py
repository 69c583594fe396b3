"""The tables in the documents are what the code says now."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bee.cli.commands import help
from bee.pipeline.positions import HELD, ISSUE_RULES, PULL_RULES, Position
from scripts.documents import generate, tables
from tests.docs import pages

AGAIN = "run: python -m scripts.documents --write"


@pytest.mark.parametrize("page", pages.pages(), ids=lambda page: page.name)
def test_making_the_tables_again_changes_nothing(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert generate.refreshed(text) == text, f"{page.name} is out of date; {AGAIN}"


def test_every_table_stands_somewhere_and_every_marker_is_whole() -> None:
    used: set[str] = set()
    for page in pages.pages():
        text = page.read_text(encoding="utf-8")
        used |= set(re.findall(r"^<!-- generated:([a-z-]+) -->$", text, re.MULTILINE))
        assert len(re.findall("<!-- generated:[a-z]", text)) == len(help.GENERATED.findall(text)), page.name
    assert used == set(generate.MAKERS)


def test_agents_md_has_the_tables_that_every_agent_follows() -> None:
    text = pages.read("AGENTS.md")
    for name in ("labels", "positions-issue", "positions-pull", "roles", "verbs", "outcomes", "markers"):
        assert f"<!-- generated:{name} -->" in text


def test_a_changed_table_is_noticed() -> None:
    text = pages.read("AGENTS.md")
    assert generate.refreshed(text.replace("| `breeze:human` |", "| `breeze:person` |")) == text


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        generate.refreshed("<!-- generated:nothing -->\n<!-- /generated -->")


def test_a_name_without_a_sentence_is_an_error() -> None:
    with pytest.raises(LookupError, match="fresh"):
        tables.said_of({"old": "a sentence"}, ["old", "fresh"], "HISTORY")


def test_every_rule_is_a_row() -> None:
    for rules, name in ((ISSUE_RULES, "positions-issue"), (PULL_RULES, "positions-pull")):
        rows = generate.MAKERS[name]().splitlines()[2:]
        assert len(rows) == len(rules)
        for rule, row in zip(rules, rows, strict=True):
            assert f"`{rule.position}`" in row
            assert f"**{rule.mover}**" in row


# Positions before the first rule of a kind of its own: they may stand before any other, and no arrow leads there alone.
ANYWHERE = {rule.position for rule in HELD} - {Position.CLOSED}


def test_the_diagrams_show_every_position() -> None:
    for rules in (ISSUE_RULES, PULL_RULES):
        shown = {name for start, _, end in tables.edges(rules) for name in (start, end)}
        assert shown == {str(rule.position) for rule in rules} - ANYWHERE


def test_as_a_program_it_says_what_is_stale_and_mends_it_only_when_told(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "scripts.documents"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(pages.ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert generate.main(["--nonsense"]) == 2
