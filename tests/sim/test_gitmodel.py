"""git in memory is git: the same names for the same commits, and the same answers, over random histories."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from bee.forge.core.errors import Refused
from bee.forge.core.gitrefs import ZERO, RefChange
from bee.forge.core.gitrepo import GitRepo
from tests.sim.gitmodel import MemoryGit, Objects
from tests.sim.timeline import START

PATHS = ("a.txt", "b.txt", "c/d.txt", "c/e/f.txt", "c.txt")


def written(memory: MemoryGit, real: GitRepo) -> None:
    """Every object is in both, under one name."""
    for oid, (kind, data) in memory.objects.items():
        assert real.write(kind, data) == oid


def history(memory: MemoryGit, random: Random) -> list[str]:
    """Twelve commits, one after another, beside another, or as a merge of two."""
    made = [memory.commit_tree(memory.tree_with({"a.txt": "0\n", "c/d.txt": "0\n"}), (), "first", int(START), "ada")]
    for at in range(1, 12):
        parents = random.sample(made, min(len(made), random.choice((1, 1, 2))))
        files = dict(memory.files(parents[0]))
        for path in random.sample(PATHS, 2):
            if path in files and random.random() < 0.3:
                del files[path]
            else:
                files[path] = f"{random.randrange(3)} of {path}\n"
        made.append(memory.commit_tree(memory.tree_with(files), parents, f"commit {at}", int(START) + at, "ada"))
    return made


@pytest.mark.parametrize("seed", range(4))
def test_it_answers_as_git_does(tmp_path: Path, seed: int) -> None:
    objects: Objects = {}
    memory, real = MemoryGit(objects, lambda changes: None, tmp_path, tmp_path), GitRepo(tmp_path / "git", tmp_path)
    real.create("main")
    random = Random(seed)
    made = history(memory, random)
    for _ in range(12):
        one, other = random.sample(made, 2)
        written(memory, real)
        bases = real.git("merge-base", "--all", one, other, codes=(0, 1))[1].decode().split()
        assert memory.is_ancestor(one, other) == real.is_ancestor(one, other)
        assert set(memory.between(one, other)) == set(real.between(one, other))
        if len(bases) == 1:
            assert memory.merge_base(one, other) == bases[0]
            assert memory.merge_tree(one, other) == real.merge_tree(one, other)


def test_refs_move_from_where_they_were_seen_all_or_none(tmp_path: Path) -> None:
    heard: list[str] = []
    git = MemoryGit({}, lambda changes: heard.extend(change.name for change in changes), tmp_path, tmp_path)
    one, other = (git.commit_tree(git.tree_with({}), (), word, int(START), "ada") for word in ("one", "other"))
    git.change_refs([RefChange("refs/heads/a", ZERO, one), RefChange("refs/heads/b", None, one)])
    with pytest.raises(Refused):
        git.change_refs([RefChange("refs/heads/b", one, other), RefChange("refs/heads/a", other, one)])
    git.change_refs([RefChange("refs/heads/a", one, ZERO)])
    assert git.refs.below("refs/") == [("refs/heads/b", one)]
    assert heard == ["refs/heads/a", "refs/heads/b", "refs/heads/a"]
