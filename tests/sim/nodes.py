"""The model as GraphQL shows it: the fields bee's documents ask for, and no others."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from tests.sim.graph import Node, Refusal, listed, plain
from tests.sim.hub import ZERO, Hub, No, Post, Thing, User

Args = Mapping[str, Any]


@lru_cache(4096)
def iso(at: int) -> str:
    """A time as GitHub writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def _when(at: int | None) -> str | None:
    return None if at is None else iso(at)


class Shown:
    """GraphQL for one account."""

    def __init__(self, hub: Hub, viewer: User) -> None:
        self.hub, self.viewer = hub, viewer

    def root(self) -> Node:
        """`Query` and `Mutation` in one."""
        return Node("Root", self._root)

    def _root(self, name: str, args: Args) -> Any:
        if name == "viewer":
            return self._user(self.viewer)
        if name == "rateLimit":
            reset = iso(self.hub.now + 3600)
            return plain("RateLimit", {"cost": 1, "limit": 5000, "remaining": 4000, "used": 1000, "resetAt": reset})
        if name == "repository":
            full = f"{args['owner']}/{args['name']}"
            return Node("Repository", self._repository) if full.lower() == self.hub.repo.lower() else None
        if name == "node":
            return self._thing(self.hub.by_node(args["id"]))
        return self._mutate(name, args["input"])

    def _mutate(self, name: str, given: Args) -> Any:
        act: Callable[[Args], Thing | None] | None = getattr(self, f"_do_{name}", None)
        if act is None or (name == "updateRefs" and not self.hub.has_update_refs):
            raise Refusal("", f"Field '{name}' doesn't exist on type 'Mutation'")
        try:
            thing = act(given)
        except No as problem:
            kinds = {403: "FORBIDDEN", 404: "NOT_FOUND"}
            raise Refusal(kinds.get(problem.status, "UNPROCESSABLE"), problem.message) from problem
        whole = self._thing(thing) if thing else None
        last = self._post(thing.comments[-1], "IssueComment") if thing and thing.comments else None
        edge = plain("IssueCommentEdge", {"node": last})
        return plain("Payload", {"clientMutationId": None, "labelable": whole, "subject": whole, "commentEdge": edge})

    def _names(self, ids: list[str]) -> list[str]:
        return [one.removeprefix("LA_") for one in ids]

    def _do_addLabelsToLabelable(self, given: Args) -> Thing:  # noqa: N802 - GitHub's name
        one = self.hub.by_node(given["labelableId"])
        self.hub.add_labels(self.viewer, one, self._names(given["labelIds"]))
        return one

    def _do_removeLabelsFromLabelable(self, given: Args) -> Thing:  # noqa: N802 - GitHub's name
        one = self.hub.by_node(given["labelableId"])
        for name in self._names(given["labelIds"]):
            self.hub.remove_label(self.viewer, one, name)
        return one

    def _do_addComment(self, given: Args) -> Thing:  # noqa: N802 - GitHub's name
        one = self.hub.by_node(given["subjectId"])
        self.hub.comment(self.viewer, one, given["body"])
        return one

    def _do_updateIssueComment(self, given: Args) -> None:  # noqa: N802 - GitHub's name
        self.hub.edit_comment(self.viewer, int(given["id"].removeprefix("C_")), given["body"])

    def _do_closeIssue(self, given: Args) -> None:  # noqa: N802 - GitHub's name
        self.hub.set_state(self.viewer, self.hub.by_node(given["issueId"]), "CLOSED")

    def _do_updateRefs(self, given: Args) -> None:  # noqa: N802 - GitHub's name
        moves = [(u["name"], _oid(u["beforeOid"]), _oid(u["afterOid"])) for u in given["refUpdates"]]
        self.hub.move_refs(self.viewer, moves)

    # ---- the repository ---------------------------------------------------------------------------------------------

    def _repository(self, name: str, args: Args) -> Any:
        hub = self.hub
        simple = {
            "id": "R_1", "nameWithOwner": hub.repo, "isPrivate": False, "viewerPermission": self.viewer.role.upper(),
        }  # fmt: skip
        if name in simple:
            return simple[name]
        if name == "defaultBranchRef":
            return self._ref("refs/heads/main")
        if name == "object":
            path = args["expression"].partition(":")[2]
            text = hub.objects.files(hub.refs["refs/heads/main"]).get(path)
            return None if text is None else plain("Blob", {"oid": "b" * 40, "text": text, "isTruncated": False})
        if name == "labels":
            named = [n for low, n in sorted(hub.labels.items()) if args.get("query", "") in low]
            return listed([plain("Label", {"id": f"LA_{n}", "name": n}) for n in named], args)
        if name == "refs":
            prefix = args["refPrefix"]
            return listed([self._ref(ref, prefix) for ref in sorted(hub.refs) if ref.startswith(prefix)], args)
        if name == "ref":
            return self._ref(args["qualifiedName"])
        if name == "collaborators":
            if hub.refuse_collaborators:
                raise Refusal("FORBIDDEN", "Resource not accessible by personal access token")
            ones = [self._edge(user) for user in hub.users.values() if user.role != "none"]
            return listed(ones, args, edges=True)
        if name in {"issues", "pullRequests"}:
            return self._list(name == "pullRequests", args)
        if name == "issueOrPullRequest":
            one = hub.things.get(args["number"])
            return self._thing(one) if one else None
        raise AssertionError(f"Repository.{name} is not in the model")

    def _list(self, pulls: bool, args: Args) -> Node:
        states = args.get("states") or ["OPEN", "CLOSED", "MERGED"]
        ones = [one for one in self.hub.things.values() if one.is_pull is pulls and one.state in states]
        if args.get("headRefName"):  # strongly consistent, unlike the other lists
            ones = [one for one in ones if one.head_ref == args["headRefName"]]
        else:
            ones = [one for one in ones if self.hub.clock() >= one.hidden_until]
        if args["orderBy"]["field"] == "UPDATED_AT":
            ones = sorted(ones, key=lambda one: (one.updated_at, one.number))
        if args["orderBy"]["direction"] == "DESC":
            ones.reverse()
        return listed([self._thing(one) for one in ones], args)

    def _edge(self, user: User) -> Node:
        return plain("Edge", {"permission": user.role.upper(), "node": self._user(user)})

    def _ref(self, ref: str, prefix: str = "") -> Node | None:
        oid = self.hub.refs.get(ref)
        if oid is None:
            return None
        name = ref.removeprefix(prefix) if prefix else ref.rpartition("/")[2]
        return plain("Ref", {"name": name, "target": self._commit(oid)})

    def _commit(self, oid: str) -> Node:
        return Node("Commit", lambda name, args: self._of_commit(oid, name, args))

    def _of_commit(self, oid: str, name: str, args: Args) -> Any:
        commit = self.hub.objects.commits[oid]
        if name == "tree":
            return plain("Tree", {"oid": commit.tree})
        if name == "parents":
            return listed([plain("Commit", {"oid": parent}) for parent in commit.parents], args)
        if name == "statusCheckRollup":
            found = self.hub.rollup(oid)
            shown = [self._status(one) for one in found]
            return Node("Rollup", lambda name, args: listed(shown, args)) if found else None
        return {"oid": oid, "message": commit.message, "committedDate": iso(commit.at)}[name]

    def _status(self, one: Mapping[str, Any]) -> Node:
        return plain("StatusContext", {
            "context": one["context"], "state": one["state"], "description": one["description"],
            "createdAt": iso(one["at"]), "targetUrl": "", "creator": self._user(one["who"]),
        })  # fmt: skip

    def _user(self, user: User | None) -> Node | None:
        return user and plain("User", {"login": user.login, "databaseId": user.id})

    # ---- items ------------------------------------------------------------------------------------------------------

    def _thing(self, one: Thing) -> Node:
        return Node("PullRequest" if one.is_pull else "Issue", lambda name, args: self._of_thing(one, name, args))

    def _of_thing(self, one: Thing, name: str, args: Args) -> Any:
        if name == "repository":
            return Node("Repository", self._repository)
        found: Any = getattr(self, f"_{name}")(one, args) if name in _OWN else _FIELDS[name](one)
        return found

    def _author(self, one: Thing, args: Args) -> Any:
        return self._user(one.author)

    def _editor(self, one: Thing, args: Args) -> Any:
        return self._user(one.edits[-1][0]) if one.edits else None

    def _labels(self, one: Thing, args: Args) -> Any:
        return listed([plain("Label", {"name": n, "id": f"LA_{n}"}) for n in one.labels.values()], args)

    def _comments(self, one: Thing, args: Args) -> Any:
        return listed([self._post(post, "IssueComment") for post in one.comments], args)

    def _reviews(self, one: Thing, args: Args) -> Any:
        return listed([self._post(post, "PullRequestReview") for post in one.reviews], args)

    def _post(self, post: Post, kind: str) -> Node:
        return plain(kind, {
            "id": f"C_{post.id}", "fullDatabaseId": str(post.id), "body": post.body, "createdAt": iso(post.at),
            "lastEditedAt": _when(post.edited_at), "url": f"https://model/{post.id}", "author": self._user(post.author),
            "editor": self._user(post.editor), "state": post.state, "submittedAt": iso(post.at),
            "commit": plain("Commit", {"oid": post.commit}) if post.commit else None,
        })  # fmt: skip

    def _userContentEdits(self, one: Thing, args: Args) -> Any:  # noqa: N802 - GitHub's name
        shown = [
            plain("UserContentEdit", {"editedAt": iso(at), "deletedAt": None, "diff": text, "editor": self._user(who)})
            for who, at, text in reversed(one.edits)
        ]
        return listed(shown, args)

    def _timelineItems(self, one: Thing, args: Args) -> Any:  # noqa: N802 - GitHub's name
        wanted = {kind.title().replace("_", "") for kind in args["itemTypes"]}
        return listed([self._event(event) for event in one.events if event["kind"] in wanted], args)

    def _event(self, event: Mapping[str, Any]) -> Node:
        if event["kind"] == "CrossReferencedEvent":
            source = self._thing(event["pull"])
            return plain(event["kind"], {
                "createdAt": iso(event["at"]), "isCrossRepository": False, "source": source, "actor": None,
            })  # fmt: skip
        label = plain("Label", {"name": event["label"]})
        return plain(event["kind"], {"createdAt": iso(event["at"]), "label": label, "actor": self._user(event["who"])})

    def _mergeable(self, one: Thing, args: Args) -> Any:
        return {True: "MERGEABLE", False: "CONFLICTING", None: "UNKNOWN"}[self.hub.look_mergeable(one)]

    def _baseRef(self, one: Thing, args: Args) -> Any:  # noqa: N802 - GitHub's name
        return self._ref(f"refs/heads/{one.base_ref}")

    def _commits(self, one: Thing, args: Args) -> Any:
        return listed([plain("PullRequestCommit", {"commit": self._commit(one.head)})], {})


def _oid(text: str) -> str | None:
    return None if text == ZERO else text


_OWN = frozenset(
    {"author", "editor", "labels", "comments", "reviews", "userContentEdits", "timelineItems", "mergeable", "baseRef",
     "commits"}
)  # fmt: skip
_FIELDS: Mapping[str, Callable[[Thing], Any]] = {
    "id": lambda one: one.node_id,
    "number": lambda one: one.number,
    "title": lambda one: one.title,
    "body": lambda one: one.body,
    "state": lambda one: one.state,
    "merged": lambda one: one.state == "MERGED",
    "createdAt": lambda one: iso(one.at),
    "updatedAt": lambda one: iso(one.updated_at),
    "lastEditedAt": lambda one: _when(one.edits[-1][1] if one.edits else None),
    "url": lambda one: f"https://model/{one.number}",
    "subIssuesSummary": lambda one: plain("Summary", {"total": 0, "completed": 0}),
    "isDraft": lambda one: one.draft,
    "isCrossRepository": lambda one: one.fork,
    "headRefName": lambda one: one.head_ref,
    "headRefOid": lambda one: one.head,
    "baseRefName": lambda one: one.base_ref,
    "headRepository": lambda one: plain("Repository", {"nameWithOwner": "eve/calc" if one.fork else "ada/calc"}),
    "mergedAt": lambda one: _when(one.closed_at) if one.state == "MERGED" else None,
    "closedAt": lambda one: _when(one.closed_at),
    "mergeCommit": lambda one: plain("Commit", {"oid": one.merge_commit}) if one.merge_commit else None,
}
