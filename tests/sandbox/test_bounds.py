"""Memory and processors: what systemd is asked for, and that nothing runs where they cannot be kept."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bee.config.schema import RoleSettings, Settings
from bee.model.errors import UsageError
from bee.model.roles import Role
from bee.sandbox.bounds import CgroupBounds
from bee.system import process
from tests.belt.stage import Stage

HOG = "held = bytearray(200 * 1024 * 1024)"


def systemd(folder: Path, body: str) -> str:
    """A folder with a systemd-run that notes what it is asked for."""
    (folder / "systemd-run").write_text(f'#!/bin/sh\necho "$XDG_RUNTIME_DIR $*" >> {folder}/asked\n{body}\n')
    (folder / "systemd-run").chmod(0o755)
    return str(folder)


BECOMES = 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"'


def test_a_scope_is_asked_for_and_becomes_the_command(tmp_path: Path) -> None:
    """Its number of MiB and no swap, its share of processors; the command has nothing of the manager's."""
    bounds = CgroupBounds(512, 1.5, systemd(tmp_path, BECOMES))
    argv = bounds.wrap(["/bin/sh", "-c", 'echo "<$XDG_RUNTIME_DIR> $PWD"'], {"XDG_RUNTIME_DIR": "/run/user/7"})
    ended = process.run(argv, cwd=tmp_path, env={"PATH": process.SYSTEM_PATH}, seconds=20)
    assert ended.out.decode() == f"<> {tmp_path}\n"
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith(
        "/run/user/7 --user --scope --quiet --collect --property=MemoryMax=512M --property=MemorySwapMax=0 "
        "--property=CPUQuota=150% -- "
    )
    assert CgroupBounds(path=str(tmp_path)).wrap(["x"], {}) == ["x"]
    only = CgroupBounds(0, 0.25, str(tmp_path)).wrap(["x"], {})
    assert [word for word in only if "=" in word][1:] == ["--property=CPUQuota=25%"]


@pytest.mark.parametrize(("body", "why"), [("echo No medium found; exit 1", "No medium found"), ("", "no systemd-run")])
def test_where_there_is_no_manager_it_says_so_and_what_to_do(tmp_path: Path, body: str, why: str) -> None:
    bounds = CgroupBounds(512, 0, systemd(tmp_path, body) if body else str(tmp_path))
    with pytest.raises(UsageError) as caught:
        bounds.check({}, tmp_path)
    assert why in str(caught.value)
    assert "loginctl enable-linger" in str(caught.value)


def has_manager() -> bool:
    """Whether this machine has what it takes."""
    try:
        CgroupBounds(512).check({}, Path("/"))
    except UsageError:
        return False
    return True


def test_an_agent_beyond_its_memory_is_killed_or_none_is_sent(stage: Stage) -> None:
    """Where there is a manager, what holds more than it may ends; where there is none, the tick says so, and claims
    nothing.
    """
    number = stage.issue()
    own = {Role.DRAFTER: RoleSettings(memory_mb=64)}
    host = stage.host(moves={"drafter": f"exec {sys.executable} -c '{HOG}'"}, roles=own)
    report = stage.tick(host)
    if has_manager():
        assert stage.record(number).failure in {"crash", "killed"}
        return
    assert report.run == ""
    assert "need a cgroup" in str(report.problems)
    assert stage.refs("refs/bee/items/") == {}


def test_bounds_are_those_of_the_role() -> None:
    settings = Settings(roles={Role.TEST: RoleSettings(memory_mb=100), Role.DRAFTER: RoleSettings(cpus=2)})
    found = {role: CgroupBounds.of(settings.role(role)) for role in (Role.TEST, Role.DRAFTER, Role.REVIEWER)}
    assert found == {Role.TEST: CgroupBounds(100), Role.DRAFTER: CgroupBounds(0, 2), Role.REVIEWER: CgroupBounds()}
