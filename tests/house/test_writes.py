"""Who may write: one module moves refs, one writes labels, and everything else on GitHub goes through `publish`."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.house import checks

ROOT = Path(__file__).resolve().parents[2]


def test_only_publish_imports_the_raw_writers() -> None:
    problems = checks.raw_writes_elsewhere(ROOT)
    assert not problems, "\n".join(problems)


def test_only_the_lease_store_moves_refs() -> None:
    problems = checks.refs_moved_elsewhere(ROOT)
    assert not problems, "\n".join(problems)


def test_one_module_writes_labels_and_one_names_them() -> None:
    problems = checks.labels_written_elsewhere(ROOT)
    assert not problems, "\n".join(problems)


def test_a_lease_is_made_by_the_store_and_a_persons_word_where_a_person_speaks() -> None:
    problems = checks.rights_made_elsewhere(ROOT)
    assert not problems, "\n".join(problems)


def test_nobody_looks_where_a_live_agent_writes() -> None:
    problems = checks.looked_past_the_box(ROOT)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("names", [checks.REF_MOVES, checks.LABEL_WRITES], ids=["refs", "labels"])
def test_the_names_that_are_looked_for_exist(names: frozenset[str]) -> None:
    places = [
        importlib.import_module(f"bee.{name}")
        for name in ("github.write", "github.git_database", "git.mirror", "lease.swap", "github.receive_pack")
    ]
    known = {name for place in places for name in dir(place)} | set(dir(places[2].Mirror))
    assert names <= known


@pytest.mark.parametrize("table", [checks.WRITERS, checks.REF_MOVERS, checks.LABELLERS, *checks.RIGHTS.values()])
def test_every_exception_has_a_reason_and_a_module(table: dict[str, str]) -> None:
    names = {module.name for module in checks.modules(ROOT)}
    assert [name for name, reason in table.items() if name not in names or len(reason) < 20] == []
