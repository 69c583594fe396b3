"""A person's verb brings the item's status comment up to date, where the person's account is bee's own.

Otherwise the comment is not theirs: edited by another account it would be nobody's word, and a second one would be
wrong for good. bee's next tick writes it anew where the item rests. It is only shown, so no verb fails for it.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace

from bee.github.read import OneItem
from bee.lease.store import Writer
from bee.model.errors import BeeError
from bee.model.items import Comment
from bee.model.labels import OWNED, Label
from bee.model.records import Record
from bee.pipeline.status_comment import comment_of, found, held, key_of, says
from bee.pipeline.trust import Trust
from bee.publish import posts
from bee.wording import texts

BY_PERSON = "human"
HOLDING = frozenset(OWNED) - {Label.NEW}


def held_edit(one: OneItem, record: Record | None, at: int) -> Comment | None:
    """The edit that says that a person holds the item; `record` is the last of its ledger then."""
    return _edit(one, *says(one.item, held(one.item)), record, at)


def show_held(writer: Writer, one: OneItem) -> None:
    """Say on the item that a person holds it."""
    _show(writer, one, *says(one.item, held(one.item)))


def show_let_go(writer: Writer, one: OneItem, verb: str) -> None:
    """Say on the item that a person let it go on by `bee VERB`."""
    _show(writer, replace(one, item=replace(one.item, open=True)), texts.let_go(verb), texts.BEE_NEXT)


def show_judged(writer: Writer, one: OneItem, verb: str) -> None:
    """The same after a person's word on what nothing holds."""
    record = one.tip.record if one.tip else None
    if not HOLDING & one.item.labels and not (record is not None and record.holds):
        show_let_go(writer, one, verb)


def show_closed(writer: Writer, one: OneItem) -> None:
    """Say on the item that it is closed."""
    show_held(writer, replace(one, item=replace(one.item, open=False)))


def _edit(one: OneItem, state: str, upcoming: str, record: Record | None, at: int) -> Comment | None:
    there = found(one.item, Trust(one.snapshot.viewer), key_of(one.item.number))
    if there is None:
        return None
    return replace(there, body=comment_of(one.item, state, upcoming, record, BY_PERSON, at).body)


def _show(writer: Writer, one: OneItem, state: str, upcoming: str) -> None:
    edit = _edit(one, state, upcoming, one.tip.record if one.tip else None, writer.client.now())
    if edit is not None:
        with contextlib.suppress(BeeError):
            posts.edit_comment(writer, edit.id, edit.body)
