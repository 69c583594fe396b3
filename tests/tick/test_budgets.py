"""What a day may cost: counted from the ledger, the same on every machine, passed down to the engine, said once."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bee.host import Host
from tests.belt.plays import bee, configure
from tests.belt.stage import Stage

CLAUDE = """#!{python}
import json, os, subprocess, sys
sys.stdin.read()
print(json.dumps(sys.argv[1:]), file=open({log!r}, "a"))
ended = subprocess.run(["sh", "-eu", {moves!r} + "/" + os.environ["BEE_ROLE"] + ".sh"], stdout=subprocess.DEVNULL)
print(json.dumps({{"type": "assistant", "message": {{"id": "1", "model": "m", "content": []}}}}))
print(json.dumps({{"type": "result", "subtype": "success", "is_error": False, "num_turns": 1, "total_cost_usd": 3.0,
    "result": "done", "usage": {{}}}}))
"""


def paid_host(stage: Stage, name: str, folder: Path, **settings: object) -> Host:
    """A host whose agents cost 3 USD a run, by what a `claude` of its own says."""
    host = stage.host(name, moves={"drafter": 'bee nothing-to-do waiting "It waits."\n'}, engine="claude", **settings)
    program = folder / name / "claude"
    program.parent.mkdir()
    moves = str(stage.folder / f"moves-{name}")
    program.write_text(CLAUDE.format(python=sys.executable, log=str(folder / f"{name}.argv"), moves=moves))
    program.chmod(0o755)
    host.env["PATH"] = f"{program.parent}:{host.env['PATH']}"  # type: ignore[index]
    return host


def budgets_given(folder: Path, name: str) -> list[str]:
    """What each run of a host was told that it may cost."""
    lines = [json.loads(line) for line in (folder / f"{name}.argv").read_text().splitlines()]
    return [argv[argv.index("--max-budget-usd") + 1] if "--max-budget-usd" in argv else "" for argv in lines]


def test_over_the_days_money_nothing_is_dispatched_anywhere_until_midnight(stage: Stage, tmp_path: Path) -> None:
    """3 of 5 USD spent leaves 2 for the next run; after 6 every machine stands still, says until when, asks once."""
    first, second, third = (stage.issue(title=f"Task {n}") for n in range(3))
    one, two = (paid_host(stage, name, tmp_path, usd_per_day=5.0) for name in ("one", "two"))
    assert stage.tick(one).run
    assert stage.tick(two).run
    assert (budgets_given(tmp_path, "one"), budgets_given(tmp_path, "two")) == (["5"], ["2"])
    assert stage.record(first).cost_usd == stage.record(second).cost_usd == 3.0
    for host in (one, two, one):
        report = stage.tick(host)
        assert (report.run, report.exit, report.problems) == ("", 0, [])
        assert "6.00 USD were spent today, the limit is 5.00 (usd_per_day); it continues at " in report.said
        assert "00:00 UTC" in report.said
    assert report.requests == 2, "one look, and the dependencies of what could go on: the alert costs nothing again"
    (alert,) = [item for item in stage.call("ada", "GET", stage.at("/issues")) if "money" in item["title"]]
    assert "6.00 USD were spent today" in alert["body"]
    assert (stage.labels(third), stage.position(third), stage.position(alert["number"])) == (
        set(), "needs-step", "ignored",
    )  # fmt: skip
    configure(stage, "one", more="usd_per_day: 5\n")
    status = bee(stage, "status", "--json", home="one").json
    assert [hold["kind"] for hold in status["holds"]] == ["usd-per-day"]
    assert "usd_per_day" in bee(stage, "why", str(third), "--json", home="one").json["facts"]["held"]
    stage.sleep(24 * 60 * 60)
    assert stage.tick(two).run


@pytest.mark.parametrize(
    "words",
    [
        ("retry", "--hint", "Mind the gap."),
        pytest.param(("override", "--to", "ready", "--reason", "It is worth it."), marks=pytest.mark.deep),
    ],
    ids=["retry", "override"],
)
def test_a5_an_item_over_its_money_goes_to_a_person_and_back(
    stage: Stage, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """After 6 of 5 USD the card says so, on any machine; the person's verb has the money counted from then on."""
    stage.edit_policy("version: 1\nintake: all\nlimits:\n  usd_per_item: 5\n")
    number = stage.issue()
    one, two = (paid_host(stage, name, tmp_path) for name in ("one", "two"))
    for host in (one, two):
        assert stage.tick(host).run
        stage.sleep(2)
        stage.comment(number, "More.")
    assert budgets_given(tmp_path, "one") == ["5"]
    assert budgets_given(tmp_path, "two") == ["2"]
    assert not stage.tick(one).run
    assert stage.position(number) == "human"
    assert sum("Reason: `item-money`." in text for text in stage.comments(number)) == 1
    configure(stage, "one")
    stage.sleep(2)
    verb, *rest = words
    ended = bee(stage, verb, str(number), *rest, "--repo", stage.repo, home="one")
    assert ended.code == 0, ended.err
    stage.sleep(2)
    assert stage.tick(two).run
    assert budgets_given(tmp_path, "two") == ["2", "5"]


def test_the_days_runs_count_on_every_machine(stage: Stage) -> None:
    """The run of one machine is counted by the other; no label and no attempt changes."""
    stage.issue()
    waiting = stage.issue()
    host, other = (stage.host(name, runs_per_day=1) for name in ("one", "two"))
    assert stage.tick(host).run
    report = stage.tick(other)
    assert (report.run, report.line().decision.kind) == ("", "idle")
    assert "1 runs were started today, the limit is 1 (runs_per_day)" in report.line().decision.reason
    assert stage.labels(waiting) == set()
    assert f"refs/bee/items/{waiting}" not in stage.refs("refs/bee/items/")
