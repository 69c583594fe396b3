"""What an engine without a login does to a host: it stands still, asks once, and spends nobody's attempts (A7)."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.belt.stage import Stage

CLAUDE = """#!{python}
import json, sys
sys.stdin.read()
print(json.dumps({{"type": "result", "subtype": "success", "is_error": True, "num_turns": 1, "total_cost_usd": 0,
    "api_error_status": 401, "result": "Invalid API key · Please run /login", "usage": {{}}}}))
sys.exit(1)
"""


def test_a7_an_engine_that_is_not_logged_in_asks_once_and_stops_this_host(stage: Stage, tmp_path: Path) -> None:
    """One alert, no backoff on the item, no second try until a person resumes the host."""
    program = tmp_path / "bin" / "claude"
    program.parent.mkdir()
    program.write_text(CLAUDE.format(python=sys.executable))
    program.chmod(0o755)
    number = stage.issue("Do it.")
    host = stage.host(engine="claude")
    host.env["PATH"] = f"{program.parent}:{host.env['PATH']}"  # type: ignore[index]
    stage.tick(host)
    assert "not logged in" in (host.home.marker("PAUSED") or "")
    still = stage.tick(host)
    assert still.run == ""
    assert "bee resume --all" in still.said
    alerts = [i for i in stage.call("ada", "GET", stage.at("/issues?state=open")) if "not logged in" in i["title"]]
    assert len(alerts) == 1
    host.home.clear_markers("PAUSED")
    assert stage.position(number) == "needs-step"
    assert stage.position(alerts[0]["number"]) == "ignored"
