"""A person's verb brings the item's sticky comment up to date, where the person's account is bee's own.

Otherwise the comment is not theirs: edited by another account it would be nobody's word, and a second one would be
wrong for good. bee's next tick writes it anew where the item rests. It is only shown, so no verb fails for it.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace

from bee.github import write
from bee.github.client import GitHubClient
from bee.github.read import OneItem
from bee.github.write import Edit
from bee.model.errors import BeeError
from bee.model.labels import OWNED, Label
from bee.model.records import Record
from bee.pipeline.status_comment import comment_of, found, held, key_of, says
from bee.pipeline.trust import Trust
from bee.wording import texts

BY_PERSON = "human"
HOLDING = frozenset(OWNED) - {Label.NEW}


def held_edit(one: OneItem, record: Record | None, at: int) -> Edit | None:
    """The edit that says that a person holds the item; `record` is the last of its ledger then."""
    return _edit(one, *says(one.item, held(one.item)), record, at)


def show_held(client: GitHubClient, repo: str, one: OneItem) -> None:
    """Say on the item that a person holds it."""
    _show(client, repo, one, *says(one.item, held(one.item)))


def show_let_go(client: GitHubClient, repo: str, one: OneItem, verb: str) -> None:
    """Say on the item that a person let it go on by `bee VERB`."""
    _show(client, repo, replace(one, item=replace(one.item, open=True)), texts.let_go(verb), texts.BEE_NEXT)


def show_judged(client: GitHubClient, repo: str, one: OneItem, verb: str) -> None:
    """The same after a person's word on what nothing holds."""
    record = one.tip.record if one.tip else None
    if not HOLDING & one.item.labels and not (record is not None and record.holds):
        show_let_go(client, repo, one, verb)


def show_closed(client: GitHubClient, repo: str, one: OneItem) -> None:
    """Say on the item that it is closed."""
    closed = replace(one, item=replace(one.item, open=False))
    _show(client, repo, closed, *says(closed.item, held(closed.item)))


def _edit(one: OneItem, state: str, upcoming: str, record: Record | None, at: int) -> Edit | None:
    there = found(one.item, Trust(one.snapshot.viewer), key_of(one.item.number))
    if there is None:
        return None
    return Edit(there.id, there.node_id, comment_of(one.item, state, upcoming, record, BY_PERSON, at).body)


def _show(client: GitHubClient, repo: str, one: OneItem, state: str, upcoming: str) -> None:
    edit = _edit(one, state, upcoming, one.tip.record if one.tip else None, client.now())
    if edit is not None:
        with contextlib.suppress(BeeError):
            write.edit_comment(client, repo, edit.comment_id, edit.body)
