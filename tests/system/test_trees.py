"""Folders of any depth, with any names and modes, are walked and deleted without recursion."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from bee.system.trees import remove_tree, walk

DEEP = 3_000  # more than Python's own stack takes, and more bytes than a path may have


def dig(top: Path, depth: int = DEEP) -> None:
    """Folders in folders, each with a file, a link out and a folder that nobody may enter."""
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(depth):
        for name in ("down", "shut"):
            os.mkdir(name, dir_fd=here)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
        os.symlink("/", "link", dir_fd=here)
        os.chmod("shut", 0, dir_fd=here)
        below = os.open("down", os.O_RDONLY, dir_fd=here)
        os.fchmod(here, 0o500)
        os.close(here)
        here = below
    os.close(here)


def test_case_w1_a_folder_of_any_depth_is_deleted(tmp_path: Path) -> None:
    dig(tmp_path / "top")
    assert remove_tree(tmp_path / "top") == ""
    assert not (tmp_path / "top").exists()


def test_what_is_not_a_folder_stays_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    assert "link is not deleted: it is not a folder" in remove_tree(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert remove_tree(tmp_path / "missing") == ""


def test_a_link_in_it_is_deleted_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(mode=0o755)
    (tmp_path / "there" / "kept").touch()
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "link").symlink_to(tmp_path / "there")
    assert remove_tree(tmp_path / "top") == ""
    assert (tmp_path / "there" / "kept").exists()
    assert stat.S_IMODE((tmp_path / "there").stat().st_mode) == 0o755


def test_all_of_a_tree_is_seen_and_a_shut_folder_is_opened(tmp_path: Path) -> None:
    dig(tmp_path / "top", 2)
    (tmp_path / "top" / "fifo").parent.chmod(0o700)
    os.mkfifo(tmp_path / "top" / "fifo")
    seen = dict(walk(tmp_path / "top"))
    names = {"down", "shut", "file", "link"}
    assert set(seen) == {*names, "fifo", *(f"down/{name}" for name in names), "down/down"} - {""}
    assert stat.S_ISLNK(seen["link"])
    assert stat.S_ISFIFO(seen["fifo"])
    assert stat.S_IMODE((tmp_path / "top" / "shut").stat().st_mode) == 0o500
    remove_tree(tmp_path / "top")


def test_case_w1_a_path_longer_than_the_system_takes_is_an_error_of_the_system(tmp_path: Path) -> None:
    dig(tmp_path / "top")
    with pytest.raises(OSError, match="too long"):
        list(walk(tmp_path / "top"))
    remove_tree(tmp_path / "top")
