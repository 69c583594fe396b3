"""`bee log` and `bee cost` on the forge: the same on any machine, chosen by item, role, outcome and time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bee.cli import main
from bee.model.limits import LEDGER_PAGE_RECORDS
from tests.belt.plays import bee
from tests.belt.stage import staged
from tests.shapes import valid


def test_the_ledger_is_the_same_on_another_machine_and_can_be_chosen_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> Any:
        assert main.main([*words]) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    def records(*words: str) -> list[dict[str, Any]]:
        return list(valid(["log"], run("log", *words, "--json"))["records"])

    def chosen(*words: str) -> list[tuple[int, str]]:
        return [(one["number"], one["kind"]) for one in records(*words)]

    with staged(tmp_path) as stage:
        host = stage.configure(moves={"drafter": "exit 3\n"})
        stage.issue()
        stage.issue()
        stage.ticks(host)
        for name, value in stage.env().items():
            monkeypatch.setenv(name, value)
        here = records()
        assert bee(stage, "log", "--json", "--repo", stage.repo, home="other").json["records"] == here
        lines = [(one["number"], one["kind"], one["outcome"], one["failure"]) for one in here]
        assert [line for line in lines if line[0] == 1] == [
            (1, "claimed", None, None), (1, "finished", "error", "crash"),
        ]  # fmt: skip
        assert {number for number, *_ in lines} == {1, 2}
        assert len(lines) < LEDGER_PAGE_RECORDS, "a second page would be asked for"

        assert chosen("2") == [(2, "claimed"), (2, "finished")]
        assert chosen("1", "2", "--outcome", "error") == [(1, "finished"), (2, "finished")]
        assert chosen("--outcome", "error", "--limit", "1") == [(2, "finished")]
        assert chosen("--role", "planner") == []
        assert chosen("--since", "1h", "--role", "drafter") == chosen()
        assert chosen("--until", "1h") == []
        assert "nothing of that in the ledger" in run("log", "--until", "1h")
        text = run("log", "1", "--outcome", "error")
        assert "bee: finished #1 drafter: error" in text
        assert "[crash]: exit 3" in text

        [costs] = valid(["cost"], run("cost", "--json"))["repos"]
        assert [(one["number"], one["runs"]) for one in costs["items"]] == [(1, 1), (2, 1)]
        assert (costs["runs"], costs["usd_per_item"], costs["roles"][0]["role"]) == (2, 25, "drafter")
        shown = run("cost", "--by", "role")
        assert "ada/calc: 2 runs, 0.00 USD, 0 tokens" in shown
        assert "by role" in shown
        assert "by day" not in shown
        assert (costs["runs_per_item"], costs["runs_per_day"]) == (40, 200)
        shown = run("cost")
        assert "by item (limit: 25.00 USD, 40 runs each)" in shown
        assert "by day (limit: 100.00 USD, 200 runs each)" in shown
        assert "over the limit" not in shown
        stage.configure(moves={"drafter": "exit 3\n"}, usd_per_day=0, runs_per_day=1)
        assert "by day (limit: 1 run each)" in run("cost")
        assert sum(line.endswith("  over the limit") for line in run("cost").splitlines()) == 1
        assert main.main(["cost", "--since", "soon"]) == 2
        assert "is not a time: write 2026-01-31" in capsys.readouterr().err
