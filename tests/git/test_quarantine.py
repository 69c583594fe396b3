"""The quarantine: a stranger's pack is checked and measured before anything reads it, and touches no other place."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zlib
from pathlib import Path

import pytest

from bee.git.mirror import Mirror, check_sizes
from bee.git.workspace import Clone
from bee.model.errors import Refusal
from bee.model.limits import OBJECT_BYTES_MAX, OBJECTS_BYTES_MAX, OBJECTS_MAX
from bee.pipeline.output_checks import NOT_UTF8
from bee.run.agent_cli import handed_in
from tests.git.world import ENV, Upstream, commit, confined, plain_git


@pytest.fixture
def clone(mirror: Mirror, upstream: Upstream, tmp_path: Path) -> Clone:
    return mirror.clone_to(tmp_path / "clone", "bee/7-a", upstream.main, "main")


def packed(clone: Clone, oid: str, *known: str) -> bytes:
    """The pack of a commit that is on no branch."""
    given = "".join(f"{line}\n" for line in (oid, *(f"^{one}" for one in known)))
    argv = ["git", "pack-objects", "--revs", "--stdout", "-q"]
    return subprocess.run(argv, cwd=clone.path, env=ENV, input=given.encode(), check=True, capture_output=True).stdout


def take(mirror: Mirror, pack: bytes, tmp_path: Path) -> Mirror:
    return mirror.take_in(pack, tmp_path / "quarantine", confined)


def made(clone: Clone, raw: bytes, kind: str = "commit") -> str:
    """An object as nobody checks it."""
    argv = ["git", "hash-object", "-t", kind, "-w", "--stdin", "--literally"]
    return subprocess.run(argv, cwd=clone.path, env=ENV, input=raw, check=True, capture_output=True).stdout.decode()[
        :40
    ]


def test_commits_are_seen_there_beside_the_mirrors_and_leave_the_mirror_alone(
    clone: Clone, mirror: Mirror, upstream: Upstream, tmp_path: Path
) -> None:
    head = commit(clone.path, {"b.txt": "b\n"})
    facts, pack = handed_in(str(clone.path), [upstream.main])
    before = sorted(path for path in mirror.path.rglob("*"))
    inside = take(mirror, pack, tmp_path)
    assert facts == {"branch": "bee/7-a", "head": head, "dirty": []}
    assert inside.show(head, "b.txt") == b"b\n"
    assert inside.show(head, "a.txt") == b"one\n"
    assert inside.is_ancestor(upstream.main, head)
    assert not mirror.has(head)
    assert sorted(path for path in mirror.path.rglob("*")) == before
    plain_git(inside.path, "fsck", "--strict")
    again = take(mirror, packed(clone, upstream.main, upstream.main), tmp_path)
    assert again.has(upstream.main)
    assert not again.has(head)


def test_what_is_not_committed_is_named_and_what_is_ignored_is_not(clone: Clone) -> None:
    commit(clone.path, {".gitignore": "built/\n"})
    for name in ("built/x", "new dir/ü.txt", "a.txt"):
        (clone.path / name).parent.mkdir(exist_ok=True)
        (clone.path / name).write_text("changed")
    assert handed_in(str(clone.path), [])[0]["dirty"] == ["a.txt", "new dir/ü.txt"]


@pytest.mark.parametrize(("raw", "word"), [
    (b"100644 .git\0", "hasDotgit"), (b"100644 ..\0", "hasDotdot"), (b"100644 a/b\0", "fullPathname"),
])  # fmt: skip
def test_malformed_objects_are_refused_in_words_that_are_not_theirs(
    clone: Clone, mirror: Mirror, upstream: Upstream, tmp_path: Path, raw: bytes, word: str
) -> None:
    blob = plain_git(clone.path, "rev-parse", "HEAD:a.txt")
    tree = made(clone, raw + bytes.fromhex(blob), "tree")
    evil = plain_git(clone.path, "commit-tree", tree, "-p", upstream.main, "-m", "x")
    with pytest.raises(Refusal, match=rf"^git's strict check refused your commits \({word}\): make them anew$"):
        take(mirror, packed(clone, evil, upstream.main), tmp_path)


def test_case_t2_objects_that_are_neither_in_the_pack_nor_in_the_mirror_are_not_taken(
    clone: Clone, mirror: Mirror, upstream: Upstream, tmp_path: Path
) -> None:
    """However the agent's clone was made to see them: what counts is what came."""
    other = tmp_path / "private"
    other.mkdir()
    plain_git(other, "init", "-q")
    commit(other, {"secret": "of another repository"})
    alternates = clone.git_dir / "objects" / "info" / "alternates"
    alternates.write_text(f"{alternates.read_text()}{other / '.git' / 'objects'}\n")
    tree = plain_git(other, "rev-parse", "HEAD^{tree}")
    evil = plain_git(clone.path, "commit-tree", tree, "-p", upstream.main, "-m", "x")
    thin = packed(clone, evil, upstream.main, tree)
    with pytest.raises(Refusal, match="strict check"):
        take(mirror, thin, tmp_path)


@pytest.mark.parametrize("pack", [b"", b"PACK", b"\0" * 100, b"PACK\0\0\0\2\xff\xff\xff\xff" + b"\0" * 40])
def test_what_is_no_pack_is_refused(mirror: Mirror, tmp_path: Path, pack: bytes) -> None:
    with pytest.raises(Refusal, match="strict check"):
        take(mirror, pack, tmp_path)


def delta_bomb(size: int) -> bytes:
    """A pack of a few hundred bytes: a blob, and a delta on it that claims and makes `size` bytes."""

    def varint(number: int) -> bytes:
        out = b""
        while number > 127:
            out, number = out + bytes([number & 127 | 128]), number >> 7
        return out + bytes([number])

    def header(kind: int, length: int) -> bytes:
        first, length = kind << 4 | length & 15, length >> 4
        return bytes([first | 128]) + varint(length) if length else bytes([first])

    base = b"x" * 0xFFFF
    whole, rest = divmod(size, len(base))
    copies = b"\xb0\xff\xff" * whole + (b"\xb0" + rest.to_bytes(2, "little") if rest else b"")
    delta = varint(len(base)) + varint(size) + copies
    name = hashlib.sha1(b"blob %d\0" % len(base) + base, usedforsecurity=False).digest()
    body = b"PACK" + (2).to_bytes(4) + (2).to_bytes(4)
    body += header(3, len(base)) + zlib.compress(base) + header(7, len(delta)) + name + zlib.compress(delta)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def test_a_delta_that_grows_is_measured_before_it_is_read(mirror: Mirror, tmp_path: Path) -> None:
    pack = delta_bomb(300 << 20)
    assert len(pack) < 100_000
    with pytest.raises(Refusal, match=r"a file of 314572800 bytes; at most 16777216 may"):
        take(mirror, pack, tmp_path)


@pytest.mark.parametrize(("kind", "sizes", "words"), [
    ("blob", [0] * (OBJECTS_MAX + 1), f"{OBJECTS_MAX + 1} objects; at most {OBJECTS_MAX} may"),
    ("blob", [OBJECT_BYTES_MAX] * (OBJECTS_BYTES_MAX // OBJECT_BYTES_MAX) + [1],
     f"{OBJECTS_BYTES_MAX + 1} bytes; at most {OBJECTS_BYTES_MAX} may"),
    *((kind, [OBJECT_BYTES_MAX + 1], f"{what} of {OBJECT_BYTES_MAX + 1} bytes; at most {OBJECT_BYTES_MAX} may")
      for kind, what in (("blob", "a file"), ("tree", "a folder's list"), ("commit", "a message"))),
])  # fmt: skip
def test_every_bound_is_said(kind: str, sizes: list[int], words: str) -> None:
    listed = [f"{kind} {size}\n" for size in sizes]
    with pytest.raises(Refusal, match=words):
        check_sizes("".join(listed).encode())
    within = listed[:-1] if len(listed) > 1 else [f"{kind} {OBJECT_BYTES_MAX}\n"]
    check_sizes("".join(within).encode())


def test_more_input_than_may_come_is_refused(clone: Clone, mirror: Mirror, upstream: Upstream, tmp_path: Path) -> None:
    commit(clone.path, {"big.txt": os.urandom(20_000).hex()})
    pack = handed_in(str(clone.path), [upstream.main])[1]
    with pytest.raises(Refusal, match="strict check"):
        mirror.take_in(pack, tmp_path / "quarantine", confined, bytes_max=10_000)
    take(mirror, pack, tmp_path)


WHO = "Ann <ann@example.invalid>"
SIGNED = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n gh\n -----END PGP SIGNATURE-----\n"


@pytest.mark.parametrize(("more", "message", "odd", "dated"), [
    ("", b"plain\n", (), 1_700_000_005), (SIGNED, b"x\n", ("gpgsig",), 1_700_000_005),
    ("mergetag object 1\n type commit\n", b"x\n", ("mergetag",), 1_700_000_005),
    ("encoding ISO-2022-JP\n", b"x\n", ("encoding",), 1_700_000_005),
    ("x-key the secret\n", b"x\n", ("x-key",), 1_700_000_005), ("", b"\xff\n", (NOT_UTF8,), 1_700_000_005),
    ("", b"after\n\nmore\n", (), 4_070_908_800),
])  # fmt: skip
def test_case_t14_a_commit_is_read_as_its_object_has_it(
    clone: Clone, mirror: Mirror, upstream: Upstream, tmp_path: Path, more: str, message: bytes, odd: tuple[str, ...],
    dated: int,
) -> None:  # fmt: skip
    tree = plain_git(clone.path, "rev-parse", "HEAD^{tree}")
    lines = f"tree {tree}\nparent {upstream.main}\nauthor {WHO} 1700000000 +0000\ncommitter {WHO} "
    raw = f"{lines}{dated} +0130\n{more}\n".encode() + message
    head = made(clone, raw)
    (found,) = take(mirror, packed(clone, head, upstream.main), tmp_path).new_commits(head, [upstream.main])
    assert (found.oid, found.people, found.dated, found.odd) == (head, (WHO, WHO), dated, odd)
    assert found.message == message.decode("utf-8", "replace")
