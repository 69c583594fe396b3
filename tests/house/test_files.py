"""What lies in the repository: nothing unfinished, nothing of one machine, nothing that pretends."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import checks

ROOT = Path(__file__).resolve().parents[2]
REAL_HOME = os.path.expanduser("~")  # noqa: PTH111 # read at import, before the tests' own HOME

TOP_LEVEL = frozenset(
    ".ci .editorconfig .git .gitattributes .github .gitignore .pre-commit-config.yaml AGENTS.md CHANGELOG.md "
    "CONTRIBUTING.md LICENSE README.md SECURITY.md agents bee demo docs launchd noxfile.py pyproject.toml scripts "
    "systemd templates tests".split()
)
# What building, testing and editors leave behind; .gitignore keeps it out of the repository.
LEFT_BEHIND = frozenset(
    ".DS_Store .cache .coverage .hypothesis .idea .mypy_cache .pytest_cache .ruff_cache .venv .venv.lock .vscode "
    "__pycache__ build dist".split()
)
# The words of notes to oneself.
UNFINISHED = re.compile(r"(?<![.\w])(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b(?!\s*=)")
# How a note about the work reads, in what is written for readers of the program.
WORK_NOTE = re.compile(
    r"\b(?:[Ww]e|[Oo]ur|I(?!/O)|(?:this|last|next) (?:session|commit|branch|pull request) (?:adds|moves|fixes))\b"
)
# Put together here, so that this file does not hold what it looks for.
INDEXES = frozenset(
    ".".join(parts) for parts in (("pypi", "org"), ("test", "pypi", "org"), ("registry", "npmjs", "org"))
)


def files(root: Path = ROOT) -> Iterator[Path]:
    """Every file that is, or could be, part of the repository."""
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in LEFT_BEHIND | {".git"} and not name.endswith(".egg-info")]
        for name in names:
            if name not in LEFT_BEHIND and not name.endswith((".pyc", ".pyo")):
                yield Path(folder, name)


def texts(root: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """The text files, with their texts."""
    for path in files(root):
        raw = path.read_bytes()
        if b"\0" not in raw:
            yield path.relative_to(root), raw.decode("utf-8", "replace")


def strange_names(root: Path) -> list[str]:
    """Top-level names nobody decided on."""
    return sorted({path.name for path in root.iterdir()} - TOP_LEVEL - LEFT_BEHIND)


def unfinished(root: Path) -> list[str]:
    """Lines that say that something is still to be done."""
    return [
        f"{path}:{number}: {line.strip()}"
        for path, text in texts(root)
        for number, line in enumerate(text.splitlines(), 1)
        if UNFINISHED.search(line)
    ]


def work_notes(root: Path) -> list[str]:
    """Lines of documents, outside code, that tell of the work on bee and of those who did it."""
    problems = []
    for path, text in texts(root):
        if path.suffix == ".md" and path.parts[0] not in {"agents", "tests"}:
            prose = re.sub(r"(?s)```.*?```|`[^`\n]*`|\"[^\"\n]*\"", lambda code: "\n" * code[0].count("\n"), text)
            lines = enumerate(prose.splitlines(), 1)
            problems += [f"{path}:{number}: {line.strip()}" for number, line in lines if WORK_NOTE.search(line)]
    return problems


def of_one_machine(root: Path, folders: tuple[str, ...]) -> list[str]:
    """Lines with a path under `folders`, or with the address of a package index that is not public."""
    places = [re.escape(folder.rstrip("/") + "/") for folder in folders if folder.strip("/") not in {"", "tmp"}]
    paths = re.compile(r"(?<![\w./-])(?:" + "|".join(places) + ")") if places else None
    index = re.compile(r"https?://(?:[^/@\s]*@)?([^/:\s]+)[^\s]*/simple\b|--(?:extra-)?index-url[= ]\S*//([^/\s]+)")
    problems = []
    for path, text in texts(root):
        for number, line in enumerate(text.splitlines(), 1):
            hosts = {host for match in index.finditer(line) for host in match.groups() if host}
            if (paths and paths.search(line)) or hosts - INDEXES:
                problems.append(f"{path}:{number}: {line.strip()}")
    return problems


def wrongly_executable(root: Path) -> list[str]:
    """Files that start with `#!` and cannot be run, and files that can be run and do not."""
    problems = []
    for path in files(root):
        with path.open("rb") as file:
            starts = file.read(2) == b"#!"
        if starts != os.access(path, os.X_OK):
            problems.append(f"{path.relative_to(root)}: {'not executable' if starts else 'executable without #!'}")
    return problems


def _asserts(tree: ast.AST) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            return True
        called = node.func if isinstance(node, ast.Call) else None
        name = getattr(called, "attr", getattr(called, "id", ""))
        if name in {"raises", "fail"} or name.startswith(("assert_", "check_")):
            return True
    return False


def silent_tests(root: Path) -> list[str]:
    """Test files without a test or without an assertion, and assertions that cannot fail."""
    problems = []
    for path in sorted((root / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        shown = path.relative_to(root)
        names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        states = any(isinstance(node, ast.ClassDef) for node in tree.body)
        if not states and not any(name.startswith("test") for name in names):
            problems.append(f"{shown}: has no test")
        if not _asserts(tree):
            problems.append(f"{shown}: asserts nothing")
        problems += [
            f"{shown}:{node.lineno}: an assertion that cannot fail"
            for node in ast.walk(tree)
            if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant | ast.Tuple) and _truthy(node.test)
        ]
    return problems


def _truthy(test: ast.Constant | ast.Tuple) -> bool:
    return bool(test.value) if isinstance(test, ast.Constant) else bool(test.elts)


def test_every_top_level_name_is_meant() -> None:
    assert strange_names(ROOT) == []


def test_nothing_is_left_unfinished() -> None:
    problems = unfinished(ROOT)
    assert not problems, "\n".join(problems)


def test_documents_tell_of_the_program_and_not_of_the_work_on_it() -> None:
    assert work_notes(ROOT) == []


def test_nothing_names_one_machine() -> None:
    problems = of_one_machine(ROOT, (str(ROOT.parent), REAL_HOME))
    assert not problems, "\n".join(problems)


def test_what_starts_with_hash_bang_can_be_run() -> None:
    assert wrongly_executable(ROOT) == []


def test_every_test_file_asserts() -> None:
    assert silent_tests(ROOT) == []


def test_the_repository_is_really_read() -> None:
    assert Path("pyproject.toml") in {path for path, _ in texts()}
    assert checks.modules(ROOT)


@pytest.mark.parametrize(
    ("check", "name", "text"),
    [
        (strange_names, "notes.txt", "hello"),
        (unfinished, "bee/a.py", "# TO" + "DO: later"),
        (work_notes, "docs/a.md", "We moved the parser."),
        (work_notes, "docs/a.md", "I/O is where I left it."),
        (lambda root: of_one_machine(root, ("/srv/someone",)), "docs/a.md", "see /srv/someone/bee"),
        (
            lambda root: of_one_machine(root, ()),
            "docs/a.md",
            "pip install -i https://mirror.example/pypi/" + "simple bee",
        ),
        (wrongly_executable, "scripts/a", "#!/bin/sh"),
        (silent_tests, "tests/test_a.py", "def test_a():\n    print(1)"),
        (silent_tests, "tests/test_a.py", "X = 1"),
        (silent_tests, "tests/test_a.py", "def test_a():\n    assert (1, 'always')"),
    ],
)
def test_each_rule_fails_when_it_is_broken(check, name, text, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    root = tmp_path / "repo"
    (root / "tests").mkdir(parents=True)
    (root / "tests" / "test_good.py").write_text("def test_good():\n    assert 1 + 1 == 2\n")
    assert check(root) == []
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text + "\n")
    assert len(check(root)) >= 1
