"""Where a comment on a change stands: a line of the diff, a range of lines, or a file; and where that line is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from bee.forge.core.errors import Refused, custom, invalid
from bee.forge.core.gitobjects import EMPTY_TREE
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo

CONTEXT_LINES: Final = 3
SIDES: Final = ("LEFT", "RIGHT")


@dataclass(frozen=True)
class Line:
    """One line of a file's diff: its numbers before and after the change; a hunk's header has neither."""

    old: int | None
    new: int | None
    text: str

    def number(self, side: str) -> int | None:
        """Its number on one side of the diff."""
        return self.old if side == "LEFT" else self.new


@dataclass(frozen=True, kw_only=True)
class Place:
    """A line (the last one of a range, where there is a start), or a whole file where `line` is None."""

    path: str
    line: int | None = None
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None


def _texts(repo: Repo, commit: str, path: str) -> list[str]:
    tree = repo.git.peel(commit, "tree")
    entry = repo.git.entry_at(tree, path) if tree else None
    found = repo.git.object(entry.oid) if entry and entry.type == "blob" else None
    return found[1].decode("utf-8", "replace").removesuffix("\n").split("\n") if found and found[1] else []


def _root(call: Call, repo: Repo, pull: Row, head: str) -> str:
    """What a commit of the pull request is compared with."""
    base = pull["base_sha"]
    return call.once(("line root", base, head), lambda: repo.git.merge_base(base, head) or EMPTY_TREE)


def diff(call: Call, repo: Repo, pull: Row, head: str, path: str) -> list[Line]:
    """A file's diff at a commit of the pull request. The place of a line in this list is GitHub's `position`."""
    root = _root(call, repo, pull, head)
    return call.once(("lines", root, head, path), lambda: _diff(_texts(repo, root, path), _texts(repo, head, path)))


def _diff(old: list[str], new: list[str]) -> list[Line]:
    found: list[Line] = []
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT_LINES):
        (a, b), (c, d) = (group[0][1], group[-1][2]), (group[0][3], group[-1][4])
        found.append(Line(None, None, f"@@ -{a + (b > a)},{b - a} +{c + (d > c)},{d - c} @@"))
        for word, one, other, first, last in group:
            if word == "equal":
                found += [Line(at + 1, first + at - one + 1, f" {old[at]}") for at in range(one, other)]
                continue
            found += [Line(at + 1, None, f"-{old[at]}") for at in range(one, other)]
            found += [Line(None, at + 1, f"+{new[at]}") for at in range(first, last)]
    return found


def position(lines: list[Line], place: Place) -> int | None:
    """How far below the first hunk's header a place stands; None where it is not part of the diff."""
    found = (at for at, line in enumerate(lines) if place.line and line.number(place.side) == place.line)
    return next(found, None)


def hunk(lines: list[Line], at: int | None) -> str:
    """`diff_hunk`: the hunk of a line up to that line."""
    if at is None:
        return ""
    first = max(place for place in range(at) if lines[place].old is None and lines[place].new is None)
    return "\n".join(line.text for line in lines[first : at + 1])


def asked_place(call: Call, repo: Repo, pull: Row, sha: str, asked: Mapping[str, Any]) -> Place:
    """The place that a client names by line and side, or by `position`; 422 where it is not part of the diff.

    https://docs.github.com/rest/pulls/comments#create-a-review-comment-for-a-pull-request
    Raises Refused.
    """
    path = asked.get("path")
    if not isinstance(path, str) or not path:
        raise invalid("PullRequestReviewComment", "path", "missing_field")
    lines = diff(call, repo, pull, sha, path)
    if not lines:
        raise invalid("PullRequestReviewComment", "path")
    if str(asked.get("subject_type") or "").lower() == "file":
        return Place(path=path)
    side, start = asked.get("side") or "RIGHT", asked.get("start_line")
    start_side = (asked.get("start_side") or side) if start is not None else None
    line, at = asked.get("line"), asked.get("position")
    if line is None and isinstance(at, int) and 0 < at < len(lines):
        side = "LEFT" if lines[at].new is None else "RIGHT"
        line = lines[at].number(side)
    place = Place(path=path, line=line, side=side, start_line=start, start_side=start_side)
    first = Place(path=path, line=start, side=start_side or side)
    if side not in SIDES or position(lines, place) is None:
        raise _not_in_diff("line")
    if start is not None and (position(lines, first) is None or start > (line or 0)):
        raise _not_in_diff("start_line")
    return place


def _not_in_diff(field: str) -> Refused:
    name = f"pull_request_review_thread.{field}"
    return custom("PullRequestReviewComment", name, f"{name} must be part of the diff")


def begun(thread: Row) -> Place:
    """Where a thread was begun."""
    names = ("path", "line", "side", "start_line", "start_side")
    return Place(**{name: thread[name] for name in names})


def now(call: Call, repo: Repo, pull: Row, thread: Row) -> Place | None:
    """Where the thread's line stands at the pull request's head; None where it is outdated: gone from the diff."""
    made, head, then = begun(thread), pull["head_sha"], thread["commit_sha"]
    lines = diff(call, repo, pull, head, made.path)
    if made.line is None:
        return made if lines else None
    sides = [(then, head), (_root(call, repo, pull, then), _root(call, repo, pull, head))]

    def moved(line: int | None, side: str | None) -> int | None:
        before, after = sides[side == "LEFT"]
        if line is None or before == after:
            return line
        old, new = _texts(repo, before, made.path), _texts(repo, after, made.path)
        blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
        inside = (block.b - block.a + line for block in blocks if block.a < line <= block.a + block.size)
        return next(inside, None)

    place = Place(
        path=made.path, line=moved(made.line, made.side), side=made.side, start_side=made.start_side,
        start_line=moved(made.start_line, made.start_side),
    )  # fmt: skip
    return None if position(lines, place) is None else place
