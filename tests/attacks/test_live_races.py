"""The live races of `by_race`, by the whole belt: a tick, its worker, the box, the socket, and the commit point."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bee.model.limits import VERBS_PER_RUN_MAX
from tests.attacks import by_race
from tests.belt.plays import verb_log
from tests.belt.stage import staged

RACES = [
    pytest.param("refs", 20, id="refs"),
    *(pytest.param(trap, VERBS_PER_RUN_MAX, id=f"{trap}-all", marks=pytest.mark.deep) for trap in by_race.TRAPS),
]


@pytest.mark.skipif(by_race.BWRAP is None, reason="bubblewrap is not installed here")
@pytest.mark.parametrize(("trap", "tries"), RACES)
def test_nothing_of_the_host_comes_out_of_a_real_run(trap: str, tries: int, tmp_path: Path) -> None:
    other, tree = by_race.other_repository(tmp_path)
    secrets = (by_race.SECRET, by_race.NAME)
    # not as a path of its own: the box shows what an engine's arguments name
    engine = (sys.executable, "-c", by_race.AGENT, trap, str(tries), f"={other}", tree)
    with staged(tmp_path / "stage") as stage:
        host = stage.host(engine=engine, sandbox="required")
        stage.issue()
        report = stage.tick(host)
        asked = verb_log(host)
        assert len(asked) >= tries, (asked[-3:], report.problems)
        assert stage.live() == []
        said = "\n".join(text for _, _, text in asked)
        kept = [path for path in host.home.path.rglob("*") if path.is_file() and not path.is_symlink()]
        for text in (said, *(path.read_bytes().decode("utf-8", "replace") for path in kept)):
            assert not any(one in text for one in secrets)
        for pull in stage.pulls():
            assert not any(one in str(pull) for one in secrets)
        mirrors = [*host.home.path.rglob("*.git"), *(tmp_path / "stage").rglob("calc.git")]
        assert len(mirrors) >= 2
        for mirror in mirrors:
            argv = [shutil.which("git") or "git", f"--git-dir={mirror}", "cat-file", "-e", tree]
            assert subprocess.run(argv, capture_output=True, check=False).returncode != 0, mirror
