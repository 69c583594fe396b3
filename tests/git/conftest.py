"""Real git over a bare repository in the test's own folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from bee.git.command import Git
from bee.git.mirror import Mirror
from tests.git.world import Upstream


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    return Upstream(tmp_path)


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return Git(home=tmp_path / "git-home", protocols=("file",))


@pytest.fixture
def mirror(tmp_path: Path, git: Git, upstream: Upstream) -> Mirror:
    made = Mirror(git, tmp_path / "mirrors" / "o" / "r.git", upstream.url)
    made.ensure()
    made.fetch(["+refs/heads/*:refs/heads/*"])
    return made
