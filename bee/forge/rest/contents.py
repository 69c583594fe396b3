"""Commits, comparisons and files."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import quote

from bee.forge.core import diffs
from bee.forge.core.errors import Refused, RuleViolated, invalid, not_found, unprocessable
from bee.forge.core.gitobjects import EMPTY_TREE, Commit, Entry, Person
from bee.forge.core.gitrefs import ZERO
from bee.forge.core.merge import committer, person
from bee.forge.core.protection import FOUND
from bee.forge.core.refs import Wanted, change
from bee.forge.http import Response, json_response, text_response
from bee.forge.rest import pullshapes as shapes
from bee.forge.rest.base import REPO, Ask, route
from bee.forge.rest.shapes import Json, repo_url

CONTENTS = REPO + "/contents/<path:path>"


def commit_at(ask: Ask, revision: str) -> Commit:
    """A commit by branch, tag or name; 404 or 422 as GitHub has it. Raises Refused."""
    git = ask.repo.git
    oid = git.find(revision, ask.repo.default_branch, "commit")
    commit = git.commit(oid) if oid else None
    if commit is None:
        raise unprocessable(f"No commit found for SHA: {revision}")
    return commit


@route("GET", REPO + "/commits")
def list_commits(ask: Ask) -> list[Json]:
    """The history of a branch or commit, newest first. Raises Refused (404, 409)."""
    if not ask.repo.git.refs.below("refs/heads/"):
        raise Refused(409, "Git Repository is empty.")
    try:
        start = commit_at(ask, ask.query.get("sha") or "HEAD")
    except Refused:
        raise not_found() from None
    options = [f"--{name}={ask.query[name]}" for name in ("since", "until", "author") if ask.query.get(name)]
    below = ["--", ask.query["path"]] if ask.query.get("path") else []
    oids = ask.repo.git.text("rev-list", start.oid, *options, *below).split()
    return shapes.commits(ask.call, ask.repo, ask.paged(oids))


@route("GET", REPO + "/commits/<path:ref>")
def get_commit(ask: Ask) -> Response | Json:
    """One commit with its files; its diff, patch or bare name by media type."""
    commit = commit_at(ask, ask.args["ref"])
    git = ask.repo.git
    before = commit.parents[0] if commit.parents else EMPTY_TREE
    if ask.accepts("sha"):
        return text_response(commit.oid.encode())
    if ask.accepts("diff", "patch"):
        patch = ask.accepts("patch") and commit.parents
        shown = ("format-patch", "--stdout", "-1", commit.oid) if patch else ("diff", before, commit.oid)
        return text_response(git.git(*shown)[1])
    files = diffs.files(git, before, commit.oid)
    added, removed = sum(one.additions for one in files), sum(one.deletions for one in files)
    return shapes.commit(ask.call, ask.repo, commit) | {
        "stats": {"total": added + removed, "additions": added, "deletions": removed},
        "files": [shapes.file(ask.call, ask.repo, one, commit.oid) for one in files],
    }  # fmt: skip


@route("GET", REPO + "/compare/<path:basehead>")
def compare(ask: Ask) -> Response | Json:
    """Two commits against each other: `base...head`. Raises Refused (404)."""
    base_name, dots, head_name = ask.args["basehead"].partition("...")
    if not dots:
        raise not_found()
    try:
        base, head = commit_at(ask, base_name.rpartition(":")[2]), commit_at(ask, head_name.rpartition(":")[2])
    except Refused:
        raise not_found() from None
    git, call, repo = ask.repo.git, ask.call, ask.repo
    if ask.accepts("diff", "patch"):
        return text_response(diffs.text(git, base.oid, head.oid, ask.accepts("patch")))
    root = git.merge_base(base.oid, head.oid)
    ancestor = git.commit(root) if root else None
    if ancestor is None:
        raise Refused(404, f"No common ancestor between {base_name} and {head_name}.")
    ahead, behind = git.between(base.oid, head.oid), git.between(head.oid, base.oid)
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    place = f"compare/{base_name}...{head_name}"
    url, page = f"{repo_url(call, repo)}/{place}", f"{call.web}/{repo.full_name}/{place}"
    return {
        "url": url, "html_url": page, "permalink_url": page, "diff_url": page + ".diff", "patch_url": page + ".patch",
        "base_commit": shapes.commit(call, repo, base), "merge_base_commit": shapes.commit(call, repo, ancestor),
        "status": status, "ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead),
        "commits": shapes.commits(call, repo, ask.paged(ahead)),
        "files": [shapes.file(call, repo, one, head.oid) for one in diffs.files(git, ancestor.oid, head.oid)],
    }  # fmt: skip


# -- files ------------------------------------------------------------------------------------------


def _tree_of(ask: Ask) -> tuple[str, str]:
    revision = ask.query.get("ref") or ask.repo.default_branch
    tree = ask.repo.git.find(revision, ask.repo.default_branch, "tree")
    if tree is None:
        missing = f"No commit found for the ref {revision}" if "ref" in ask.query else "This repository is empty."
        raise not_found(missing)
    return tree, revision


def _file(ask: Ask, path: str, entry: Entry, revision: str) -> Json:
    """`content-file` without its content, `content-directory`, `content-symlink` or `content-submodule`."""
    base, site, place = repo_url(ask.call, ask.repo), f"{ask.call.web}/{ask.repo.full_name}", quote(path)
    kind = {"tree": "dir", "commit": "submodule"}.get(entry.type, "symlink" if entry.mode == "120000" else "file")
    page_kind, git_kind = ("tree", "trees") if kind == "dir" else ("blob", "blobs")
    url, git_url = f"{base}/contents/{place}?ref={quote(revision)}", f"{base}/git/{git_kind}/{entry.oid}"
    page = f"{site}/{page_kind}/{revision}/{place}"
    data = ask.repo.git.object(entry.oid) if kind in ("file", "symlink") else None
    return {
        "name": path.rpartition("/")[2], "path": path, "sha": entry.oid, "size": len(data[1]) if data else 0,
        "url": url, "html_url": page, "git_url": git_url, "type": kind,
        "download_url": None if kind == "dir" else f"{site}/raw/{revision}/{place}",
        "_links": {"self": url, "git": git_url, "html": page},
    }  # fmt: skip


def _whole(ask: Ask, path: str, entry: Entry, revision: str) -> Response | Json:
    """A file with its content, or only the content, by media type."""
    data = (ask.repo.git.object(entry.oid) or ("", b""))[1]
    if ask.accepts("raw"):
        return text_response(data)
    content = {"content": base64.encodebytes(data).decode(), "encoding": "base64"} if entry.type == "blob" else {}
    return _file(ask, path, entry, revision) | content


@route("GET", REPO + "/contents")
@route("GET", CONTENTS)
def get_contents(ask: Ask) -> Response | Json | list[Json]:
    """A file, or the list of a folder. Raises Refused (404)."""
    tree, revision = _tree_of(ask)
    path = ask.args.get("path", "").strip("/")
    entry = ask.repo.git.entry_at(tree, path)
    if entry is None:
        raise not_found()
    if entry.type == "tree":
        rows = ask.repo.git.tree(entry.oid) or []
        return [_file(ask, f"{path}/{row.name}".lstrip("/"), row, revision) for row in rows]
    return _whole(ask, path, entry, revision)


@route("GET", REPO + "/readme")
def readme(ask: Ask) -> Response | Json:
    """The README. Raises Refused (404)."""
    tree, revision = _tree_of(ask)
    for entry in ask.repo.git.tree(tree) or []:
        if entry.name.lower() in ("readme.md", "readme", "readme.txt", "readme.rst") and entry.type == "blob":
            return _whole(ask, entry.name, entry, revision)
    raise not_found()


@route("PUT", CONTENTS, atomic=False, needs="write")
@route("DELETE", CONTENTS, atomic=False, needs="write")
def write_contents(ask: Ask) -> Response:
    """Create, change or delete one file, in one commit.

    409 when `sha` is not the file's, 422 when it is missing
    (https://docs.github.com/rest/repos/contents#create-or-update-file-contents). Raises Refused (404).
    """
    data, repo, deleting = ask.data, ask.repo, ask.request.method == "DELETE"
    branch = data.get("branch") or ask.query.get("branch") or repo.default_branch
    message = data.get("message") or ask.query.get("message")
    if not message:
        raise unprocessable('Invalid request.\n\n"message" wasn\'t supplied.')
    head = repo.git.refs.get(f"refs/heads/{branch}")
    if head is None and (branch != repo.default_branch or repo.git.refs.below("refs/heads/")):
        raise not_found(f"Branch {branch} not found")
    path = ask.args["path"].strip("/")
    tree = repo.git.peel(head, "tree") if head else None
    known = repo.git.entry_at(tree, path) if tree else None
    _check_sha(path, known, data.get("sha") or ask.query.get("sha"), deleting)
    blob = None if deleting else repo.git.write("blob", _decoded(data.get("content")))
    made = repo.git.with_path(tree, path.split("/"), known.mode if known else "100644", blob)
    author = person(ask.call, ask.call.actor())
    if isinstance(named := data.get("author"), dict):
        author = Person(named.get("name", author.name), named.get("email", author.email), author.seconds)
    parents, root = [head] if head else [], made or repo.git.write_tree([])
    oid = repo.git.write_commit(root, parents, author, committer(ask.call), message)
    try:
        change(ask.call, repo, [Wanted(f"refs/heads/{branch}", head or ZERO, oid)])
    except RuleViolated as refusal:
        said = refusal.message
        verb = "delete" if deleting else "update" if known else "create"
        raise Refused(409, said if said.startswith(FOUND) else f"Could not {verb} file: {said}") from refusal
    except Refused as refusal:
        moved = repo.git.refs.get(f"refs/heads/{branch}") != head
        raise (Refused(409, f"{branch} is at another commit by now") if moved else refusal) from None
    commit = repo.git.commit(oid)
    entry = repo.git.entry_at(made, path) if made else None
    assert commit is not None
    shown = _file(ask, path, entry, branch) if entry else None
    answer = {"content": shown, "commit": shapes.git_commit(ask.call, repo, commit)}
    return json_response(answer, 200 if known or deleting else 201)


def _check_sha(path: str, known: Entry | None, sha: str | None, deleting: bool) -> None:
    if known is None:
        if deleting or sha:
            raise not_found()
        return
    if sha is None:
        raise unprocessable('Invalid request.\n\n"sha" wasn\'t supplied.')
    if sha != known.oid:
        raise Refused(409, f"{path} does not match {sha}")


def _decoded(content: object) -> bytes:
    if not isinstance(content, str):
        raise unprocessable('Invalid request.\n\n"content" wasn\'t supplied.')
    try:
        return base64.b64decode(content, validate=False)
    except binascii.Error:
        raise invalid("Contents", "content") from None
