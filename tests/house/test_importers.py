"""One importer for each outside library: one module imports it, and everything else asks that module."""

from __future__ import annotations

from pathlib import Path

from tests.house import checks

ROOT = Path(__file__).resolve().parents[2]


def test_each_library_is_imported_by_its_one_importer_only() -> None:
    problems = checks.imported_elsewhere(ROOT)
    assert not problems, "\n".join(problems)


def test_only_outward_modules_read_the_environment_print_and_exit() -> None:
    problems = checks.outer_world(ROOT)
    assert not problems, "\n".join(problems)


def test_case_w1_nothing_recurses_over_folders() -> None:
    problems = checks.recursing(ROOT)
    assert not problems, "\n".join(problems)


def test_only_one_module_starts_processes() -> None:
    problems = checks.processes_started_elsewhere(ROOT)
    assert not problems, "\n".join(problems)
