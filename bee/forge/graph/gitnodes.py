"""Refs and git objects."""

from __future__ import annotations

from typing import Any

from bee.forge.core.errors import Refused
from bee.forge.core.gitobjects import Entry, Person, parse_tree
from bee.forge.core.world import Call, Repo
from bee.forge.graph import people
from bee.forge.graph.base import Connection, Node, connect

TEXT_BYTES_MAX = 512 * 1024


class Ref(Node):
    """A ref. `name` is what follows `prefix`: the one that was asked for, or `refs/<first part>/`."""

    typename = "Ref"

    def __init__(self, call: Call, repo: Repo, full_name: str, oid: str, prefix: str = "") -> None:
        super().__init__(call)
        self.repo, self.full_name, self.oid = repo, full_name, oid
        self._prefix = prefix or "/".join(full_name.split("/")[:2]) + "/"

    def key(self) -> tuple[object, ...]:
        """By repository and full name."""
        return (self.repo.id, self.full_name)

    def name(self) -> str:
        """The name without its prefix."""
        return self.full_name.removeprefix(self._prefix)

    def prefix(self) -> str:
        """What stands before the name."""
        return self._prefix

    def target(self) -> Node | None:
        """The object it points to."""
        return git_object(self.call, self.repo, self.oid)

    def branch_protection_rule(self) -> Node | None:
        """The rules of the branch, for those who may see them."""
        from bee.forge.graph.rules import rule

        return rule(self.call, self.repo, self.full_name)

    def ref_update_rule(self) -> dict[str, object] | None:
        """The part of those rules that everybody may see."""
        from bee.forge.graph.rules import update_rule

        return update_rule(self.call, self.repo, self.full_name)

    def repository(self) -> Node:
        """The repository."""
        from bee.forge.graph.repository import Repository

        return Repository(self.call, self.repo)


class GitObject(Node):
    """What commits, trees, blobs and tags share."""

    def __init__(self, call: Call, repo: Repo, oid: str, data: bytes) -> None:
        super().__init__(call)
        self.repo, self._oid, self.data = repo, oid, data

    def key(self) -> tuple[object, ...]:
        """By repository and name."""
        return (self.repo.id, self._oid)

    def oid(self) -> str:
        """The full name."""
        return self._oid

    def abbreviated_oid(self) -> str:
        """The first seven digits."""
        return self._oid[:7]

    def commit_resource_path(self) -> str:
        """The path of the web page."""
        return f"/{self.repo.full_name}/commit/{self._oid}"

    def commit_url(self) -> str:
        """The web page."""
        return self.call.web + self.commit_resource_path()

    def repository(self) -> Node:
        """The repository."""
        from bee.forge.graph.repository import Repository

        return Repository(self.call, self.repo)


class GitActor:
    """An author or committer, matched to an account by its address."""

    typename = "GitActor"

    def __init__(self, call: Call, person: Person) -> None:
        self.call, self.person = call, person

    def name(self) -> str:
        """The name in the commit."""
        return self.person.name

    def email(self) -> str:
        """The address in the commit."""
        return self.person.email

    def date(self) -> str:
        """The time in the commit."""
        return self.person.local_date()

    def avatar_url(self, size: int | None = None) -> str:
        """A picture's address."""
        return f"{self.call.web}/avatars/e"

    def user(self) -> people.Account | None:
        """The account with that no-reply address or login."""
        login = self.person.email.partition("@")[0].rpartition("+")[2]
        user = self.call.forge.users.by_login(login) if login else None
        return people.account(self.call, user) if user and user.type == "User" else None


class CommitNode(GitObject):
    """A commit."""

    typename = "Commit"

    def __init__(self, call: Call, repo: Repo, oid: str, data: bytes = b"") -> None:
        super().__init__(call, repo, oid, data)
        commit = repo.git.commit(oid)
        if commit is None:
            raise Refused(404, f"No commit {oid}")
        self.commit = commit

    url = GitObject.commit_url
    resource_path = GitObject.commit_resource_path

    def message(self) -> str:
        """The whole message."""
        return self.commit.message.rstrip("\n")

    def message_headline(self) -> str:
        """Its first line."""
        return self.commit.headline

    def message_body(self) -> str:
        """What follows the first line."""
        return self.commit.message.partition("\n")[2].strip("\n")

    def committed_date(self) -> str:
        """When it was committed."""
        return self.commit.committer.date()

    def authored_date(self) -> str:
        """When it was written."""
        return self.commit.author.date()

    def author(self) -> GitActor:
        """Who wrote it."""
        return GitActor(self.call, self.commit.author)

    def committer(self) -> GitActor:
        """Who committed it."""
        return GitActor(self.call, self.commit.committer)

    def authors(self, **args: Any) -> Connection:
        """Everyone who wrote it; co-authors are not read."""
        return connect(self.call, [self.commit.author], lambda person: GitActor(self.call, person), args)

    def tree(self) -> Node | None:
        """Its tree."""
        return git_object(self.call, self.repo, self.commit.tree)

    def parents(self, **args: Any) -> Connection:
        """Its parents."""
        return connect(self.call, self.commit.parents, lambda oid: CommitNode(self.call, self.repo, oid), args)

    def history(self, **args: Any) -> Connection:
        """It and everything before it, newest first."""
        oids = self.repo.git.text("rev-list", self._oid).split()
        return connect(self.call, oids, lambda oid: CommitNode(self.call, self.repo, oid), args)

    def status_check_rollup(self) -> Node | None:
        """All checks together; None where nothing ever spoke."""
        from bee.forge.graph.checknodes import rollup

        return rollup(self.call, self.repo, self._oid)

    def status(self) -> Node | None:
        """All statuses together; None where there is none."""
        from bee.forge.graph.checknodes import status

        return status(self.call, self.repo, self._oid)

    def check_suites(self, **args: Any) -> Connection:
        """The suites that its check runs stand in."""
        from bee.forge.graph.checknodes import check_suites

        return check_suites(self.call, self.repo, self._oid, args)


class TreeEntry:
    """One row of a tree."""

    typename = "TreeEntry"

    def __init__(self, call: Call, repo: Repo, entry: Entry) -> None:
        self.call, self.repo, self.entry = call, repo, entry

    def name(self) -> str:
        """The file's or folder's name."""
        return self.entry.name

    path = name

    def mode(self) -> int:
        """The mode, octal read as a number."""
        return int(self.entry.mode, 8)

    def type(self) -> str:
        """`blob`, `tree` or `commit`."""
        return self.entry.type

    def oid(self) -> str:
        """The object's name."""
        return self.entry.oid

    def size(self) -> int:
        """Bytes of a blob, else 0."""
        found = self.repo.git.object(self.entry.oid) if self.entry.type == "blob" else None
        return len(found[1]) if found else 0

    def object(self) -> Node | None:
        """The object."""
        return git_object(self.call, self.repo, self.entry.oid)

    def repository(self) -> Node:
        """The repository."""
        from bee.forge.graph.repository import Repository

        return Repository(self.call, self.repo)


class TreeNode(GitObject):
    """A tree."""

    typename = "Tree"

    def entries(self) -> list[TreeEntry]:
        """Its rows."""
        return [TreeEntry(self.call, self.repo, entry) for entry in parse_tree(self.data)]


class BlobNode(GitObject):
    """A blob."""

    typename = "Blob"

    def byte_size(self) -> int:
        """Its length."""
        return len(self.data)

    def is_binary(self) -> bool:
        """Git's own guess: a zero byte near the start."""
        return b"\0" in self.data[:8000]

    def is_truncated(self) -> bool:
        """Whether `text` is cut."""
        return not self.is_binary() and len(self.data) > TEXT_BYTES_MAX

    def text(self) -> str | None:
        """The text, cut at half a megabyte; None for a binary."""
        return None if self.is_binary() else self.data[:TEXT_BYTES_MAX].decode("utf-8", "replace")


class TagNode(GitObject):
    """An annotated tag."""

    typename = "Tag"

    def _fields(self) -> dict[str, str]:
        head = self.data.decode("utf-8", "replace").partition("\n\n")[0]
        return dict(line.partition(" ")[::2] for line in head.split("\n"))

    def name(self) -> str:
        """The tag's name."""
        return self._fields().get("tag", "")

    def message(self) -> str:
        """Its message."""
        return self.data.decode("utf-8", "replace").partition("\n\n")[2]

    def target(self) -> Node | None:
        """What it names."""
        return git_object(self.call, self.repo, self._fields()["object"])

    def tagger(self) -> GitActor | None:
        """Who made it."""
        from bee.forge.core.gitobjects import person

        line = self._fields().get("tagger")
        return GitActor(self.call, person(line)) if line else None


def git_object(call: Call, repo: Repo, oid: str) -> Node | None:
    """Any object of a repository as its GraphQL type."""
    found = repo.git.object(oid)
    if found is None:
        return None
    kinds: dict[str, type[GitObject]] = {"commit": CommitNode, "tree": TreeNode, "blob": BlobNode, "tag": TagNode}
    return kinds[found[0]](call, repo, oid, found[1])


def ref(call: Call, repo: Repo, name: str) -> Ref | None:
    """A ref by its full name, or a branch or tag by its short one."""
    names = [name] if name.startswith("refs/") else [f"refs/heads/{name}", f"refs/tags/{name}"]
    for full in names:
        oid = repo.git.refs.get(full)
        if oid:
            return Ref(call, repo, full, oid)
    return None
