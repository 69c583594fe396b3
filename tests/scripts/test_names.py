"""The names that scripts had in git-bee still lead to them: what cron or a person wrote down goes on to work."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
NAMES = ("tick", "watchdog", "preflight-push", "install-hooks")


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_git_bee_is_a_link_beside_the_script(name: str) -> None:
    link = SCRIPTS / f"{name}.sh"
    assert link.is_symlink()
    assert str(link.readlink()) == name, "relative, so that a checkout may be moved"


def test_a_tick_by_its_old_name_is_a_tick(tmp_path: Path) -> None:
    (tmp_path / "PAUSED").write_text("reason: lunch\n")
    env = {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"], "GIT_BEE_HOME": str(tmp_path)}
    ended = subprocess.run([str(SCRIPTS / "tick.sh")], env=env, capture_output=True, text=True, check=False)
    assert (ended.returncode, "paused: lunch" in ended.stderr) == (0, True)
    assert (tmp_path / "heartbeat").read_text().endswith(" scripts/tick\n")
