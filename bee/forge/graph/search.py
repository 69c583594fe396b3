"""Search for issues and pull requests, as far as `gh` uses it for its lists.

GitHub's own search is minutes late. This one is not, and clients must not rely on that.
https://docs.github.com/search-github/searching-on-github/searching-issues-and-pull-requests
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from bee.forge.core import issues, pulls, reviews, settle
from bee.forge.core.errors import Refused
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo
from bee.forge.graph.fields import Args
from bee.forge.graph.nodes import item
from bee.forge.graph.pages import Page, connect

_WORD: Final = re.compile(r'(?:(-?[\w-]+):)?("(?:[^"\\]|\\.)*"|\S+)')
FOUND_MAX: Final = 1000


@dataclass
class _Query:
    words: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.asked if key == name]

    def last(self, name: str) -> str | None:
        return next(iter(self.all(name)[::-1]), None)


def _parsed(text: str) -> _Query:
    found = _Query()
    for name, value in _WORD.findall(text):
        plain = value[1:-1].replace('\\"', '"') if value.startswith('"') else value
        if name:
            found.asked.append((name, plain))
        else:
            found.words.append(plain.lower())
    return found


def _repos(call: Call, query: _Query) -> list[Repo]:
    named = query.all("repo")
    if named:
        found = []
        for one in named:
            owner, _, name = one.partition("/")
            try:
                found.append(call.repo(owner, name))
            except Refused:
                raise Refused(422, "The listed repositories cannot be searched", kind="UNPROCESSABLE") from None
        return found
    rows = call.rows("SELECT id FROM repos ORDER BY id")
    return [repo for row in rows if (repo := call.repo_by_id(row["id"])) and call.may_read(repo)]


def _me(call: Call, login: str | None) -> str | None:
    return call.viewer.login if login == "@me" and call.viewer else login


def _filter(call: Call, query: _Query) -> issues.Filter:
    kinds = {*query.all("is"), *query.all("type"), *query.all("state")}
    is_pull = True if kinds & {"pr", "pull-request"} else False if "issue" in kinds else None
    states: tuple[str, ...] = ("open",) if "open" in kinds else ("merged",) if "merged" in kinds else ()
    if "closed" in kinds:
        states = ("closed", "merged")
    if "unmerged" in kinds:
        states = ("closed",)
    column, _, way = (query.last("sort") or "created-desc").partition("-")
    return issues.Filter(
        is_pull=is_pull,
        states=states,
        labels=tuple(query.all("label")),
        author=_me(call, query.last("author")),
        assignee=_me(call, query.last("assignee")),
        mentioned=_me(call, query.last("mentions")),
        head_ref=query.last("head"),
        base_ref=query.last("base"),
        order="updated_at" if column == "updated" else "comments" if column == "comments" else "created_at",
        descending=way != "asc",
    )


def _fits(call: Call, query: _Query, row: Row) -> bool:
    text = f"{row['title']} {row['body'] or ''}".lower()
    if not all(word in text for word in query.words):
        return False
    wanted = [*query.all("draft"), *("true" for kind in query.all("is") if kind == "draft")]
    if wanted and (not row["is_pull"] or bool(pulls.row(call, row)["draft"]) != (wanted[-1] == "true")):
        return False
    asked = _me(call, query.last("review-requested"))
    if asked is not None:
        user = call.forge.users.by_login(asked)
        return user is not None and user.id in reviews.requested(call, [row["id"]])[row["id"]]
    return True


def search(call: Call, args: Args) -> Page:
    """The issues and pull requests that a search finds; raises Refused for other kinds."""
    if args["type"] != "ISSUE":
        raise Refused(422, f"This forge does not search for {args['type']}.", kind="NOT_SERVED")
    query = _parsed(args["query"])
    wanted = _filter(call, query)
    rows: list[Row] = []
    for repo in _repos(call, query):
        settle.settle(call, repo)
        rows += [row for row in issues.page(call, repo, wanted, FOUND_MAX) if _fits(call, query, row)]
    return connect(call, rows, args, make=lambda row: item(call, row))
