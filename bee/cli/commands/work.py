"""`bee work`: one run, started by a tick, which hands it its job on standard input. Not for people."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bee.cli import wiring
from bee.cli.common import say
from bee.host import Host
from bee.model.limits import JOB_BYTES_MAX
from bee.model.outcomes import Outcome
from bee.run.job import Job, decode
from bee.run.worker import work
from bee.system import keys, process
from bee.system.home import Home, Slot


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options a tick gives its worker."""
    parser.add_argument("--run", required=True)
    parser.add_argument("--home", required=True, type=Path)
    parser.add_argument("--slot-fd", required=True, type=int)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Do the run, free the slot, start the next tick."""
    job = decode(sys.stdin.buffer.read(JOB_BYTES_MAX))
    home = Home(args.home)
    slot = Slot.adopt(args.slot_fd, home, f"pid {os.getpid()}, run {job.run}: {job.role} on {job.repo}#{job.number}")
    alive = home.hold_alive(job.run)
    process.become_subreaper()
    signal.signal(signal.SIGTERM, _stop)
    settings = wiring.settings_at(home, repo_given=True)
    settings = settings if job.renews else replace(settings, token=())
    host = wiring.host_of({**env, keys.VARIABLE: job.keys}, settings, job.token, say, home)
    try:
        outcome = work(host, job)
    finally:
        slot.release()
        alive.release()
    if job.trigger and outcome is not Outcome.LOST:
        _next_tick(host, job)
    return 0


def _stop(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _next_tick(host: Host, job: Job) -> None:
    """The next tick, at once: nobody waits five minutes for what can go on now.

    It gets token and keys on its standard input.
    """
    argv = [host.python, "-P", "-m", "bee", "tick"]
    if job.repo not in host.settings.repos:
        argv += ["--repo", job.repo]
    renews = {wiring.TOKEN_RENEWS: "1"} if host.renewal else {}
    env = {**host.env, **renews, wiring.TOKEN_ON_STDIN: "1", "GIT_BEE_HOME": str(host.home.path)}
    process.spawn_detached(
        argv,
        cwd=host.home.path,
        env=env,
        stdin=f"{host.token_now}\n{job.keys}\n".encode(),
        log=host.home.path / "tick.log",
    )
