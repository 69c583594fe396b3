"""Who owns the files that a pull request changes, by the base's CODEOWNERS.

https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bee.forge.core.gitobjects import Entry
from bee.forge.core.users import User, level
from bee.forge.core.world import Call, Repo

PLACES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


def changed_paths(repo: Repo, base: str, head: str) -> list[str]:
    """The paths whose content or mode differs between two commits or trees; a rename is two."""
    trees = [repo.git.peel(oid, "tree") for oid in (base, head)]
    return sorted(_differing(repo, trees[0], trees[1], ""))


def _differing(repo: Repo, one: str | None, other: str | None, prefix: str) -> Iterator[str]:
    if one == other:
        return
    rows: list[dict[str, Entry]] = [
        {entry.name: entry for entry in (repo.git.tree(oid) or [] if oid else [])} for oid in (one, other)
    ]
    for name in {*rows[0], *rows[1]}:
        pair = [side.get(name) for side in rows]
        if pair[0] == pair[1]:
            continue
        below = [entry.oid if entry and entry.type == "tree" else None for entry in pair]
        if any(below):
            yield from _differing(repo, below[0], below[1], f"{prefix}{name}/")
        if any(entry and entry.type != "tree" for entry in pair):
            yield prefix + name


def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of `.gitignore`, as far as CODEOWNERS has them."""
    anchored, folder = "/" in text.rstrip("/"), text.endswith("/")
    parts = {"**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*", "?": "[^/]"}
    words = re.split(r"(\*\*/|/\*\*|\*|\?)", text.strip("/"))
    body = "".join(parts.get(part, re.escape(part)) for part in words)
    # What names a folder owns all below it; a star at the end of a path with slashes does not.
    below = "/.*" if folder else "" if anchored and text.endswith("/*") else "(?:/.*)?"
    return re.compile(("" if anchored else "(?:.*/)?") + body + below)


def _rules(repo: Repo, commit: str) -> list[tuple[re.Pattern[str], list[str]]]:
    tree = repo.git.peel(commit, "tree")
    for place in PLACES:
        entry = repo.git.entry_at(tree, place) if tree else None
        found = repo.git.object(entry.oid) if entry else None
        if found is not None:
            lines = (line.partition("#")[0].split() for line in found[1].decode("utf-8", "replace").splitlines())
            return [(_pattern(words[0]), words[1:]) for words in lines if words]
    return []


def of_change(call: Call, repo: Repo, base: str, head: str) -> list[set[int]]:
    """For each changed file that has owners, the accounts of these: one of each set must approve.

    `base` is where CODEOWNERS is read and what the head is compared with. Owners who may not write do not count.
    """

    def account(word: str) -> User | None:
        user = call.forge.users.by_login(word.removeprefix("@"))
        return user if user and level(call.permission(repo, user)) >= level("write") else None

    rules, found = _rules(repo, base), []
    for path in changed_paths(repo, repo.git.merge_base(base, head) or base, head) if rules else ():
        named = next((names for pattern, names in reversed(rules) if pattern.fullmatch(path)), [])
        people = {user.id for name in named if (user := account(name))}
        if people and people not in found:
            found.append(people)
    return found
