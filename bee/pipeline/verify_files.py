"""The files that verify commands name: E2E takes them from the base, and an agent does not change them. Pure.

Read generously: a word too many guards a file too many, a word too few lets a change judge itself. Only names count;
what a named file runs in turn is the change's.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bee.model.protected import fold

_BETWEEN: Final = re.compile(r"""(?:\$\w+|[\s;&|()<>{}"'`=,:$])+""")
_PATH: Final = re.compile(r"(?:\./)*[\w@+-][\w.@+-]*(?:/[\w.@+-]+)*")
_ENTERS: Final = frozenset({"cd", "pushd"})


def named(commands: Sequence[str]) -> frozenset[str]:
    """Every path that a word of these commands may name: in the checkout, or in a folder that a word before it names.

    Behind a program and its options, behind `cd`, in quotes, and as a module of Python (`-m`), too.
    """
    return frozenset(path for command in commands for words in _readings(command) for path in _paths(words))


def named_of(commands: Sequence[str], paths: Iterable[str]) -> list[str]:
    """Those of these paths that the commands name, compared as the most forgiving file system does."""
    folded = {fold(path) for path in named(commands)}
    return sorted(path for path in paths if fold(path) in folded)


def missing(commands: Sequence[str], files: Iterable[str]) -> list[str]:
    """The words that look like paths (they have a `/`) and name neither a file nor a folder of these."""
    there = {"/".join(parts[:end]) for parts in (path.split("/") for path in files) for end in range(1, len(parts) + 1)}
    found = []
    for command in commands:
        words = command.split()
        for index, word in enumerate(words):
            looks_so = "/" in word and _PATH.fullmatch(word)
            if looks_so and there.isdisjoint(_paths(words[: index + 1], index)):
                found.append(posixpath.normpath(word))
    return sorted(set(found))


def _readings(command: str) -> Iterator[list[str]]:
    """The words of a command: as a shell quotes them, and whatever stands between two signs of its language."""
    yield [word for word in _BETWEEN.split(command) if word]
    try:
        yield shlex.split(command, comments=False)
    except ValueError:
        return  # a quote that is not closed


def _paths(words: Sequence[str], since: int = 0) -> Iterator[str]:
    """What each word from the one at `since` on may name. Any word before it may be the folder that it is in."""
    folders, entered = {""}, list[str]()
    for index, word in enumerate(words):
        before = words[index - 1] if index else ""
        names = [word.lstrip("/")]
        if before == "-m":
            module = word.replace(".", "/")
            names += [f"{module}.py", f"{module}/__main__.py"]
        if index >= since:
            yield from (path for name in names for folder in folders if (path := _normal(folder, name)))
        if before in _ENTERS:
            # in a subshell, the folders that were entered before it may have been left again
            entered.append(word)
            folders |= {_normal(*entered[start:]) for start in range(len(entered))}
        elif "*" not in word:
            folders.add(_normal(word))


def _normal(*parts: str) -> str:
    path = posixpath.normpath(posixpath.join("", *parts)).lstrip("/")
    return "" if path == "." else path
