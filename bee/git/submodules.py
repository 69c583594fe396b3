"""What a clone lacks beside its own files: submodules, which are filled where they may be, and what filters make.

A submodule is filled with plain files, without a git folder: it is there to build and test with, and nothing in it can
be handed in. The worker fetches it; an agent has no credential.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from bee.git.mirror import Mirror
from bee.git.workspace import Clone
from bee.model.errors import AuthError, ForbiddenError, GitError, MovedError
from bee.model.text import one_line
from bee.pipeline.output_checks import SUBMODULE

SUBMODULES_MAX: Final = 20
FILTERS_MAX: Final = 10
LFS: Final = "files that Git LFS keeps are pointers here, not their contents: leave them as they are"
OTHER_FILTER: Final = (
    "the filter `{}` of .gitattributes does not run here: its files are as the repository stores them, and what is "
    "written to one is stored as it is"
)
_NAME: Final = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,100}")
_SCP: Final = re.compile(r"(?:[A-Za-z0-9._-]{1,60}@)?([A-Za-z0-9.-]{1,250}):(?!/)(.{1,400})")
_SECTION: Final = re.compile(r"\[\s*([a-z]+)")
_FILTER: Final = re.compile(r"(?<=\s)filter=([^\s`]{1,100})")
_LINE: Final = re.compile(r"\s*(path|url)\s*=\s*(.*?)\s*")


def listed(gitmodules: str) -> dict[str, str]:
    """The address of each submodule by its path, as `.gitmodules` has them."""
    found: list[dict[str, str]] = []
    for line in gitmodules.splitlines():
        if section := _SECTION.match(line.strip()):
            found.append({} if section[1] == "submodule" else {"other": ""})
        elif found and (match := _LINE.fullmatch(line)):
            found[-1][match[1]] = match[2].strip('"')
    return {one["path"]: one["url"] for one in found if {"path", "url"} == set(one)}


def filters(attributes: Iterable[str]) -> list[str]:
    """The filters that lines of `.gitattributes` give to files, `lfs` first, FILTERS_MAX at most.

    https://git-scm.com/docs/gitattributes#_filter
    """
    found = {name for line in attributes if not line.lstrip().startswith("#") for name in _FILTER.findall(line)}
    return sorted(found, key=lambda name: (name != "lfs", name))[:FILTERS_MAX]


def repo_of(address: str, own: str) -> str | None:
    """The repository (`owner/name`) that an address means, where it is on the server of `own`, an https address.

    None where it is elsewhere. A relative address is one from `own`: https://git-scm.com/docs/gitmodules
    """
    here = urlsplit(own)
    if address.startswith(("./", "../")):
        path = posixpath.normpath(posixpath.join(here.path.removesuffix(".git"), address))
    elif "://" in address:
        there = urlsplit(address)
        same_port = there.scheme in ("ssh", "git") or there.netloc.lower() == here.netloc.lower()
        same = there.hostname == here.hostname and same_port
        path = there.path if same else ""
    else:
        scp = _SCP.fullmatch(address)
        path = scp[2] if scp and scp[1].lower() == here.hostname else ""
    parts = path.strip("/").removesuffix(".git").split("/")
    return "/".join(parts) if len(parts) == 2 and all(map(_NAME.fullmatch, parts)) else None


def fill(mirror: Mirror, clone: Clone, base: str, private: bool) -> tuple[str, ...]:
    """Fill the submodules of a clone that no agent has had; what came of each, and which filters do not run.

    Their addresses are those of the base. Where the repository is not `private`, the token is kept out of it: what is
    not public must not come into a clone whose change is. Raises LookError where the server cannot be reached.
    """
    links = {path: meta.split()[2] for path, meta in clone.files(clone.start).items() if meta.startswith(SUBMODULE)}
    addresses = listed(_text(mirror, base, ".gitmodules")) if links else {}
    known = [path for path in addresses if path in links]
    found = [
        f"the submodule `{one_line(path)}` {_filled(mirror, clone, path, links[path], addresses[path], private)}"
        for path in known[:SUBMODULES_MAX]
    ]
    if left := len(links) - len(found):
        found.append(f"{'1 more submodule is' if left == 1 else f'{left} more submodules are'} empty")
    for name in filters(mirror.filtering(base)):
        found.append(LFS if name == "lfs" else OTHER_FILTER.format(one_line(name)))
    return tuple(found)


def _text(mirror: Mirror, commit: str, path: str) -> str:
    return (mirror.show(commit, path) or b"").decode("utf-8", "replace")


def _filled(mirror: Mirror, clone: Clone, path: str, oid: str, address: str, private: bool) -> str:
    repo = repo_of(address, mirror.url)
    if repo is None:
        return "is empty: its address is not on this server"
    there = replace(
        mirror,
        path=mirror.path.parents[1] / f"{repo.lower()}.git",
        url=f"{mirror.url.rsplit('/', 2)[0]}/{repo}.git",
        token=mirror.token if private else "",
        renewal=mirror.renewal if private else None,
    )
    try:
        there.ensure()
        if not there.has(oid):
            there.fetch(["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"])
        if not there.has(oid):
            return f"is empty: {repo} has no commit {oid[:10]} on a branch or tag"
        there.export_to(clone.path / path, oid)
    except (AuthError, ForbiddenError, MovedError, GitError):
        return f"is empty: {repo} is not to be read {'by bee' if private else 'by everybody'}"
    nested = any(meta.startswith(SUBMODULE) for meta in Clone(clone.path / path, there, oid).files(oid).values())
    return f"is {repo} at {oid[:10]}, to read{'; its own submodules are empty' if nested else ''}"
