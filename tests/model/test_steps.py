"""The steps of a plan in people's own spelling, each as GitHub renders it; what is none says so."""

from __future__ import annotations

import pytest

from bee.model.plan import Plan, read_body, render_section, with_plan, with_tick
from bee.model.steps import Step, parse_steps, render_steps

STEP = Step(
    id="parser", title="Read expressions", accept="`make test` passes", files=("a.py", "b/c.py"), note="be kind"
)
BARE = Step(id="parser", title="Read expressions", accept="`make test` passes", files=("a.py", "b/c.py"))
DESIGN = "# Calc\n\nIt adds.\n\n## Design finalized\n\n- [x] go\n"
HEAD = "- [ ] `parser` Read expressions"
LINES = ("Accept: `make test` passes", "Files: `a.py`, `b/c.py`", "Note: be kind")


def written(head: str = HEAD, lead: str = "  - ", lines: tuple[str, ...] = LINES, between: str = "\n") -> str:
    """A step with its box and its parts, in a spelling."""
    return between.join([head, *(f"{lead}{line}" for line in lines)])


SPELLED = {
    "as bee writes it": written(),
    "stars": written("* [ ] `parser` Read expressions", "  * "),
    "plus": written("+ [ ] `parser` Read expressions", "  + "),
    "numbered": written("1. [ ] `parser` Read expressions", "   - "),
    "numbered with a bracket": written("1) [ ] `parser` Read expressions", "   * "),
    "wide": written("-   [ ] `parser` Read expressions", "    - "),
    "indented": written("  - [ ] `parser` Read expressions", "    - "),
    "four spaces": written(lead="    - "),
    "tabs": written(lead="\t- "),
    "one space": written(lead=" - "),
    "not indented": written(lead="- "),
    "blank lines between": written(between="\n\n"),
    "line ends of a browser": written(between="\r\n"),
    "parts without bullets": written(lead="  "),
    "a paragraph below": f"{HEAD}\n\n  " + "\n  ".join(LINES),
    "numbered parts": written(lead="  1. "),
    "id in bold": written("- [ ] **`parser`** Read expressions"),
    "id in italics": written("- [ ] _`parser`_ Read expressions"),
    "id with a colon": written("- [ ] `parser`: Read expressions"),
    "id in bold with a colon": written("- [ ] **`parser`**: Read expressions"),
    "all in bold": written("- [ ] **`parser` Read expressions**"),
    "no-break space in the box": written("- [\u00a0] `parser` Read expressions"),
    "names in bold": written(lines=tuple(f"**{line.replace(':', ':**', 1)}" for line in LINES)),
    "names in bold, colon outside": written(lines=tuple(f"**{line.replace(':', '**:', 1)}" for line in LINES)),
    "small names": written(lines=tuple(line[0].lower() + line[1:] for line in LINES)),
    "capitals": written(lines=tuple(line.replace(line.split(":")[0], line.split(":")[0].upper(), 1) for line in LINES)),
    "acceptance": written(lines=(LINES[0].replace("Accept", "Acceptance"), *LINES[1:])),
    "acceptance criteria": written(lines=(LINES[0].replace("Accept", "Acceptance criteria"), *LINES[1:])),
    "another order": written(lines=(LINES[2], LINES[1], LINES[0])),
    "a title on two lines": written("- [ ] `parser` Read\n  expressions"),
    "parts on two lines": written(lines=("Accept: `make test`\n    passes", LINES[1], "Note: be\n    kind")),
    "files one by one": written(lines=(LINES[0], "Files:\n    - `a.py`\n    - `b/c.py`", LINES[2])),
    "files twice": written(lines=(LINES[0], "Files: `a.py`", "Files: `b/c.py`", LINES[2])),
    "below another heading": f"## Milestone plan\n\n### Phase 1\n\n{written()}",
    "with a comment": f"<!-- for the drafter -->\n{written()}\n",
}


@pytest.mark.parametrize("name", SPELLED)
def test_a_step_is_read_in_peoples_spelling_ticked_or_not(name: str) -> None:
    text = SPELLED[name]
    assert parse_steps(text) == ((STEP,), ())
    done = text.replace("[ ]", "[x]").replace("[\u00a0]", "[X]")
    assert parse_steps(done)[0][0].ticked
    assert parse_steps(render_steps(parse_steps(text)[0])) == ((STEP,), ())


@pytest.mark.parametrize("name", SPELLED)
def test_a_plan_in_another_spelling_is_the_issues_plan_and_is_ticked_by_one_character(name: str) -> None:
    section = render_section(Plan((STEP,), read_body(DESIGN).design_hash), with_gate=True)
    own = render_steps((STEP,))
    body = with_plan(DESIGN, section).replace(own, SPELLED[name].removeprefix("## Milestone plan\n\n"))
    found = read_body(body)
    assert found.plan == Plan((STEP,), read_body(DESIGN).design_hash)
    assert found.design_hash == read_body(DESIGN).design_hash, "none of it is the design's"
    assert found.plan_gate is False
    after = with_tick(body, "parser")
    assert sum(one != two for one, two in zip(body, after, strict=True)) == 1
    assert read_body(after).plan_hash == found.plan_hash


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (f"{written()}\nAnd then some.", [("stray-line", 5)]),
        (f"And then some.\n\n{written()}", [("stray-line", 1)]),
        (f"{written()}\n\n- colours", [("stray-line", 6)]),
        (f"{written()}\n\n colours", [("stray-line", 6)]),
        (f"{written()}\n\n> colours", [("stray-line", 6)]),
        (f"{written()}\n\n---", [("stray-line", 6)]),
        (f"{written()}\n\n| a | b |\n|---|---|\n| c | d |", [("stray-line", line) for line in (6, 7, 8)]),
        (f"```\n{written()}\n```", [("stray-line", line) for line in range(1, 7)] + [("no-steps", 1)]),
        (f"> {HEAD}", [("stray-line", 1), ("no-steps", 1)]),
        ("- [ ] parser: Read expressions\n  - Accept: x", [("step-form", 1), ("no-steps", 1)]),
        ("- [ ]", [("step-form", 1), ("no-steps", 1)]),
        (f"{written()}\n- [ ] more\n  - Accept: other", [("step-form", 5)]),
        (f"{written()}\n  - [ ] a part of it", [("step-form", 5)]),
        (f"- Phase 1\n  {HEAD}", [("stray-line", 1), ("step-form", 2), ("no-steps", 1)]),
        ("- [ ] `parser`", [("step-form", 1), ("no-steps", 1)]),
        ("- [y] `parser` Read", [("stray-line", 1), ("no-steps", 1)]),
    ],
)  # fmt: skip
def test_what_is_no_step_says_so_and_takes_nothing_from_the_step_before(
    text: str, problems: list[tuple[str, int]]
) -> None:
    steps, found = parse_steps(text)
    assert sorted((problem.name, problem.line) for problem in found) == sorted(problems)
    assert steps in {(), (STEP,)}


def test_words_of_a_person_under_a_step_are_the_steps() -> None:
    """Nothing that stands under a step is lost: it goes to the part that it follows."""
    text = written(lines=(*LINES, "ask ann")) + "\n\n      make test\n\n  Really.\n"
    (step,), problems = parse_steps(text)
    assert problems == ()
    assert step.note == "be kind ask ann make test Really."


def test_words_of_a_person_between_steps_are_the_designs() -> None:
    section = render_section(Plan((STEP,), "0" * 16), with_gate=False)
    body = with_plan(DESIGN, section) + "\n> Print in colour.\n\n```\nred\n```\n"
    found = read_body(body)
    assert found.plan is None
    assert "> Print in colour.\n```\nred\n```" in found.design_text
    assert "Print in colour." in with_plan(body, section)
