"""Labels of items and of repositories (https://docs.github.com/rest/issues/labels)."""

from __future__ import annotations

from bee.forge.core import labels
from bee.forge.core.errors import Refused, not_found
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo
from bee.forge.rest import issueshapes as shapes
from bee.forge.rest.base import REPO, Ask, route
from bee.forge.rest.issues import ISSUE, issue_of
from bee.forge.rest.shapes import Json

# -- of items -----------------------------------------------------------------------------------------


def _named(ask: Ask) -> tuple[Row, list[Row]]:
    """The item in the address and the labels that the body names; unknown ones are created."""
    issue, data = _triaged(ask), ask.data
    listed = data.get("", data.get("labels"))
    if not isinstance(listed, list):
        raise Refused(422, "Invalid request.")
    names = [one.get("name") if isinstance(one, dict) else one for one in listed]
    return issue, [labels.ensure(ask.call, ask.repo, name) for name in names]


def _triaged(ask: Ask) -> Row:
    issue = issue_of(ask)
    ask.call.need(ask.repo, "triage")
    return issue


@route("GET", ISSUE + "/labels", shapes.label)
def issue_labels(ask: Ask) -> list[Row]:
    """The labels of an item."""
    return labels.of_item(ask.call, issue_of(ask))


def _all_labels(call: Call, repo: Repo, issue: Row) -> list[Json]:
    return [shapes.label(call, repo, row) for row in labels.of_item(call, issue)]


@route("POST", ISSUE + "/labels", _all_labels)
def add_labels(ask: Ask) -> Row:
    """Put labels on an item; unknown ones are created."""
    issue, rows = _named(ask)
    labels.add(ask.call, issue, rows, ask.call.actor())
    return issue


@route("PUT", ISSUE + "/labels", _all_labels)
def set_labels(ask: Ask) -> Row:
    """Give an item exactly these labels."""
    issue, rows = _named(ask)
    labels.replace(ask.call, issue, rows, ask.call.actor())
    return issue


@route("DELETE", ISSUE + "/labels", status=204)
def clear_labels(ask: Ask) -> None:
    """Take every label off an item."""
    labels.replace(ask.call, _triaged(ask), [], ask.call.actor())


@route("DELETE", ISSUE + "/labels/<path:label>", _all_labels)
def remove_label(ask: Ask) -> Row:
    """Take one label off; 404 `Label does not exist` when the item does not have it."""
    issue = _triaged(ask)
    labels.remove(ask.call, issue, [labels.carried(ask.call, issue, ask.args["label"])], ask.call.actor())
    return issue


# -- labels of the repository ---------------------------------------------------------------------------


@route("GET", REPO + "/labels", shapes.label)
def list_labels(ask: Ask) -> list[Row]:
    """Every label."""
    return labels.listed(ask.call, ask.repo)


@route("GET", REPO + "/labels/<path:label>", shapes.label)
def get_label(ask: Ask) -> Row:
    """One label. Raises Refused (404)."""
    row = labels.find(ask.call, ask.repo, ask.args["label"])
    if row is None:
        raise not_found()
    return row


@route("POST", REPO + "/labels", shapes.label, created=True, needs="write")
def create_label(ask: Ask) -> Row:
    """Create a label."""
    data = ask.data
    return labels.create(ask.call, ask.repo, data.get("name"), data.get("color", "ededed"), data.get("description"))


@route("PATCH", REPO + "/labels/<path:label>", shapes.label, needs="write")
def update_label(ask: Ask) -> Row:
    """Change a label."""
    return labels.update(ask.call, ask.repo, get_label(ask), ask.data)


@route("DELETE", REPO + "/labels/<path:label>", status=204, needs="write")
def delete_label(ask: Ask) -> None:
    """Delete a label."""
    labels.delete(ask.call, get_label(ask))
