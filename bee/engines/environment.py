"""The environment of an agent: built from nothing: the facts of its run and, for its own engine alone, its login."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from bee.engines.base import EngineJob
from bee.system.process import SYSTEM_PATH, base_env

TEMPORARY_FOLDER: Final = "/tmp"  # noqa: S108 # a fresh one in the sandbox; short, so that sockets fit in it


def agent_env(job: EngineJob, host_env: Mapping[str, str]) -> dict[str, str]:
    """What every engine gives its agent: the facts of the run, `bee` on PATH, a private HOME, and no credential."""
    return {
        **base_env(host_env),
        "LANG": host_env.get("LANG", "C.UTF-8"),
        "PATH": f"{job.bin_dir}:{SYSTEM_PATH}",
        "HOME": str(job.home),
        "TMPDIR": TEMPORARY_FOLDER,
        "TERM": "dumb",
        "GIT_TERMINAL_PROMPT": "0",
        "BEE_ROLE": job.role,
        "BEE_REPO": job.repo,
        "BEE_NUMBER": str(job.number),
        "BEE_RUN": job.run,
        "BEE_CONTEXT": str(job.context),
        "BEE_SOCKET": job.socket,
        "BEE_BRANCH": job.branch,
        **job.extra_env,
    }


def login(host_env: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """The login variables of one engine, as far as the host has them."""
    return {name: host_env[name] for name in names if host_env.get(name)}
