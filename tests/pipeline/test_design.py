"""The linter of design docs, and how a text becomes issues."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bee.model import limits, markers
from bee.model.dependencies import dependencies
from bee.model.errors import UsageError
from bee.model.plan import read_body
from bee.pipeline import design
from bee.pipeline.design import GATE, SKELETON, Severity, lint, with_gate
from bee.setup.create_issues import drafts_of, issue_body

GOOD = "It is slow.\n\n## The shape\n\n`x`\n\n## Edge cases\n\nNone.\n\n## Done when\n\n`make test` passes.\n\n" + GATE


def names(body: str, title: str = "A title") -> dict[str, str]:
    """What is found, by name: how bad it is."""
    return {one.name: str(one.severity) for one in lint(title, body)}


def test_a_whole_design_doc_has_nothing_to_find() -> None:
    assert lint("A title", GOOD) == ()


def test_the_untouched_form_says_nothing_yet() -> None:
    assert names(SKELETON) == {"problem": "error", "done": "error", "shape": "warning", "constraints": "warning"}


@pytest.mark.parametrize("part", design.PARTS, ids=lambda part: part.name)
def test_every_heading_of_a_part_will_do(part: design.Part) -> None:
    whole = [f"## {other.form[0][0]}\n\n`text`\n" for other in design.PARTS if other is not part]
    assert part.name in names("\n".join([*whole, GATE]))
    for heading in part.headings:
        assert names("\n".join([*whole, f"## {heading.upper()}\n\n`text`\n", GATE])) == {}


@pytest.mark.parametrize(
    ("body", "title", "name", "severity"),
    [
        (GOOD, "", "title", "error"),
        (GOOD, "x" * (limits.TITLE_CHARACTERS_MAX + 1), "title", "error"),
        (GOOD.replace("It is slow.", "x" * limits.BODY_BYTES_MAX), "A title", "size", "error"),
        (GOOD.replace(GATE, ""), "A title", "gate", "error"),
        (GOOD + "\n" + GATE.replace("- [ ] ", ""), "A title", "gate", "error"),
        (GOOD.replace("- [ ] ", ""), "A title", "gate", "error"),
        (GOOD.replace(GATE, f"```\n{GATE}```\n"), "A title", "gate", "error"),
        (GOOD + "\n## Milestone plan\n", "A title", "plan", "error"),
        (GOOD + "\n<!-- bee:approved-for-e2e -->\n", "A title", "marker", "error"),
        (GOOD.replace("None.", "What of commas? TBD"), "A title", "open-question", "warning"),
        (GOOD.replace("`make test` passes", "It is fast"), "A title", "done-command", "warning"),
        (GOOD.replace("It is slow.", "<!-- nothing -->"), "A title", "problem", "error"),
    ],
)
def test_what_is_wrong_is_found(body: str, title: str, name: str, severity: str) -> None:
    assert names(body, title) == {name: severity}


def test_code_and_a_feature_that_was_opened_are_not_what_they_look_like() -> None:
    assert lint("A title", GOOD.replace("None.", "```\n## Milestone plan\nTBD\n<!-- bee:run id=1 -->\n```")) == ()
    [draft] = drafts_of(f"# A title\n\n{GOOD}")
    assert lint(draft.title, issue_body(draft, {})) == ()


@given(text=st.text(alphabet="#- []x`~>\n:,abFeatureDepndso", max_size=300))
def test_any_text_is_judged_and_becomes_something(text: str) -> None:
    """Total: findings and issues, or an error that says what is wrong with the features."""
    assert all(one.severity in Severity for one in lint("", text))
    try:
        made = drafts_of(text)
    except UsageError:
        return
    for draft in made:
        body = issue_body(draft, {one.name: number for number, one in enumerate(made, 10)})
        assert [one.get("key") for one in markers.named(body, markers.NEW)] == [draft.key]
        assert len(dependencies(body).refs) >= len(set(draft.after))


def test_a_gate_is_added_where_there_is_none_and_a_tick_is_kept() -> None:
    assert read_body(with_gate("It is slow.\n")).design_gate is False
    assert with_gate(GOOD) == GOOD
    [ticked] = drafts_of("# T\n\n" + GOOD.replace("[ ]", "[x]"))
    assert design.gate_is_ticked(issue_body(ticked, {}))


def test_the_key_is_of_the_text_for_one_and_of_the_name_for_a_feature() -> None:
    features = "# T\n\n## Feature: a\n\nOne.\n\n## Feature: b\n\nTwo.\n"
    keys = [one.key for one in drafts_of(features)]
    assert len(set(keys)) == 2
    assert [one.key for one in drafts_of(features.replace("One.", "More."))] == keys
    assert [one.key for one in drafts_of(features.replace("# T", "# U"))] != keys
    assert drafts_of("# T\n\nOne.\n")[0].key != drafts_of("# T\n\nMore.\n")[0].key
    assert drafts_of("# T\r\n\r\nOne.\r\n")[0].key == drafts_of("\ufeff# T\n\nOne.\n")[0].key


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("## Feature: a\n## Feature: A\n", "two features have the name"),
        ("## Feature: a\nDepends on: b\n", "'a' depends on 'b', and there are only no others"),
        ("## Feature: a\nDepends on: b\n## Feature: b\nDepends on: a\n", "in a circle: a, b"),
        ("## Feature: a\nDepends on: a\n", "in a circle: a"),
    ],
)
def test_features_that_cannot_be_put_in_order_are_an_error(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        drafts_of(text)
