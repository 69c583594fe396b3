"""How bee once looked into the clone of a live agent: careful, and too late each time. What the races are tried on.

Every look here is a check and then a use, and an agent can change what lies between: that is why bee takes bytes.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from bee.git import parse
from bee.git.mirror import Mirror
from bee.model.errors import GitError
from bee.model.verb_answer import Answer, refused

ALTERNATES = "objects/info/alternates"


def read(git_dir: Path, name: str) -> str:
    """A file of the git folder, its links refused, part by part."""
    path = git_dir
    for part in ("", *name.split("/")):
        path = path / part
        if path.is_symlink():
            raise GitError("a link")
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise GitError("not a plain file")
        return parse.utf8(file.read(1 << 20))


def head(git_dir: Path) -> str:
    """The commit checked out."""
    text = read(git_dir, "HEAD").strip()
    if not text.startswith("ref:"):
        return parse.oid(text)
    name = parse.ref(text.removeprefix("ref:").strip())
    return parse.oid(read(git_dir, name).strip() or parse.refs(read(git_dir, "packed-refs").encode()).get(name, ""))


def unknown(mirror: Mirror, clone: Path, at: str) -> list[str]:
    """The files that are not committed."""
    with TemporaryDirectory() as folder:
        more = {"GIT_INDEX_FILE": f"{folder}/index", "GIT_ALTERNATE_OBJECT_DIRECTORIES": f"{clone}/.git/objects"}
        mirror.git.say(["read-tree", at], git_dir=mirror.path, work_tree=clone, more_env=more)
        args = ["ls-files", "--others", "--exclude-standard", "-z"]
        return parse.fields(mirror.git.say(args, git_dir=mirror.path, work_tree=clone, more_env=more))


def packed(mirror: Mirror, git_dir: Path, oid: str, known: str) -> bytes:
    """The agent's objects, after what it borrows from was looked at."""
    if read(git_dir, ALTERNATES) != f"{mirror.path / 'objects'}\n":
        raise GitError("the alternates are not as bee wrote them")
    for folder, folders, files in os.walk(git_dir / "objects"):
        for name in (*folders, *files):
            if not stat.S_ISREG(kind := os.lstat(Path(folder) / name).st_mode) and not stat.S_ISDIR(kind):
                raise GitError("neither a file nor a folder")
    more = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": f"{git_dir}/objects"}
    args = ["pack-objects", "--revs", "--stdout", "--quiet"]
    return mirror.git.say(args, git_dir=mirror.path, stdin=f"{oid}\n^{known}\n".encode(), more_env=more)


def sessions(home: Path, pattern: str) -> Iterator[bytes]:
    """The session files of an engine: first no link on the way, then the file."""
    for name in glob.iglob(pattern, root_dir=home):  # noqa: PTH207 # as bee's reader finds them
        path = home / name
        if any(part.is_symlink() for part in (path, *path.parents) if part.is_relative_to(home)):
            continue
        with suppress(OSError):
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file:
                yield file.read(1 << 20)


def submit(mirror: Mirror, clone: Path, known: str) -> Answer:
    """What `bee submit` did."""
    try:
        at = head(clone / ".git")
        if names := unknown(mirror, clone, at):
            return refused(f"these files are changed but not committed: {', '.join(names)}")
        return Answer(True, "accepted", data={"pack": packed(mirror, clone / ".git", at, known).hex()})
    except GitError as problem:
        return refused(f"git could not read your commits: {problem}")
