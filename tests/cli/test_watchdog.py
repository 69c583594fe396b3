"""`bee watchdog` shows what the guards wrote, and nothing of it reaches the terminal raw."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from bee.cli import main
from bee.system.home import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = Home(tmp_path / "bee-home")
    made.ensure()
    monkeypatch.setenv("GIT_BEE_HOME", str(made.path))
    return made


def test_it_shows_the_heartbeat_the_last_ticks_and_the_alerts(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["watchdog"]) == 0
    assert "no tick has left a heartbeat here" in capsys.readouterr().out
    home.heartbeat(int(time.time()) - 3_600, "tick")
    (home.path / "watchdog-alerted-heartbeat").write_text("ada/calc#7\n")
    (home.path / "ALERT").write_text("key: paused\ntext: \x1b[31mred\n")
    (home.path / "tick-history").write_text("".join(f"2026-01-01T00:0{n}:00Z {n} abc\n" for n in range(9)))
    assert main.main(["watchdog", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["stale"], data["age_seconds"] // 60) == (True, 60)
    assert data["alerts"] == [{"key": "heartbeat", "issue": "ada/calc#7"}]
    assert data["ticks"] == [f"2026-01-01T00:0{n}:00Z {n} abc" for n in range(4, 9)]
    assert main.main(["watchdog"]) == 0
    shown = capsys.readouterr().out
    assert "the last tick began 60 minutes ago (older than 15 minutes" in shown
    assert "heartbeat stands as ada/calc#7" in shown
    assert "\x1b" not in shown
