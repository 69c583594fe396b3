"""Runs in a box without a network: lets programs reach one Unix socket as if it were a proxy on loopback.

    python -I relay.py SOCKET PORT PROGRAM [ARGUMENT ...]

One file of standard library only: it is copied into the run's folder. It listens first, leaves a child behind that
passes bytes on, and then becomes the program itself, so that pid, pipes and exit code are the program's own.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading

CHUNK_BYTES = 65536


def pump(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes, to its end; then say that no more will come."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(CHUNK_BYTES):
            target.sendall(chunk)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def join(client: socket.socket, path: str) -> None:
    """Join one client with the socket, until both have ended."""
    with client, socket.socket(socket.AF_UNIX) as proxy:
        try:
            proxy.connect(path)
        except OSError:
            return
        back = threading.Thread(target=pump, args=(proxy, client), daemon=True)
        back.start()
        pump(client, proxy)
        back.join()


def serve(server: socket.socket, path: str) -> None:
    """For ever; the box ends it."""
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            continue
        threading.Thread(target=join, args=(client, path), daemon=True).start()


def main(argv: list[str]) -> None:
    """Listen, leave a child behind, become the program."""
    path, port, program = argv[0], int(argv[1]), argv[2:]
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen(128)
    if os.fork() == 0:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        serve(server, path)
    server.close()
    os.execvp(program[0], program)  # noqa: S606 # what the box was made for


if __name__ == "__main__":
    main(sys.argv[1:])
