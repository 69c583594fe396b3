"""The `command` engine, and how engines are found."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bee.engines.base import AgentJob
from bee.engines.find import find
from bee.model.errors import UsageError
from bee.model.outcomes import Failure
from bee.run import agent_runner
from bee.system.process.agent import Agent, Stopped
from tests.engines.jobs import agent_job


def job(tmp_path: Path, **more: object) -> AgentJob:
    made = agent_job(tmp_path, home=tmp_path / "agent-home", **more)
    for path in (made.clone, made.context, made.bin, made.home):
        path.mkdir(exist_ok=True)
    return made


def test_x4_the_environment_of_an_agent_is_built_not_inherited(tmp_path: Path) -> None:
    host = {"GH_TOKEN": "t0ken", "HOME": "/home/ann", "PATH": "/home/ann/bin", "SSH_AUTH_SOCK": "/x", "LANG": "de"}
    env = find({"command": ["agent"]}).env(job(tmp_path), host)
    assert "t0ken" not in str(env)
    assert "/home/ann" not in str(env)
    assert env["PATH"].startswith(f"{tmp_path / 'bin'}:/usr/local/")
    assert env["HOME"] == str(tmp_path / "agent-home")
    facts = {key: value for key, value in env.items() if key.startswith("BEE_")}
    assert facts == {
        "BEE_ROLE": "drafter",
        "BEE_REPO": "o/r",
        "BEE_NUMBER": "7",
        "BEE_RUN": "r1",
        "BEE_CONTEXT": str(tmp_path / "context"),
        "BEE_SOCKET": "/tmp/bee-x/s",
        "BEE_BRANCH": "bee/7-a",
        "BEE_BASE": "b" * 40,
    }
    assert env["LANG"] == "de"
    assert "SSH_AUTH_SOCK" not in env


def test_any_executable_plays_a_role(tmp_path: Path) -> None:
    program = tmp_path / "agent"
    program.write_text('#!/bin/sh\necho "$BEE_ROLE $1 $(cat)" > "$BEE_CONTEXT/done"; pwd\n')
    program.chmod(0o755)
    engine = find([str(program)])
    given = job(tmp_path, args=("--fast",))
    agent = Agent.start(
        engine.argv(given), cwd=given.clone, env=engine.env(given, {}), prompt=b"the prompt", transcript=tmp_path / "t"
    )
    result = engine.result(agent.wait(20, 20, threading.Event(), engine.feed))
    assert result.ok
    assert (given.context / "done").read_text() == "drafter --fast the prompt\n"
    assert (tmp_path / "t").read_text() == f"{given.clone}\n"


@pytest.mark.parametrize(
    ("stopped", "failure", "note"),
    [
        (Stopped(0, None, "exit"), None, ""),
        (Stopped(1, None, "exit"), Failure.CRASH, "exit 1: two / three"),
        (Stopped(None, 11, "exit"), Failure.KILLED, "signal 11: two / three"),
        (Stopped(None, 9, "timeout"), Failure.TIMEOUT, "timeout, signal 9: two / three"),
        (Stopped(0, None, "timeout"), Failure.TIMEOUT, "timeout, exit 0: two / three"),
        (Stopped(0, None, "stall"), Failure.STALL, "stall, exit 0: two / three"),
        (Stopped(143, None, "stopped"), Failure.CANCELLED, "stopped, exit 143: two / three"),
        (Stopped(None, 15, "flood"), Failure.KILLED, "flood, signal 15: two / three"),
    ],
)
def test_r3_only_an_exit_of_its_own_with_code_0_is_well(stopped: Stopped, failure: Failure | None, note: str) -> None:
    engine = find({"command": ["x"]})
    for line in (b"two", b"  ", b"three"):
        assert engine.feed("stderr", line) is False
    result = engine.result(stopped)
    assert (result.ok, result.failure, result.note) == (failure is None, failure, note)


@pytest.mark.parametrize(
    "spec", ["nonsense", {"command": []}, {"command": "sh -c x"}, {"command": ["x"], "y": 1}, [], [1]]
)
def test_an_engine_that_is_not_there_is_a_usage_error_that_says_what_is(spec: object) -> None:
    with pytest.raises(UsageError, match="command"):
        find(spec)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "..", ".ssh", ".ssh/id", ".config", "bee", "bee/runs/r1"])
def test_x5_no_argument_opens_a_home_or_its_credentials_to_the_box(tmp_path: Path, name: str) -> None:
    """What a configuration names by a path is shown in the box, but never these."""
    person = tmp_path / "people" / "ann"
    for folder in (".ssh/id", ".config/gh", "bee/runs/r1", "tools"):
        (person / folder).mkdir(parents=True)
    closed = agent_runner._closed({"HOME": str(person)}, person / "bee")
    tool = str(person / "tools")
    assert agent_runner._named(["x", tool, "--quiet", "/nowhere"], "/usr/bin/python3", closed) == [Path(tool)]
    (tmp_path / "link").symlink_to(person / name)
    for path in (person / name, tmp_path / "link"):
        with pytest.raises(UsageError, match="where no agent may look"):
            agent_runner._named([tool, str(path)], "/usr/bin/python3", closed)
