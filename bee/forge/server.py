"""Starts and stops a forge: `main` as a program, `running` inside another one."""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bee.forge import faults
from bee.forge.app import App
from bee.forge.core import merge
from bee.forge.core.mergeability import Jobs
from bee.forge.core.users import PERMISSIONS
from bee.forge.core.world import Forge
from bee.forge.http import Server

UserSpec = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class Running:
    """The addresses of a forge that serves, and its inside for tests in the same process."""

    api_url: str
    graphql_url: str
    git_url: str
    control_token: str
    port: int
    app: App


@contextmanager
def running(
    root: Path | str, users: Iterable[UserSpec | str] = (), port: int = 0, page_size: int | None = None,
    rate_limit: int | None = None, control_token: str = "",
) -> Iterator[Running]:  # fmt: skip
    """Serve a forge from threads of this process.

    `users` are `LOGIN:TOKEN:PERMISSION` or the three in a tuple; `page_size` caps every page. Without a
    `control_token` it makes a fresh one.
    """
    control_token = control_token or secrets.token_urlsafe()
    forge = Forge(Path(root).absolute(), page_size)
    jobs = Jobs(forge)
    with forge.call() as call:
        for spec in users:
            forge.users.put(call.db, *user_spec(spec), call.now())
        merge.recover(call)
    app = App(forge, control_token, rate_limit)
    server = Server(port, app)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        base = f"http://127.0.0.1:{server.port}"
        yield Running(
            api_url=base, graphql_url=f"{base}/graphql", git_url=base, control_token=control_token, port=server.port,
            app=app,
        )  # fmt: skip
    finally:
        app.faults.clear()
        server.shutdown()
        server.server_close()
        thread.join()
        jobs.close()
        forge.close()


def user_spec(spec: UserSpec | str) -> UserSpec:
    """`(login, token, permission)` of a `LOGIN:TOKEN:PERMISSION`; raises ValueError."""
    parts = tuple(spec.split(":")) if isinstance(spec, str) else spec
    if len(parts) != 3 or not all(parts):
        raise ValueError(f"{spec!r} is not LOGIN:TOKEN:PERMISSION")
    if parts[2] not in PERMISSIONS:
        raise ValueError(f"{parts[2]!r} is not a permission; known: {', '.join(PERMISSIONS)}")
    return parts[0], parts[1], parts[2]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bee forge", description="Serve an embedded GitHub on loopback.")
    parser.add_argument("--root", required=True, help="folder for the database and the git repositories")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--user", action="append", default=[], metavar="LOGIN:TOKEN:PERMISSION")
    parser.add_argument("--page-size", type=int, default=None, help="at most this many items on any page")
    parser.add_argument("--rate-limit", type=int, default=None, help="requests (and points) an hour; 5000")
    parser.add_argument("--fault", action="append", default=[], metavar="JSON", help="a fault, as /_forge/faults takes")
    return parser


def main(argv: list[str]) -> int:
    """Serve until TERM or INT; prints one JSON line with addresses and control token when ready. 2 for wrong usage.

    The control token comes from `FORGE_CONTROL_TOKEN` (the command line is for everybody on the machine to read), or is
    fresh at each start.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        users = [user_spec(spec) for spec in options.user]
        ordered = [faults.parse(json.loads(text)) for text in options.fault]
    except ValueError as problem:
        parser.error(str(problem))
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    token = os.environ.get("FORGE_CONTROL_TOKEN", "")
    with running(
        options.root, users, options.port, options.page_size, options.rate_limit, control_token=token
    ) as forge:  # fmt: skip
        for fault in ordered:
            forge.app.faults.add(fault)
        addresses = {"api_url": forge.api_url, "graphql_url": forge.graphql_url, "git_url": forge.git_url}
        print(json.dumps({**addresses, "control_token": forge.control_token, "pid": os.getpid()}), flush=True)
        stop.wait()
    return 0
