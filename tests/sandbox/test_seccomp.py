"""The system calls that a box does not have: the bytes by a simulator for both architectures, and live in the box."""

from __future__ import annotations

import errno
import platform
import shutil
from pathlib import Path

import pytest

from bee.sandbox import box as sandbox
from bee.sandbox.box import FILTERED
from bee.system import process
from tests.sandbox import seccomp
from tests.sandbox.seccomp import ALLOW, ARCHES, CALLS, CLONE_NEWUSER, ERRNO, X32_BIT

needs_filter = pytest.mark.skipif(
    not shutil.which("bwrap") or platform.machine() not in FILTERED, reason="no bubblewrap, or no filter, for this here"
)
NO = {name: ERRNO | getattr(errno, name) for name in ("ENOSYS", "EPERM", "EAFNOSUPPORT")}
SIGCHLD = 17
CASES: list[tuple[str, tuple[int, ...], int]] = [
    *((name, (), NO["ENOSYS"]) for name in seccomp.MISSING),
    ("clone", (SIGCHLD,), ALLOW), ("clone", (0x3D0F00,), ALLOW), ("clone", (CLONE_NEWUSER | SIGCHLD,), NO["EPERM"]),
    ("clone", (CLONE_NEWUSER | 1 << 40,), NO["EPERM"]), ("unshare", (0x20000,), ALLOW),
    ("unshare", (CLONE_NEWUSER | 0x20000,), NO["EPERM"]), ("unshare", (CLONE_NEWUSER,), NO["EPERM"]),
    *((name, (family, 1, 0), ALLOW) for name in ("socket", "socketpair") for family in (1, 2, 10)),
    *((name, (family, 1, 0), NO["EAFNOSUPPORT"]) for name in ("socket", "socketpair")
      for family in (0, 3, 17, 29, 31, 38, 40, 44, 99, 2**32 - 1)),
    ("socket", (16, 3, 0), ALLOW), ("socket", (16, 3, 12), NO["EAFNOSUPPORT"]),
    ("socket", (16, 3, 9), NO["EAFNOSUPPORT"]),
    # what lies above the 32 bits that the kernel reads makes no difference
    ("socket", (38 | 1 << 32, 5, 0), NO["EAFNOSUPPORT"]), ("socket", (2 | 1 << 32, 1, 0), ALLOW),
]  # fmt: skip


def program(machine: str) -> bytes:
    return (seccomp.FOLDER / f"{machine}.bpf").read_bytes()


@pytest.mark.parametrize("machine", FILTERED)
def test_the_files_are_what_their_source_says(machine: str) -> None:
    assert program(machine) == seccomp.assembled(seccomp.lines(machine))


@pytest.mark.parametrize("machine", FILTERED)
def test_case_t17_what_the_filter_makes_of_each_call(machine: str) -> None:
    for name, arguments, answer in CASES:
        found = seccomp.simulated(program(machine), ARCHES[machine], CALLS[machine][name], *arguments)
        assert found == answer, (name, arguments, hex(found))
    for number in set(range(500)) - set(CALLS[machine].values()):
        assert seccomp.simulated(program(machine), ARCHES[machine], number) == ALLOW


@pytest.mark.parametrize("machine", FILTERED)
def test_case_t17_another_abi_has_no_calls_at_all_and_is_not_killed(machine: str) -> None:
    """i386, 32-bit ARM and x32 number their calls anew: none of theirs is looked at."""
    for arch in (0x40000003, 0x40000028, *(set(ARCHES.values()) - {ARCHES[machine]})):
        for number in range(500):
            assert seccomp.simulated(program(machine), arch, number) == NO["ENOSYS"]
    if machine == "x86_64":
        for number in (0, 1, 250, 425):
            assert seccomp.simulated(program(machine), ARCHES[machine], number | X32_BIT) == NO["ENOSYS"]


LIVE = """
import ctypes, errno, socket, subprocess, threading
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *given):
    ctypes.set_errno(0)
    done = libc.syscall(*map(ctypes.c_long, given))
    print(name, done if done >= 0 else errno.errorcode[ctypes.get_errno()])
calls = CALLS
call("keyctl", calls["keyctl"], 0, -3, 1)
call("add_key", calls["add_key"], 0, 0, 0, 0, -3)
call("io_uring", calls["io_uring_setup"], 1, 0)
call("clone3", calls["clone3"], 0, 0)
call("unshare", calls["unshare"], 0x10000000)
call("vsock", calls["socket"], 40, 1, 0)
call("alg", calls["socket"], 38, 5, 0)
call("packet", calls["socket"], 17, 3, 0)
call("netfilter", calls["socket"], 16, 3, 12)
socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); socket.socketpair(); socket.socket(socket.AF_INET6)
thread = threading.Thread(target=print, args=("thread",)); thread.start(); thread.join()
print(subprocess.run(["sh", "-c", "echo child"], capture_output=True, text=True).stdout.strip())
"""


@needs_filter
def test_case_t17_in_the_box_they_fail_with_an_error_and_programs_go_on(tmp_path: Path) -> None:
    """Called, not read about: threads, children and name lookups still work."""
    env = {"PATH": process.SYSTEM_PATH, "HOME": str(tmp_path)}
    script = LIVE.replace("CALLS", repr(dict(CALLS[platform.machine()])))
    box = sandbox.find("required", process.SYSTEM_PATH)
    argv = box.wrap(
        ["python3", "-c", script], writable=[tmp_path], readable=[], cwd=tmp_path, env=env, network=False
    )  # fmt: skip
    ended = process.run(argv, cwd=tmp_path, env=env, seconds=30, merge_output=True)
    assert ended.out.decode().split("\n") == [
        "keyctl ENOSYS", "add_key ENOSYS", "io_uring ENOSYS", "clone3 ENOSYS", "unshare EPERM", "vsock EAFNOSUPPORT",
        "alg EAFNOSUPPORT", "packet EAFNOSUPPORT", "netfilter EAFNOSUPPORT", "thread", "child", "",
    ]  # fmt: skip


@needs_filter
@pytest.mark.parametrize(
    "way", ["unshare --user true", "unshare --user --map-root-user id", "unshare --user --fork --pid true"]
)
def test_case_t17_no_user_namespace_in_the_box(way: str, tmp_path: Path) -> None:
    env = {"PATH": process.SYSTEM_PATH, "HOME": str(tmp_path)}
    found = sandbox.find("required", process.SYSTEM_PATH)
    argv = found.wrap(["sh", "-c", f"{way} && echo nested"], writable=[tmp_path], readable=[], cwd=tmp_path, env=env,
                      network=False)  # fmt: skip
    ended = process.run(argv, cwd=tmp_path, env=env, seconds=30, merge_output=True)
    assert ended.code != 0
    assert b"nested" not in ended.out


@needs_filter
def test_a_box_without_the_filter_is_not_trusted(tmp_path: Path) -> None:
    """A bwrap that drops `--seccomp` is found out by using it."""
    script = 'for word; do shift; [ "$word" = --seccomp ] && { skip=1; continue; }\n'
    script += '[ "$skip" ] && { skip=; continue; }; set -- "$@" "$word"; done\n'
    (tmp_path / "bwrap").write_text(f'#!/bin/sh\n{script}exec {shutil.which("bwrap")} "$@"\n')
    (tmp_path / "bwrap").chmod(0o755)
    with pytest.raises(sandbox.SandboxError, match="system calls are not filtered in it"):
        sandbox.find("required", f"{tmp_path}:/usr/bin:/bin")
