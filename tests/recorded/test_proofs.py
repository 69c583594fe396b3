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
    """The names of what does not hold there stand in the file's own name. Where bee asks otherwise: up to there."""
    nowhere = Mirror(Git(home=tmp_path), tmp_path / "nowhere.git", "http://127.0.0.1:1/x.git")
    checks, player = played(path.read_text(encoding="utf-8"), nowhere)
    assert player.left == []
    names = [*(name for name, _, _ in ASSUMPTIONS), "left"]
    assert [check.name for check in checks] == (names[: len(checks)] if player.outdated else names)
    failed = "".join(f"-{check.name}" for check in checks if check.status is Level.FAIL)
    assert path.stem.removeprefix("forge").startswith(failed)
    assert player.outdated or path.stem.endswith(failed)


def test_there_is_a_recording_where_all_holds_and_one_where_it_does_not() -> None:
    assert {"forge", "forge-update-refs"} <= {path.stem for path in PROOFS}
