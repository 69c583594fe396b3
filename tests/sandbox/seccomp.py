"""The source of bee/sandbox/*.bpf, the system calls that no box has:  python -m tests.sandbox.seccomp --write

A classic BPF program for each architecture, in bytes that the kernel takes as they are. `simulated` runs one as the
kernel does, so that both are tested on either machine.
"""

from __future__ import annotations

import errno
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parents[2] / "bee" / "sandbox"
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCH = 0, 4
ALLOW: Final = 0x7FFF0000
ERRNO: Final = 0x00050000
CLONE_NEWUSER: Final = 0x10000000
X32_BIT: Final = 0x40000000
UNIX, INET, INET6, NETLINK, NETLINK_ROUTE = 1, 2, 10, 16, 0
# linux/audit.h and the tables of system calls, for 64 bits
ARCHES: Final[Mapping[str, int]] = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CALLS: Final[Mapping[str, Mapping[str, int]]] = {
    "x86_64": {
        "socket": 41, "socketpair": 53, "clone": 56, "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272,
        "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "clone3": 435,
    },
    "aarch64": {
        "unshare": 97, "socket": 198, "socketpair": 199, "add_key": 217, "request_key": 218, "keyctl": 219,
        "clone": 220,
        "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "clone3": 435,
    },
}  # fmt: skip
# clone3 has its flags behind a pointer, where a filter cannot look: programs fall back to clone
MISSING: Final = (
    "add_key request_key keyctl io_uring_setup io_uring_enter io_uring_register clone3".split()
)  # fmt: skip

Line = tuple[int, int, str, str]
"""code, operand, where to go when it is so, and when not; an empty name is the next line"""


def argument(index: int) -> int:
    """The offset of the low half of an argument: families and flags are 32 bits wide."""
    return 16 + 8 * index


def lines(machine: str) -> list[Line | str]:
    """The program in words: lines, and the names of places."""
    call = CALLS[machine]
    return [
        (LOAD, ARCH, "", ""),
        (EQUAL, ARCHES[machine], "", "missing"),
        (LOAD, NUMBER, "", ""),
        *([(AT_LEAST, X32_BIT, "missing", "")] if machine == "x86_64" else []),
        *((EQUAL, call[name], "missing", "") for name in MISSING),
        *((EQUAL, call[name], "flags", "") for name in ("clone", "unshare")),
        *((EQUAL, call[name], "family", "") for name in ("socket", "socketpair")),
        "allow", (RETURN, ALLOW, "", ""),
        "missing", (RETURN, ERRNO | errno.ENOSYS, "", ""),
        "flags", (LOAD, argument(0), "", ""),
        (ANY_BIT, CLONE_NEWUSER, "", "allowed"),
        (RETURN, ERRNO | errno.EPERM, "", ""),
        "family", (LOAD, argument(0), "", ""),
        *((EQUAL, family, "allowed", "") for family in (UNIX, INET, INET6)),
        (EQUAL, NETLINK, "", "no family"),
        (LOAD, argument(2), "", ""),
        (EQUAL, NETLINK_ROUTE, "allowed", ""),
        "no family", (RETURN, ERRNO | errno.EAFNOSUPPORT, "", ""),
        "allowed", (RETURN, ALLOW, "", ""),
    ]  # fmt: skip


def assembled(text: Sequence[Line | str]) -> bytes:
    """The bytes of a program; jumps are counted from the line after."""
    places: dict[str, int] = {}
    code: list[Line] = []
    for line in text:
        if isinstance(line, str):
            places[line] = len(code)
        else:
            code.append(line)
    return b"".join(
        struct.pack("<HBBI", kind, *(places[to] - at - 1 if to else 0 for to in (so, not_so)), operand)
        for at, (kind, operand, so, not_so) in enumerate(code)
    )


def simulated(program: bytes, arch: int, number: int, *arguments: int) -> int:
    """What the kernel makes of a system call: the value that the program returns."""
    data = struct.pack("<IIQ6Q", number, arch, 0, *(*arguments, *[0] * (6 - len(arguments))))
    code = list(struct.iter_unpack("<HBBI", program))
    at = kept = 0
    while True:
        kind, so, not_so, operand = code[at]
        at += 1
        if kind == RETURN:
            return int(operand)
        if kind == LOAD:
            (kept,) = struct.unpack_from("<I", data, operand)
            continue
        true = {EQUAL: kept == operand, AT_LEAST: kept >= operand, ANY_BIT: bool(kept & operand)}[kind]
        at += so if true else not_so


def main() -> None:
    """Write the files."""
    for machine in ARCHES:
        (FOLDER / f"{machine}.bpf").write_bytes(assembled(lines(machine)))


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    main()
