"""The machine of the installer's tests, and a GitHub for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.setup.world import World, build


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """bee as the wheel lays it out."""
    site = tmp_path_factory.mktemp("built") / "site"
    build(site)
    return site


@pytest.fixture
def world(tmp_path: Path, built: Path) -> World:
    """A machine where bee is installed and in no scheduler."""
    made = World(tmp_path / "machine")
    made.root.mkdir()
    made.prepare(built)
    return made
