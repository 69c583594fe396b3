"""Writes. The mutations of one request run one after the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from bee.forge.core import comments, issues, labels, merge, moving, pulls, queue, refs, relations, settle
from bee.forge.core.errors import Refused, invalid, unprocessable
from bee.forge.core.gitrefs import ZERO
from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.core.world import Call, Repo
from bee.forge.graph.base import Node, RepoNode, RowNode
from bee.forge.graph.fields import Args
from bee.forge.graph.nodes import ITEMS, account, comment, item, label, ref
from bee.forge.graph.pages import Edge
from bee.forge.graph.query import find, need
from bee.forge.graph.reviewing import REVIEWING
from bee.forge.graph.types.queue import entry as queue_entry
from bee.forge.graph.writes import Payload, Write, at, logins, on, plain

# Inputs that real clients name, mostly as null; what they would do is not here.
UNSERVED: Final = ("projectIds", "milestoneId", "issueTemplate", "teamIds")
# Not one transaction: these move git refs first, and record what follows from them afterwards.
UNWRAPPED: Final = ("updateRefs", "createRef", "updateRef", "deleteRef", "mergePullRequest")
# What an earlier mutation of the request may have made untrue.
_FORGOTTEN: Final = ("settled", "base", "repo", "checks", "heads", "level")


def resolver(name: str) -> Callable[..., Payload]:
    """How graphql-core runs a mutation."""
    write = MUTATIONS[name]

    def resolve(_root: Any, info: Any, **args: Any) -> Payload:
        call: Call = info.context
        asked: Args = args["input"]
        for key in [key for key in call.cache if key[0] in _FORGOTTEN]:
            del call.cache[key]
        actor = call.actor()
        _need_writable(call, asked)
        unserved = [key for key in UNSERVED if asked.get(key)]
        if unserved:
            raise Refused(422, f"This forge does not have {', '.join(unserved)}.", kind="NOT_SERVED")
        if name in UNWRAPPED:
            payload = write(call, asked)
        else:
            with call.writing():
                payload = write(call, asked)
        return {**payload, "actor": account(call, actor), "clientMutationId": asked.get("clientMutationId")}

    return resolve


def _need_writable(call: Call, asked: Args) -> None:
    """Nothing is written in an archived repository."""
    if call.row("SELECT 1 FROM repos WHERE settings LIKE '%\"archived\": true%'") is None:
        return
    for value in (value for key, value in asked.items() if key.endswith(("Id", "id")) and isinstance(value, str)):
        node = find(call, value)
        if isinstance(node, RepoNode):
            moving.need_writable(node.repo)


# -- refs -----------------------------------------------------------------------------------------------


def _update_refs(node: Node[Repo], asked: Args) -> None:
    """All of the changes or none (https://docs.github.com/graphql/reference/mutations#updaterefs)."""
    changes = [
        refs.Wanted(one["name"], one.get("beforeOid"), one["afterOid"], bool(one.get("force")))
        for one in asked["refUpdates"]
    ]
    refs.change(node.call, node.data, changes)


def _create_ref(call: Call, asked: Args) -> Payload:
    repo, name = need(call, asked["repositoryId"], "Repository").repo, asked["name"]
    if repo.git.refs.get(name):
        raise unprocessable(f'A ref named "{name}" already exists in the repository.')
    refs.change(call, repo, [refs.Wanted(name, ZERO, asked["oid"])])
    return {"ref": ref(call, repo, name)}


def _move_ref(node: Any, asked: Args) -> None:
    wanted = refs.Wanted(node.data.full_name, None, asked.get("oid", ZERO), bool(asked.get("force")))
    refs.change(node.call, node.repo, [wanted])


# -- labels and comments ----------------------------------------------------------------------------------


def _labelling(node: RowNode, ids: list[str]) -> tuple[Call, Row, list[Row], User]:
    found = [need(node.call, one, "Label") for one in ids]
    if any(one.repo.id != node.repo.id for one in found):
        raise unprocessable("Label does not belong to the repository")
    return node.call, node.data, [one.data for one in found], node.call.actor()


def _create_label(call: Call, asked: Args) -> Payload:
    repo = need(call, asked["repositoryId"], "Repository").repo
    call.need(repo, "write")
    return {"label": label(call, labels.create(call, repo, asked["name"], asked["color"], asked.get("description")))}


def _add_comment(call: Call, asked: Args) -> Payload:
    row = comments.create(*at(need(call, asked["subjectId"], *ITEMS)), asked["body"])
    return {"subject": need(call, asked["subjectId"]), "commentEdge": Edge(comment(call, row), row["id"])}


# -- issues -----------------------------------------------------------------------------------------------


def _label_names(call: Call, ids: list[str] | None) -> list[str]:
    return [need(call, one, "Label").data["name"] for one in ids or []]


def _create_issue(call: Call, asked: Args) -> Payload:
    repo = need(call, asked["repositoryId"], "Repository").repo
    row = issues.create(
        call, repo, asked["title"], asked.get("body"), _label_names(call, asked.get("labelIds")),
        logins(call, asked.get("assigneeIds")),
    )  # fmt: skip
    if asked.get("parentIssueId"):
        relations.add_child(*at(need(call, asked["parentIssueId"], "Issue")), row["id"])
    return {"issue": item(call, row)}


def _changes(call: Call, asked: Args) -> dict[str, Any]:
    """The REST form of what an update asks for."""
    found = {key: asked[key] for key in ("title", "body") if asked.get(key) is not None}
    if asked.get("state"):
        found["state"] = asked["state"].lower()
    if asked.get("labelIds") is not None:
        found["labels"] = _label_names(call, asked["labelIds"])
    if asked.get("assigneeIds") is not None:
        found["assignees"] = logins(call, asked["assigneeIds"])
    return found


def _update_issue(node: RowNode, asked: Args) -> None:
    issues.edit(*at(node), _changes(node.call, asked))


def _assigning(node: RowNode, asked: Args) -> tuple[Call, Repo, Row, list[str]]:
    return *at(node), logins(node.call, asked["assigneeIds"])


def _close(node: RowNode, asked: Args) -> None:
    reason = asked.get("stateReason")
    issues.edit(*at(node), {"state": "closed", "state_reason": reason and reason.lower()})


def _reopen(node: RowNode, _asked: Args) -> None:
    issues.edit(*at(node), {"state": "open"})


def _add_sub_issue(node: RowNode, asked: Args) -> None:
    if not asked.get("subIssueId"):
        raise invalid("SubIssue", "subIssueId", "missing_field")
    child = need(node.call, asked["subIssueId"], "Issue")
    relations.add_child(*at(node), child.data["id"], bool(asked.get("replaceParent")))


def _remove_sub_issue(node: RowNode, asked: Args) -> None:
    child = need(node.call, asked["subIssueId"], "Issue")
    try:
        relations.remove_child(*at(node), child.data["id"])
    except Refused as refusal:
        raise Refused(404, "The issue is no sub-issue of the other") from refusal


# -- pull requests ------------------------------------------------------------------------------------------


def _create_pull_request(call: Call, asked: Args) -> Payload:
    repo, head = need(call, asked["repositoryId"], "Repository").repo, asked.get("headRepositoryId")
    opening = pulls.Opening(
        title=asked["title"], body=asked.get("body"), head=asked["headRefName"].removeprefix("refs/heads/"),
        base=asked["baseRefName"].removeprefix("refs/heads/"), draft=bool(asked.get("draft")),
        maintainer_can_modify=asked.get("maintainerCanModify") is not False,
        head_repo=need(call, head, "Repository").repo if head else None,
    )  # fmt: skip
    try:
        return {"pullRequest": item(call, pulls.create(call, repo, opening))}
    except Refused as refusal:
        raise plain(refusal) from refusal


def _update_pull_request(node: RowNode, asked: Args) -> None:
    wanted = _changes(node.call, asked)
    if asked.get("baseRefName"):
        wanted["base"] = asked["baseRefName"]
    if asked.get("maintainerCanModify") is not None:
        wanted["maintainer_can_modify"] = asked["maintainerCanModify"]
    pulls.edit(*at(node), wanted)


def _merge(node: RowNode, asked: Args) -> None:
    """Merge; `expectedHeadOid` guards the head."""
    wish = merge.Wish(
        (asked.get("mergeMethod") or "MERGE").lower(), asked.get("expectedHeadOid"), asked.get("commitHeadline"),
        asked.get("commitBody"),
    )  # fmt: skip
    merge.merge(*at(node), wish)
    settle.resettle(node.call, node.repo)


def _enqueue(node: RowNode, asked: Args) -> None:
    queue.enqueue(*at(node), asked.get("expectedHeadOid"), bool(asked.get("jump")))


def _entry(write: Callable[[RowNode, Args], object], argument: str) -> Write:
    """A write on a pull request's entry of a merge queue."""

    def written(call: Call, asked: Args) -> Payload:
        node = need(call, asked[argument], "PullRequest")
        gone = write(node, asked)
        row = queue.entry_of(call, node.data["id"])
        return {"mergeQueueEntry": queue_entry(node, row or (gone if isinstance(gone, Row) else None))}

    return written


def _lock(locked: bool, node: RowNode, asked: Args) -> None:
    reason = (
        (asked.get("lockReason") or "").lower().replace("_", "-" if asked.get("lockReason") == "OFF_TOPIC" else " ")
    )
    issues.lock(*at(node), locked, reason or None)


_labelable: Final = partial(on, "labelableId", *ITEMS, level="triage", labelable="labelableId")
_assignable: Final = partial(on, "assignableId", *ITEMS, level="triage", assignable="assignableId")
_issue: Final = partial(on, "issueId", "Issue", issue="issueId")
_pull: Final = partial(on, "pullRequestId", "PullRequest", pullRequest="pullRequestId")
_label: Final = partial(on, "id", "Label", level="write")
_comment: Final = partial(on, "id", "IssueComment")

MUTATIONS: Final[dict[str, Write]] = {
    "updateRefs": on("repositoryId", "Repository", do=_update_refs),
    "createRef": _create_ref,
    "updateRef": on("refId", "Ref", do=_move_ref, ref="refId"),
    "deleteRef": on("refId", "Ref", do=_move_ref),
    "addLabelsToLabelable": _labelable(do=lambda node, asked: labels.add(*_labelling(node, asked["labelIds"]))),
    "removeLabelsFromLabelable": _labelable(do=lambda node, asked: labels.remove(*_labelling(node, asked["labelIds"]))),
    "clearLabelsFromLabelable": _labelable(do=lambda node, _asked: labels.replace(*_labelling(node, []))),
    "createLabel": _create_label,
    "updateLabel": _label(do=lambda node, asked: labels.update(*at(node), asked), label="id"),
    "deleteLabel": _label(do=lambda node, _asked: labels.delete(node.call, node.data)),
    "addComment": _add_comment,
    "updateIssueComment": _comment(do=lambda node, asked: comments.edit(*at(node), asked["body"]), issueComment="id"),
    "deleteIssueComment": _comment(do=lambda node, _asked: comments.delete(*at(node))),
    "createIssue": _create_issue,
    "updateIssue": on("id", "Issue", do=_update_issue, issue="id"),
    "closeIssue": _issue(do=_close),
    "reopenIssue": _issue(do=_reopen),
    "addSubIssue": _issue(do=_add_sub_issue, subIssue="subIssueId"),
    "removeSubIssue": _issue(do=_remove_sub_issue, subIssue="subIssueId"),
    "addAssigneesToAssignable": _assignable(do=lambda node, asked: issues.assign(*_assigning(node, asked))),
    "removeAssigneesFromAssignable": _assignable(do=lambda node, asked: issues.unassign(*_assigning(node, asked))),
    "createPullRequest": _create_pull_request,
    "updatePullRequest": _pull(do=_update_pull_request),
    "closePullRequest": _pull(do=_close),
    "reopenPullRequest": _pull(do=_reopen),
    "markPullRequestReadyForReview": _pull(do=lambda node, _asked: pulls.set_draft(*at(node), False)),
    "convertPullRequestToDraft": _pull(do=lambda node, _asked: pulls.set_draft(*at(node), True)),
    "mergePullRequest": _pull(do=_merge),
    "enqueuePullRequest": _entry(_enqueue, "pullRequestId"),
    "dequeuePullRequest": _entry(lambda node, _asked: queue.dequeue(*at(node)), "id"),
    "lockLockable": on("lockableId", *ITEMS, do=partial(_lock, True), lockedRecord="lockableId"),
    "unlockLockable": on("lockableId", *ITEMS, do=partial(_lock, False), unlockedRecord="lockableId"),
    **REVIEWING,
}
