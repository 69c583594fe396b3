"""The model as REST shows it: the endpoints bee uses, and no others (an unknown one is 404, as everywhere)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from tests.sim.hub import Hub, No, Thing, User
from tests.sim.nodes import iso

Json = Any
Handler = Callable[..., tuple[int, Json]]
_ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []


def _route(method: str, path: str) -> Callable[[Handler], Handler]:
    pattern = re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", path).replace("<ref>[^/]+", "<ref>.+") + r"\Z")

    def add(handler: Handler) -> Handler:
        _ROUTES.append((method, pattern, handler))
        return handler

    return add


def answer(hub: Hub, who: User, method: str, path: str, body: Json, query: Mapping[str, str]) -> tuple[int, Json]:
    """(status, JSON) of one request below /repos/owner/name."""
    for wanted, pattern, handler in _ROUTES:
        found = pattern.match(path) if wanted == method else None
        if found:
            try:
                return handler(hub, who, body or {}, query, **{key: unquote(v) for key, v in found.groupdict().items()})
            except No as problem:
                return problem.status, {"message": problem.message}
    return 404, {"message": f"the model has no {method} {path}"}


def _user(user: User | None) -> Json:
    return user and {"login": user.login, "id": user.id, "type": "User"}


def _shown(one: Thing) -> Json:
    found: dict[str, Any] = {
        "number": one.number, "node_id": one.node_id, "title": one.title, "body": one.body, "user": _user(one.author),
        "state": "open" if one.state == "OPEN" else "closed", "labels": [{"name": n} for n in one.labels.values()],
        "issue_dependencies_summary": {"blocked_by": len(one.blocked_by)}, "created_at": iso(one.at),
        "updated_at": iso(one.updated_at), "comments": len(one.comments),
        "closed_by": _user(one.closed_by), "state_reason": None if one.state == "OPEN" else "completed",
    }  # fmt: skip
    if one.is_pull:
        found["pull_request"] = {}
    return found


def _pull(hub: Hub, one: Thing) -> Json:
    return {
        **_shown(one), "merged": one.state == "MERGED", "merged_by": _user(one.merged_by),
        "merge_commit_sha": one.merge_commit, "head": {"ref": one.head_ref, "sha": one.head},
        "base": {"ref": one.base_ref, "sha": hub.base_of(one)}, "mergeable": hub.look_mergeable(one),
        "draft": one.draft,
    }  # fmt: skip


def _the_pull(hub: Hub, number: str) -> Thing:
    one = hub.thing(int(number))
    if not one.is_pull:
        raise No(404, "Not Found")
    return one


@_route("GET", "/issues")
def _issues(hub: Hub, who: User, body: Json, query: Mapping[str, str]) -> tuple[int, Json]:
    state = query.get("state", "open")
    ones = [one for one in hub.things.values() if hub.clock() >= one.hidden_until]
    ones = [one for one in ones if state == "all" or (one.state == "OPEN") == (state == "open")]
    ones = [one for one in ones if query.get("creator") in (None, one.author.login)]
    wanted = {name.lower() for name in query.get("labels", "").split(",") if name}
    ones = [one for one in ones if wanted <= {name.lower() for name in one.labels}]
    if query.get("sort") == "updated":
        ones.sort(key=lambda one: (one.updated_at, one.number))
    if query.get("direction", "desc") == "desc":
        ones.reverse()
    return 200, [_shown(one) for one in ones]


@_route("POST", "/issues")
def _new_issue(hub: Hub, who: User, body: Json, query: Mapping[str, str]) -> tuple[int, Json]:
    return 201, _shown(hub.open_issue(who, body["title"], body.get("body") or "", body.get("labels") or ()))


@_route("GET", "/issues/<number>")
def _issue(hub: Hub, who: User, body: Json, query: Mapping[str, str], number: str) -> tuple[int, Json]:
    return 200, _shown(hub.thing(int(number)))


@_route("PATCH", "/issues/<number>")
@_route("PATCH", "/pulls/<number>")
def _edit(hub: Hub, who: User, body: Json, query: Mapping[str, str], number: str) -> tuple[int, Json]:
    one = hub.thing(int(number))
    if "body" in body:
        hub.edit_body(who, one, body["body"])
    if "state" in body:
        hub.set_state(who, one, body["state"].upper())
    return 200, _shown(one)


@_route("GET", "/issues/<number>/dependencies/blocked_by")
def _blocked(hub: Hub, who: User, body: Json, query: Mapping[str, str], number: str) -> tuple[int, Json]:
    ones = [hub.thing(n) for n in hub.thing(int(number)).blocked_by]
    return 200, [{**_shown(one), "repository_url": f"https://model/repos/{hub.repo}"} for one in ones]


@_route("POST", "/issues/<number>/labels")
def _label(hub: Hub, who: User, body: Json, query: Mapping[str, str], number: str) -> tuple[int, Json]:
    one = hub.thing(int(number))
    hub.add_labels(who, one, body["labels"])
    return 200, _shown(one)["labels"]


@_route("DELETE", "/issues/<number>/labels/<name>")
def _unlabel(hub: Hub, who: User, body: Json, query: Mapping[str, str], number: str, name: str) -> tuple[int, Json]:
    one = hub.thing(int(number))
    if not hub.remove_label(who, one, name):
        raise No(404, "Label does not exist")
    return 200, _shown(one)["labels"]


@_route("POST", "/issues/<number>/comments")
def _comment(hub: Hub, who: User, body: Json, query: Mapping[str, str], number: str) -> tuple[int, Json]:
    post = hub.comment(who, hub.thing(int(number)), body["body"])
    return 201, {"id": post.id, "body": post.body, "user": _user(who), "html_url": f"https://model/{post.id}"}


@_route("GET", "/issues/<number>/comments")
def _comments(hub: Hub, who: User, body: Json, query: Mapping[str, str], number: str) -> tuple[int, Json]:
    return 200, [{"id": p.id, "body": p.body, "user": _user(p.author)} for p in hub.thing(int(number)).comments]


@_route("PATCH", "/issues/comments/<number>")
def _recomment(hub: Hub, who: User, body: Json, query: Mapping[str, str], number: str) -> tuple[int, Json]:
    post = hub.edit_comment(who, int(number), body["body"])
    return 200, {"id": post.id, "body": post.body, "user": _user(post.author)}


@_route("DELETE", "/issues/comments/<number>")
def _uncomment(hub: Hub, who: User, body: Json, query: Mapping[str, str], number: str) -> tuple[int, Json]:
    hub.delete_comment(who, int(number))
    return 204, None


@_route("GET", "/labels")
def _labels(hub: Hub, who: User, body: Json, query: Mapping[str, str]) -> tuple[int, Json]:
    return 200, [{"name": name, "node_id": f"LA_{name}"} for name in hub.labels.values()]


@_route("POST", "/labels")
def _new_label(hub: Hub, who: User, body: Json, query: Mapping[str, str]) -> tuple[int, Json]:
    hub.need(who, "write")
    if body["name"].lower() in hub.labels:
        raise No(422, "Validation Failed; already_exists")
    return 201, {"name": hub.label_name(body["name"]), "node_id": f"LA_{body['name']}"}


@_route("GET", "/labels/<name>")
def _one_label(hub: Hub, who: User, body: Json, query: Mapping[str, str], name: str) -> tuple[int, Json]:
    if name.lower() not in hub.labels:
        raise No(404, "Not Found")
    return 200, {"name": hub.labels[name.lower()], "node_id": f"LA_{hub.labels[name.lower()]}"}


@_route("POST", "/pulls")
def _new_pull(hub: Hub, who: User, body: Json, query: Mapping[str, str]) -> tuple[int, Json]:
    one = hub.open_pull(who, body["title"], body.get("body") or "", body["head"], body["base"])
    return 201, _pull(hub, one)


@_route("GET", "/pulls/<number>")
def _one_pull(hub: Hub, who: User, body: Json, query: Mapping[str, str], number: str) -> tuple[int, Json]:
    return 200, _pull(hub, _the_pull(hub, number))


@_route("PUT", "/pulls/<number>/merge")
def _merge(hub: Hub, who: User, body: Json, query: Mapping[str, str], number: str) -> tuple[int, Json]:
    pull = _the_pull(hub, number)
    title = body.get("commit_title") or pull.title
    made = hub.merge(who, pull, body.get("sha"), body.get("merge_method") or "merge", title)
    return 200, {"sha": made, "merged": True, "message": "Pull Request successfully merged"}


@_route("POST", "/pulls/<number>/reviews")
def _review(hub: Hub, who: User, body: Json, query: Mapping[str, str], number: str) -> tuple[int, Json]:
    pull = _the_pull(hub, number)
    post = hub.review(who, pull, body["event"], body.get("body") or "", body.get("commit_id"))
    return 200, {"id": post.id, "state": post.state, "body": post.body, "html_url": f"https://model/{post.id}"}


@_route("PUT", "/pulls/<pull>/reviews/<number>")
def _rereview(hub: Hub, who: User, body: Json, query: Mapping[str, str], pull: str, number: str) -> tuple[int, Json]:
    post = hub.edit_review(who, _the_pull(hub, pull), int(number), body["body"])
    return 200, {"id": post.id, "state": post.state, "body": post.body}


@_route("POST", "/statuses/<sha>")
def _status(hub: Hub, who: User, body: Json, query: Mapping[str, str], sha: str) -> tuple[int, Json]:
    hub.set_status(who, sha, body["context"], body["state"], body.get("description") or "")
    return 201, {"context": body["context"], "state": body["state"]}


@_route("GET", "/collaborators/<login>/permission")
def _permission(hub: Hub, who: User, body: Json, query: Mapping[str, str], login: str) -> tuple[int, Json]:
    user = next((user for name, user in hub.users.items() if name.lower() == login.lower()), None)
    if user is None:
        raise No(404, "Not Found")
    role = "read" if user.role == "none" else user.role  # the repository is public
    return 200, {"permission": role, "role_name": role, "user": _user(user)}


@_route("POST", "/git/commits")
def _new_commit(hub: Hub, who: User, body: Json, query: Mapping[str, str]) -> tuple[int, Json]:
    hub.need(who, "write")
    if body["tree"] not in hub.objects.trees or any(p not in hub.objects.commits for p in body["parents"]):
        raise No(422, "Tree SHA or a parent does not exist")
    oid = hub.objects.commit(body["tree"], tuple(body["parents"]), body["message"], hub.now, who.login)
    return 201, {"sha": oid}


@_route("GET", "/git/commits/<oid>")
def _commit(hub: Hub, who: User, body: Json, query: Mapping[str, str], oid: str) -> tuple[int, Json]:
    commit = hub.objects.commits.get(oid)
    if commit is None:
        raise No(404, "Not Found")
    parents = [{"sha": parent} for parent in commit.parents]
    return 200, {"sha": oid, "message": commit.message, "tree": {"sha": commit.tree}, "parents": parents}


@_route("GET", "/git/ref/<ref>")
def _ref(hub: Hub, who: User, body: Json, query: Mapping[str, str], ref: str) -> tuple[int, Json]:
    oid = hub.refs.get(f"refs/{ref}")
    if oid is None:
        raise No(404, "Not Found")
    return 200, {"ref": f"refs/{ref}", "object": {"sha": oid, "type": "commit"}}


@_route("POST", "/git/refs")
def _new_ref(hub: Hub, who: User, body: Json, query: Mapping[str, str]) -> tuple[int, Json]:
    if body["ref"] in hub.refs:
        raise No(422, "Reference already exists")
    hub.move_refs(who, [(body["ref"], None, body["sha"])])
    return 201, {"ref": body["ref"]}


@_route("PATCH", "/git/refs/<ref>")
def _move_ref(hub: Hub, who: User, body: Json, query: Mapping[str, str], ref: str) -> tuple[int, Json]:
    before = hub.refs.get(f"refs/{ref}")
    if before is None:
        raise No(422, "Reference does not exist")
    hub.move_refs(who, [(f"refs/{ref}", before, body["sha"])], forced=bool(body.get("force")))
    return 200, {"ref": f"refs/{ref}"}


@_route("DELETE", "/git/refs/<ref>")
def _drop_ref(hub: Hub, who: User, body: Json, query: Mapping[str, str], ref: str) -> tuple[int, Json]:
    before = hub.refs.get(f"refs/{ref}")
    if before is None:
        raise No(422, "Reference does not exist")
    hub.move_refs(who, [(f"refs/{ref}", before, None)])
    return 204, None
