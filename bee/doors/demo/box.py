"""Whether the demo's agents can run in a sandbox on this machine, and what the screen says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bee.hands import process
from bee.words.errors import BeeError

TRY_SECONDS_MAX = 10


@dataclass(frozen=True, slots=True)
class Box:
    """The word for config.yml, and a sentence for people."""

    word: str
    said: str


def choose(env: Mapping[str, str]) -> Box:
    """`required` where bubblewrap really works here, else `none`."""
    argv = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--unshare-pid", "true"]
    try:
        ended = process.run(argv, cwd=None, env=env, seconds=TRY_SECONDS_MAX)
    except BeeError:
        return Box("none", "none: bubblewrap is not installed, so the agent runs unboxed in this demo")
    if ended.code:
        return Box("none", "none: bubblewrap does not work here, so the agent runs unboxed in this demo")
    return Box("required", "required: each agent runs in bubblewrap, without network or credentials of yours")
