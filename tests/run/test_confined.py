"""What reads a stranger's bytes has a box of its own: no network, one folder to write in, bounded memory and files."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from bee.config.schema import Settings
from bee.git.mirror import Mirror
from bee.model import limits
from bee.model.errors import Refusal
from bee.run.agent_runner import BoxedRunner
from bee.sandbox.box import Box
from bee.system.home import Home
from bee.system.process import Ended
from tests.attacks.by_clone import world
from tests.git.test_quarantine import delta_bomb

BWRAP = shutil.which("bwrap")
pytestmark = pytest.mark.skipif(BWRAP is None, reason="bubblewrap is not installed here")


@pytest.fixture
def runner(tmp_path: Path) -> BoxedRunner:
    return BoxedRunner(
        home=Home(tmp_path / "bees"), settings=Settings(), boot="boot", python=sys.executable, env={},
        find_box=lambda: Box("bubblewrap", BWRAP or ""),
    )  # fmt: skip


@pytest.fixture
def mirror() -> Mirror:
    return world().mirror


def said(runner: BoxedRunner, tmp_path: Path, mirror: Mirror, script: str) -> Ended:
    where = tmp_path / "where"
    where.mkdir(exist_ok=True)
    return runner.confined(["sh", "-c", script], where, mirror.path, {"PATH": "/usr/bin:/bin"}, b"given")


def test_it_sees_the_mirror_writes_in_its_folder_and_nothing_else(
    runner: BoxedRunner, tmp_path: Path, mirror: Mirror
) -> None:
    (tmp_path / "secret").write_text("seen")
    script = f"cat; cat {tmp_path}/secret; ls {mirror.path}/HEAD; echo x > {mirror.path}/HEAD; echo y > kept; pwd"
    ended = said(runner, tmp_path, mirror, script)
    assert ended.out.decode().split() == [f"given{mirror.path}/HEAD", str(tmp_path / "where")]
    assert (tmp_path / "where" / "kept").read_text() == "y\n"
    assert said(runner, tmp_path, mirror, "grep -c : /proc/net/dev").out == b"1\n"


def test_its_memory_its_files_and_its_output_are_bounded(runner: BoxedRunner, tmp_path: Path, mirror: Mirror) -> None:
    grab = f"{sys.executable} -c 'bytearray({limits.CONFINED_MEMORY_BYTES_MAX})'"
    assert b"MemoryError" in said(runner, tmp_path, mirror, grab).err
    big = f"dd if=/dev/zero of=big bs=1M count={5 * limits.COMMITS_BYTES_MAX >> 20}"
    assert said(runner, tmp_path, mirror, big).code != 0
    assert (tmp_path / "where" / "big").stat().st_size <= 4 * limits.COMMITS_BYTES_MAX
    assert said(runner, tmp_path, mirror, "head -c 9000000 /dev/zero").cut


def test_a_pack_that_grows_past_its_memory_is_refused(runner: BoxedRunner, tmp_path: Path, mirror: Mirror) -> None:
    pack = delta_bomb(3 << 30)
    assert len(pack) < 1 << 20
    with pytest.raises(Refusal, match="strict check"):
        mirror.take_in(pack, tmp_path / "quarantine", runner.confined)
