"""Labels of items and of repositories (https://docs.github.com/rest/issues/labels)."""

from __future__ import annotations

from bee.forge.core import labels
from bee.forge.core.errors import Refused, not_found
from bee.forge.core.store import Row
from bee.forge.rest import issueshapes as shapes
from bee.forge.rest.base import REPO, Answer, Ask, Route, created
from bee.forge.rest.issues import ISSUE, issue_of

# -- of items -----------------------------------------------------------------------------------------


def _labels(ask: Ask, rows: list[Row], status: int = 200) -> Answer:
    return Answer([shapes.label(ask.call, ask.repo, row) for row in rows], status)


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


def issue_labels(ask: Ask) -> Answer:
    """The labels of an item."""
    return _labels(ask, list(ask.paged(labels.of_item(ask.call, issue_of(ask)))))


def add_labels(ask: Ask) -> Answer:
    """Put labels on an item; unknown ones are created."""
    issue, rows = _named(ask)
    labels.add(ask.call, issue, rows, ask.call.actor())
    return _labels(ask, labels.of_item(ask.call, issue))


def set_labels(ask: Ask) -> Answer:
    """Give an item exactly these labels."""
    issue, rows = _named(ask)
    labels.replace(ask.call, issue, rows, ask.call.actor())
    return _labels(ask, labels.of_item(ask.call, issue))


def clear_labels(ask: Ask) -> Answer:
    """Take every label off an item."""
    labels.replace(ask.call, _triaged(ask), [], ask.call.actor())
    return Answer(None, 204)


def remove_label(ask: Ask) -> Answer:
    """Take one label off; 404 `Label does not exist` when the item does not carry it."""
    issue = _triaged(ask)
    row = labels.carried(ask.call, issue, ask.args["label"])
    labels.remove(ask.call, issue, [row], ask.call.actor())
    return _labels(ask, labels.of_item(ask.call, issue))


# -- labels of the repository ---------------------------------------------------------------------------


def list_labels(ask: Ask) -> Answer:
    """Every label."""
    return _labels(ask, list(ask.paged(labels.listed(ask.call, ask.repo))))


def _label(ask: Ask) -> Row:
    row = labels.find(ask.call, ask.repo, ask.args["label"])
    if row is None:
        raise not_found()
    return row


def get_label(ask: Ask) -> Answer:
    """One label."""
    return Answer(shapes.label(ask.call, ask.repo, _label(ask)))


def create_label(ask: Ask) -> Answer:
    """Create a label."""
    ask.call.need(ask.repo, "write")
    data = ask.data
    row = labels.create(ask.call, ask.repo, data.get("name"), data.get("color", "ededed"), data.get("description"))
    return created(shapes.label(ask.call, ask.repo, row))


def update_label(ask: Ask) -> Answer:
    """Change a label."""
    ask.call.need(ask.repo, "write")
    return Answer(shapes.label(ask.call, ask.repo, labels.update(ask.call, ask.repo, _label(ask), ask.data)))


def delete_label(ask: Ask) -> Answer:
    """Delete a label."""
    ask.call.need(ask.repo, "write")
    labels.delete(ask.call, _label(ask))
    return Answer(None, 204)


ROUTES = [
    Route("GET", ISSUE + "/labels", issue_labels),
    Route("POST", ISSUE + "/labels", add_labels),
    Route("PUT", ISSUE + "/labels", set_labels),
    Route("DELETE", ISSUE + "/labels", clear_labels),
    Route("DELETE", ISSUE + "/labels/<path:label>", remove_label),
    Route("GET", REPO + "/labels", list_labels),
    Route("POST", REPO + "/labels", create_label),
    Route("GET", REPO + "/labels/<path:label>", get_label),
    Route("PATCH", REPO + "/labels/<path:label>", update_label),
    Route("DELETE", REPO + "/labels/<path:label>", delete_label),
]
