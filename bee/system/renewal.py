"""The GitHub token that a command of `config.yml` prints, and the next one where it ages or GitHub refuses it.

Nothing that the command prints is ever shown: standard output is the token, and standard error may hold one.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from typing import Final

from bee.model import limits
from bee.model.errors import AuthError, UsageError
from bee.system import process
from bee.system.clock import SYSTEM, Clock

# What a log-in's own store is found by. No credential of bee's or of an engine's.
_ENV: Final = ("HOME", "PATH", "USER", "LOGNAME", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
_TOKEN: Final = re.compile(r"[!-~]{8,}")


class Renewal:
    """One process's token, for all its threads. `given` are all that it ever was: none of them may be published."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], token: str, clock: Clock = SYSTEM) -> None:
        self.given = [token]
        self._argv, self._env, self._clock = argv, env, clock
        self._due = clock.monotonic() + limits.TOKEN_SECONDS_MAX
        self._lock = threading.Lock()

    def current(self) -> str:
        """The token, asked for anew where it is due. Where that fails, the old one may still be good for a while."""
        with self._lock:
            if self._clock.monotonic() >= self._due:
                try:
                    self._ask()
                except AuthError:
                    self._due = self._clock.monotonic() + limits.TOKEN_RETRY_SECONDS
            return self.given[-1]

    def age(self) -> None:
        """GitHub says that the token ends soon: the next request asks for another."""
        with self._lock:
            self._due = min(self._due, self._clock.monotonic())

    def renewed(self, refused: str) -> bool:
        """Whether there is another token than this one, which GitHub refused. Raises AuthError where none came."""
        with self._lock:
            if self.given[-1] == refused:
                self._ask()
            return self.given[-1] != refused

    def _ask(self) -> None:
        token = printed(self._argv, self._env)
        self._due = self._clock.monotonic() + limits.TOKEN_SECONDS_MAX
        if token != self.given[-1]:
            self.given.append(token)


def printed(argv: Sequence[str], env: Mapping[str, str], seconds: float = limits.TOKEN_COMMAND_SECONDS_MAX) -> str:
    """What the command prints, which is one token. Raises AuthError, without a word of what it said."""
    where = f"`token` in config.yml: `{argv[0]}`"
    try:
        ended = process.run(
            argv, cwd=None, env=process.base_env(env) | {name: env[name] for name in _ENV if name in env},
            seconds=seconds, bytes_max=limits.TOKEN_BYTES_MAX,
        )  # fmt: skip
    except UsageError as problem:
        raise AuthError(f"{where} cannot be started; correct it, or take `token` out") from problem
    if ended.timed_out:
        raise AuthError(f"{where} took more than {seconds} s; run it in a terminal to see why")
    if ended.code != 0:
        raise AuthError(f"{where} failed (exit code {ended.code}); run it in a terminal to see why")
    token = ended.out.decode("utf-8", "replace").strip()
    if ended.cut or not _TOKEN.fullmatch(token):
        raise AuthError(f"{where} printed something else than one token; it must print the token alone")
    return token
