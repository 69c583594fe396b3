"""The requests of the design's figures, held by tests; times and memory are measured by scripts/bench only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bee.github import git_database
from bee.model.labels import OWNED
from bee.model.records import TREE_FILES
from bee.tick.report import TickReport
from tests.belt.stage import DESIGN, Stage, staged

STEP_REQUESTS_MAX, STEP_WRITES_MAX, STEP_SESSIONS_MAX = 40, 20, 2
CLAIM_REQUESTS_MAX = 5
ONE_STEP = """cat > "$HOME/plan.md" <<'END'
- [ ] `one` The step
  - Accept: `sh check.sh`
  - Files: `one.txt`
END
bee plan "$HOME/plan.md"
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A repository set up as `bee init` does it: with bee's labels, and the tree of records."""
    with staged(tmp_path, {".github/bee.yml": "version: 1\nintake: all\nplan_approval: auto\n"}) as made:
        for label in OWNED:
            made.call("ada", "POST", made.at("/labels"), {"name": label.value, "color": "ededed"})
        git_database.create_tree(made.client(), made.repo, TREE_FILES)
        yield made


def asked(stage: Stage) -> list[dict[str, Any]]:
    """bee's API requests so far; git traffic is not counted."""
    return [entry for entry in stage.control("log") if entry["login"] == "bee" and entry["kind"] != "git"]


def test_an_idle_tick_is_one_request(stage: Stage) -> None:
    """Issues and pull requests of several kinds, none of them an agent's to move."""
    for number in range(5):
        stage.issue(DESIGN.replace("[x]", "[ ]"), f"Open {number}")
    stage.issue("Please.", who="eve")
    stage.label(stage.issue("Held."), "breeze:human")
    stage.push({"b.txt": "b"}, "work")
    draft = {"title": "w", "head": "work", "base": "main", "draft": True}
    stage.call("ada", "POST", stage.at("/pulls"), draft)
    host = stage.host()
    for _ in range(2):
        before = len(asked(stage))
        report = stage.tick(host)
        assert (report.run, report.requests, len(asked(stage)) - before) == ("", 1, 1)


def test_a_tick_pays_only_for_what_it_uses() -> None:
    """Where nothing changed: nothing that decides, writes or reads YAML; elsewhere all but what a worker needs.

    It does start a process, to ask git for the heads. The table of engines names the variables that are passed on.
    """
    worker = {"bee.engines.base", "bee.engines.find", "bee.run.worker", "bee.run.outcome", "bee.sandbox.box"}
    rest = {"yaml", "bee.model.items", "bee.pipeline.decide", "bee.github.write"}
    light, whole = "bee.cli.commands.tick", "bee.tick.dispatch, bee.tick.reconcile, bee.tick.stages"
    for modules, none_of in ((light, worker | rest), (f"{light}, {whole}", worker)):
        code = f"import bee.cli.main, sys, {modules}; print(*sys.modules)"
        ended = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
        assert none_of & set(ended.stdout.split()) == set(), modules


@pytest.mark.parametrize("body", [pytest.param("Do it.", marks=pytest.mark.deep), DESIGN], ids=["task", "design"])
def test_a_clean_step_is_two_sessions_and_few_requests(stage: Stage, body: str) -> None:
    """From the open issue, or the approved plan, to the closed issue. Four of the requests ask GitHub's rules.

    Another issue stays open: to tell that all is finished would cost two more, once.
    """
    stage.label(stage.issue("Held."), "breeze:human")
    number, reports = stage.issue(body), list[TickReport]()
    host = stage.host(moves={"planner": ONE_STEP})
    planned = [stage.tick(host).choice.role for _ in range(body == DESIGN)]
    before = asked(stage)
    while stage.item(number)["state"] == "open" and len(reports) < 20:
        reports.append(stage.tick(host))
    sent = [report for report in reports if report.run]
    assert [report.choice.role for report in sent] == ["drafter", "reviewer", "test", "merger"]
    assert max(report.requests for report in sent if not report.acted) <= CLAIM_REQUESTS_MAX
    prompts = list(host.home.path.glob("runs/*/prompt.md"))
    assert len(prompts) - len(planned) == STEP_SESSIONS_MAX
    step = asked(stage)[len(before) :]
    assert len(step) <= STEP_REQUESTS_MAX
    assert sum(entry["write"] for entry in step) <= STEP_WRITES_MAX


def test_review_threads_cost_one_request_where_they_can_matter(stage: Stage) -> None:
    """An idle tick reads none of a pull request that nobody moves; with the claim they come along."""
    host = stage.host(moves={"drafter": 'bee nothing-to-do waiting "Why?"\n'})
    stage.issue()
    stage.tick(stage.host("first"))
    (pull,) = stage.pulls()
    number, head = pull["number"], pull["head"]["sha"]
    asks = {"body": "Why?", "path": "work-1.txt", "line": 1, "commit_id": head}
    stage.call("ada", "POST", stage.at(f"/pulls/{number}/comments"), asks)
    stage.label(number, "breeze:human")
    assert stage.tick(host).requests == 1
    stage.unlabel(number, "breeze:human")
    before = len(asked(stage))
    report = stage.tick(host)
    assert (report.choice.role, report.requests) == ("drafter", 4)
    named = [entry for entry in asked(stage)[before:] if entry.get("operation") == "Threads"]
    assert len(named) == 1
