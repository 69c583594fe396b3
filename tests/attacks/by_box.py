"""Attacks from within the box: on the kernel's inner doors, and on the door of the network."""

from __future__ import annotations

import platform
import shutil
import socket
import sys
from pathlib import Path

from bee.sandbox.box import FILTERED, Box, find
from bee.sandbox.egress import Egress
from bee.system import process
from tests.attacks.by_text import Layers
from tests.attacks.rows import Layer, Skipped, attack
from tests.sandbox.seccomp import CALLS

BWRAP = shutil.which("bwrap")
KEYCTL = """
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(*given):
    return libc.syscall(*(ctypes.c_char_p(one) if isinstance(one, bytes) else ctypes.c_long(one) for one in given))
"""
NEW_KEY = (
    KEYCTL
    + """
import os, subprocess
call(KEYCTL, 1, b"")  # a session keyring of its own
assert call(ADD_KEY, b"user", b"bee-attack", b"secret", 6, -3) > 0
subprocess.run(sys.argv[1:])
"""
)
READ_KEY = (
    KEYCTL
    + """
key = call(KEYCTL, 10, -3, b"user", b"bee-attack", 0)
text = ctypes.create_string_buffer(64)
call(KEYCTL, 11, key, ctypes.addressof(text), 64)
print(text.value.decode())
"""
)


def _in_box(on: Layers, folder: Path, argv: list[str]) -> tuple[list[str], dict[str, str]]:
    """A command in the box that this machine builds; without its layer, in one without filter."""
    if BWRAP is None or platform.machine() not in FILTERED:
        raise Skipped("there is no bubblewrap, or no filter, here")
    env = {"PATH": process.SYSTEM_PATH, "HOME": str(folder)}
    box = find("required", process.SYSTEM_PATH) if Layer.BOX in on else Box("bubblewrap", BWRAP)
    return box.wrap(argv, writable=[folder], readable=[], cwd=folder, env=env, network=False), env


@attack("session-keyring", "an agent reads a key of the session keyring that it was started in", Layer.BOX, known="T17")
def _keyring(on: Layers, folder: Path) -> bool:
    calls = CALLS[platform.machine()]
    numbers = {"ADD_KEY": str(calls["add_key"]), "KEYCTL": str(calls["keyctl"])}
    read, new = READ_KEY, NEW_KEY
    for name, number in numbers.items():
        read, new = (text.replace(f"({name}", f"({number}") for text in (read, new))
    argv, env = _in_box(on, folder, ["python3", "-c", read])
    return b"secret" in process.run([sys.executable, "-c", new, *argv], cwd=folder, env=env, seconds=30).out


@attack("nested-namespace", "an agent makes a user namespace, where the kernel gives it every capability", Layer.BOX,
        known="T17")  # fmt: skip
def _nested(on: Layers, folder: Path) -> bool:
    argv, env = _in_box(on, folder, ["unshare", "--user", "echo", "nested"])
    return b"nested" in process.run(argv, cwd=folder, env=env, seconds=30).out


@attack("listed-name-of-loopback", "an agent reaches a service of the machine by a listed name that leads to loopback",
        Layer.NETWORK, known="T23")  # fmt: skip
def _by_listed_name(on: Layers, folder: Path) -> bool:
    """`none`: config.yml names it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        name = f"localhost:{server.getsockname()[1]}"
        with (
            Egress([name], lambda *_: None, private=[] if on else [name]) as door,
            socket.socket(socket.AF_UNIX) as way,
        ):
            way.connect(str(door.socket))
            way.sendall(f"CONNECT {name} HTTP/1.1\r\n\r\n".encode())
            way.settimeout(5)
            way.recv(100)
            try:
                server.accept()[0].close()
            except TimeoutError:
                return False
            return True
