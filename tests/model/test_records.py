"""Records of the ledger and effects of the outbox: what is written comes back, and nothing else is read."""

from __future__ import annotations

import dataclasses
import json
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bee.model import effects, limits, records
from bee.model.effects import Effect, OpenPull, SetLabels, from_json, to_json
from bee.model.outcomes import Failure, Outcome
from bee.model.records import Kind, Record, RunSummary, decode, encode, fold, following

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
WHOLE = st.integers(0, 2**53)
MONEY = st.floats(0, 1e6, allow_nan=False)
EFFECTS: dict[str, type[Any]] = {kind.__name__: kind for kind in typing.get_args(Effect)}


def fields_of(kind: type[Any], /, **special: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any value of a dataclass, by its type hints."""
    by_type = {int: WHOLE, str: TEXT, float: MONEY, tuple[str, ...]: st.lists(TEXT, max_size=3).map(tuple)}
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{field.name: special[field.name] if field.name in special else by_type[hints[field.name]]
                              for field in dataclasses.fields(kind)})  # fmt: skip


ANY_EFFECT = st.one_of([fields_of(kind) for kind in EFFECTS.values()])
FAILURE, OUTCOME = st.none() | st.sampled_from(Failure), st.sampled_from(Outcome)
ANY_SUMMARY = fields_of(RunSummary, outcome=OUTCOME, failure=FAILURE)
ANY_RECORD = fields_of(
    Record, kind=st.sampled_from(Kind), outcome=st.none() | OUTCOME, failure=FAILURE,
    outbox=st.lists(ANY_EFFECT, max_size=3).map(tuple), history=st.lists(ANY_SUMMARY, max_size=3).map(tuple),
)  # fmt: skip
SMALL = Record(
    kind=Kind.FINISHED,
    number=7,
    run="run-1",
    role="drafter",
    at=100,
    nonce="n",
    outcome=Outcome.PROGRESSED,
    outbox=(SetLabels(7, ("breeze:done",), ("breeze:wip",)),),
    history=(
        RunSummary(
            run="run-0",
            role="drafter",
            fingerprint="f",
            outcome=Outcome.ERROR,
            started_at=1,
            ended_at=2,
            failure=Failure.CRASH,
        ),
    ),
)


@given(ANY_RECORD)
def test_every_record_comes_back(record: Record) -> None:
    assert decode(encode(record)) == record


def test_a_record_of_nothing_comes_back() -> None:
    empty = Record(kind=Kind.CLAIMED, number=0, run="", role="", at=0, nonce="")
    assert decode(encode(empty)) == empty


def test_the_first_line_is_for_people_and_the_body_for_bee() -> None:
    first, _, body = encode(SMALL).partition("\n\n")
    assert first == "bee: finished #7 drafter: progressed (run-1)"
    assert json.loads(body)["version"] == records.VERSION


@pytest.mark.parametrize(
    ("before", "sequence"), [(None, 100), (0, 100), (7, 100), (100, 101), (900, 901)],
    ids=["no-ledger", "a-record-without-a-count", "below", "now", "ahead"],
)  # fmt: skip
def test_case_p15_records_count_up_from_githubs_time(before: int | None, sequence: int) -> None:
    record = None if before is None else dataclasses.replace(SMALL, sequence=before)
    assert records.following(record, 100) == sequence


def test_a_record_holds_while_it_claims_renews_or_publishes() -> None:
    holding = {kind for kind in Kind if dataclasses.replace(SMALL, kind=kind).holds}
    assert holding == {Kind.CLAIMED, Kind.RENEWED, Kind.PUBLISHED}


@given(ANY_EFFECT)
def test_every_effect_comes_back_also_through_json(effect: Effect) -> None:
    assert from_json(to_json(effect)) == effect
    assert from_json(json.loads(json.dumps(to_json(effect)))) == effect


def test_every_kind_of_effect_can_be_read_back() -> None:
    """A new effect that is missing from the table would be lost by the host that rolls it forward."""
    for name, kind in EFFECTS.items():
        hints = typing.get_type_hints(kind)
        made = kind(
            **{field.name: {int: 1, str: "x"}.get(hints[field.name], ("x",)) for field in dataclasses.fields(kind)}
        )
        assert to_json(made)["do"] == name
        assert from_json(to_json(made)) == made


@pytest.mark.parametrize("data", [{}, {"do": "Nothing"}, {"do": "OpenPull"}, {"do": "OpenPull", "extra": 1}, {"do": 5},
                                  {**to_json(OpenPull("a", "b", "c", "d")), "more": "x"}])  # fmt: skip
def test_an_effect_nobody_wrote_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        from_json(data)


def test_effects_are_values() -> None:
    assert all(dataclasses.fields(kind) and kind.__dataclass_params__.frozen for kind in EFFECTS.values())
    assert set(effects._KINDS) == set(EFFECTS)


def tampered(**changes: Any) -> str:
    """The small record with these values in its JSON."""
    first, _, body = encode(SMALL).partition("\n\n")
    return f"{first}\n\n{json.dumps({**json.loads(body), **changes})}\n"


SUMMARY = {"run": "r", "outcome": "error", "started_at": 1}


@pytest.mark.parametrize(
    "message",
    [
        "", "hello", "hello\n\n", "hello\n\n{", "x\n\n[]", "x\n\nnull", "x\n\n{}", 'x\n\n{"version":1}',
             "x\n\n" + "[" * 5_000,
        tampered(version=1), tampered(version=3), tampered(version="2"),
        tampered(kind="stolen"), tampered(kind=None), tampered(number="7"),
        tampered(number=True), tampered(number=7.5), tampered(at=None), tampered(run=5), tampered(outcome="fine"),
        tampered(failure="fate"), tampered(cost_usd="9"), tampered(cost_usd=float("nan")),
             tampered(cost_usd=float("inf")),
        tampered(surprise=1), tampered(outbox=[{"do": "Explode"}]), tampered(outbox=["x"]), tampered(outbox=5),
        tampered(outbox=[{"do": "CloseIssue", "number": "7"}]), tampered(outbox=[{"do": "SetLabels", "number": 7,
             "add": [1]}]),
        tampered(outbox=[{"do": "SetLabels", "number": 7, "add": 5}]), tampered(history=[5]),
             tampered(history={"a": 1}),
        tampered(history=[{**SUMMARY, "started_at": "1"}]), tampered(history=[{**SUMMARY, "cost_usd": None}]),
        tampered(history=[{**SUMMARY, "note": ["x"]}]), tampered(history=[{**SUMMARY, "outcome": "fine"}]),
    ],
)  # fmt: skip
def test_what_encode_did_not_write_is_no_record(message: str) -> None:
    assert decode(tampered()) == SMALL
    assert decode(message) is None


@given(st.text())
def test_any_commit_message_is_read_or_is_none(message: str) -> None:
    assert decode(message) is None
    assert decode(f"bee: x\n\n{message}") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([field.name for field in dataclasses.fields(Record)]), JSON, max_size=4))
def test_a_record_with_anything_in_its_fields_is_whole_or_none(changes: dict[str, Any]) -> None:
    """Whatever is read can be written again: nothing of a wrong kind gets past the door."""
    found = decode(tampered(**changes))
    assert found is None or decode(encode(found)) == found


def test_a_claim_without_an_end_is_a_lost_run_and_a_person_ends_one() -> None:
    claimed = dataclasses.replace(SMALL, kind=Kind.CLAIMED, outcome=None, fingerprint="f", history=())
    assert [run.outcome for run in fold(claimed)] == [Outcome.LOST]
    (stopped,) = fold(dataclasses.replace(claimed, kind=Kind.PAUSED))
    assert (stopped.outcome, stopped.failure) == (Outcome.STALE_INPUT, Failure.CANCELLED)


def test_a_record_remembers_so_many_runs() -> None:
    full = dataclasses.replace(SMALL, fingerprint="f", history=SMALL.history * limits.HISTORY_RUNS_MAX)
    assert len(fold(full)) == limits.HISTORY_RUNS_MAX
    assert fold(full)[-1].run == SMALL.run


def test_the_sequence_goes_up_and_never_below_the_time() -> None:
    assert following(None, 100) == 100
    assert following(dataclasses.replace(SMALL, sequence=100), 100) == 101
    assert following(dataclasses.replace(SMALL, sequence=5), 100) == 100
