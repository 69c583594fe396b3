"""`bee log` and `bee cost` on the forge: the same on any machine, chosen by item, role, outcome and time."""

from __future__ import annotations

from pathlib import Path

from bee.words.limits import LEDGER_PAGE_RECORDS
from tests.belt.plays import bee, configure
from tests.belt.stage import staged


def test_the_ledger_is_the_same_on_another_machine_and_can_be_chosen_from(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        configure(stage, moves={"drafter": "exit 3\n"})
        stage.issue()
        stage.issue()
        for _ in range(3):
            bee(stage, "tick", "--inline", "--no-trigger")
        here, there = (bee(stage, "log", "--json", "--repo", stage.repo, home=home).json for home in ("host", "other"))
        assert here == there
        lines = [(one["number"], one["kind"], one["outcome"], one["failure"]) for one in here["records"]]
        assert [line for line in lines if line[0] == 1] == [
            (1, "claimed", None, None), (1, "finished", "error", "crash"),
        ]  # fmt: skip
        assert {number for number, *_ in lines} == {1, 2}
        assert len(lines) < LEDGER_PAGE_RECORDS, "a second page would be asked for"

        def chosen(*words: str) -> list[tuple[int, str]]:
            ended = bee(stage, "log", *words, "--json")
            assert ended.code == 0, ended.err
            return [(one["number"], one["kind"]) for one in ended.json["records"]]

        assert chosen("2") == [(2, "claimed"), (2, "finished")]
        assert chosen("1", "2", "--outcome", "error") == [(1, "finished"), (2, "finished")]
        assert chosen("--outcome", "error", "--limit", "1") == [(2, "finished")]
        assert chosen("--role", "planner") == []
        assert chosen("--since", "1h", "--role", "drafter") == chosen()
        assert chosen("--until", "1h") == []
        assert "nothing of that in the ledger" in bee(stage, "log", "--until", "1h").out
        text = bee(stage, "log", "1", "--outcome", "error").out
        assert "bee: finished #1 drafter: error" in text
        assert "[crash]: exit 3" in text

        costs = bee(stage, "cost", "--json").json["repos"]
        assert [(one["number"], one["runs"]) for one in costs[0]["items"]] == [(1, 1), (2, 1)]
        assert (costs[0]["runs"], costs[0]["usd_per_item"], costs[0]["roles"][0]["role"]) == (2, 25, "drafter")
        shown = bee(stage, "cost", "--by", "role").out
        assert "ada/calc: 2 runs, 0.00 USD, 0 tokens" in shown
        assert "by role" in shown
        assert "by day" not in shown
        assert "no time: write 2026-01-31" in bee(stage, "cost", "--since", "soon").err
