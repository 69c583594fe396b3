"""Fixtures: a fresh forge, and the people in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forge.world import Person, World, serve


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh forge."""
    yield from serve(tmp_path)


@pytest.fixture
def ada(world: World) -> Person:
    """Owner of ada/calc."""
    return world.people["ada"]


@pytest.fixture
def wil(world: World) -> Person:
    """May write."""
    return world.people["wil"]


@pytest.fixture
def zoe(world: World) -> Person:
    """A stranger."""
    return world.people["zoe"]
