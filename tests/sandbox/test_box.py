"""The box: the system, one's own folders, and nothing else."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bee.model.errors import SandboxError, UsageError
from bee.model.verb_answer import Answer
from bee.run import broker
from bee.sandbox import box as sandbox
from bee.sandbox.box import Box, seatbelt_profile
from bee.system import process
from bee.system.process import killing, table
from bee.system.process.agent import Agent, Bounds
from tests.git.world import until

needs_bwrap = pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed here")
# On macOS the workflow of GitHub runs these, in the box of sandbox-exec.
needs_box = pytest.mark.skipif(
    sys.platform != "darwin" and not shutil.which("bwrap"), reason="there is no box on this machine"
)


@pytest.fixture
def box() -> Box:
    return sandbox.find("required", process.SYSTEM_PATH)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


def inside(box: Box, own: Path, script: str, network: bool = False, **more: object) -> str:
    env = {"PATH": process.SYSTEM_PATH, "HOME": str(own), "API_KEY": "visible"}
    how = {"writable": [own], "readable": [], **more}
    argv = box.wrap(["/bin/sh", "-c", script], cwd=own, env=env, network=network, **how)  # type: ignore[arg-type]
    ended = process.run(argv, cwd=own, env=env, seconds=30, merge_output=True)
    return ended.out.decode()


@needs_bwrap
def test_x4_nothing_outside_can_be_read_by_any_process_inside(box: Box, own: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("t0ken")
    home = os.path.expanduser("~")  # noqa: PTH111 # the HOME of the test
    seen = inside(box, own, f"cat {secret}; ls -a {home} /root /home; cat /etc/shadow")
    assert "t0ken" not in seen
    assert ".gitconfig" not in seen
    assert seen.endswith("/etc/shadow: No such file or directory\n")


@needs_bwrap
def test_x4_the_environment_and_memory_of_the_worker_are_out_of_sight(box: Box, own: Path) -> None:
    pids = inside(box, own, "ls -d /proc/[0-9]*").split()
    assert len(pids) <= 4
    assert inside(box, own, f"cat /proc/{os.getpid()}/environ").endswith("No such file or directory\n")
    assert "API_KEY=visible" in inside(box, own, "env")


@needs_bwrap
def test_only_own_folders_can_be_written(box: Box, own: Path, tmp_path: Path) -> None:
    lent = tmp_path / "lent"
    lent.mkdir()
    (lent / "file").write_text("lent\n")
    outside = Path(f"/tmp/bee-box-test-{os.getpid()}")  # the box has a /tmp of its own
    script = f"echo x > {own}/new; cat {lent}/file; echo x > {lent}/file; echo x > /usr/x; echo x > /etc/x"
    script += f"; echo x > {outside}"
    seen = inside(box, own, script, readable=[lent])
    assert seen.startswith("lent\n")
    assert seen.count("Read-only file system") == 2
    assert (lent / "file").read_text() == "lent\n"
    assert (own / "new").read_text() == "x\n"
    assert not Path("/etc/x").exists()
    assert not outside.exists()


@needs_bwrap
def test_a_writable_folder_inside_a_readable_one_is_writable(box: Box, tmp_path: Path, own: Path) -> None:
    outer = tmp_path / "outer"
    inner = outer / "inner"
    inner.mkdir(parents=True)
    inside(box, own, f"echo x > {inner}/a; echo x > {outer}/b", writable=[inner, own], readable=[outer])
    assert (inner / "a").exists()
    assert not (outer / "b").exists()


@needs_bwrap
def test_the_network_is_there_only_where_it_is_given(box: Box, own: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = f'python3 -c \'import socket; socket.create_connection(("127.0.0.1", {port}), 5); print("through")\''
        assert "through" not in inside(box, own, script)
        assert "through" in inside(box, own, script, network=True)


@needs_bwrap
def test_nobody_in_the_box_has_a_capability(box: Box, own: Path) -> None:
    assert "CapEff:\t0000000000000000" in inside(box, own, "cat /proc/self/status")


@needs_bwrap
@pytest.mark.parametrize("name", ["sys/kernel/core_pattern", "sys/kernel/modprobe", "sysrq-trigger"])
def test_the_kernel_cannot_be_changed_from_the_box_even_by_root(box: Box, own: Path, name: str) -> None:
    # opened to append, and nothing is written: the setting is this machine's own
    seen = inside(box, own, f": >> /proc/{name} && echo opened")
    assert "opened" not in seen


@needs_box
def test_case_r13_the_box_of_this_machine_passes_its_own_test(box: Box) -> None:
    assert sandbox.try_out(box) is None


@needs_box
def test_bee_works_in_the_box_through_its_socket(box: Box, own: Path, tmp_path: Path) -> None:
    bin_dir = tmp_path / "bin"
    broker.install(bin_dir, sys.executable, own)
    with broker.Broker(lambda verb, args: Answer(True, f"heard {verb} {args['reason']}")) as server:
        env = {"PATH": f"{bin_dir}:{process.SYSTEM_PATH}", "HOME": str(own), "BEE_SOCKET": server.socket}
        argv = box.wrap(
            ["bee", "pause", "which?"],
            writable=[own, server.folder],
            readable=[bin_dir],
            cwd=own,
            env=env,
            network=False,
        )
        ended = process.run(argv, cwd=own, env=env, seconds=30)
    assert (ended.out, ended.code) == (b"heard pause which?\n", 0), ended.err


@needs_bwrap
def test_r2_an_agent_in_the_box_gets_its_grace_and_leaves_nothing(box: Box, own: Path, tmp_path: Path) -> None:
    env = {"PATH": process.SYSTEM_PATH, "HOME": str(own)}
    script = (
        "trap 'sleep 0.3; echo saved > saved; exit 0' TERM; setsid sleep 300 & echo up; while :; do sleep 0.1; done"
    )
    argv = box.wrap(["/bin/sh", "-c", script], writable=[own], readable=[], cwd=own, env=env, network=False)
    agent = Agent.start(argv, cwd=own, env=env, prompt=b"", transcript=tmp_path / "t", bounds=Bounds(grace_seconds=5))
    stop = threading.Event()

    def heard(stream: str, line: bytes) -> bool:
        if line == b"up":
            stop.set()
        return False

    assert agent.wait(30, 30, stop, heard).why == "stopped"
    assert (own / "saved").read_text() == "saved\n"
    assert until(lambda: killing.tree(agent.pid) == [])


@needs_bwrap
def test_the_box_ends_with_the_worker_that_started_it(box: Box, own: Path) -> None:
    program = "import sys, os, subprocess\nsubprocess.Popen(sys.argv[1:]); sys.stdin.readline(); os._exit(0)\n"
    env = {"PATH": process.SYSTEM_PATH, "HOME": str(own)}
    argv = box.wrap(
        ["/bin/sh", "-c", "echo up > up; exec sleep 300"], writable=[own], readable=[], cwd=own, env=env, network=False
    )
    worker = subprocess.Popen([sys.executable, "-c", program, *argv], env=env, stdin=subprocess.PIPE)
    assert until((own / "up").exists)
    below = table.below(table.every(), [worker.pid])
    assert below
    worker.communicate(b"\n")
    assert until(lambda: all(process.process_start(pid) is None for pid in below))


def test_without_a_box_the_command_stays_as_it_is(own: Path) -> None:
    box = sandbox.find("none", "")
    argv = box.wrap(["a", "b"], writable=[own], readable=[], cwd=own, env={}, network=True)
    assert argv == ["a", "b"]


def test_what_to_install_is_said(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="apt install bubblewrap"):
        sandbox.find("required", str(tmp_path))


@pytest.mark.parametrize(
    ("program", "why"), [("#!/bin/sh\necho nope >&2; exit 1\n", "nope"), ("#!/bin/sh\nexit 0\n", "ended with 0")]
)
def test_a_box_that_does_not_work_is_not_trusted(tmp_path: Path, program: str, why: str) -> None:
    (tmp_path / "bwrap").write_text(program)
    (tmp_path / "bwrap").chmod(0o755)
    with pytest.raises(SandboxError, match=why):
        sandbox.find("required", f"{tmp_path}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("box", "why"),
    [
        ("", "a file outside it can be read"),
        ("--tmpfs /tmp --dev-bind /proc /proc", "the processes of this machine can be seen in it"),
        ("--tmpfs /tmp --unshare-pid --proc /proc --bind SHARED SHARED", "a file outside it can be written"),
        ("--tmpfs /tmp --unshare-pid --proc /proc", "the network can be reached from it"),
    ],
)
def test_a_box_that_hides_too_little_is_not_trusted(tmp_path: Path, box: str, why: str) -> None:
    """Each thing that must fail is tried: a bwrap that leaves one of them open is found out."""
    if box and not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed here")
    skip = 'while [ "$1" != -- ]; do case $1 in /bin/sh) break;; esac; shift; done; shift'
    real = f"{shutil.which('bwrap')} --dev-bind / / {box.replace('--bind SHARED SHARED', '')}" if box else ""
    if "SHARED" in box:
        real += ' --unshare-net --bind "$OUT" "$OUT" --ro-bind /dev/null "$OUT/secret"'
    find_out = "for last; do :; done; OUT=$last"
    (tmp_path / "bwrap").write_text(f'#!/bin/sh\n{find_out}\n{skip}\nexec {real} "$@"\n')
    (tmp_path / "bwrap").chmod(0o755)
    with pytest.raises(SandboxError, match=why):
        sandbox.find("required", f"{tmp_path}:/usr/bin:/bin")


@pytest.mark.parametrize("path", ["/", "relative"])
def test_the_whole_machine_is_never_put_into_a_box(path: str, own: Path) -> None:
    with pytest.raises(UsageError, match="cannot be put into a box"):
        Box("bubblewrap", "bwrap").wrap(["x"], writable=[Path(path)], readable=[], cwd=own, env={}, network=False)


def test_a_secret_of_the_environment_is_in_no_argument(own: Path) -> None:
    env = {"HOME": str(own), "API_KEY": "t0ken"}
    argv = Box("bubblewrap", "bwrap").wrap(["x"], writable=[own], readable=[], cwd=own, env=env, network=True)
    assert "t0ken" not in " ".join(argv)
    assert "--unshare-net" not in argv


GOLDEN = """(version 1)
(deny default)
(import "system.sb")
(allow process*)
(allow signal (target same-sandbox))
(allow sysctl-read)
(allow file-read-metadata)
(allow mach-lookup (global-name "com.apple.bsd.dirhelper") (global-name "com.apple.system.opendirectoryd.libinfo") \\
(global-name "com.apple.system.opendirectoryd.membership")SERVICES)
(allow file-write-data (literal "/dev/null") (literal "/dev/tty"))
(allow pseudo-tty)
(allow file-ioctl file-write* (literal "/dev/ptmx"))
(allow file-ioctl file-read* file-write* (require-all (regex #"^/dev/ttys[0-9]+$") \\
(extension "com.apple.sandbox.pty")))
(allow file-read* (literal "/") (literal "/dev/null") (literal "/dev/zero") (literal "/dev/random") \\
(literal "/dev/urandom") (literal "/dev/tty") (literal "/dev/ptmx"))
(allow file-read* (subpath "/usr") (subpath "/bin") (subpath "/sbin") (subpath "/System") (subpath "/Library") \\
(subpath "/private/etc") (subpath "/private/var/db") (subpath "/private/var/select") (subpath "/opt/homebrew") \\
(subpath "/dev/fd") (subpath "/r") (subpath "/w\\"x"))
(allow file-write* (subpath "/w\\"x"))
(allow network-outbound (subpath "/w\\"x"))""".replace("\\\n", "")
TRUST = "".join(f' (global-name "com.apple.{name}")' for name in (
    "trustd.agent", "SecurityServer", "ocspd", "networkd", "SystemConfiguration.configd",
    "SystemConfiguration.DNSConfiguration",
))  # fmt: skip


def test_the_profile_of_macos_word_for_word() -> None:
    """It denies by default, shows the system and what is named, and no home. Nobody has run it on a Mac here."""
    alone, trusting = (GOLDEN.replace("SERVICES", more) for more in ("", TRUST))
    assert seatbelt_profile([Path('/w"x')], [Path("/r")], network=False) == alone
    assert seatbelt_profile([Path('/w"x')], [Path("/r")], network=True) == f"{trusting}\n(allow network*)"


@pytest.mark.parametrize(
    ("network", "loopback", "trusts"),
    [(True, "", True), (False, "5123", True), (False, "", False), (False, "*", False)],
    ids=["open", "the door", "none", "verify"],
)
def test_case_r13_what_trust_needs_is_there_where_there_is_a_way_out(
    network: bool, loopback: str, trusts: bool
) -> None:
    """trustd is outside the box and asks a certificate's servers: not for what may reach nothing."""
    profile = seatbelt_profile([Path("/w")], [], network=network, loopback=loopback)
    assert ("com.apple.trustd.agent" in profile, "com.apple.SecurityServer" in profile) == (trusts, trusts)
    assert "com.apple.secd" not in profile
    assert "com.apple.securityd.xpc" not in profile


def test_case_r13_no_terminal_of_a_person_can_be_read_or_written() -> None:
    profile = seatbelt_profile([Path("/w")], [], network=False)
    assert '(subpath "/dev")' not in profile
    of_terminals = [line for line in profile.splitlines() if "ttys" in line]
    assert len(of_terminals) == 1
    assert '(extension "com.apple.sandbox.pty")' in of_terminals[0]


def test_case_r13_every_path_of_a_profile_is_physical(tmp_path: Path) -> None:
    """The kernel compares physical paths: a rule of a link matches nothing."""
    (tmp_path / "private").mkdir()
    (tmp_path / "tmp").symlink_to(tmp_path / "private")
    inside = tmp_path / "tmp" / "w"
    inside.mkdir()
    (inside / "kept").touch()
    profile = seatbelt_profile([inside], [inside / "kept", tmp_path / "tmp" / "r"], network=False)
    assert f"{tmp_path}/tmp/" not in profile
    assert profile.count(f"{tmp_path}/private/w/kept") == 2
    assert f'(allow network-outbound (subpath "{tmp_path}/private/w"))' in profile


@pytest.mark.parametrize(("mode", "where"), [("seatbelt", "/w/s"), ("bubblewrap", "/tmp"), ("none", "/tmp")])
def test_case_r13_temporary_files_go_where_they_can_be_written(mode: Any, where: str) -> None:
    env = Box(mode, "/x").env({"TMPDIR": "/tmp", "HOME": "/h"}, Path("/w/s"))
    assert env == {"TMPDIR": where, "HOME": "/h"}


@needs_bwrap
@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ("--ro-bind /dev/null {socket}", "bee's socket cannot be reached from it"),
        ("--remount-ro /tmp", "no temporary file can be written in it"),
        ("", None),
    ],
)
def test_case_r13_the_test_of_the_box_uses_it_as_a_run_does(
    box: Box, tmp_path: Path, broken: str, problem: str | None
) -> None:
    """A box whose socket or temporary folder is out of reach does not pass, for `find` or for doctor."""
    program = tmp_path / "bwrap"
    program.write_text(
        f'#!/bin/sh\nfor word; do case "$word" in */bee-socket-*/s) socket=$word;; esac; done\n'
        f'extra="{broken.format(socket="$socket")}"\nfor word; do shift; '
        f'[ "$word" = --chdir ] && set -- "$@" $extra; set -- "$@" "$word"; done\nexec {box.program} "$@"\n'
    )
    program.chmod(0o755)
    said = sandbox.try_out(replace(box, program=str(program)))
    assert (said is None) if problem is None else (problem in str(said))


def test_the_door_and_the_loopback_of_macos(tmp_path: Path) -> None:
    """Without a network, one port of loopback for an agent, all of it for verify commands; paths are physical."""
    (tmp_path / "link").symlink_to(tmp_path / "real")
    own = [tmp_path / "link"]
    door = '(allow network-outbound (remote ip "localhost:5123"))'
    any_port = '(allow network-outbound (remote ip "localhost:*"))'
    serve = '(allow network-bind network-inbound (local ip "localhost:*"))'
    profile = seatbelt_profile(own, [], network=False, loopback="5123")
    assert profile.splitlines()[-1] == door
    assert f'(subpath "{tmp_path}/real")' in profile
    assert "link" not in profile
    assert seatbelt_profile(own, [], network=False, loopback="*").splitlines()[-2:] == [any_port, serve]
    argv = Box("seatbelt", "/x").wrap(["a"], writable=own, readable=[], cwd=own[0], env={}, network=False)
    assert "localhost" not in argv[2]


@needs_bwrap
@pytest.mark.parametrize("tried", ["echo x > {0}/a/b/f", "rm {0}/a/b/f", "mv {0}/a {0}/z", "mv {0}/a/b {0}/z"])
def test_case_t13_what_is_readable_in_a_writable_folder_stays_in_its_place(box: Box, own: Path, tried: str) -> None:
    kept = own / "a" / "b" / "f"
    kept.parent.mkdir(parents=True)
    kept.write_text("kept\n")
    seen = inside(box, own, f"{tried.format(own)}; cat {kept}; echo x > {own}/a/b/new && echo beside", readable=[kept])
    assert seen.endswith("kept\nbeside\n")
    assert kept.read_text() == "kept\n"


@needs_bwrap
def test_a_readable_folder_is_not_opened_by_what_is_readable_in_it(box: Box, own: Path) -> None:
    kept = own / "a" / "b" / "f"
    kept.parent.mkdir(parents=True)
    kept.write_text("kept\n")
    seen = inside(box, own, f"echo x > {own}/a/b/new || echo closed", readable=[own / "a", kept])
    assert seen.endswith("closed\n")


def test_case_t13_on_macos_it_and_the_folders_above_it_are_not_written() -> None:
    profile = seatbelt_profile([Path("/w")], [Path("/w/a/f"), Path("/r")], network=False)
    denied = '(deny file-write* (literal "/w/a/f") (literal "/w/a"))'
    assert denied in profile
    assert profile.index("(allow file-write*") < profile.index(denied)
