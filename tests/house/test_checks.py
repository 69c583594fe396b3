"""The house tests fail when the house is broken: each rule is fed a package that breaks it, and one that does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house import checks

SIX_FIELDS = "class C:\n" + "\n".join(f"    field_{number}: int" for number in range(6))
GOOD = {
    "bee/__init__.py": "",
    "bee/__main__.py": "import sys\nfrom bee.cli.main import main\nsys.exit(main())",
    "bee/model/__init__.py": "",
    "bee/model/text.py": "import re\nfrom pathlib import PurePosixPath",
    "bee/model/roles.py": f"@dataclass(frozen=True, kw_only=True)\n{SIX_FIELDS}\n"
    "def words(*each): ...\ndef g(): words(1, 2, 3, 4, 5, 6, 7)",
    "bee/pipeline/decide.py": "from bee.model import text\nfrom bee.pipeline import rules",
    "bee/pipeline/rules.py": "from bee.model.text import re",
    "bee/system/__init__.py": "",
    "bee/system/process.py": "import os\nimport subprocess\ndef go(): os.fork()",
    "bee/config/yaml.py": "import yaml",
    "bee/system/home.py": "import filelock",
    "bee/github/client.py": "import requests",
    "bee/github/write.py": "def add_labels(): ...\ndef comment(): ...",
    "bee/github/git_database.py": "def update_refs(): ...\ndef read_ref(): ...",
    "bee/lease/store.py": "from bee.github import git_database\nclass Lease: ...\n"
    "def put():\n    git_database.update_refs()\n    return Lease()",
    "bee/publish/labels.py": "from bee.github import write\ndef change(): write.add_labels()",
    "bee/steer/actions.py": "from bee.publish import labels\nfrom bee.github.git_database import read_ref",
    "bee/model/labels.py": "WIP = 'breeze:wip'",
    "bee/tick/tick.py": "from bee.pipeline import decide\nfrom bee.system import process",
    "bee/cli/main.py": "import os, sys\nfrom bee.tick import tick\ndef main(): print(os.environ)",
    "bee/cli/commands/demo.py": "def run():\n    from bee.forge.server import serve",
    "bee/forge/server.py": "import os, subprocess\nimport werkzeug\nfrom bee.forge import http\nprint(os.environ)",
    "bee/forge/http.py": "import graphql",
}


TRY = "try:\n        raise A('x')"


def house(root: Path, **changes: str) -> Path:
    """A small package under `root`: GOOD, with the files in `changes` (path: text) put over it."""
    for name, text in {**GOOD, **changes}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


def late_imports(root: Path) -> list[str]:
    return checks.late_imports(root, ["bee.cli.commands.demo"])


def long_calls(root: Path) -> list[str]:
    return checks.long_calls(root, 6)


def built_by_position(root: Path) -> list[str]:
    return checks.built_by_position(root, 5)


Rule = Callable[[Path], list[str]]
RULES: tuple[Rule, ...] = (
    checks.broken_order,
    checks.import_cycles,
    checks.imported_elsewhere,
    checks.outer_world,
    checks.recursing,
    checks.processes_started_elsewhere,
    checks.raw_writes_elsewhere,
    checks.refs_moved_elsewhere,
    checks.labels_written_elsewhere,
    checks.rights_made_elsewhere,
    checks.looked_past_the_box,
    checks.raised_unsaid,
    late_imports,
    long_calls,
    built_by_position,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_sound_house_passes(rule: Rule, tmp_path: Path) -> None:
    assert rule(house(tmp_path)) == []


BROKEN = [
    (checks.broken_order, "bee/model/text.py", "from bee.pipeline import decide"),
    (checks.broken_order, "bee/model/text.py", "def f():\n    import bee.system.process"),
    (checks.broken_order, "bee/model/text.py", "import importlib\nimportlib.import_module('bee.cli.main')"),
    (checks.broken_order, "bee/model/text.py", "__import__('bee.tick.tick')"),
    (checks.broken_order, "bee/system/process.py", "import importlib as i\ndef f(x):i.import_module(f'bee.tick.{x}')"),
    (checks.broken_order, "bee/pipeline/decide.py", "from ..system import process"),
    (checks.broken_order, "bee/pipeline/decide.py", "from .. import system"),
    (checks.broken_order, "bee/system/process.py", "import typing\nif typing.TYPE_CHECKING:\n    import bee.cli.main"),
    (checks.broken_order, "bee/tick/tick.py", "import bee.__main__"),
    (checks.broken_order, "bee/tick/tick.py", "from bee.forge import http"),
    (checks.broken_order, "bee/cli/main.py", "import bee.forge.server"),
    (checks.broken_order, "bee/forge/http.py", "from bee.model import text"),
    (checks.broken_order, "bee/utils.py", "X = 1"),
    (checks.broken_order, "bee/helpers/more.py", "X = 1"),
    (checks.import_cycles, "bee/pipeline/rules.py", "def late():\n    from bee.pipeline.decide import decide"),
    (checks.imported_elsewhere, "bee/tick/tick.py", "import requests"),
    (checks.imported_elsewhere, "bee/githubby.py", "import requests.adapters"),
    (checks.imported_elsewhere, "bee/tick/tick.py", "def f():\n    from subprocess import run"),
    (checks.imported_elsewhere, "bee/cli/main.py", "import yaml"),
    (checks.imported_elsewhere, "bee/config/yaml.py", "import filelock"),
    (checks.imported_elsewhere, "bee/system/process.py", "import urllib.request"),
    (checks.imported_elsewhere, "bee/cli/main.py", "import leftpad"),
    (checks.imported_elsewhere, "bee/model/text.py", "import os"),
    (checks.imported_elsewhere, "bee/model/text.py", "from pathlib import Path"),
    (checks.imported_elsewhere, "bee/pipeline/decide.py", "import random"),
    (checks.imported_elsewhere, "bee/pipeline/decide.py", "import time"),
    (checks.outer_world, "bee/pipeline/decide.py", "from datetime import datetime\ndef f(): return datetime.now()"),
    (checks.outer_world, "bee/tick/tick.py", "import os\ndef f(): return os.environ.get('X')"),
    (checks.outer_world, "bee/tick/tick.py", "from os import getenv"),
    (checks.outer_world, "bee/system/process.py", "print('hello')"),
    (checks.outer_world, "bee/system/process.py", "import sys\ndef f(): sys.exit(1)"),
    (checks.outer_world, "bee/system/process.py", "from sys import stderr"),
    (checks.outer_world, "bee/tick/tick.py", "def f(): raise SystemExit(1)"),
    (checks.outer_world, "bee/tick/tick.py", "def f(): exit(1)"),
    (checks.recursing, "bee/tick/tick.py", "import os\ndef f(): return os.walk('x')"),
    (checks.recursing, "bee/system/process.py", "from shutil import rmtree"),
    (checks.recursing, "bee/cli/main.py", "def f(path): return path.rglob('*')"),
    (checks.processes_started_elsewhere, "bee/tick/tick.py", "import os\ndef f(): os.system('true')"),
    (checks.raw_writes_elsewhere, "bee/tick/tick.py", "from bee.github import write"),
    (checks.raw_writes_elsewhere, "bee/steer/actions.py", "def f():\n    from bee.github.write import comment"),
    (checks.raw_writes_elsewhere, "bee/lease/store.py", "import bee.github.write as w"),
    (checks.refs_moved_elsewhere, "bee/publish/labels.py", "from bee.github import git_database as g\ng.update_refs()"),
    (checks.refs_moved_elsewhere, "bee/tick/tick.py", "from bee.github.git_database import update_refs as u\nu()"),
    (checks.refs_moved_elsewhere, "bee/tick/tick.py", "def f(mirror): mirror.push_atomic([])"),
    (checks.refs_moved_elsewhere, "bee/tick/tick.py", "def f(git): push = git.push_atomic"),
    (checks.labels_written_elsewhere, "bee/publish/outbox.py", "from bee.github import write\nwrite.add_labels()"),
    (checks.labels_written_elsewhere, "bee/tick/tick.py", "from bee.github.write import remove_label as off"),
    (checks.labels_written_elsewhere, "bee/model/text.py", "X = 'breeze:human'"),
    (checks.labels_written_elsewhere, "bee/tick/tick.py", "# it takes breeze:wip off"),
    (checks.rights_made_elsewhere, "bee/tick/tick.py", "from bee.lease.store import Lease\nLease()"),
    (checks.rights_made_elsewhere, "bee/publish/labels.py", "from bee.lease import store\nstore.Lease()"),
    (checks.rights_made_elsewhere, "bee/tick/tick.py", "from bee.lease.store import ByPerson\nByPerson()"),
    (checks.looked_past_the_box, "bee/tick/tick.py", "def f(job): return (job.clone / 'a').read_text()"),
    (checks.looked_past_the_box, "bee/tick/tick.py", "def f(job): return open(job.home)"),
    (checks.looked_past_the_box, "bee/tick/tick.py", "def f(run): return os.listdir(run.workspace.clone.path)"),
    (checks.raised_unsaid, "bee/model/text.py", "def f():\n    raise ValueError('x')"),
    (checks.raised_unsaid, "bee/model/text.py", "def f():\n    'Reads.'\n    if 1:\n        raise failure('x')"),
    (checks.raised_unsaid, "bee/model/text.py", "class C:\n    def f(self):\n        raise e.Lost from None"),
    (checks.raised_unsaid, "bee/model/text.py", f"def f():\n    {TRY}\n    except B:\n        ..."),
    (checks.raised_unsaid, "bee/model/text.py", f"def f():\n    {TRY}\n    except A:\n        raise B() from None"),
    (late_imports, "bee/tick/tick.py", "def f():\n    from bee.pipeline import decide"),
    (late_imports, "bee/tick/tick.py", "class C:\n    async def f(self):\n        import json"),
    (late_imports, "bee/tick/tick.py", "from importlib import import_module\ndef f(): import_module('bee.model.text')"),
    (long_calls, "bee/tick/tick.py", "def f(*, a, b=0): ...\nf(1, 2, 3, 4, 5, 6, 7)"),
    (long_calls, "bee/tick/tick.py", "def f(x): return x.f(1, 2, 3, 4, 5, 6, *x)"),
    (built_by_position, "bee/model/text.py", f"@dataclass(slots=True)\n{SIX_FIELDS}"),
    (built_by_position, "bee/model/text.py", f"@dataclasses.dataclass\n{SIX_FIELDS}"),
    (checks.work_at_import, "bee/model/text.py", "import logging\nlogging.basicConfig()"),
    (checks.work_at_import, "bee/model/text.py", "for x in ():\n    pass"),
    (checks.facts_elsewhere, "bee/tick/tick.py", "TEXTS = {Label.WIP: 'held', Label.HUMAN: 'paused'}"),
    (checks.facts_elsewhere, "bee/tick/tick.py", "RESTS = frozenset({Position.HUMAN, Position.DRAFT})"),
    (checks.facts_elsewhere, "bee/tick/tick.py", "NAMES = {Role.TEST.value, Role.MERGER.value}"),
    (checks.facts_elsewhere, "bee/tick/tick.py", "def f(x): return x not in (Outcome.LOST, Outcome.ERROR)"),
    (checks.facts_elsewhere, "bee/model/text.py", "TEXTS = {Cause.LOST: 'lost', Cause.RUNS: 'runs'}"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN)
def test_a_broken_house_fails(rule: Rule, path: str, text: str, tmp_path: Path) -> None:
    problems = rule(house(tmp_path, **{path: text}))
    assert problems
    assert any(path in problem or "cycle" in problem for problem in problems)


def test_a_cycle_through_an_import_for_the_type_checker_is_none_when_the_program_runs(tmp_path: Path) -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from bee.pipeline import decide"
    root = house(tmp_path, **{"bee/pipeline/rules.py": text})
    assert checks.import_cycles(root) == ["import cycle: bee.pipeline.decide <-> bee.pipeline.rules"]
    assert checks.import_cycles(root, late=False) == []


def test_a_cycle_through_a_late_import_is_told_from_one_through_early_imports(tmp_path: Path) -> None:
    graph = {
        "bee/forge/graph/a.py": "def f():\n    from bee.forge.graph import b",
        "bee/forge/graph/b.py": "from bee.forge.graph import a",
    }
    cycle = ["import cycle: bee.forge.graph.a <-> bee.forge.graph.b"]
    root = house(tmp_path / "late", **graph)
    assert checks.import_cycles(root) == cycle
    assert checks.import_cycles(root, late=False) == []
    root = house(tmp_path / "early", **{**graph, "bee/forge/graph/a.py": "from bee.forge.graph import b"})
    assert checks.import_cycles(root, late=False) == cycle


def test_long_modules_and_functions_are_found(tmp_path: Path) -> None:
    body = "\n".join(f"    x = {n}" for n in range(60))
    root = house(tmp_path, **{"bee/model/long.py": f"def f():\n{body}\ndef g():\n    return 1"})
    assert checks.long_functions(root, 60) == {"bee.model.long:f": 61}
    assert checks.long_modules(root, 60) == {"bee/model/long.py": 63}


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    'Raises ValueError.'\n    raise ValueError('x')",
        "def f():\n    'A number; ValueError where it is none.'\n    raise ValueError('x')",
        "def _f():\n    raise ValueError('x')",
        "def f():\n    'Gives g.'\n    def g():\n        raise ValueError('x')\n    return g",
        f"def f():\n    'Never fails.'\n    {TRY}\n    except (A, B):\n        return",
        "def f():\n    'As g.'\n    try:\n        g()\n    except ValueError:\n        raise",
    ],
)
def test_what_a_docstring_says_or_nobody_sees_is_not_an_unsaid_error(text: str, tmp_path: Path) -> None:
    assert checks.raised_unsaid(house(tmp_path, **{"bee/model/text.py": text})) == []
