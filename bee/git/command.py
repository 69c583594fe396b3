"""Runs one git command: environment built from scratch, configuration from nowhere but here, a time limit always.

The token goes to git in an environment variable of that one command: it is in no argument, no file and no error.
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from bee.git import parse
from bee.model.answers import Said, Way, row_of
from bee.model.errors import (
    AuthError,
    BeeError,
    ForbiddenError,
    GitError,
    MovedError,
    RateLimitError,
    RefusedError,
    ServerError,
    UnavailableError,
    UnknownAnswerError,
    UnreachableError,
)
from bee.model.limits import FETCH_SECONDS_MAX, FETCH_STALL_SECONDS_MAX, GIT_SECONDS_MAX
from bee.model.text import one_line
from bee.system import process

EMPTY_TREE: Final = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
LOCAL_ADDRESS: Final = "bee@localhost"  # of commits that are not published
_STALL_SECONDS_MAX: Final = 60

_OLD_FAULTS: Final = (
    "zeroPaddedFilemode badTimezone missingSpaceBeforeDate missingSpaceBeforeEmail badDate missingNameBeforeEmail "
    "missingEmail badEmail badName zeroPaddedDate badDateOverflow"
)

# As configuration from the environment: it wins over every file, the repository's own included.
CONFIG: Final[Mapping[str, str]] = {
    **dict.fromkeys(("core.hooksPath", "core.attributesFile", "core.excludesFile"), "/dev/null"),
    **dict.fromkeys(("core.askPass", "credential.helper"), ""),
    **dict.fromkeys(("core.protectHFS", "core.protectNTFS", "transfer.fsckObjects"), "true"),
    # http.followRedirects: git would send the extra header, and with it the token, to wherever the first answer points
    **dict.fromkeys(
        "core.fsmonitor core.untrackedCache maintenance.auto commit.gpgSign push.gpgSign tag.gpgSign log.showSignature "
        "submodule.recurse fetch.recurseSubmodules advice.detachedHead http.followRedirects".split(),
        "false",
    ),
    "gc.auto": "0",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": str(_STALL_SECONDS_MAX),
    # Old histories have these; they harm nobody. What can harm (.git in a tree, bad submodule urls) stays an error.
    **dict.fromkeys(map("fetch.fsck.{}".format, _OLD_FAULTS.split()), "ignore"),
}

_PROGRESS: Final = re.compile(r"(?:remote: )?[A-Z][\w ]+:\s+(?:\d+% \(|\d+(?:, done\.)?\s*$)|remote: Total \d")
# How an error reads, by the kind of what git says (`bee.model.answers`).
_MEANINGS: Final[dict[type[BeeError] | str, str]] = {
    "git: not found": "the server shows no such repository to this token: renamed, deleted, or not the token's",
    AuthError: "the server refused the token",
    ForbiddenError: "the token may not do this",
    UnavailableError: "the repository is closed to every token: open it again on GitHub, or take it out of config.yml",
    MovedError: "the repository has another name now, put it into config.yml",
    ServerError: "the server failed",
    UnknownAnswerError: "the server said what bee does not know",
    UnreachableError: "no whole answer from the server",
}
# Lines of git and of the server that are shown: a rule stands in the last of them.
SAID_LINES_MAX: Final = 30
SAID_CHARACTERS_MAX: Final = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """How git is run here.

    `home` is an empty folder for HOME, `env_path` the PATH, `network_env` proxies and certificates of the host.
    `protocols` and `config` are for tests, which fetch from a folder with `file`, and show what `config` stops; so are
    the time limits: of a command, and of one that may take as long as it makes progress.
    """

    home: Path
    env_path: str = process.SYSTEM_PATH
    network_env: Mapping[str, str] = field(default_factory=dict)
    protocols: tuple[str, ...] = ("http", "https")
    config: Mapping[str, str] = field(default_factory=lambda: CONFIG)
    seconds_max: float = GIT_SECONDS_MAX
    stall_seconds_max: float = FETCH_STALL_SECONDS_MAX

    def env(self, config: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of one command."""
        # without a work tree, newer gits read .gitattributes from HEAD: a text that is called binary there would hide
        attributes = {} if "GIT_WORK_TREE" in more else {"attr.tree": EMPTY_TREE}
        pairs = list({**self.config, **attributes, **config}.items())
        numbered = {f"GIT_CONFIG_KEY_{at}": key for at, (key, _) in enumerate(pairs)}
        numbered |= {f"GIT_CONFIG_VALUE_{at}": value for at, (_, value) in enumerate(pairs)}
        passed = {key: value for key, value in self.network_env.items() if not key.startswith(("GIT_", "LC_"))}
        return {
            **passed,
            "PATH": self.env_path,
            "HOME": str(self.home),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": ":".join(self.protocols),
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_CONFIG_COUNT": str(len(pairs)),
            **numbered,
            **signed(LOCAL_ADDRESS),
            **more,
        }

    def ask(
        self,
        args: Sequence[str],
        *,
        git_dir: Path | None = None,
        work_tree: Path | None = None,
        stdin: bytes = b"",
        config: Mapping[str, str] | None = None,
        more_env: Mapping[str, str] | None = None,
        stop: threading.Event | None = None,
        bytes_max: int = 32 * 1024 * 1024,
        codes: Container[int] | None = None,
        token: str = "",
    ) -> process.Ended:
        """Run one command to its end. With a work tree, it runs at its top: paths are then as a commit has them.

        With `stop`, which ends it, it may take as long as it prints progress. Raises UnreachableError at its time
        limit; where `codes` are given and its exit code is none of them, GitError, or the LookError that fits what git
        said, without the `token`.
        """
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        places = {"GIT_DIR": git_dir, "GIT_WORK_TREE": work_tree}
        more = {**(more_env or {}), **{key: str(path) for key, path in places.items() if path}}
        seconds, stall = (self.seconds_max, 0.0) if stop is None else (FETCH_SECONDS_MAX, self.stall_seconds_max)
        # else in the git folder or the empty home: no command may find a repository it was not told
        ended = process.run(
            ["git", *args],
            cwd=work_tree or git_dir or self.home,
            env=self.env(config or {}, more),
            stdin=stdin,
            seconds=seconds,
            bytes_max=bytes_max,
            stall_seconds=stall,
            stop=stop,
        )
        if ended.timed_out:
            how = f"did not end within {seconds:g} seconds"
            if ended.seconds < seconds:
                how = f"made no progress, or was told to stop, after {ended.seconds:.0f} seconds"
            raise UnreachableError(f"git {args[0]} {how} and was stopped")
        if codes is not None and ended.code not in codes:
            raise failure(args[0], ended, token)
        return ended

    def say(self, args: Sequence[str], **how: Any) -> bytes:
        """The output of a command that must succeed. Raises as `ask`, and GitError where it printed too much."""
        ended = self.ask(args, codes=(0,), **how)
        if ended.cut:
            raise GitError(f"git {args[0]} printed more than bee reads")
        return ended.out


@dataclass(frozen=True, slots=True)
class GitFolder:
    """A bare repository at `path`, or the `.git` of a clone."""

    git: Git
    path: Path

    def ask(self, *args: str, **how: Any) -> process.Ended:
        """Run one command here, as `Git.ask`."""
        return self.git.ask(args, git_dir=self.path, **how)

    def say(self, *args: str, **how: Any) -> bytes:
        """The output of a command that must succeed here, as `Git.say`."""
        return self.git.say(args, git_dir=self.path, **how)

    def oid(self, *args: str, **how: Any) -> str:
        """The oid that a command prints. Raises as `Git.say`, and GitError where it prints something else."""
        return parse.oid(parse.utf8(self.say(*args, **how)).strip())

    def rev(self, name: str) -> str | None:
        """The commit a full ref name or an oid stands for; None where there is none."""
        checked = name if parse.OID.fullmatch(name) else parse.ref(name)
        ended = self.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{checked}^{{commit}}")
        return parse.oid(parse.utf8(ended.out).strip()) if ended.code == 0 else None

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor; None where the two histories have nothing in common."""
        ended = self.ask("merge-base", parse.oid(one), parse.oid(other), codes=(0, 1))
        return parse.oid(parse.utf8(ended.out).split()[0]) if ended.code == 0 else None


def signed(address: str) -> dict[str, str]:
    """The environment in which a commit is bee's, with this address."""
    named = {"NAME": "bee", "EMAIL": address}
    return {f"GIT_{part}_{key}": value for part in ("AUTHOR", "COMMITTER") for key, value in named.items()}


def credential(url: str, token: str) -> dict[str, str]:
    """The configuration that gives `token` to the server of `url`, and to no other."""
    parts = urlsplit(url)
    if not token or parts.scheme not in {"http", "https"}:
        return {}
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return {f"http.{parts.scheme}://{parts.netloc.rpartition('@')[2]}/.extraHeader": f"Authorization: Basic {basic}"}


def failure(subcommand: str, ended: process.Ended, token: str = "") -> BeeError:
    """The error that says what git said, without any credential."""
    said = ended.err.decode("utf-8", "replace")
    text = words_of(said, token) or f"exit code {ended.code}"
    row = row_of(Said(way=Way.GIT, text=said))
    if row is None or row.error is RefusedError:
        return GitError(f"git {subcommand}: {text}")
    if issubclass(row.error, RefusedError):
        return row.error(0, f"git {subcommand}: {text}")
    if row.error is RateLimitError:  # git does not print until when
        return RateLimitError(f"git {subcommand}: the server limits how often it is asked: {text}", 0)
    return row.error(f"git {subcommand}: {_MEANINGS.get(row.name) or _MEANINGS[row.error]}: {text}")


def words_of(said: str, token: str = "") -> str:
    """What git and the server said, as one line without any credential; what the server says comes first."""
    lines = [line.strip() for line in said.splitlines() if line.strip().removeprefix("remote:").strip(" -=")]
    lines = [line for line in lines if not _PROGRESS.match(line)]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:"))] or lines
    told = sorted(telling[:SAID_LINES_MAX], key=lambda line: not line.startswith("remote:"))
    text = re.sub(r"(https?://)[^/@\s]*@", r"\1", " / ".join(told))
    for secret in (token, base64.b64encode(f"x-access-token:{token}".encode()).decode()) if token else ():
        text = text.replace(secret, "***")
    return one_line(text, SAID_CHARACTERS_MAX)
