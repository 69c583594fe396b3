"""A GitHub of written answers for each test; whatever else is asked fails, and so does an answer nobody asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import responses


@pytest.fixture
def github() -> Iterator[responses.RequestsMock]:
    """The answers, in the order in which they are asked for."""
    with responses.RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
        yield mock


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the code wanted to sleep; it does not."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses
