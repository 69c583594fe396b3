"""The stage of the belt's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.belt.stage import Stage, staged


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A forge, people, and the repository ada/calc."""
    with staged(tmp_path) as made:
        yield made
