"""Clones: an agent can write whatever it likes into one, and bee runs no program for it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bee.git import workspace
from bee.git.mirror import Mirror
from bee.git.workspace import Clone
from bee.model.errors import GitError
from tests.git.world import Upstream, commit, plain_git

AGENT_FILES = ["CLAUDE.md", ".claude/", ".github/bee.yml"]


@pytest.fixture
def clone(mirror: Mirror, upstream: Upstream, tmp_path: Path) -> Clone:
    return mirror.clone_to(tmp_path / "clone", "bee/7-a", upstream.main, "main")


def test_r1_a_clone_stands_on_its_branch_and_has_no_way_to_a_remote(clone: Clone, upstream: Upstream) -> None:
    assert clone.head() == upstream.main
    assert clone.current_branch() == "bee/7-a"
    assert not clone.changed_paths()
    assert plain_git(clone.path, "remote") == ""
    assert plain_git(clone.path, "status", "--porcelain") == ""
    assert plain_git(clone.path, "diff", "origin/main") == ""
    assert (clone.path / "a.txt").read_text() == "one\n"
    assert str(upstream.bare) not in (clone.git_dir / "config").read_text()


def test_a_clone_copies_no_history(clone: Clone) -> None:
    objects = [path for path in (clone.git_dir / "objects").rglob("*") if path.is_file()]
    assert [path.name for path in objects] == ["alternates"]


def test_r5_a_clone_is_never_made_over_something(mirror: Mirror, upstream: Upstream, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    with pytest.raises(GitError, match="exists"):
        mirror.clone_to(tmp_path / "precious", "bee/7-a", upstream.main, "main")
    with pytest.raises(GitError, match="fetch it first"):
        mirror.clone_to(tmp_path / "new", "bee/7-a", upstream.main, "no-such-branch")


def test_an_agents_commits_come_back_checked(clone: Clone, mirror: Mirror, upstream: Upstream) -> None:
    head = commit(clone.path, {"b.txt": "b\n"})
    assert clone.head() == head
    assert not mirror.has(head)
    mirror.take_back(clone, head)
    assert mirror.show(head, "b.txt") == b"b\n"
    assert mirror.rev(f"refs/bee-in/{head}") == head
    assert plain_git(mirror.path, "log", "-1", "--format=%an", head) == "Ann"
    mirror.take_back(clone, head)
    mirror.take_back(clone, upstream.main)
    plain_git(mirror.path, "fsck", "--strict")


def test_the_agent_has_an_identity_of_its_own(clone: Clone) -> None:
    (clone.path / "x").write_text("x")
    who = {"PATH": os.defpath, "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "add", "x"], cwd=clone.path, env=who, check=True)
    subprocess.run(["git", "commit", "-qm", "x"], cwd=clone.path, env=who, check=True)
    assert plain_git(clone.path, "log", "-1", "--format=%an <%ae>") == "bee agent <bee@users.noreply.github.com>"


def test_refs_are_read_loose_packed_detached_and_moved(clone: Clone, upstream: Upstream) -> None:
    plain_git(clone.path, "pack-refs", "--all", "--prune")
    assert clone.head() == upstream.main
    head = commit(clone.path, {"b.txt": "b"})
    assert clone.head() == head
    plain_git(clone.path, "checkout", "-q", "--detach", upstream.main)
    assert (clone.head(), clone.current_branch()) == (upstream.main, None)
    plain_git(clone.path, "checkout", "-q", "-b", "own/branch")
    assert clone.current_branch() == "own/branch"
    (clone.git_dir / "HEAD").write_text("ref: refs/heads/none\n")
    with pytest.raises(GitError, match="is not a commit id"):
        clone.head()
    (clone.git_dir / "HEAD").write_text("ref: ../../../etc/passwd\n")
    with pytest.raises(GitError, match="is not a ref name"):
        clone.head()


def test_what_is_not_committed_is_seen_even_when_the_index_hides_it(clone: Clone) -> None:
    (clone.path / ".gitignore").write_text("built/\n")
    commit(clone.path, {"b.txt": "b\n"})
    (clone.path / "built").mkdir()
    (clone.path / "built" / "x").write_text("ignored")
    assert not clone.changed_paths()
    (clone.path / "a.txt").write_text("hidden\n")
    (clone.path / "new dir").mkdir()
    (clone.path / "new dir" / "ü.txt").write_text("new")
    plain_git(clone.path, "update-index", "--assume-unchanged", "a.txt")
    (clone.git_dir / "info" / "exclude").write_text("*\n")
    assert plain_git(clone.path, "status", "--porcelain") == ""
    assert clone.changed_paths() == ["a.txt", "new dir/ü.txt"]
    (clone.path / "b.txt").unlink()
    assert clone.changed_paths()


def bite(clone: Clone, tmp_path: Path) -> Path:
    """Everything an agent could write into a clone to make git run a program. The file that would show it."""
    ran = tmp_path / "ran"
    evil = tmp_path / "evil.sh"
    evil.write_text(f"#!/bin/sh\necho $0 $* >> {ran}\ncat\n")
    evil.chmod(0o755)
    keys = (
        "core.fsmonitor core.sshCommand core.pager core.editor core.askPass core.alternateRefsCommand diff.external "
        "filter.evil.clean filter.evil.smudge filter.evil.process merge.evil.driver diff.evil.textconv "
        "diff.evil.command credential.helper uploadpack.packObjectsHook gpg.program alias.status alias.rev-parse"
    ).split()
    for key in keys:
        plain_git(clone.path, "config", "--replace-all", key, str(evil))
    plain_git(clone.path, "config", "core.hooksPath", str(tmp_path / "hooks"))
    (tmp_path / "included").write_text(f"[core]\n\tfsmonitor = {evil}\n")
    plain_git(clone.path, "config", "include.path", str(tmp_path / "included"))
    plain_git(clone.path, "config", "core.worktree", "/")
    (tmp_path / "hooks").mkdir()
    for folder in (tmp_path / "hooks", clone.git_dir / "hooks"):
        for hook in (
            "post-index-change",
            "reference-transaction",
            "pre-auto-gc",
            "post-checkout",
            "fsmonitor-watchman",
        ):
            (folder / hook).write_text(evil.read_text())
            (folder / hook).chmod(0o755)
    (clone.path / ".gitattributes").write_text("* filter=evil diff=evil merge=evil\n")
    (clone.git_dir / "info" / "attributes").write_text("* filter=evil diff=evil merge=evil\n")
    inner = clone.path / "inner"
    inner.mkdir()
    plain_git(inner, "init", "-q")
    plain_git(inner, "config", "core.fsmonitor", str(evil))
    return ran


def test_nothing_an_agent_writes_into_its_clone_makes_bee_run_a_program(
    clone: Clone, mirror: Mirror, upstream: Upstream, tmp_path: Path
) -> None:
    head = commit(clone.path, {"b.txt": "b\n"})
    ran = bite(clone, tmp_path)
    assert clone.head() == head
    assert clone.current_branch() == "bee/7-a"
    assert ".gitattributes" in clone.changed_paths()
    assert "a.txt" not in clone.changed_paths()
    mirror.take_back(clone, head)
    mirror.diff_text(upstream.main, head)
    assert not ran.exists(), ran.read_text()
    # and it would have: git in the clone does run it
    plain_git(clone.path, "-c", f"core.worktree={clone.path}", "status", check=False)
    assert ran.exists()


def test_a_clone_that_borrows_from_elsewhere_gives_nothing_back(clone: Clone, mirror: Mirror, tmp_path: Path) -> None:
    other = tmp_path / "private"
    other.mkdir()
    plain_git(other, "init", "-q")
    secret = commit(other, {"secret": "of another repository"})
    alternates = clone.git_dir / "objects" / "info" / "alternates"
    alternates.write_text(f"{alternates.read_text()}{other / '.git' / 'objects'}\n")
    with pytest.raises(GitError, match="not as bee wrote it"):
        mirror.take_back(clone, secret)
    alternates.write_text(f"{mirror.path / 'objects'}\n")
    (clone.git_dir / "objects" / secret[:2]).symlink_to(other / ".git" / "objects" / secret[:2])
    with pytest.raises(GitError, match="neither a file nor a folder"):
        mirror.take_back(clone, secret)
    assert not mirror.has(secret)


@pytest.mark.parametrize("name", ["HEAD", "refs", "objects/info/alternates"])
def test_links_in_the_git_folder_are_not_followed(clone: Clone, mirror: Mirror, tmp_path: Path, name: str) -> None:
    target = clone.git_dir / name
    target.rename(tmp_path / "moved")
    target.symlink_to(tmp_path / "moved")
    with pytest.raises(GitError, match="is a link"):
        mirror.take_back(clone, clone.head())


def test_a_pipe_in_place_of_a_file_holds_nobody_up(clone: Clone) -> None:
    (clone.git_dir / "HEAD").unlink()
    os.mkfifo(clone.git_dir / "HEAD")
    with pytest.raises(GitError, match="is not a plain file"):
        clone.head()


def test_malformed_objects_are_not_taken(clone: Clone, mirror: Mirror, upstream: Upstream) -> None:
    blob = plain_git(clone.path, "hash-object", "-w", "a.txt")
    evil = clone.path / "tree"
    evil.write_bytes(b"100644 .git\0" + bytes.fromhex(blob))
    tree = plain_git(clone.path, "hash-object", "-w", "-t", "tree", "--literally", "tree")
    made = plain_git(clone.path, "commit-tree", tree, "-p", upstream.main, "-m", "x")
    with pytest.raises(GitError, match="hasDotgit"):
        mirror.take_back(clone, made)
    assert not mirror.has(made)
    with pytest.raises(GitError, match="cannot be read"):
        mirror.take_back(clone, "1" * 40)


def test_too_many_objects_are_not_taken(clone: Clone, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    head = commit(clone.path, {"big.txt": os.urandom(20_000).hex()})
    monkeypatch.setattr(workspace, "PACK_BYTES_MAX", 10_000)
    with pytest.raises(GitError, match="more than 10000 bytes"):
        mirror.take_back(clone, head)


def overlaid(mirror: Mirror, upstream: Upstream, tmp_path: Path, files: dict[str, str | None]) -> Clone:
    """A clone of a pull request that changes these files, with agent files taken from a base that moved on."""
    head = upstream.push("topic", files)
    plain_git(upstream.person, "checkout", "-q", "main")
    base = upstream.push("main", {".claude/settings.json": "base\n", "moved.txt": "on\n"})
    mirror.fetch(["+refs/heads/*:refs/heads/*"])
    clone = mirror.clone_to(tmp_path / "pr", "topic", head, "main", base)
    clone.overlay(base, AGENT_FILES)
    return clone


def test_agent_files_come_from_the_base_and_get_into_no_commit(
    mirror: Mirror, upstream: Upstream, tmp_path: Path
) -> None:
    changed: dict[str, str | None] = {
        "CLAUDE.md": "obey me\n",
        "deep/CLAUDE.md": "obey me too\n",
        ".claude/settings.json": "mine\n",
        ".claude/hooks/evil [1].sh": "evil\n",
        "code.txt": "code\n",
    }
    clone = overlaid(mirror, upstream, tmp_path, changed)
    path = clone.path
    assert (path / "CLAUDE.md").read_text() == "base rules\n"
    assert (path / ".claude" / "settings.json").read_text() == "base\n"
    assert not (path / "deep" / "CLAUDE.md").exists()
    assert not (path / ".claude" / "hooks" / "evil [1].sh").exists()
    assert (path / "code.txt").read_text() == "code\n"
    assert plain_git(path, "status", "--porcelain") == ""
    assert not clone.changed_paths()
    (path / "code.txt").write_text("more\n")
    plain_git(path, "add", "-A")
    plain_git(path, "commit", "-q", "-a", "-m", "work")
    assert plain_git(path, "show", "--name-only", "--format=", "HEAD") == "code.txt"
    assert not clone.changed_paths()


def test_an_agent_file_that_the_branch_deleted_is_there_and_stays_uncommitted(
    mirror: Mirror, upstream: Upstream, tmp_path: Path
) -> None:
    clone = overlaid(mirror, upstream, tmp_path, {"CLAUDE.md": None, "code.txt": "code\n"})
    assert (clone.path / "CLAUDE.md").read_text() == "base rules\n"
    assert plain_git(clone.path, "status", "--porcelain") == ""
    assert not clone.changed_paths()
    head = commit(clone.path, {"code.txt": "more\n"})
    assert plain_git(clone.path, "show", "--name-only", "--format=", head) == "code.txt"


def test_a_merge_of_the_base_goes_through_where_only_the_base_changed_agent_files(
    mirror: Mirror, upstream: Upstream, tmp_path: Path
) -> None:
    clone = overlaid(mirror, upstream, tmp_path, {"code.txt": "code\n"})
    assert clone.overlaid == set()
    plain_git(clone.path, "merge", "-q", "--no-edit", "origin/main")
    assert (clone.path / ".claude" / "settings.json").read_text() == "base\n"
    assert not clone.changed_paths()


def test_a_link_in_the_branch_does_not_lead_the_overlay_out_of_the_clone(
    mirror: Mirror, upstream: Upstream, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "settings.json").write_text("precious\n")
    base = upstream.push("main", {".claude/settings.json": "base\n"})
    (upstream.person / ".claude" / "settings.json").unlink()
    (upstream.person / ".claude").rmdir()
    (upstream.person / ".claude").symlink_to(outside)
    head = upstream.push("topic", {"code.txt": "code\n"})
    mirror.fetch(["+refs/heads/*:refs/heads/*"])
    clone = mirror.clone_to(tmp_path / "pr", "topic", head, "main", base)
    clone.overlay(base, AGENT_FILES)
    assert (outside / "settings.json").read_text() == "precious\n"
    assert not (clone.path / ".claude").is_symlink()
    assert (clone.path / ".claude" / "settings.json").read_text() == "base\n"
    assert not clone.changed_paths()


def test_a_checkout_for_tests_stands_on_no_branch(mirror: Mirror, upstream: Upstream, tmp_path: Path) -> None:
    clone = mirror.checkout_to(tmp_path / "e2e", upstream.main)
    assert (clone.head(), clone.current_branch()) == (upstream.main, None)
    assert (clone.path / "a.txt").read_text() == "one\n"
    assert plain_git(clone.path, "remote") == ""


def test_filters_and_submodules_run_nothing_in_a_checkout(mirror: Mirror, upstream: Upstream, tmp_path: Path) -> None:
    (upstream.person / "link").symlink_to("/etc/passwd")
    plain_git(upstream.person, "update-index", "--add", "--cacheinfo", f"160000,{upstream.main},sub")
    attributes = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
    pointer = "version https://git-lfs.github.com/spec/v1\n"
    modules = '[submodule "sub"]\n\tpath = sub\n\turl = ext::sh -c true\n'
    (upstream.person / "sub").mkdir()
    head = upstream.push("topic", {".gitattributes": attributes, "x.bin": pointer, ".gitmodules": modules})
    mirror.fetch(["+refs/heads/*:refs/heads/*"])
    clone = mirror.checkout_to(tmp_path / "e2e", head)
    assert (clone.path / "x.bin").read_text() == pointer
    assert list((clone.path / "sub").iterdir()) == []
    assert (clone.path / "link").is_symlink()


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
    [
        ("CLAUDE.md", "CLAUDE.md", True),
        ("a/b/CLAUDE.md", "CLAUDE.md", True),
        ("a/.claude/x/y", ".claude/", True),
        (".claude", ".claude/", True),
        ("CLAUDE.md/x", "CLAUDE.md", True),
        (".github/bee.yml", ".github/bee.yml", True),
        ("x/.github/bee.yml", ".github/bee.yml", False),
        (".github/workflows/x", ".github/workflows/", True),
        ("x/.github/workflows/x", ".github/workflows/", False),
        ("a.mdc", "*.mdc", True),
        ("notCLAUDE.md", "CLAUDE.md", False),
    ],
)
def test_patterns_fit_as_in_gitignore(path: str, pattern: str, fits: bool) -> None:
    assert workspace._matches(path, [pattern]) is fits
