"""Clones: an agent can write whatever it likes into one, and bee runs no program for it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bee.git.mirror import Mirror
from bee.git.workspace import Clone
from bee.model.errors import GitError
from bee.run.agent_cli import handed_in
from tests.git.world import Upstream, commit, plain_git

AGENT_FILES = ["**/CLAUDE.md", "**/.claude/**", ".github/bee.yml"]


@pytest.fixture
def clone(mirror: Mirror, upstream: Upstream, tmp_path: Path) -> Clone:
    return mirror.clone_to(tmp_path / "clone", "bee/7-a", upstream.main, "main")


def test_r1_a_clone_stands_on_its_branch_and_has_no_way_to_a_remote(clone: Clone, upstream: Upstream) -> None:
    assert plain_git(clone.path, "rev-parse", "HEAD") == upstream.main
    assert plain_git(clone.path, "symbolic-ref", "--short", "HEAD") == "bee/7-a"
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


def test_the_agent_has_an_identity_of_its_own(clone: Clone) -> None:
    (clone.path / "x").write_text("x")
    who = {"PATH": os.defpath, "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "add", "x"], cwd=clone.path, env=who, check=True)
    subprocess.run(["git", "commit", "-qm", "x"], cwd=clone.path, env=who, check=True)
    assert plain_git(clone.path, "log", "-1", "--format=%an <%ae>") == "bee agent <bee@localhost>"


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
    assert handed_in(str(clone.path), [])[0]["dirty"] == []
    (path / "code.txt").write_text("more\n")
    plain_git(path, "add", "-A")
    plain_git(path, "commit", "-q", "-a", "-m", "work")
    assert plain_git(path, "show", "--name-only", "--format=", "HEAD") == "code.txt"
    assert handed_in(str(clone.path), [])[0]["dirty"] == []


def test_an_agent_file_that_the_branch_deleted_is_there_and_stays_uncommitted(
    mirror: Mirror, upstream: Upstream, tmp_path: Path
) -> None:
    clone = overlaid(mirror, upstream, tmp_path, {"CLAUDE.md": None, "code.txt": "code\n"})
    assert (clone.path / "CLAUDE.md").read_text() == "base rules\n"
    assert plain_git(clone.path, "status", "--porcelain") == ""
    assert handed_in(str(clone.path), [])[0]["dirty"] == []
    head = commit(clone.path, {"code.txt": "more\n"})
    assert plain_git(clone.path, "show", "--name-only", "--format=", head) == "code.txt"


def test_a_merge_of_the_base_goes_through_where_only_the_base_changed_agent_files(
    mirror: Mirror, upstream: Upstream, tmp_path: Path
) -> None:
    clone = overlaid(mirror, upstream, tmp_path, {"code.txt": "code\n"})
    assert (clone.path / ".claude").exists() is False
    plain_git(clone.path, "merge", "-q", "--no-edit", "origin/main")
    assert (clone.path / ".claude" / "settings.json").read_text() == "base\n"
    assert handed_in(str(clone.path), [])[0]["dirty"] == []


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
    assert handed_in(str(clone.path), [])[0]["dirty"] == []


def test_a_checkout_for_tests_stands_on_no_branch(mirror: Mirror, upstream: Upstream, tmp_path: Path) -> None:
    clone = mirror.checkout_to(tmp_path / "e2e", upstream.main)
    assert plain_git(clone.path, "rev-parse", "HEAD", "--abbrev-ref", "HEAD").split() == [upstream.main, "HEAD"]
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
