"""scripts/_env builds .venv once: a second start does nothing, two starts build one, a failed build is not kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

# Stands in for a Python: makes "environments" in a moment, and notes what pip was asked for.
PYTHON = """\
#!/bin/sh
case "$1 $2" in
"-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; exit ;;
"-m pip")
    [ "$3" = --version ] && exit 0
    echo "$*" >>"{log}"
    [ -e "{root}/slow" ] && sleep 1
    [ ! -e "{root}/broken" ]
    exit ;;
esac
[ -e "{root}/old" ] && [ "$0" = "{bin}/python3" ] && exit 1
exec "{python}" "$@"
"""


@dataclass
class Place:
    """A checkout without an environment, and the only Python it can find."""

    root: Path
    bin: Path
    log: Path

    def start(self, extras: str = "demo", **env: str) -> subprocess.Popen[str]:
        """One `scripts/_env`, going."""
        return subprocess.Popen(
            ["sh", str(self.root / "scripts" / "_env"), extras],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={"PATH": str(self.bin), "HOME": os.environ["HOME"], **env},
        )

    def build(self, extras: str = "demo", **env: str) -> tuple[int, str]:
        """The exit code of one `scripts/_env`, and what it said."""
        going = self.start(extras, **env)
        _, said = going.communicate(timeout=60)
        return going.returncode, said

    @property
    def installs(self) -> list[str]:
        """What pip was asked to install, in order."""
        if not self.log.exists():
            return []
        return [line.rsplit("[", 1)[1].rstrip("]") for line in self.log.read_text().splitlines()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "a checkout", tmp_path / "bin", tmp_path / "log")
    (made.root / "scripts").mkdir(parents=True)
    made.bin.mkdir()
    shutil.copy(SCRIPTS / "_env", made.root / "scripts" / "_env")
    (made.root / "pyproject.toml").write_text("[project]\n")
    for name in ("cat", "cksum", "cp", "dirname", "mkdir", "mv", "rm", "sh", "sleep"):
        (made.bin / name).symlink_to(str(shutil.which(name)))
    python = made.bin / "python3"
    python.write_text(PYTHON.format(log=made.log, root=made.root, bin=made.bin, python=sys.executable))
    python.chmod(0o755)
    return made


def test_a_second_start_builds_nothing_and_says_nothing(place: Place) -> None:
    assert place.build()[0] == 0
    assert place.build() == (0, "")
    assert place.installs == ["demo"]


def test_what_serves_the_tests_serves_the_demo(place: Place) -> None:
    place.build("demo")
    place.build("demo,dev")
    place.build("demo")
    assert place.installs == ["demo", "demo,dev"]


@pytest.mark.parametrize("change", ["pyproject.toml", "moved", ".venv"])
def test_what_it_was_built_from_has_changed(place: Place, change: str) -> None:
    place.build()
    if change == "pyproject.toml":
        (place.root / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    elif change == "moved":
        place.root = place.root.rename(place.root.with_name("moved"))
    else:
        shutil.rmtree(place.root / ".venv")
    assert place.build()[0] == 0
    assert place.installs == ["demo", "demo"]


def test_a_failed_build_is_not_kept(place: Place) -> None:
    (place.root / "broken").touch()
    code, said = place.build()
    assert code != 0
    assert "failed" in said
    (place.root / "broken").unlink()
    assert place.build()[0] == 0
    assert place.build() == (0, "")
    assert place.installs == ["demo", "demo"]


def test_two_starts_at_once_build_once(place: Place) -> None:
    (place.root / "slow").touch()
    going = [place.start() for _ in range(3)]
    ended = [each.communicate(timeout=60)[1] for each in going]
    assert [each.returncode for each in going] == [0, 0, 0]
    assert sum("building .venv (once" in said for said in ended) == 1
    assert place.installs == ["demo"]


def test_without_a_python_that_is_new_enough_it_says_what_to_install(place: Place) -> None:
    (place.root / "old").touch()
    code, said = place.build()
    assert code != 0
    assert "Python 3.11 or newer" in said
    assert "python3-venv" in said
    assert not (place.root / ".venv").exists()


def test_the_python_that_was_chosen_is_the_one(place: Place) -> None:
    """Also where another built .venv before; the same again builds nothing."""
    place.build()
    other = place.bin.parent / "chosen"
    other.write_text(
        (place.bin / "python3")
        .read_text()
        .replace("case ", 'case "$2" in *print*info*3*) echo 9; exit ;; esac\ncase ', 1)
    )
    other.chmod(0o755)
    assert place.build(BEE_PYTHON=str(other))[0] == 0
    assert place.build(BEE_PYTHON=str(other)) == (0, "")
    assert place.installs == ["demo", "demo"]


@pytest.mark.parametrize("chosen", ["python3", "/nowhere/python9"])
def test_a_chosen_python_that_is_too_old_or_none_is_named(place: Place, chosen: str) -> None:
    (place.root / "old").touch()
    code, said = place.build(BEE_PYTHON=chosen)
    assert code != 0
    assert f"BEE_PYTHON is {chosen} (no Python that starts), and bee needs Python 3.11 or newer" in said
    assert place.installs == []
