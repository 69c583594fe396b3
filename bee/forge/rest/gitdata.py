"""The git database: refs, commits, trees, blobs, tags (https://docs.github.com/rest/git)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from bee.forge.core.clock import unstamp
from bee.forge.core.errors import Refused, invalid, not_found, unprocessable
from bee.forge.core.gitobjects import Commit, Person
from bee.forge.core.gitobjects import person as parse_person
from bee.forge.core.gitrefs import OID, ZERO
from bee.forge.core.ids import node_id
from bee.forge.core.merge import person
from bee.forge.core.refs import Wanted, change
from bee.forge.core.world import Call, Repo
from bee.forge.http import Response, text_response
from bee.forge.rest import pullshapes as shapes
from bee.forge.rest.base import REPO, Ask, route
from bee.forge.rest.shapes import Json, repo_url

GIT = REPO + "/git"


def _ref(call: Call, repo: Repo, ref: tuple[str, str]) -> Json:
    name, oid = ref
    found, base = repo.git.object(oid), f"{repo_url(call, repo)}/git"
    kind = found[0] if found else "commit"
    return {
        "ref": name, "node_id": node_id("Ref", repo.id, name), "url": f"{base}/{name}",
        "object": {"sha": oid, "type": kind, "url": f"{base}/{kind}s/{oid}"},
    }  # fmt: skip


@route("GET", GIT + "/ref/<path:ref>", _ref)
def get_ref(ask: Ask) -> tuple[str, str]:
    """One ref, by its name without `refs/`. Raises Refused (404)."""
    name = f"refs/{ask.args['ref']}"
    oid = ask.repo.git.refs.get(name)
    if oid is None:
        raise not_found()
    return name, oid


@route("GET", GIT + "/matching-refs/", _ref)
@route("GET", GIT + "/matching-refs/<path:ref>", _ref)
def matching_refs(ask: Ask) -> list[tuple[str, str]]:
    """The refs whose names start so."""
    return ask.repo.git.refs.below(f"refs/{ask.args.get('ref', '')}")


@route("POST", GIT + "/refs", _ref, created=True, atomic=False, needs="write")
def create_ref(ask: Ask) -> tuple[str, str]:
    """Create a ref; 422 `Reference already exists`. Raises Refused."""
    name, sha = ask.data.get("ref"), ask.data.get("sha")
    if not isinstance(name, str) or not isinstance(sha, str) or not OID.fullmatch(sha):
        wrong = "The sha parameter must be exactly 40 characters and contain only [0-9a-f]."
        raise unprocessable("Invalid request." if name is None or sha is None else wrong)
    if ask.repo.git.refs.get(name) is not None:
        raise unprocessable("Reference already exists")
    try:
        change(ask.call, ask.repo, [Wanted(name, ZERO, sha)])
    except Refused as refusal:
        # Losing the race for a name reads like coming late for it.
        taken = refusal.status == 422 and ask.repo.git.refs.get(name) is not None
        raise unprocessable("Reference already exists") if taken else refusal from refusal
    return name, sha


@route("PATCH", GIT + "/refs/<path:ref>", _ref, atomic=False, needs="write")
def update_ref(ask: Ask) -> tuple[str, str]:
    """Move a ref; without `force` only forward. Raises Refused (422)."""
    name, sha = f"refs/{ask.args['ref']}", ask.data.get("sha")
    if not isinstance(sha, str) or not OID.fullmatch(sha):
        raise unprocessable("Invalid request.")
    if ask.repo.git.refs.get(name) is None:
        raise unprocessable("Reference does not exist")
    change(ask.call, ask.repo, [Wanted(name, None, sha, bool(ask.data.get("force")))])
    return name, sha


@route("DELETE", GIT + "/refs/<path:ref>", status=204, atomic=False)
def delete_ref(ask: Ask) -> None:
    """Delete a ref."""
    change(ask.call, ask.repo, [Wanted(f"refs/{ask.args['ref']}", None, ZERO)])


# -- commits ----------------------------------------------------------------------------------------


def _person(ask: Ask, given: Any, default: Person) -> Person:
    if not isinstance(given, dict):
        return default
    try:
        seconds = int(unstamp(given["date"])) if given.get("date") else default.seconds
    except ValueError:
        raise invalid("Commit", "date") from None
    return Person(given.get("name") or default.name, given.get("email") or default.email, seconds)


@route("POST", GIT + "/commits", shapes.git_commit, created=True, atomic=False, needs="write")
def create_commit(ask: Ask) -> Commit | None:
    """Create a commit from any tree that exists, the empty one included. Raises Refused (422)."""
    data, git = ask.data, ask.repo.git
    message, tree, parents = data.get("message"), data.get("tree"), data.get("parents") or []
    if not isinstance(message, str):
        raise unprocessable('Invalid request.\n\n"message" wasn\'t supplied.')
    if not isinstance(tree, str) or not git.has(tree, "tree"):
        raise unprocessable("Tree SHA does not exist")
    if not all(isinstance(one, str) and git.has(one, "commit") for one in parents):
        raise unprocessable("Parent SHA does not exist or is not a commit object")
    author = _person(ask, data.get("author"), person(ask.call, ask.call.actor()))
    committer = _person(ask, data.get("committer"), author)
    return git.commit(git.write_commit(tree, parents, author, committer, message, data.get("signature")))


@route("GET", GIT + "/commits/<sha>", shapes.git_commit)
def get_commit(ask: Ask) -> Commit:
    """One commit. Raises Refused (404)."""
    found = ask.repo.git.commit(ask.args["sha"])
    if found is None:
        raise not_found()
    return found


# -- trees ------------------------------------------------------------------------------------------


def _tree(ask: Ask, oid: str, recursive: bool) -> Json:
    base, git = f"{repo_url(ask.call, ask.repo)}/git", ask.repo.git

    def rows(tree: str, prefix: str) -> Iterator[Json]:
        for entry in git.tree(tree) or []:
            shown = {"path": prefix + entry.name, "mode": entry.mode.zfill(6), "type": entry.type, "sha": entry.oid}
            size = {"size": len((git.object(entry.oid) or ("", b""))[1])} if entry.type == "blob" else {}
            yield shown | size | ({"url": f"{base}/{entry.type}s/{entry.oid}"} if entry.type != "commit" else {})
            if recursive and entry.type == "tree":
                yield from rows(entry.oid, f"{prefix}{entry.name}/")

    return {"sha": oid, "url": f"{base}/trees/{oid}", "tree": list(rows(oid, "")), "truncated": False}


@route("GET", GIT + "/trees/<path:sha>")
def get_tree(ask: Ask) -> Json:
    """One tree, by its name, a commit's, or a branch's. Raises Refused (404)."""
    tree = ask.repo.git.find(ask.args["sha"], ask.repo.default_branch, "tree")
    if tree is None:
        raise not_found()
    return _tree(ask, tree, ask.query.get("recursive", "") not in ("", "0", "false"))


@route("POST", GIT + "/trees", status=201, atomic=False, needs="write")
def create_tree(ask: Ask) -> Json:
    """Create a tree, from nothing or on top of `base_tree`. Raises Refused (422)."""
    git, listed = ask.repo.git, ask.data.get("tree")
    if not isinstance(listed, list):
        raise unprocessable('Invalid request.\n\n"tree" wasn\'t supplied.')
    base = ask.data.get("base_tree")
    root = git.peel(base, "tree") if base is not None and OID.fullmatch(base) else None
    if base is not None and root is None:
        raise unprocessable("base_tree is not a valid tree oid")
    for one in listed:
        parts, oid = [part for part in str(one.get("path", "")).split("/") if part], one.get("sha")
        if not parts:
            raise unprocessable("tree.path contains a malformed path component")
        if "content" in one:
            oid = git.write("blob", str(one["content"]).encode())
        elif oid is not None and not git.has(oid):
            raise unprocessable(f"tree.sha {oid} is not a valid object")
        root = git.with_path(root, parts, str(one.get("mode") or "100644").lstrip("0"), oid)
    return _tree(ask, root or git.write_tree([]), False)


# -- blobs and tags ---------------------------------------------------------------------------------


@route("POST", GIT + "/blobs", status=201, atomic=False, needs="write")
def create_blob(ask: Ask) -> Json:
    """Store a blob. Raises Refused (422)."""
    content = ask.data.get("content")
    if not isinstance(content, str):
        raise unprocessable('Invalid request.\n\n"content" wasn\'t supplied.')
    try:
        data = base64.b64decode(content) if ask.data.get("encoding") == "base64" else content.encode()
    except binascii.Error:
        raise unprocessable("content is not valid Base64") from None
    oid = ask.repo.git.write("blob", data)
    return {"sha": oid, "url": f"{repo_url(ask.call, ask.repo)}/git/blobs/{oid}"}


@route("GET", GIT + "/blobs/<sha>")
def get_blob(ask: Ask) -> Response | Json:
    """One blob, in Base64, or raw by media type. Raises Refused (404)."""
    found = ask.repo.git.object(ask.args["sha"])
    if found is None or found[0] != "blob":
        raise not_found()
    if ask.accepts("raw"):
        return text_response(found[1])
    oid = ask.args["sha"]
    return {
        "sha": oid, "node_id": node_id("Blob", ask.repo.id, oid), "size": len(found[1]), "encoding": "base64",
        "url": f"{repo_url(ask.call, ask.repo)}/git/blobs/{oid}", "content": base64.encodebytes(found[1]).decode(),
    }  # fmt: skip


def _tag(ask: Ask, oid: str, data: bytes) -> Json:
    head, _, message = data.decode("utf-8", "replace").partition("\n\n")
    fields = dict(line.partition(" ")[::2] for line in head.split("\n"))
    base = f"{repo_url(ask.call, ask.repo)}/git"
    return {
        "node_id": node_id("Tag", ask.repo.id, oid), "tag": fields["tag"], "sha": oid, "url": f"{base}/tags/{oid}",
        "message": message, "tagger": shapes.person(parse_person(fields["tagger"])),
        "object": {"type": fields["type"], "sha": fields["object"],
                   "url": f"{base}/{fields['type']}s/{fields['object']}"},
    }  # fmt: skip


@route("POST", GIT + "/tags", status=201, atomic=False, needs="write")
def create_tag(ask: Ask) -> Json:
    """Create an annotated tag object (its ref is made apart). Raises Refused (422)."""
    data, git = ask.data, ask.repo.git
    found = git.object(str(data.get("object")))
    if found is None or not data.get("tag"):
        raise unprocessable("Invalid request.")
    tagger = _person(ask, data.get("tagger"), person(ask.call, ask.call.actor()))
    head = f"object {data['object']}\ntype {found[0]}\ntag {data['tag']}\ntagger {tagger.line()}"
    text = f"{head}\n\n{data.get('message', '')}"
    oid = git.write("tag", text.encode())
    return _tag(ask, oid, text.encode())


@route("GET", GIT + "/tags/<sha>")
def get_tag(ask: Ask) -> Json:
    """One annotated tag. Raises Refused (404)."""
    found = ask.repo.git.object(ask.args["sha"])
    if found is None or found[0] != "tag":
        raise not_found()
    return _tag(ask, ask.args["sha"], found[1])
