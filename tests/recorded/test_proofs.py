"""What `bee doctor --prove` recorded, played into bee's own readers: those of the forge, and those that people sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from bee.git.command import Git
from bee.git.mirror import Mirror
from bee.setup.checks import Level
from bee.setup.prove import ASSUMPTIONS
from tests.recorded.player import played

PROOFS = sorted((Path(__file__).parent / "proofs").glob("*.jsonl"))


@pytest.mark.parametrize("path", PROOFS, ids=lambda path: path.stem)
def test_a_recording_is_read_to_its_end_and_every_assumption_has_its_word(path: Path, tmp_path: Path) -> None:
    """The names of what does not hold there stand in the file's own name, after the first dash."""
    nowhere = Mirror(Git(tmp_path), tmp_path / "nowhere.git", "http://127.0.0.1:1/x.git")
    checks, player = played(path.read_text(encoding="utf-8"), nowhere)
    assert player.left == []
    assert [check.name for check in checks] == [*(name for name, _, _ in ASSUMPTIONS), "left"]
    failed = [check.name for check in checks if check.status is Level.FAIL]
    assert "".join(f"-{name}" for name in failed) == path.stem.removeprefix("forge")


def test_there_is_a_recording_where_all_holds_and_one_where_it_does_not() -> None:
    assert {"forge", "forge-together"} <= {path.stem for path in PROOFS}
