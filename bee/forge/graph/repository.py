"""Repositories."""

from __future__ import annotations

from typing import Any

from bee.forge.core import issues, labels, repos
from bee.forge.core.errors import Refused
from bee.forge.core.users import User
from bee.forge.core.world import Call, Repo
from bee.forge.graph import people
from bee.forge.graph.base import Connection, Node, connect, empty
from bee.forge.graph.gitnodes import Ref, git_object, ref
from bee.forge.graph.items import Item, Label, listing, ordered, wrap


class Repository(Node):
    """A repository."""

    typename = "Repository"

    def __init__(self, call: Call, repo: Repo) -> None:
        super().__init__(call)
        self.repo = repo

    def key(self) -> tuple[object, ...]:
        """By number."""
        return (self.repo.id,)

    def database_id(self) -> int:
        """The number that REST calls `id`."""
        return self.repo.id

    def name(self) -> str:
        """The name."""
        return self.repo.name

    def name_with_owner(self) -> str:
        """`owner/name`."""
        return self.repo.full_name

    def owner(self) -> people.Account | None:
        """The owner."""
        return people.account(self.call, self.repo.owner)

    def description(self) -> str | None:
        """The text."""
        return self.repo.description

    def resource_path(self) -> str:
        """The path of the web page."""
        return f"/{self.repo.full_name}"

    def url(self) -> str:
        """The web page."""
        return self.call.web + self.resource_path()

    def ssh_url(self) -> str:
        """An SSH address, which nothing here answers."""
        return f"git@{self.call.web.removeprefix('http://').split(':')[0]}:{self.repo.full_name}.git"

    def homepage_url(self) -> str | None:
        """The homepage."""
        return self.repo.settings.get("homepage")

    def is_private(self) -> bool:
        """Whether strangers cannot see it."""
        return self.repo.private

    def visibility(self) -> str:
        """PUBLIC or PRIVATE."""
        return "PRIVATE" if self.repo.private else "PUBLIC"

    def is_fork(self) -> bool:
        """Whether it is a fork."""
        return self.repo.parent_id is not None

    def parent(self) -> Repository | None:
        """What it was forked from."""
        found = self.call.repo_by_id(self.repo.parent_id)
        return Repository(self.call, found) if found and self.call.may_read(found) else None

    def is_archived(self) -> bool:
        """Whether it is archived."""
        return bool(self.repo.settings.get("archived"))

    def is_empty(self) -> bool:
        """Whether it has no branch."""
        return not self.repo.git.refs.below("refs/heads/")

    def is_in_organization(self) -> bool:
        """Whether an organization owns it."""
        return self.repo.owner.type == "Organization"

    def is_template(self) -> bool:
        """Templates, mirrors and locks are not served."""
        return False

    is_mirror = is_user_configuration_repository = is_disabled = is_locked = has_discussions_enabled = is_template

    def created_at(self) -> str:
        """When it was made."""
        return self.repo.created_at

    def updated_at(self) -> str:
        """When it last changed."""
        return self.repo.updated_at

    def pushed_at(self) -> str:
        """When it was last pushed to."""
        return self.repo.pushed_at

    def viewer_permission(self) -> str | None:
        """What who asks may do; a stranger may READ what is public, as on GitHub."""
        permission = self.call.permission(self.repo, self.call.viewer)
        return "READ" if permission == "none" else permission.upper()

    def viewer_can_administer(self) -> bool:
        """Whether who asks is an administrator."""
        return self.call.may(self.repo, "admin")

    def viewer_default_commit_email(self) -> str | None:
        """The no-reply address of who asks."""
        user = self.call.viewer
        return f"{user.id}+{user.login}@users.noreply.github.com" if user else None

    def viewer_default_merge_method(self) -> str:
        """MERGE."""
        return "MERGE"

    def default_branch_ref(self) -> Ref | None:
        """The default branch, once it exists."""
        return ref(self.call, self.repo, f"refs/heads/{self.repo.default_branch}")

    def _setting(self, name: str, default: bool) -> bool:
        return bool(self.repo.settings.get(name, default))

    def has_issues_enabled(self) -> bool:
        """Whether there are issues."""
        return self._setting("has_issues", True)

    def has_wiki_enabled(self) -> bool:
        """Wikis are not served."""
        return self._setting("has_wiki", False)

    def has_projects_enabled(self) -> bool:
        """Projects are not served."""
        return self._setting("has_projects", False)

    def merge_commit_allowed(self) -> bool:
        """Whether merge commits are allowed."""
        return self._setting("allow_merge_commit", True)

    def squash_merge_allowed(self) -> bool:
        """Whether squashing is allowed."""
        return self._setting("allow_squash_merge", True)

    def rebase_merge_allowed(self) -> bool:
        """Whether rebasing is allowed."""
        return self._setting("allow_rebase_merge", True)

    def auto_merge_allowed(self) -> bool:
        """Auto-merge is not served."""
        return self._setting("allow_auto_merge", False)

    def delete_branch_on_merge(self) -> bool:
        """Whether merged branches are deleted."""
        return self._setting("delete_branch_on_merge", False)

    def fork_count(self) -> int:
        """How many forks there are."""
        row = self.call.row("SELECT count(*) FROM repos WHERE parent_id = ?", self.repo.id)
        return int(row[0]) if row else 0

    def stargazer_count(self) -> int:
        """Stars are not served."""
        return 0

    # -- git -----------------------------------------------------------------------------------------

    def ref(self, qualified_name: str) -> Ref | None:
        """A ref by name."""
        return ref(self.call, self.repo, qualified_name)

    def refs(self, ref_prefix: str, **args: Any) -> Connection:
        """Refs below a prefix that ends in a slash, by name."""
        if not ref_prefix.startswith("refs/") or not ref_prefix.endswith("/"):
            raise Refused(422, f"Invalid refPrefix: {ref_prefix}")
        rows = self.repo.git.refs.below(ref_prefix)
        if args.get("query"):
            rows = [row for row in rows if args["query"] in row[0].removeprefix(ref_prefix)]
        if args.get("direction") == "DESC":
            return connect(self.call, rows[::-1], lambda row: Ref(self.call, self.repo, *row, ref_prefix), args)
        return connect(self.call, rows, lambda row: Ref(self.call, self.repo, *row, ref_prefix), args,
                       key=lambda row: row[0])  # fmt: skip

    def object(self, expression: str | None = None, oid: str | None = None) -> Node | None:
        """An object by name, or by an expression such as `HEAD:path`."""
        if oid is not None:
            return git_object(self.call, self.repo, oid)
        revision, colon, path = (expression or "HEAD").partition(":")
        found = self.repo.git.resolve(revision, self.repo.default_branch)
        if found is None or not colon:
            return git_object(self.call, self.repo, found) if found else None
        tree = self.repo.git.peel(found, "tree")
        entry = self.repo.git.entry_at(tree, path) if tree else None
        return git_object(self.call, self.repo, entry.oid) if entry else None

    # -- people --------------------------------------------------------------------------------------

    def collaborators(self, affiliation: str = "ALL", **args: Any) -> Connection:
        """Who has access; only those who may push may ask."""
        if not self.call.may(self.repo, "write"):
            raise Refused(403, "You do not have permission to view repository collaborators.")
        rows = repos.collaborators(self.call, self.repo, affiliation.lower())
        words = args.get("query") or ""
        rows = [row for row in rows if words.lower() in row[0].login.lower()]
        if args.get("login"):
            rows = [row for row in rows if row[0].login.lower() == args["login"].lower()]
        return connect(
            self.call, rows, lambda row: people.UserNode(self.call, row[0]), args,
            key=lambda row: f"{row[0].id:020d}", permission=lambda row: row[1],
        )  # fmt: skip

    def assignable_users(self, **args: Any) -> Connection:
        """Who may be assigned."""
        users = [user for user, _permission in repos.collaborators(self.call, self.repo)]
        return self._users(users, args)

    def mentionable_users(self, **args: Any) -> Connection:
        """Who may be mentioned: everyone."""
        return self._users([user for user in self.call.forge.users.all() if user.type == "User"], args)

    def _users(self, users: list[User], args: dict[str, Any]) -> Connection:
        words = (args.get("query") or "").lower()
        users = [user for user in users if words in user.login.lower()]
        return connect(self.call, users, lambda user: people.UserNode(self.call, user), args)

    # -- labels, issues, pull requests -----------------------------------------------------------------

    def label(self, name: str) -> Label | None:
        """A label by name, whatever the case."""
        row = labels.find(self.call, self.repo, name)
        return Label(self.call, row) if row else None

    def labels(self, **args: Any) -> Connection:
        """The labels, by name."""
        rows = labels.listed(self.call, self.repo)
        if args.get("query"):
            words = args["query"].lower()
            rows = [row for row in rows if words in f"{row['name']} {row['description'] or ''}".lower()]
        order = args.get("order_by")
        if order:
            column = {"CREATED_AT": "id", "NAME": "name"}[order["field"]]
            rows = sorted(rows, key=lambda row: row[column], reverse=order["direction"] == "DESC")
        return connect(self.call, rows, lambda row: Label(self.call, row), args)

    def _item(self, number: int, is_pull: bool | None, word: str) -> Item:
        row = issues.find(self.call, self.repo, number, is_pull)
        if row is None:
            raise Refused(404, f"Could not resolve to {word} with the number of {number}.")
        return wrap(self.call, [row])[0]

    def issue(self, number: int) -> Item:
        """An issue by number."""
        return self._item(number, False, "an Issue")

    def pull_request(self, number: int) -> Item:
        """A pull request by number."""
        return self._item(number, True, "a PullRequest")

    def issue_or_pull_request(self, number: int) -> Item:
        """Either by number."""
        return self._item(number, None, "an issue or pull request")

    def issues(self, **args: Any) -> Connection:
        """The issues of these states, with any of these labels."""
        more = args.get("filter_by") or {}
        order, descending = ordered(args.get("order_by"))
        states = args.get("states") or more.get("states") or ()
        named = args.get("labels") or more.get("labels") or ()
        people_args = {"assignee": more.get("assignee"), "author": more.get("created_by")}
        wanted = issues.Filter(
            is_pull=False, states=tuple(state.lower() for state in states), labels=tuple(named), any_label=True,
            since=more.get("since"), mentioned=more.get("mentioned"), order=order, descending=descending,
            **people_args,
        )  # fmt: skip
        return listing(self.call, self.repo, wanted, args)

    def pull_requests(self, **args: Any) -> Connection:
        """The pull requests of these states, branches and labels."""
        order, descending = ordered(args.get("order_by"))
        wanted = issues.Filter(
            is_pull=True, states=tuple(state.lower() for state in args.get("states") or ()),
            labels=tuple(args.get("labels") or ()), any_label=True, head_ref=args.get("head_ref_name"),
            base_ref=args.get("base_ref_name"), order=order, descending=descending,
        )  # fmt: skip
        return listing(self.call, self.repo, wanted, args)

    # -- what is not served ------------------------------------------------------------------------------

    def milestones(self, **args: Any) -> Connection:
        """Milestones are not served."""
        return empty(self.call, args)

    projects = repository_topics = milestones

    def primary_language(self) -> None:
        """Languages are not detected."""

    def issue_templates(self) -> list[Any]:
        """Templates are not served."""
        return []

    pull_request_templates = issue_templates
