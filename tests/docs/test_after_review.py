"""The workflow that SECURITY.md has people copy: what it runs on, and what each of its jobs may do."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def test_the_secret_is_for_what_bees_own_account_called_reviewed_and_nothing_else() -> None:
    flow = yaml.safe_load((ROOT / "docs" / "after-review.yml").read_text(encoding="utf-8"))
    assert flow[True] == "status", "YAML 1.1 reads `on` as true; GitHub takes this event from the default branch alone"
    work, report = flow["jobs"]["integration"], flow["jobs"]["report"]
    for part in ("event.context == 'bee/review'", "event.state == 'success'", "event.sender.login == "):
        assert part in work["if"]
    assert work["if"].count("&&") == 2
    assert "||" not in work["if"]
    assert work["permissions"] == {"contents": "read"}, "the change's own code runs here"
    assert work["steps"][0]["with"] == {"ref": "${{ github.event.sha }}", "persist-credentials": False}
    assert report["permissions"] == {"statuses": "write"}
    assert not any("uses" in step for step in report["steps"]), "nothing of the change where statuses can be written"
    assert "secrets." not in str(report)
