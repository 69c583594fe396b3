"""Writes on issues, labels, comments and refs. Mutations of one request run one after the other."""

from __future__ import annotations

from typing import Any

from bee.forge.core import comments, issues, labels, refs, relations
from bee.forge.core.errors import Refused, invalid, unprocessable
from bee.forge.core.gitrefs import ZERO
from bee.forge.core.store import Row
from bee.forge.core.world import Call
from bee.forge.graph import people
from bee.forge.graph.base import Batch, Edge
from bee.forge.graph.gitnodes import Ref, ref
from bee.forge.graph.items import Issue, IssueComment, Item, Label, wrap
from bee.forge.graph.query import need
from bee.forge.graph.repository import Repository

Input = dict[str, Any]
Payload = dict[str, Any]


def again(call: Call, item: Item) -> Item:
    """The same item after the write."""
    row = issues.by_id(call, item.row["id"])
    assert row is not None
    return wrap(call, [row])[0]


# -- refs ---------------------------------------------------------------------------------------------


def update_refs(call: Call, asked: Input) -> Payload:
    """All of the changes or none (https://docs.github.com/graphql/reference/mutations#updaterefs)."""
    repo = need(call, asked["repository_id"], Repository).repo
    changes = [
        refs.Wanted(one["name"], one.get("before_oid"), one["after_oid"], bool(one.get("force")))
        for one in asked["ref_updates"]
    ]
    refs.change(call, repo, changes)
    return {}


def create_ref(call: Call, asked: Input) -> Payload:
    """Create one ref."""
    repo = need(call, asked["repository_id"], Repository).repo
    if repo.git.refs.get(asked["name"]):
        raise unprocessable(f'A ref named "{asked["name"]}" already exists in the repository.')
    refs.change(call, repo, [refs.Wanted(asked["name"], ZERO, asked["oid"])])
    return {"ref": ref(call, repo, asked["name"])}


def update_ref(call: Call, asked: Input) -> Payload:
    """Move one ref."""
    found = need(call, asked["ref_id"], Ref)
    refs.change(call, found.repo, [refs.Wanted(found.full_name, None, asked["oid"], bool(asked.get("force")))])
    return {"ref": ref(call, found.repo, found.full_name)}


def delete_ref(call: Call, asked: Input) -> Payload:
    """Delete one ref."""
    found = need(call, asked["ref_id"], Ref)
    refs.change(call, found.repo, [refs.Wanted(found.full_name, None, ZERO)])
    return {}


# -- labels -------------------------------------------------------------------------------------------


def _labels(call: Call, item: Item, ids: list[str]) -> list[Row]:
    rows = [need(call, one, Label).row for one in ids]
    if any(row["repo_id"] != item.repo.id for row in rows):
        raise unprocessable("Label does not belong to the repository")
    return rows


def add_labels_to_labelable(call: Call, asked: Input) -> Payload:
    """Put labels on an item."""
    item = need(call, asked["labelable_id"], Item)
    call.need(item.repo, "triage")
    labels.add(call, item.row, _labels(call, item, asked["label_ids"]), call.actor())
    return {"labelable": again(call, item)}


def remove_labels_from_labelable(call: Call, asked: Input) -> Payload:
    """Take labels off an item."""
    item = need(call, asked["labelable_id"], Item)
    call.need(item.repo, "triage")
    labels.remove(call, item.row, _labels(call, item, asked["label_ids"]), call.actor())
    return {"labelable": again(call, item)}


def clear_labels_from_labelable(call: Call, asked: Input) -> Payload:
    """Take every label off an item."""
    item = need(call, asked["labelable_id"], Item)
    call.need(item.repo, "triage")
    labels.replace(call, item.row, [], call.actor())
    return {"labelable": again(call, item)}


def create_label(call: Call, asked: Input) -> Payload:
    """Create a label."""
    repo = need(call, asked["repository_id"], Repository).repo
    call.need(repo, "write")
    return {"label": Label(call, labels.create(call, repo, asked["name"], asked["color"], asked.get("description")))}


def update_label(call: Call, asked: Input) -> Payload:
    """Change a label."""
    label = need(call, asked["id"], Label)
    repo = label.repository().repo
    call.need(repo, "write")
    return {"label": Label(call, labels.update(call, repo, label.row, asked))}


def delete_label(call: Call, asked: Input) -> Payload:
    """Delete a label."""
    label = need(call, asked["id"], Label)
    call.need(label.repository().repo, "write")
    labels.delete(call, label.row)
    return {}


# -- comments -----------------------------------------------------------------------------------------


def add_comment(call: Call, asked: Input) -> Payload:
    """Comment on an item."""
    item = need(call, asked["subject_id"], Item)
    row = comments.create(call, item.repo, item.row, asked["body"])
    comment = IssueComment(call, item.repo, row, Batch([row["id"]]))
    return {"subject": again(call, item), "commentEdge": Edge(comment, row["id"])}


def update_issue_comment(call: Call, asked: Input) -> Payload:
    """Change a comment."""
    comment = need(call, asked["id"], IssueComment)
    row = comments.edit(call, comment.repo, comment.row, asked["body"])
    return {"issueComment": IssueComment(call, comment.repo, row, Batch([row["id"]]))}


def delete_issue_comment(call: Call, asked: Input) -> Payload:
    """Delete a comment."""
    comment = need(call, asked["id"], IssueComment)
    comments.delete(call, comment.repo, comment.row)
    return {}


# -- issues -------------------------------------------------------------------------------------------


def logins(call: Call, ids: list[str]) -> list[str]:
    """The logins of accounts by their node ids."""
    return [need(call, one, people.Account).user.login for one in ids]


def create_issue(call: Call, asked: Input) -> Payload:
    """Open an issue."""
    repo = need(call, asked["repository_id"], Repository).repo
    named = [need(call, one, Label).row["name"] for one in asked.get("label_ids") or []]
    row = issues.create(
        call, repo, asked["title"], asked.get("body"), named, logins(call, asked.get("assignee_ids") or [])
    )
    if asked.get("parent_issue_id"):
        parent = need(call, asked["parent_issue_id"], Issue)
        relations.add_child(call, parent.repo, parent.row, row["id"])
    return {"issue": wrap(call, [row])[0]}


def changes(call: Call, asked: Input) -> dict[str, Any]:
    """The REST form of what an update asks for."""
    found = {key: asked[key] for key in ("title", "body") if asked.get(key) is not None}
    if asked.get("state"):
        found["state"] = asked["state"].lower()
    if asked.get("label_ids") is not None:
        found["labels"] = [need(call, one, Label).row["name"] for one in asked["label_ids"]]
    if asked.get("assignee_ids") is not None:
        found["assignees"] = logins(call, asked["assignee_ids"])
    return found


def update_issue(call: Call, asked: Input) -> Payload:
    """Change an issue."""
    item = need(call, asked["id"], Issue)
    issues.edit(call, item.repo, item.row, changes(call, asked))
    return {"issue": again(call, item), "actor": people.account(call, call.actor())}


def close_issue(call: Call, asked: Input) -> Payload:
    """Close an issue."""
    item = need(call, asked["issue_id"], Issue)
    reason = asked.get("state_reason")
    issues.edit(call, item.repo, item.row, {"state": "closed", "state_reason": reason.lower() if reason else None})
    return {"issue": again(call, item)}


def reopen_issue(call: Call, asked: Input) -> Payload:
    """Reopen an issue."""
    item = need(call, asked["issue_id"], Issue)
    issues.edit(call, item.repo, item.row, {"state": "open"})
    return {"issue": again(call, item)}


def add_sub_issue(call: Call, asked: Input) -> Payload:
    """Make an issue a part of another one."""
    item = need(call, asked["issue_id"], Issue)
    if not asked.get("sub_issue_id"):
        raise invalid("SubIssue", "subIssueId", "missing_field")
    child = need(call, asked["sub_issue_id"], Issue)
    relations.add_child(call, item.repo, item.row, child.row["id"], bool(asked.get("replace_parent")))
    return {"issue": again(call, item), "subIssue": again(call, child)}


def remove_sub_issue(call: Call, asked: Input) -> Payload:
    """Take a sub-issue out of its parent."""
    item, child = need(call, asked["issue_id"], Issue), need(call, asked["sub_issue_id"], Issue)
    try:
        relations.remove_child(call, item.repo, item.row, child.row["id"])
    except Refused as refusal:
        raise Refused(404, "The issue is no sub-issue of the other") from refusal
    return {"issue": again(call, item), "subIssue": again(call, child)}


def add_assignees_to_assignable(call: Call, asked: Input) -> Payload:
    """Assign users."""
    item = need(call, asked["assignable_id"], Item)
    call.need(item.repo, "triage")
    issues.assign(call, item.repo, item.row, logins(call, asked["assignee_ids"]))
    return {"assignable": again(call, item)}


def remove_assignees_from_assignable(call: Call, asked: Input) -> Payload:
    """Take assignees off."""
    item = need(call, asked["assignable_id"], Item)
    call.need(item.repo, "triage")
    issues.unassign(call, item.repo, item.row, logins(call, asked["assignee_ids"]))
    return {"assignable": again(call, item)}


def resettle(call: Call) -> None:
    """Before each mutation: what earlier ones or pushes moved is looked at again."""
    for key in [key for key in call.cache if key[0] in ("settled", "base", "repo", "checks", "heads", "level")]:
        del call.cache[key]
