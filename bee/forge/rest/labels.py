"""Labels of items and of repositories (https://docs.github.com/rest/issues/labels)."""

from __future__ import annotations

from typing import Any

from bee.forge.core import labels
from bee.forge.core.errors import Refused, not_found
from bee.forge.core.store import Row
from bee.forge.rest import issueshapes as shapes
from bee.forge.rest.base import REPO, Answer, Ask, Route
from bee.forge.rest.issues import ISSUE, issue_of

# -- of items -----------------------------------------------------------------------------------------


def _labels(ask: Ask, rows: list[Row], status: int = 200) -> Answer:
    return Answer([shapes.label(ask.call, ask.repo, row) for row in rows], status)


def _label_names(ask: Ask) -> list[Any]:
    data: Any = ask.data
    listed = data.get("", data.get("labels"))
    if not isinstance(listed, list):
        raise Refused(422, "Invalid request.")
    return [one.get("name") if isinstance(one, dict) else one for one in listed]


def issue_labels(ask: Ask) -> Answer:
    """The labels of an item."""
    return _labels(ask, list(ask.paged(labels.of_item(ask.call, issue_of(ask)))))


def add_labels(ask: Ask) -> Answer:
    """Put labels on an item; unknown ones are created."""
    issue = issue_of(ask)
    ask.call.need(ask.repo, "triage")
    rows = [labels.ensure(ask.call, ask.repo, name) for name in _label_names(ask)]
    labels.add(ask.call, ask.repo, issue, rows, ask.call.actor())
    return _labels(ask, labels.of_item(ask.call, issue))


def set_labels(ask: Ask) -> Answer:
    """Make an item's labels exactly these."""
    issue = issue_of(ask)
    ask.call.need(ask.repo, "triage")
    rows = [labels.ensure(ask.call, ask.repo, name) for name in _label_names(ask)]
    labels.replace(ask.call, ask.repo, issue, rows, ask.call.actor())
    return _labels(ask, labels.of_item(ask.call, issue))


def clear_labels(ask: Ask) -> Answer:
    """Take every label off an item."""
    issue = issue_of(ask)
    ask.call.need(ask.repo, "triage")
    labels.replace(ask.call, ask.repo, issue, [], ask.call.actor())
    return Answer(None, 204)


def remove_label(ask: Ask) -> Answer:
    """Take one label off; 404 `Label does not exist` when the item does not carry it."""
    issue = issue_of(ask)
    ask.call.need(ask.repo, "triage")
    row = labels.carried(ask.call, ask.repo, issue, ask.args["label"])
    labels.remove(ask.call, ask.repo, issue, [row], ask.call.actor())
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
    made = shapes.label(ask.call, ask.repo, row)
    return Answer(made, 201, {"Location": made["url"]})


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
