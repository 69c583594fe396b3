"""What may leave a run: protected paths, sizes, kinds of files, commit messages, secrets. Pure.

Refusals explain themselves, and never repeat a secret.
The same sentences go to the agent in session and, where a person must decide, to GitHub.
"""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bee.config.schema import Policy
from bee.model import limits
from bee.model.protected import fits, fold
from bee.model.text import one_line, secrets_in, shown, silent, skips_ci, unix, utc
from bee.pipeline.verify_files import named

KNOWN_BYTES_MIN: Final = 8  # a shorter value is not a credential, and many texts hold it
TEST_PATHS: Final = ("tests/**", "test/**", "**/tests/**", "**/test/**", "**/test_*", "**/*_test.*", "**/*.test.*")
_LEFT_OUT: Final = "[left out: it seems to hold a credential]"
SYMLINK: Final = "120000"
SUBMODULE: Final = "160000"
NOT_UTF8: Final = "text that is not UTF-8"
# What a header may be called in a refusal; any other name is an agent's words.
_ODD: Final = ("encoding", "gpgsig", "gpgsig-sha256", "mergetag", NOT_UTF8)
_TRAILER: Final = re.compile(r"^[ \t>]*(?:co-authored-by|signed-off-by|on-behalf-of)[ \t]*:(.*)$", re.I | re.M)


@dataclass(frozen=True, slots=True)
class Change:
    """One changed file: path, git status letter, new mode (octal text), size in bytes."""

    path: str
    status: str
    mode: str
    size: int


@dataclass(frozen=True, slots=True)
class Handed:
    """One commit that an agent hands in, as its object has it: its whole message, and who made it (`name <address>`).

    `dated`: the later of its two dates, in seconds since the epoch. `odd`: the headers that an ordinary commit has not,
    and NOT_UTF8 where that is what it is not.
    """

    oid: str
    message: str
    people: tuple[str, ...]
    dated: int = 0
    odd: tuple[str, ...] = ()


def refuse_files(
    changes: Sequence[Change], policy: Policy, tests_only: bool, of_engines: Sequence[str] = ()
) -> list[str]:
    """Why this change may not leave, file by file; empty when it may. `of_engines` as in `Policy.protected`."""
    problems = []
    if len(changes) > policy.limits.diff_files:
        problems.append(f"{len(changes)} files changed; at most {policy.limits.diff_files} may (limits.diff_files)")
    total = sum(change.size for change in changes if change.status != "D")
    if total > policy.limits.diff_bytes:
        problems.append(
            f"the changed files hold {total} bytes; at most {policy.limits.diff_bytes} may (limits.diff_bytes)"
        )
    protected, scripts = policy.protected(of_engines), named(policy.verify)
    folded = set(map(fold, scripts))
    for change in changes[: policy.limits.diff_files]:
        name = one_line(change.path)
        if fits(change.path, protected):
            problems.append(f"`{name}` is a protected path: only a person changes it. Leave it out, or say in "
                            "`bee pause` why it must")  # fmt: skip
        # a script may be added, by the name that the command has: another spelling would mean it on some disks
        if fold(change.path) in folded and (change.status != "A" or change.path not in scripts):
            problems.append(f"`{name}` is what E2E runs: only a person changes it. Add tests beside it instead")
        problems.extend(_refuse_file(change, name, tests_only))
    return problems


def _refuse_file(change: Change, name: str, tests_only: bool) -> Iterable[str]:
    if change.status != "D":
        yield from refuse_path(change.path)
    if change.mode in (SYMLINK, SUBMODULE):
        yield f"`{name}` is a {'symbolic link' if change.mode == SYMLINK else 'submodule'}: leave it out"
    if change.size > limits.FILE_BYTES_MAX and change.status != "D":
        yield f"`{name}` has {change.size} bytes; at most {limits.FILE_BYTES_MAX} may"
    if tests_only and not fits(change.path, TEST_PATHS):
        yield f"`{name}` is not a test: this role may only add tests"


def refuse_path(path: str) -> list[str]:
    """Why no clone should have a file of this name: what handles such a tree on some system fails."""
    depth, size = path.count("/"), len(path.encode("utf-8", "surrogateescape"))
    if depth <= limits.PATH_FOLDERS_MAX and size <= limits.PATH_BYTES_MAX:
        return []
    return [f"`{one_line(path, 120)}` is {depth} folders deep and its path has {size} bytes; at most "
            f"{limits.PATH_FOLDERS_MAX} and {limits.PATH_BYTES_MAX} may: shorten it"]  # fmt: skip


def refuse_commits(commits: Sequence[Handed], agent: str, signers: Sequence[str], now: int) -> list[str]:
    """Why these commits may not leave: their messages are read on GitHub, and with `merge` and `rebase` on main.

    `agent` (`name <address>`) must have made them; `signers` are the addresses that engines sign with. `now`: by
    GitHub's clock, in seconds since the epoch; what a person says of a head counts when it is later than its date.
    """
    problems = []
    if len(commits) > limits.COMMITS_PER_RUN_MAX:
        problems.append(f"{len(commits)} new commits; at most {limits.COMMITS_PER_RUN_MAX} may be handed in at once")
    for commit in commits[: limits.COMMITS_PER_RUN_MAX]:
        name = f"commit {commit.oid[:10]}"
        message = unix(commit.message)
        skips = skips_ci(message)
        if skips:
            problems.append(f"the message of {name} says `{skips}`, which keeps the checks from starting: write it "
                            "without (`git commit --amend`, or `git rebase` for an older one)")  # fmt: skip
        elif silent(message) != message:
            problems.append(f"the message of {name} holds a mention, a closing keyword, a hidden comment or a control "
                            "character: write it without (`git commit --amend`)")  # fmt: skip
        if any(person != agent for person in commit.people):
            problems.append(f"{name} is not made by `{agent}`: leave the author as git is set up here "
                            "(`git commit --amend --reset-author`)")  # fmt: skip
        named = (trailer.rpartition("<")[2].strip(" >") for trailer in _TRAILER.findall(message))
        if any(address not in signers for address in named):
            problems.append(f"the message of {name} names somebody in a `Co-authored-by` or `Signed-off-by` line: "
                            "leave that out (`git commit --amend`)")  # fmt: skip
        if commit.dated > now + limits.COMMIT_AHEAD_SECONDS_MAX:
            problems.append(f"{name} is dated in the future; on GitHub it is {utc(now)}: make it anew with that date "
                            "(`GIT_COMMITTER_DATE`, `git commit --amend --date`)")  # fmt: skip
        for odd in dict.fromkeys(odd if odd in _ODD else "an unknown header" for odd in commit.odd):
            problems.append(f"{name} holds {odd}, and bee takes plain commits alone: make it anew, unsigned, in UTF-8")
    return problems


def refuse_text(text: str, kinds: Callable[[str], list[str]] = secrets_in) -> list[str]:
    """Why this text may not be posted."""
    found = [f"the text seems to hold {kind}: take it out" for kind in kinds(text)]
    if len(text.encode("utf-8", "replace")) > limits.BODY_BYTES_MAX:
        found.append(f"the text is longer than {limits.BODY_BYTES_MAX} bytes: shorten it")
    return found


def holds(text: str, values: Sequence[str]) -> bool:
    """Whether one of these values stands in the text: as it is, in base64 or in hex, over line ends or not."""
    found = _known(tuple(value for value in values if len(value.encode()) >= KNOWN_BYTES_MIN))
    if found is None:
        return False
    return found.search(text) is not None or found.search(re.sub(r"\s+", "", text)) is not None


@functools.lru_cache(maxsize=8)
def _known(values: tuple[str, ...]) -> re.Pattern[str] | None:
    shapes = {shape for value in values for shape in _shapes(value.encode())}
    return re.compile("|".join(sorted(map(re.escape, shapes)))) if shapes else None


def _shapes(raw: bytes) -> Iterable[str]:
    """How a value looks written out. Base64 has three forms, depending on the byte offset."""
    yield raw.decode("utf-8")
    yield raw.decode("utf-8")[::-1]
    yield raw.hex()
    yield raw.hex().upper()
    for before in range(3):
        # whole groups of three bytes alone are the same whatever stands around them
        whole = raw[-before % 3 :]
        whole = whole[: len(whole) // 3 * 3]
        yield base64.b64encode(whole).decode()
        yield base64.urlsafe_b64encode(whole).decode()


@dataclass(frozen=True, slots=True)
class OutputChecks:
    """What stands between an agent's output and GitHub. No configuration reaches it; `known` is this run's own.

    `secrets` names the kinds of credentials in a text; `known` are the values that must never leave as they are.
    """

    secrets: Callable[[str], list[str]] = secrets_in
    files: Callable[[Sequence[Change], Policy, bool], list[str]] = refuse_files
    commits: Callable[[Sequence[Handed], str, Sequence[str], int], list[str]] = refuse_commits
    known: tuple[str, ...] = ()

    def knowing(self, values: Iterable[str]) -> OutputChecks:
        """The same checks, with these credentials of the run."""
        return replace(self, known=tuple(sorted({value for value in values if value})))

    def kinds(self, text: str) -> list[str]:
        """The kinds of credentials in a text, those of this run first.

        It is looked at as it is and as GitHub gets it: what nobody sees is taken out there, from within a key as well.
        """
        looks = dict.fromkeys((text, shown(unix(text))))
        own = ["a credential of this machine"] if any(holds(look, self.known) for look in looks) else []
        return list(dict.fromkeys([*own, *(kind for look in looks for kind in self.secrets(look))]))

    def told(self, text: str) -> str:
        """What a program printed, without the lines that seem to hold a credential."""
        if not self.kinds(text):
            return text
        lines = [_LEFT_OUT if self.kinds(line) else line for line in text.split("\n")]
        rest = "\n".join(lines)
        return _LEFT_OUT if self.kinds(rest) else rest

    def refuse_text(self, text: str) -> list[str]:
        """Why this text may not be posted."""
        return refuse_text(text, self.kinds)

    def refuse_added(self, text: str, allowed: str) -> list[str]:
        """Why these lines may not be pushed. `allowed`: those of paths where the policy lets credentials stand."""
        own = ["a credential of this machine"] if holds(f"{text}\n{allowed}", self.known) else []
        return [
            f"the change seems to hold {kind}: take it out, of every commit" for kind in [*own, *self.secrets(text)]
        ]
