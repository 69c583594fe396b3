"""Processes: bounded, timed, and ended with all that came from them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bee.model.errors import BeeError, UsageError
from bee.system import process
from bee.system.process import killing, table
from bee.system.process.agent import Agent, Bounds, Stopped
from bee.system.process.bounded import Bounded, Transcript
from tests.git.world import until

ENV = {"PATH": process.SYSTEM_PATH}


def sh(script: str, seconds: float = 20, **how: object) -> process.Ended:
    return process.run(["/bin/sh", "-c", script], cwd=None, env=ENV, seconds=seconds, **how)  # type: ignore[arg-type]


def pid_in(path: Path) -> int:
    assert until(lambda: path.exists() and path.read_text().strip() != "")
    return int(path.read_text())


def gone(pid: int) -> bool:
    return until(lambda: process.process_start(pid) is None)


def test_a_command_gives_code_output_and_seconds() -> None:
    ended = sh("cat; echo oops >&2; exit 3", stdin=b"hello")
    assert (ended.code, ended.out, ended.err, ended.timed_out, ended.cut) == (3, b"hello", b"oops\n", False, False)
    assert 0 < ended.seconds < 10


def test_merged_output_keeps_its_order() -> None:
    assert sh("echo 1; echo 2 >&2; echo 3", merge_output=True).out == b"1\n2\n3\n"


def test_a_signal_shows_as_a_negative_code() -> None:
    assert sh("kill -9 $$").code == -9


def test_nothing_of_this_environment_reaches_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "token")
    assert b"token" not in sh("env").out


def test_base_env_is_an_allow_list() -> None:
    host = {"GH_TOKEN": "t", "LANG": "C", "https_proxy": "http://p", "PATH": "/evil", "LD_PRELOAD": "x"}
    assert process.base_env(host) == {"PATH": process.SYSTEM_PATH, "LANG": "C", "https_proxy": "http://p"}


def test_output_over_the_bound_keeps_head_and_tail() -> None:
    ended = sh("echo first; head -c 300000 /dev/zero | tr '\\0' x; echo last", bytes_max=1000)
    assert ended.cut
    assert ended.out.startswith(b"first\n")
    assert ended.out.endswith(b"last\n")
    assert len(ended.out) < 1100


def test_a_command_that_does_not_read_its_input_still_ends() -> None:
    assert sh("exit 0", stdin=b"x" * 1_000_000).code == 0


def test_a_program_that_is_not_there_is_said() -> None:
    with pytest.raises(UsageError, match="cannot start 'no-such-program'"):
        process.run(["no-such-program"], cwd=None, env=ENV, seconds=5)


def test_r2_a_time_limit_ends_what_ignores_term_and_what_left_the_group(tmp_path: Path) -> None:
    left = tmp_path / "pid"
    script = f"trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ > {left}; sleep 300' & sleep 300"
    ended = sh(script, seconds=1, grace_seconds=1)
    assert ended.timed_out
    assert ended.seconds < 15
    assert gone(pid_in(left))


def test_what_a_command_left_in_its_group_ends_with_it(tmp_path: Path) -> None:
    left = tmp_path / "pid"
    ended = sh(f"sleep 300 & echo $! > {left}; exit 0")
    assert ended.code == 0
    assert ended.seconds < 5
    assert gone(pid_in(left))


def test_a_process_that_holds_the_pipes_from_outside_its_group_holds_nobody_up(tmp_path: Path) -> None:
    left = tmp_path / "pid"
    ended = sh(f"setsid sh -c 'echo $$ > {left}; exec sleep 300' & sleep 0.3; echo done")
    try:
        assert ended.out == b"done\n"
        assert ended.seconds < 8
    finally:
        os.kill(pid_in(left), 9)


class Heard:
    """What an agent printed, and when it is done."""

    def __init__(self, final: bytes = b"\0never") -> None:
        self.lines: list[tuple[str, bytes]] = []
        self.final = final

    def __call__(self, stream: str, line: bytes) -> bool:
        self.lines.append((stream, line))
        return line == self.final


def start(
    tmp_path: Path, script: str, prompt: bytes = b"", bytes_max: int = 1_000_000, descendants_max: int = 100
) -> Agent:
    return Agent.start(
        ["/bin/sh", "-c", script],
        cwd=tmp_path,
        env=ENV,
        prompt=prompt,
        transcript=tmp_path / "transcript",
        bytes_max=bytes_max,
        bounds=Bounds(descendants_max, done_seconds=0.3, grace_seconds=1),
    )


def wait(agent: Agent, heard: Heard, total: float = 30, silent: float = 30) -> Stopped:
    return agent.wait(total, silent, threading.Event(), heard)


def test_r4_the_prompt_comes_on_stdin_which_is_then_closed(tmp_path: Path) -> None:
    heard = Heard()
    stopped = wait(start(tmp_path, "cat; echo; echo err >&2; printf unfinished", b"the prompt"), heard)
    assert stopped == Stopped(0, None, "exit")
    assert [line for stream, line in heard.lines if stream == "stdout"] == [b"the prompt", b"unfinished"]
    assert ("stderr", b"err") in heard.lines
    assert b"the prompt" in (tmp_path / "transcript").read_bytes()
    assert (tmp_path / "transcript").stat().st_mode & 0o777 == 0o600


def test_r2_an_agent_over_its_total_time_is_ended_with_all_below_it(tmp_path: Path) -> None:
    child = tmp_path / "pid"
    script = f"trap '' TERM; (setsid sh -c 'echo $$ > {child}; exec sleep 300') & while :; do echo on; sleep 0.1; done"
    stopped = wait(start(tmp_path, script), Heard(), total=1.5)
    assert (stopped.why, stopped.code, stopped.signal) == ("timeout", None, 9)
    assert gone(pid_in(child))


def test_r2_silence_ends_an_agent_but_output_keeps_it_alive(tmp_path: Path) -> None:
    assert wait(start(tmp_path, "sleep 300"), Heard(), silent=0.6).why == "stall"
    busy = "for i in 1 2 3 4 5 6 7 8; do printf .; sleep 0.2; done"
    assert wait(start(tmp_path, busy), Heard(), silent=1.2).why == "exit"


def test_an_agent_is_stopped_when_it_is_told_so(tmp_path: Path) -> None:
    stop = threading.Event()
    agent = start(tmp_path, "sleep 300")
    threading.Timer(0.3, stop.set).start()
    assert agent.wait(30, 30, stop, Heard()).why == "stopped"


def test_an_agent_that_hangs_after_its_final_record_is_ended(tmp_path: Path) -> None:
    began = time.monotonic()
    assert wait(start(tmp_path, "echo final; exec sleep 300"), Heard(b"final")).why == "done"
    assert time.monotonic() - began < 10


def test_an_agent_that_ends_by_itself_after_its_final_record_has_its_own_code(tmp_path: Path) -> None:
    assert wait(start(tmp_path, "echo final; exit 4"), Heard(b"final")) == Stopped(4, None, "exit")


def test_an_agent_with_too_many_processes_is_ended(tmp_path: Path) -> None:
    script = "for i in 1 2 3 4 5 6 7 8 9; do sleep 300 & done; wait"
    agent = start(tmp_path, script, descendants_max=5)
    assert wait(agent, Heard()).why == "flood"
    assert killing.tree(agent.pid) == []


def test_an_agent_is_ended_when_its_listener_fails(tmp_path: Path) -> None:
    def fail(stream: str, line: bytes) -> bool:
        raise ValueError(stream)

    agent = start(tmp_path, "echo x; exec sleep 300")
    with pytest.raises(ValueError, match="stdout"):
        agent.wait(30, 30, threading.Event(), fail)
    assert gone(agent.pid)


def test_a_transcript_over_its_bound_keeps_head_and_tail(tmp_path: Path) -> None:
    script = "echo first; head -c 500000 /dev/zero | tr '\\0' x; echo last"
    wait(start(tmp_path, script, bytes_max=10_000), Heard())
    kept = (tmp_path / "transcript").read_bytes()
    assert kept.startswith(b"first\n")
    assert kept.endswith(b"last\n")
    assert b"bytes left out" in kept
    assert len(kept) < 10_100


def test_r2_an_orphan_of_a_double_fork_is_found_through_the_subreaper(tmp_path: Path) -> None:
    # in a process of its own: what is a subreaper once stays one
    program = tmp_path / "worker.py"
    program.write_text(
        "import sys, threading\nfrom pathlib import Path\n"
        "from bee.system import process\nfrom bee.system.process.agent import Agent\n"
        "process.become_subreaper()\n"
        "script = f'sleep 0.5; (setsid sh -c \"echo \\\\$\\\\$ > {sys.argv[1]}; exec sleep 300\" &) ;'\n"
        "script += f' while [ ! -s {sys.argv[1]} ]; do sleep 0.01; done'\n"
        "agent = Agent.start(['/bin/sh', '-c', script], cwd=None, env={'PATH': process.SYSTEM_PATH},\n"
        "    prompt=b'', transcript=Path(sys.argv[1] + '.log'))\n"
        "print(agent.wait(30, 30, threading.Event(), lambda stream, line: False).why)\n"
    )
    left = tmp_path / "pid"
    root = Path(process.__file__).parents[3]
    ended = subprocess.run(
        [sys.executable, str(program), str(left)],
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "exit\n", ended.stderr
    assert process.process_start(pid_in(left)) is None


def test_a_detached_process_gets_its_job_and_outlives_its_parent(tmp_path: Path) -> None:
    out = tmp_path / "out"
    program = tmp_path / "parent.py"
    program.write_text(
        "import sys\nfrom pathlib import Path\nfrom bee.system import process\n"
        "print(process.spawn_detached(['/bin/sh', '-c', 'cat > $0; sleep 1; echo $$ >> $0', sys.argv[1]],\n"
        "    cwd=Path('/'), env={'PATH': process.SYSTEM_PATH}, stdin=b'job ' * 50000,\n"
        "    log=Path(sys.argv[1] + '.log')))\n"
    )
    root = Path(process.__file__).parents[3]
    ended = subprocess.run(
        [sys.executable, str(program), str(out)],
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert until(lambda: out.read_text().endswith(f"{ended.stdout.strip()}\n"))
    assert out.read_text().startswith("job job ")


def test_a_detached_process_that_does_not_read_its_job_is_an_error_with_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(BeeError, match="did not read its job"):
        process.spawn_detached(
            ["/bin/sh", "-c", "echo broken; exit 1"], cwd=tmp_path, env=ENV, stdin=b"x" * 900_000, log=log
        )
    assert "broken" in log.read_text()


def test_c5_a_recycled_pid_is_not_the_same_process() -> None:
    start = process.process_start(os.getpid())
    assert start is not None
    assert process.alive(os.getpid(), start)
    assert not process.alive(os.getpid(), f"{start}0")


def test_a_zombie_is_not_alive() -> None:
    child = subprocess.Popen(["/bin/sh", "-c", "exit 0"])
    try:
        assert gone(child.pid)
    finally:
        child.wait()


def test_terminate_says_whether_there_was_a_process() -> None:
    child = subprocess.Popen(["/bin/sleep", "300"])
    assert process.terminate(child.pid)
    assert child.wait() == -15
    assert not process.terminate(child.pid)


def test_this_boot_has_a_name_that_stays() -> None:
    assert len(process.boot_id()) > 10
    assert process.boot_id() == process.boot_id()


def test_a_process_name_with_brackets_and_spaces_is_read() -> None:
    proc = table.parse_stat("12 (a) b (c) S 3 4 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 1 2")
    assert proc == table.Proc(pid=12, parent=3, group=4, session=5, start="777", state="S", name="a) b (c")
    assert table.parse_stat("nonsense") is None


def test_the_listing_of_macos_is_read() -> None:
    text = "    1     0     1 Ss   Mon Jan  5 09:00:01 2026     /sbin/launchd\n"
    text += "  77     1    77 Z    Mon Jan  5 09:00:02 2026 x\n"
    found = table.from_ps(text)
    assert found[1] == table.Proc(
        pid=1, parent=0, group=1, session=0, start="Mon Jan 5 09:00:01 2026", state="S", name="launchd"
    )
    assert found[77].dead
    assert table.below(found, [1]) == {77}


def test_bounded_output_below_its_bound_is_whole() -> None:
    bound = Bounded(100)
    for _ in range(10):
        bound.add(b"0123456789")
    assert (bound.value(), bound.cut) == (b"0123456789" * 10, False)
    bound.add(b"!")
    assert bound.cut


def test_a_transcript_may_be_closed_twice(tmp_path: Path) -> None:
    transcript = Transcript(tmp_path / "t", 100)
    transcript.add(b"x" * 60)
    transcript.close()
    transcript.close()
    assert (tmp_path / "t").read_bytes() == b"x" * 60
