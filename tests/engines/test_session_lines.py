"""Session files are told as they stand, whatever the engine does to their folders meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bee.engines.session_lines import tell


class TidiedUp(dict[Path, int]):
    """How far each file was read; whenever one is, the engine takes the other's folder away."""

    def get(self, path: Path, default: int = 0) -> int:  # type: ignore[override]
        """The moment between two files of one look."""
        other = path.parent.parent / {"a": "b", "b": "a"}[path.parent.name]
        shutil.rmtree(other, ignore_errors=True)
        return super().get(path, default)


def test_a_look_outlives_a_folder_that_goes_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What could be read is told once, and the look ends well."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "s.jsonl").write_text('{"turns": 1}\n')
    tell("*/*.jsonl", TidiedUp())
    assert capfd.readouterr().err == '{"bee.session": {"turns": 1}}\n'
