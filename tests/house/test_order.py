"""The packages of bee in their order: each imports only from those before it."""

from __future__ import annotations

from pathlib import Path

from tests.house import checks

ROOT = Path(__file__).resolve().parents[2]


def test_every_package_imports_only_from_those_before_it() -> None:
    problems = checks.broken_order(ROOT)
    assert not problems, "\n".join(problems)


def test_no_modules_import_one_another_in_a_circle() -> None:
    problems = checks.import_cycles(ROOT)
    assert not problems, "\n".join(problems)


def test_no_import_depends_on_which_module_was_imported_first() -> None:
    problems = checks.import_cycles(ROOT, late=False)
    assert not problems, "\n".join(problems)


def test_importing_a_module_does_no_work() -> None:
    problems = checks.work_at_import(ROOT)
    assert not problems, "\n".join(problems)


def test_the_packages_are_really_there() -> None:
    # An empty list of problems must not come from an empty list of modules.
    names = {module.name for module in checks.modules(ROOT)}
    assert {"bee.model.text", "bee.model.labels", "bee.__main__"} <= names
