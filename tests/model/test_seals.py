"""What seals a record: every byte, the place it stands at, the key, and the count. What does not verify only stops."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bee.model import limits
from bee.model.effects import PostComment, SetLabels
from bee.model.outcomes import Outcome
from bee.model.records import Kind, Record, encode
from bee.model.refs import CONTROL_REF, archive_ref, item_ref, merge_ref
from bee.model.seals import Doubt, Foreign, Key, Place, read, seal

KEY, OTHER = Key("one", b"1" * 32), Key("two", b"2" * 32)
PARENT = "a" * 40
PLACE = Place("R_1", item_ref(7), PARENT)
RECORD = Record(
    kind=Kind.PUBLISHED, number=7, run="run-1", role="reviewer", at=100, nonce="n", host="h", boot="b", engine="e",
    expires_at=1000, started_at=90, fingerprint="f", position="needs-review", head="b" * 40, base="c" * 40,
    outcome=Outcome.PROGRESSED, note="ä\u2028", handoff="x", cost_usd=1.5, tokens=3, runs_before=2, sequence=5,
    outbox=(PostComment(7, "text", "key"), SetLabels(7, ("breeze:done",), ())),
)  # fmt: skip
SEALED = seal(RECORD, PLACE, KEY)


def why(message: str, place: Place = PLACE, keys: tuple[Key, ...] = (KEY,), least: int = 0) -> Doubt | None:
    """Why a message does not verify there; None where it does."""
    found = read(message, place, keys, least)
    return found.why if isinstance(found, Foreign) else None


def test_a_sealed_record_comes_back() -> None:
    assert read(SEALED, PLACE, (OTHER, KEY)) == RECORD
    assert read(SEALED.rstrip("\n"), PLACE, (KEY,)) == RECORD, "GitHub's GraphQL leaves the last line end out"
    assert read(seal(RECORD, dataclasses.replace(PLACE, parent=""), KEY), Place("R_1", item_ref(7)), (KEY,)) == RECORD


def test_the_secret_is_in_no_text() -> None:
    assert KEY.secret.decode() not in SEALED + repr(KEY)


def test_no_byte_can_be_changed() -> None:
    text = SEALED.rstrip("\n")
    for at, letter in enumerate(text):
        changed = text[:at] + ("0" if letter != "0" else "1") + text[at + 1 :]
        assert why(changed) is not None, (at, letter, text[max(at - 20, 0) : at + 20])


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Record)])
def test_no_field_can_be_changed(name: str) -> None:
    """As somebody would who reads the record and pushes another with the old seal."""
    text, _, line = SEALED.rpartition("\n\n")
    first, _, body = text.partition("\n\n")
    data = {**json.loads(encode(RECORD).partition("\n\n")[2])}
    value = data.get(name)
    data[name] = {Kind.PUBLISHED: "renewed"}.get(value, value + "x") if isinstance(value, str) else 1  # type: ignore[call-overload]
    assert why(f"{first}\n\n{body}\n\n{line}") is None
    changed = f"{first}\n\n{json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n{line}"
    assert why(changed) in {Doubt.FORGED, Doubt.UNREADABLE}


ELSEWHERE: dict[str, tuple[Place, Doubt]] = {
    "another item": (dataclasses.replace(PLACE, ref=item_ref(8)), Doubt.FORGED),
    "the pause of the repository": (dataclasses.replace(PLACE, ref=CONTROL_REF), Doubt.FORGED),
    "an alert": (dataclasses.replace(PLACE, ref="refs/bee/alerts/x"), Doubt.FORGED),
    "another repository": (dataclasses.replace(PLACE, repository="R_2"), Doubt.FORGED),
    "another parent": (dataclasses.replace(PLACE, parent="d" * 40), Doubt.FORGED),
    "a chain cut off below it": (dataclasses.replace(PLACE, parent=""), Doubt.FORGED),
}


@pytest.mark.parametrize(("place", "doubt"), ELSEWHERE.values(), ids=list(ELSEWHERE))
def test_case_t5_a_record_counts_only_where_it_was_written_for(place: Place, doubt: Doubt) -> None:
    assert why(SEALED, place) is doubt


def test_a_list_of_refs_does_not_tell_the_parent() -> None:
    assert why(SEALED, dataclasses.replace(PLACE, parent=None)) is None


@pytest.mark.parametrize("ref", [merge_ref("main"), archive_ref(7)])
def test_a_merge_ref_and_an_archive_hold_the_records_of_an_item(ref: str) -> None:
    assert why(SEALED, dataclasses.replace(PLACE, ref=ref)) is None
    elsewhere = seal(dataclasses.replace(RECORD, number=8), PLACE, KEY)
    assert why(elsewhere, dataclasses.replace(PLACE, ref=ref)) is Doubt.FORGED


def test_a_record_below_the_highest_count_is_no_more() -> None:
    assert [why(SEALED, least=least) for least in (4, 5, 6)] == [None, None, Doubt.BEHIND]


def test_keys_are_rotated_by_their_ids() -> None:
    new = seal(RECORD, PLACE, OTHER)
    assert (why(new, keys=(KEY,)), why(new, keys=(KEY, OTHER)), why(SEALED, keys=(OTHER, KEY))) == (
        Doubt.UNKNOWN_KEY, None, None,
    )  # fmt: skip
    assert why(SEALED, keys=()) is Doubt.UNKNOWN_KEY
    assert why(SEALED, keys=(Key("one", b"x" * 32),)) is Doubt.FORGED, "another key under the same id"


UNSEALED: dict[str, str] = {
    "nothing": "",
    "no seal": encode(RECORD),
    "an older version": encode(RECORD).replace('"version":2', '"version":1'),
    "a newer one, sealed": seal(RECORD, PLACE, KEY).replace('"version":2', '"version":3'),
    "half a seal": SEALED[:-30],
}


@pytest.mark.parametrize("message", UNSEALED.values(), ids=list(UNSEALED))
def test_what_is_not_a_sealed_record_cannot_be_read(message: str) -> None:
    assert why(message) is Doubt.UNREADABLE


HOLDS: dict[str, tuple[Callable[[Record], str], bool, int]] = {
    "a claim": (lambda r: encode(dataclasses.replace(r, kind=Kind.CLAIMED)), False, 1000),
    "what another key sealed": (lambda r: seal(r, PLACE, OTHER), False, 1000),
    "a newer version": (lambda r: encode(r).replace('"version":2', '"version":3'), False, 1000),
    "a pause": (lambda r: encode(dataclasses.replace(r, kind=Kind.PAUSED)), True, 0),
    "an end": (lambda r: encode(dataclasses.replace(r, kind=Kind.FINISHED, expires_at=0)), False, 0),
    "a time that is no number": (lambda r: encode(r).replace('"expires_at":1000', '"expires_at":true'), False, 0),
}


@pytest.mark.parametrize(("write", "paused", "until"), HOLDS.values(), ids=list(HOLDS))
def test_what_does_not_verify_says_what_it_may_stop(write: Callable[[Record], str], paused: bool, until: int) -> None:
    found = read(write(RECORD), PLACE, (KEY,))
    assert isinstance(found, Foreign)
    assert (found.paused, found.expires_at) == (paused, until)


@pytest.mark.parametrize(("left", "holds"), [(-1, False), (0, False), (1, True), (limits.LEASE_SECONDS, True),
                                             (limits.LEASE_SECONDS + 1, False), (10**12, False)])  # fmt: skip
def test_it_holds_no_longer_than_a_lease(left: int, holds: bool) -> None:
    assert Foreign(Doubt.FORGED, expires_at=5000 + left).holds(5000) is holds


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
LINES = st.sampled_from(["bee-seal: one - " + "0" * 64, "bee-seal: two " + PARENT + " " + "f" * 64, "bee-seal: ", ""])
BODIES = st.text() | st.dictionaries(st.sampled_from(["version", "kind", "expires_at", "outbox"]), JSON).map(json.dumps)


@given(st.text(), BODIES, LINES)
def test_hostile_bytes_are_read_and_never_believed(first: str, body: str, line: str) -> None:
    for message in (body, f"{first}\n\n{body}", f"{first}\n\n{body}\n\n{line}"):
        assert isinstance(read(message, PLACE, (KEY,)), Foreign)


@given(st.binary(max_size=200))
def test_hostile_bytes_in_the_middle_of_a_record_are_not_believed(raw: bytes) -> None:
    text = raw.decode("utf-8", "surrogateescape")
    message = SEALED.replace('"note"', text, 1)
    assert isinstance(read(message, PLACE, (KEY,)), Foreign)


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 100_000, '{"expires_at":' + "9" * 10_000 + "}"])
def test_what_is_too_deep_or_too_big_is_read_all_the_same(body: str) -> None:
    found: Any = read(f"x\n\n{body}\n\nbee-seal: one - {'0' * 64}", PLACE, (KEY,))
    assert isinstance(found, Foreign)


def test_the_commit_before_is_sealed_too() -> None:
    """A list of refs does not tell it: then the seal alone speaks for it."""
    listed = dataclasses.replace(PLACE, parent=None)
    assert why(SEALED, listed) is None
    assert why(SEALED.replace(PARENT, "c" * 40), listed) is Doubt.FORGED
