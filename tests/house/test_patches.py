"""No test patches a name of bee's: what stands in for the world is handed in where bee takes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
PATCHERS = frozenset({"setattr", "delattr", "setitem", "delitem", "object", "dict", "patch"})
LIBRARIES = frozenset({"mock", "pytest_mock"})


def _targets(node: ast.AST) -> list[ast.expr]:
    """What a statement or call changes: assigned or deleted attributes, and the first argument of a patcher."""
    if isinstance(node, ast.Assign | ast.Delete):
        return [target for target in node.targets if isinstance(target, ast.Attribute)]
    if isinstance(node, ast.AugAssign | ast.AnnAssign) and isinstance(node.target, ast.Attribute):
        return [node.target]
    if isinstance(node, ast.Call) and node.args:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return node.args[:1] if name in PATCHERS else []
    return []


def _root(node: ast.expr) -> str:
    """The name, or the text, that an expression begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else str(node.value) if isinstance(node, ast.Constant) else ""


def patches(tree: ast.AST) -> Iterator[int]:
    """The lines at which something is put in the place of a name of bee's, or a library for that comes in."""
    ours = {"bee"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "bee":
            ours |= {one.asname or one.name for one in node.names}
        elif isinstance(node, ast.Import):
            ours |= {one.asname for one in node.names if one.asname and one.name.startswith("bee.")}
        named = [one.name for one in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        named += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        if any(LIBRARIES & set(name.split(".")) for name in named):
            yield node.lineno  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if any(_root(target).partition(".")[0] in ours for target in _targets(node)):
            yield node.lineno  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", [
    "from bee.git import mirror as m\ndef test(monkeypatch): monkeypatch.setattr(m, 'MAX', 1)",
    "from bee.git.mirror import Mirror\ndef test(monkeypatch): monkeypatch.setattr(Mirror, 'push', no)",
    "def test(monkeypatch): monkeypatch.setattr('bee.git.mirror.MAX', 1)",
    "from bee.git import mirror\nmirror.MAX = 1",
    "import bee.git.mirror\nbee.git.mirror.MAX += 1",
    "import bee.git.mirror as m\nsetattr(m, 'MAX', 1)",
    "from bee.model.text import TABLE\ndef test(monkeypatch): monkeypatch.setitem(TABLE, 'a', 1)",
    "from unittest import mock",
    "from unittest.mock import patch",
])  # fmt: skip
def test_a_patch_is_seen(code: str) -> None:
    assert list(patches(ast.parse(code)))


def test_what_is_not_bees_may_be_replaced() -> None:
    code = "import time\nfrom bee.git import mirror\nmonkeypatch.setattr(time, 'sleep', no)\nmirror_of.a = 1"
    assert list(patches(ast.parse(code))) == []


def test_nobody_patches_bee() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in sorted(TESTS.rglob("*.py"))
        for line in patches(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []
