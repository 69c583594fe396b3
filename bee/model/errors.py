"""Every way bee can fail, shaped by cause and by who can fix it.

An error's text is complete: what happened, and what to do next. It does no I/O and knows no exit but its own.
"""

from __future__ import annotations


class BeeError(Exception):
    """A failure bee expects. `exit_code` is what the process ends with when nobody catches it."""

    exit_code = 3


class UsageError(BeeError):
    """The command line or the request is invalid; the text says what would be valid."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file is wrong. `str()` names the file, the line and the nearest valid key."""

    def __init__(self, path: str, line: int | None, problem: str) -> None:
        self.path, self.line, self.problem = path, line, problem
        super().__init__(f"{path}{f':{line}' if line else ''}: {problem}")


class LookError(BeeError):
    """bee could not look (or not write): network, server, limits, login. Never read as "nothing to do"."""

    exit_code = 75


class AuthError(LookError):
    """GitHub refused the token."""


class ForbiddenError(LookError):
    """The token is good, but may not do this."""


class UnavailableError(ForbiddenError):
    """Nobody may: the repository is archived, disabled, locked or blocked, which no permission changes."""


class UnreachableError(LookError):
    """No answer: the connection failed, timed out, or broke before the answer was whole."""


class ServerError(LookError):
    """GitHub answered 5xx, or something of another shape than it documents."""


class UnknownAnswerError(ServerError):
    """GitHub said something that bee does not know: neither done nor refused, and never a lost race."""


class TooBigError(ServerError):
    """GitHub would answer a smaller question. Of a write, it may have taken effect all the same."""


class RateLimitError(LookError):
    """A primary or secondary limit; `retry_at` is in seconds since the epoch, by GitHub's clock; 0: nobody said."""

    def __init__(self, message: str, retry_at: int) -> None:
        self.retry_at = retry_at
        super().__init__(message)


class MovedError(LookError):
    """It is elsewhere by now, on another server or under another name; what it is there, nobody knows here."""


class CutOffError(LookError):
    """A list did not end within its bound, so the tick knows only a part and must not decide."""


class NotFoundError(BeeError):
    """GitHub answered 404: it does not exist, or the token may not see it."""

    exit_code = 2


class RefusedError(BeeError):
    """GitHub understood the request and said no (409, 405, 422; 0 by git). `status` and its `message` say why."""

    exit_code = 75

    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(f"GitHub refused{f' ({status})' if status else ''}: {message}")


class RuleError(RefusedError):
    """A rule of the repository forbids it. Asking again changes nothing: a person must change the rule, or the plan."""


class UnsupportedError(RefusedError):
    """This server does not have what was asked for."""


class SetupError(BeeError):
    """The policy's `setup` fails on the base branch, or leaves a tree that no agent may have.

    The text is for the person who fixes that.
    """


class RefConflict(BeeError):
    """A compare-and-swap found another value, as a fresh read shows: somebody else moved the ref first."""

    exit_code = 75


class LeaseLost(BeeError):
    """The lease belongs to another run now, or a person stopped this one. Nothing more may be written."""

    exit_code = 75


class StopOrder(LeaseLost):
    """The lease is valid, but a person said stop: nothing more is published, and the run ends."""


class GitError(BeeError):
    """A git command failed. The text has the subcommand and what git said, never a credential."""

    exit_code = 75


class SandboxError(BeeError):
    """The box cannot be built; the text says what to install, or what to write in config.yml."""

    exit_code = 2


class Refusal(BeeError):
    """An agent asked for something its role, its item or the output checks do not allow.

    The text goes back to the agent in session, so it says what would be accepted.
    """

    exit_code = 2
