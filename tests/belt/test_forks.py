"""A `bee` that was forked (tests/forks.py) is what a `bee` is that people start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import forks
from tests.belt.stage import CHECKOUT, bee_env

FINDS = """
import atexit, json, locale, os, signal, sys, threading

def found():
    names = ("SIGINT", "SIGTERM", "SIGPIPE", "SIGCHLD", "SIGHUP")
    streams = (sys.stdin, sys.stdout, sys.stderr)
    mask = os.umask(0)
    os.umask(mask)
    return {
        "env": dict(os.environ), "cwd": os.getcwd(), "argv": sys.argv, "path": sys.path, "umask": mask,
        "files": sorted(n for n in range(100) if os.path.exists(f"/dev/fd/{n}")),
        "own group": os.getpgid(0) == os.getpid(), "own session": os.getsid(0) == os.getpid(),
        "signals": [repr(signal.getsignal(getattr(signal, name))) for name in names],
        "blocked": list(signal.pthread_sigmask(signal.SIG_BLOCK, [])), "threads": threading.active_count(),
        "streams": [(one.encoding, one.errors, one.line_buffering, one.isatty(), one.name) for one in streams],
        "locale": locale.getlocale(), "flags": str(sys.flags),
        "program": sys.executable, "hooks": [sys.excepthook is sys.__excepthook__, sys.stdout is sys.__stdout__],
    }

def tell(name):
    with open(os.environ["TELL"] + name, "w") as file:
        json.dump(found(), file)

tell("first")
atexit.register(tell, "last")
"""


def env_of(folder: Path, **more: str) -> dict[str, str]:
    """An environment without a configuration or a token."""
    return bee_env({"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_BEE_HOME": str(folder / "bees"), **more})


def started(words: list[str], env: dict[str, str], cwd: Path, given: str | None = None) -> forks.Ended:
    """The same, as people start it."""
    argv = [sys.executable, "-P", "-m", "bee", *words]
    to = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
    ended = subprocess.run(argv, env=env, cwd=cwd, capture_output=True, text=True, start_new_session=True, **to)  # type: ignore[call-overload]
    return forks.Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize(
    "words", [["help"], ["key", "--json"], ["status"], ["no-such"], ["key", "add", "--from-stdin"]]
)
def test_it_says_the_same_and_ends_the_same(tmp_path: Path, words: list[str]) -> None:
    env = env_of(tmp_path, GH_TOKEN="t")
    given = "nonsense\n" if "--from-stdin" in words else None
    assert forks.run(words, env, tmp_path, given) == started(words, env, tmp_path, given)


def test_it_finds_the_same_when_it_begins_and_when_it_ends(tmp_path: Path) -> None:
    """Environment, folder, streams, files, signals, groups: nothing of the parent's, nothing of pytest's."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(FINDS)
    os.environ["OF_PYTEST"] = "1"
    told: list[dict[str, Any]] = []
    for one in (started, forks.run):
        (tmp_path / one.__name__).mkdir()
        env = env_of(tmp_path, TELL=f"{tmp_path / one.__name__}/")
        env["PYTHONPATH"] = f"{tmp_path / 'site'}:{CHECKOUT}"
        del env["HOME"]  # the parent has one
        assert one(["help", "topics"], env, tmp_path).code == 0
        told.append({name: json.loads((Path(env["TELL"]) / name).read_text()) for name in ("first", "last")})
        for found in told[-1].values():
            assert found["env"].pop("TELL") == env["TELL"]
    assert told[1]["first"] == told[0]["first"]
    assert told[1]["last"] == told[0]["last"]


def test_one_knows_nothing_of_another(tmp_path: Path) -> None:
    """What the first wrote down in its home and kept in memory is not the second's."""
    homes = [tmp_path / "one", tmp_path / "two"]
    ids = [forks.run(["key", "add"], env_of(home, GH_TOKEN="t"), tmp_path).out.split()[0] for home in homes]
    assert ids[0] != ids[1]
    assert [forks.run(["key"], env_of(home), tmp_path).out.split()[0] for home in homes] == ids


def test_it_is_killed_with_its_group_and_its_exit_says_so(tmp_path: Path) -> None:
    process = forks.start(["key", "add", "--from-stdin"], env_of(tmp_path), tmp_path, quiet=True, stdin=True)
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    assert process.stdin is not None
    process.stdin.close()


@pytest.mark.parametrize("more", [{"PYTHONPATH": "/nowhere"}, {"LC_ALL": "C"}, {"PYTHONHASHSEED": "1"}])
def test_what_python_heeds_at_its_start_is_not_forked(tmp_path: Path, more: dict[str, str]) -> None:
    assert forks.forkable(env_of(tmp_path)) == (sys.platform == "linux")
    assert not forks.forkable({**env_of(tmp_path), **more})
