"""A person's text becomes issues: one design doc, or one for each feature, each opened once.

A requirements document has several `## Feature: NAME` sections. Each becomes an issue of its own; what precedes
the first one is the context of each, every other section is copied into each, and `Depends on: NAME` makes it wait.
What a first try has opened is found by its marker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from bee.github import read, write
from bee.github.client import GitHubClient
from bee.model import markers
from bee.model.errors import ServerError, UnreachableError, UsageError
from bee.model.items import Snapshot
from bee.model.markdown import closed, outside_code
from bee.model.markers import Marker
from bee.model.text import digest, normalised, unix
from bee.pipeline.design import sections_of, with_gate
from bee.pipeline.trust import TRUSTED

_TITLE: Final = re.compile(r"^\s*#[ \t]+(.+?)[ \t#]*$")
_FEATURE: Final = re.compile(r"^Feature(?::[ \t]*|[ \t]+)(.+)$", re.IGNORECASE)
_DEPENDS: Final = re.compile(r"^ {0,3}(?:[-*+] )?(?:\*\*)?Depends on:?(?:\*\*)?:?[ \t]+(\S.*)$", re.IGNORECASE)
_DEEPER: Final = re.compile(r"^ {0,3}##(#{1,4}[ \t].*)$")


@dataclass(frozen=True, slots=True)
class Draft:
    """An issue before it is opened. `name` is what others call it, `after` the names of those it waits for."""

    name: str
    title: str
    body: str
    key: str
    after: tuple[str, ...] = ()


def drafts_of(text: str, title: str = "") -> tuple[Draft, ...]:
    """The issues of a text, each after those it waits for. `title` is for a text without one.

    Raises UsageError where features have the same name, wait for one that is not there, or wait in a circle.
    """
    found, body = title_of(text)
    title = title or found
    features = [name for heading, _ in sections_of(body) if (name := _feature_name(heading))]
    if not features:
        body = with_gate(body.strip())
        return (Draft(title, title, body, digest(f"{title}\n{normalised(body)}")),)
    twice = sorted({name for name in features if [other.lower() for other in features].count(name.lower()) > 1})
    if twice:
        raise UsageError(f"two features have the name {twice[0]!r}: give each its own")
    return _in_order(list(_features(title, body)))


def issue_body(draft: Draft, numbers: Mapping[str, int]) -> str:
    """The body of the issue: whom it waits for, the design, and the marker by which a second try finds it.

    `numbers` are the issues of the drafts before it, by name.
    """
    blockers = [f"Blocked by #{numbers[name]}" for name in draft.after]
    lead = "\n".join(blockers) + "\n\n" if blockers else ""
    return f"{lead}{closed(draft.body.strip())}\n\n{markers.render(Marker(markers.NEW, {'key': draft.key}))}\n"


def title_of(text: str) -> tuple[str, str]:
    """The title in the first line that is not blank, empty where that line is no title; and the rest of the text."""
    lines = unix(text).lstrip("\ufeff").split("\n")
    first = next((index for index, line in enumerate(lines) if line.strip()), 0)
    match = _TITLE.match(lines[first])
    return (match[1].strip(), "\n".join(lines[first + 1 :])) if match else ("", "\n".join(lines))


def _feature_name(heading: str) -> str:
    match = _FEATURE.match(heading)
    return match[1].strip() if match else ""


def _features(title: str, body: str) -> Iterator[Draft]:
    sections = sections_of(body)
    context = sections[0][1].strip()
    shared = [f"## {name}\n{text}".strip() for name, text in sections[1:] if not _feature_name(name)]
    head = [f"## Context\n\n{context}"] if context else []
    for heading, text in sections[1:]:
        name = _feature_name(heading)
        if name:
            own, after = _without_depends(text)
            whole = "\n\n".join(part for part in (*head, _promoted(own), *shared) if part)
            yield Draft(name, name, with_gate(whole), digest(f"{title}\n{name}"), after)


def _without_depends(text: str) -> tuple[str, tuple[str, ...]]:
    """A feature's text without its `Depends on` lines, and the names in them (between commas)."""
    lines = text.split("\n")
    names: list[str] = []
    for index, line in outside_code(text):
        match = _DEPENDS.match(line)
        if match:
            names += [name.strip().rstrip(".").strip("`\"'") for name in match[1].split(",")]
            lines[index] = ""
    return "\n".join(lines).strip(), tuple(dict.fromkeys(name for name in names if name))


def _promoted(text: str) -> str:
    """A feature's text as one that stands alone: its headings go up one level; what precedes them is its problem."""
    lines = text.split("\n")
    for index, line in outside_code(text):
        match = _DEEPER.match(line)
        if match:
            lines[index] = f"#{match[1]}"
    whole = "\n".join(lines).strip()
    lead = sections_of(whole)[0][1].strip()
    return f"## Problem\n\n{whole}" if lead else whole


def _in_order(drafts: Sequence[Draft]) -> tuple[Draft, ...]:
    """Each after those it waits for, else in the order of the text."""
    known = {draft.name.lower(): draft.name for draft in drafts}
    for draft in drafts:
        for name in draft.after:
            if name.lower() not in known:
                there = ", ".join(repr(one.name) for one in drafts if one is not draft)
                raise UsageError(f"{draft.name!r} depends on {name!r}, and there are only {there or 'no others'}")
    left = [replace(draft, after=tuple(known[name.lower()] for name in draft.after)) for draft in drafts]
    placed: list[Draft] = []
    while left:
        names = {one.name for one in placed}
        ready = next((one for one in left if names.issuperset(one.after)), None)
        if ready is None:
            raise UsageError(f"these wait for each other in a circle: {', '.join(one.name for one in left)}")
        placed.append(ready)
        left.remove(ready)
    return tuple(placed)


# ---- opening them ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IssueLine:
    """One issue, as `bee new --json` lists it."""

    title: str
    number: int | None
    url: str | None
    action: Literal["create", "keep"]
    blocked_by: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class IssueTarget:
    """A repository as somebody who wants to open issues there finds it. `there`: issue numbers by draft key."""

    head: Snapshot
    there: dict[str, int]

    @property
    def trusted(self) -> bool:
        """Whether what this account writes counts at once, or has to be adopted first."""
        return self.head.viewer_permission in TRUSTED


def target_of(client: GitHubClient, repo: str) -> IssueTarget:
    """Look at a repository. Raises NotFoundError where the token does not see it."""
    head = read.read_head(client, repo)
    return IssueTarget(head, _there(client, head))


def _there(client: GitHubClient, head: Snapshot) -> dict[str, int]:
    listed = read.own_issues(client, head.repo, head.viewer.login)
    return {mark.get("key"): number for number, body in reversed(listed) for mark in markers.named(body, markers.NEW)}


def open_issues(
    client: GitHubClient, target: IssueTarget, drafts: Sequence[Draft], dry: bool
) -> Iterator[tuple[Draft, IssueLine]]:
    """Open each that is not there yet, in order; yields as it goes, so that a failure shows how far it came."""
    numbers: dict[str, int] = {}
    for draft in drafts:
        there = target.there.get(draft.key)
        number = there if there is not None or dry else _open(client, target, draft, numbers)
        if number is not None:
            numbers[draft.name] = number
        url = f"{client.servers.web}/{target.head.repo}/issues/{number}" if number is not None else None
        blockers = tuple(numbers[name] for name in draft.after if name in numbers)
        yield draft, IssueLine(draft.title, number, url, "create" if there is None else "keep", blockers)


def _open(client: GitHubClient, target: IssueTarget, draft: Draft, numbers: dict[str, int]) -> int:
    """The number of the new issue. A lost reply is looked up: the issue may be there all the same."""
    try:
        return write.create_issue(client, target.head.repo, draft.title, issue_body(draft, numbers))
    except (UnreachableError, ServerError):
        number = _there(client, target.head).get(draft.key)
        if number is None:
            raise
        return number
