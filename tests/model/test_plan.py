"""Plans in issue bodies: read, checked by name, written back, and a person's text kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bee.model.limits import PLAN_STEPS_MAX
from bee.model.plan import Plan, read_body, render_section, with_plan, with_tick
from bee.model.steps import Step, brief, lint_replan, parse_steps, render_steps

STEP = Step(
    id="parser",
    title="Read expressions",
    accept="`python -m unittest` passes",
    files=("calc/parser.py", "tests/test_parser.py"),
    note="be kind",
)
TWO = (STEP, Step(id="print-it", title="Print results", accept="looks right", files=("calc/printer.py",), ticked=True))
TEXT = """\
- [ ] `parser` Read expressions
  - Accept: `python -m unittest` passes
  - Files: `calc/parser.py`, `tests/test_parser.py`
  - Note: be kind
- [x] `print-it` Print results
  - Accept: looks right
  - Files: `calc/printer.py`"""
DESIGN = "# Calc\n\nIt adds.\n\n## Design finalized\n\n- [x] go\n"


def diagnostics(text: str) -> list[tuple[str, int]]:
    return [(problem.name, problem.line) for problem in parse_steps(text)[1]]


def test_a_plan_is_read_and_rendered_the_same() -> None:
    assert parse_steps(TEXT) == (TWO, ())
    assert render_steps(TWO) == TEXT
    assert parse_steps(TEXT.replace("\n", "\r\n")) == (TWO, ())
    assert parse_steps(TEXT.replace("- [", "* [").replace("[x]", "[X]"))[0] == TWO


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [("no-steps", 1)]),
        ("Do it all at once.", [("stray-line", 1), ("no-steps", 1)]),
        (TEXT.replace("`parser` ", ""), [("step-form", 1)]),
        (TEXT + "\n- [ ] a step without an id", [("step-form", 8)]),
        (TEXT + "\nAnd then some.", [("stray-line", 8)]),
        (TEXT.replace("`parser`", "`Parser`"), [("bad-id", 1)]),
        (TEXT.replace("`parser`", "``"), [("bad-id", 1)]),
        (TEXT.replace("`parser`", "`-x`"), [("bad-id", 1)]),
        (TEXT.replace("`parser`", f"`{'x' * 41}`"), [("bad-id", 1)]),
        (TEXT.replace("`parser`", "`../x`"), [("bad-id", 1)]),
        (TEXT.replace("`print-it`", "`parser`"), [("duplicate-id", 5)]),
        (TEXT.replace("  - Accept: looks right\n", ""), [("no-accept", 5)]),
        (TEXT.replace("Accept: looks right", "Accept:"), [("no-accept", 5)]),
        (TEXT.replace("Accept: looks right", "Accept: \u200b"), [("no-accept", 5)]),
        ("- [ ] `a` \u2060\n  - Accept: x\n  - Files: `x`", [("no-title", 1)]),
        ("- [ ] `a` A\n  - Accept: x\n  - Files: `x<!--`, `\u202ex`", [("bad-path", 1), ("bad-path", 1)]),
        (TEXT.replace("\n  - Files: `calc/printer.py`", ""), [("no-files", 5)]),
        (TEXT.replace("`calc/printer.py`", "calc/printer.py"), [("no-files", 5)]),
        (TEXT.replace("calc/printer.py", "/etc/passwd"), [("bad-path", 5)]),
        (TEXT.replace("calc/printer.py", "~/x"), [("bad-path", 5)]),
        (TEXT.replace("calc/printer.py", "calc/../../x"), [("bad-path", 5)]),
        ("\n".join(render_steps([replace(STEP, id=f"s{at}")]) for at in range(PLAN_STEPS_MAX + 1)),
             [("too-many-steps", 81)]),
    ],
)  # fmt: skip
def test_the_linter_names_what_is_wrong_and_where(text: str, found: list[tuple[str, int]]) -> None:
    assert diagnostics(text) == found


def test_a_diagnostic_says_what_to_do() -> None:
    (problem,) = parse_steps(TEXT.replace("`print-it`", "`parser`"))[1]
    assert str(problem) == "line 5: duplicate-id: `parser` stands twice"


def test_headings_and_comments_between_steps_are_fine() -> None:
    assert parse_steps(f"## Milestone plan\n<!-- note -->\n\n{TEXT}\n") == (TWO, ())


def test_a_new_plan_must_keep_the_ids_that_have_a_pull_request() -> None:
    assert lint_replan(TWO, {"parser"}) == ()
    (problem,) = lint_replan(TWO, {"printer", "parser"})
    assert (problem.name, "`printer`" in problem.text) == ("started-step-gone", True)


def test_a_brief_has_everything_about_a_step() -> None:
    assert brief(STEP).splitlines() == [
        "`parser` Read expressions", "Accept: `python -m unittest` passes",
        "Files: calc/parser.py, tests/test_parser.py", "Note: be kind",
    ]  # fmt: skip


# ---- bodies ---------------------------------------------------------------------------------------------------------


def section(steps: tuple[Step, ...] = TWO, gate: bool = True, body: str = DESIGN) -> str:
    return render_section(Plan(steps, read_body(body).design_hash), gate)


def test_the_section_that_is_written_is_the_plan_that_is_read() -> None:
    for gate in (True, False):
        body = read_body(with_plan(DESIGN, section(gate=gate)))
        assert body.plan == Plan(TWO, read_body(DESIGN).design_hash)
        assert body.design_hash == body.plan.design == read_body(DESIGN).design_hash
        assert (body.design_gate, body.plan_gate) == (True, False if gate else None)


def test_a_plan_without_its_marker_is_no_plan_of_bees() -> None:
    body = with_plan(DESIGN, section())
    for broken in (body.replace("<!-- bee:plan", "<!-- plan"), body.replace(" -->\n## Mile", " -->\nhello\n## Mile")):
        assert read_body(broken).plan is None
        assert read_body(broken).plan_text is not None


def test_a_plan_nobody_can_read_is_none_but_its_text_is_there() -> None:
    body = read_body(with_plan(DESIGN, section()).replace("- [ ] `parser`", "- [ ] parser"))
    assert (body.plan, body.plan_text is None) == (None, False)


def test_the_design_hash_sees_the_design_and_nothing_else() -> None:
    plain = read_body(DESIGN).design_hash
    same = [
        DESIGN.replace("[x]", "[ ]"),
        DESIGN.replace("\n", "\r\n"),
        DESIGN.replace("adds.\n", "adds.   \n") + "\n\n\n",
        with_plan(DESIGN, section()),
        with_tick(with_plan(DESIGN, section()), "parser"),
        with_plan(DESIGN, section()).replace("[ ] The plan", "[x] The plan"),
    ]
    assert {read_body(body).design_hash for body in same} == {plain}
    other = [
        DESIGN.replace("adds", "multiplies"),
        DESIGN + "more",
        "x" + DESIGN,
        DESIGN.replace("- [x] go", "- [x] stop"),
    ]
    assert plain not in {read_body(body).design_hash for body in other}


def test_the_plan_hash_sees_the_plan_but_not_its_ticks() -> None:
    body = with_plan(DESIGN, section())
    before = read_body(body).plan_hash
    assert read_body(with_tick(body, "parser")).plan_hash == before
    assert read_body(body.replace("Print results", "Print all")).plan_hash != before
    assert read_body(DESIGN).plan_hash == ""


def test_a_new_plan_replaces_the_old_one_and_unticks_its_gate() -> None:
    once = with_plan(DESIGN, section()).replace("[ ] The plan", "[x] The plan")
    again = with_plan(once, section((STEP,)))
    assert again == with_plan(DESIGN, section((STEP,)))
    assert (read_body(again).plan_gate, len(read_body(again).plan.steps)) == (False, 1)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("{plan}\n# Appendix\n\nA table.\n", "# Appendix\n\nA table."),
        ("{plan}\n## Notes\n\n- [ ] think\n", "## Notes\n\n- [ ] think"),
        ("{plan}\nWritten below the gate.\n", "Written below the gate."),
        ("Before.\n\n{plan}", "Before."),
    ],
    ids=["first-level-heading", "second-level-heading", "below-the-gate", "before"],
)
def test_a_persons_text_around_the_plan_is_kept_and_is_design(where: str, kept: str) -> None:
    body = DESIGN + "\n" + where.replace("{plan}", section())
    assert kept in read_body(body).design_text
    replanned = with_plan(body, section((STEP,), body=body))
    assert kept in replanned
    found = read_body(replanned)
    assert found.plan is not None
    assert found.plan.design == found.design_hash == read_body(body).design_hash
    assert with_plan(replanned, section((STEP,), body=body)) == replanned


def test_a_persons_line_between_the_steps_makes_the_plan_unreadable_and_is_kept() -> None:
    body = with_plan(DESIGN, section()).replace("- [x] `print-it`", "Please also print colours.\n- [x] `print-it`")
    assert read_body(body).plan is None
    replanned = with_plan(body, section(body=body))
    assert "Please also print colours." in read_body(replanned).design_text
    assert read_body(replanned).plan == Plan(TWO, read_body(body).design_hash)


def test_a_plan_is_found_again_behind_a_code_block_that_was_left_open() -> None:
    body = DESIGN + "\n```\nleft open\n"
    once = with_plan(body, section(body=body))
    assert read_body(once).plan is not None
    again = with_plan(once, section(body=once))
    assert read_body(again).plan == Plan(TWO, read_body(again).design_hash)


def test_a_tick_touches_one_box() -> None:
    body = with_plan(DESIGN + "\n- [ ] `parser` not in the plan\n", section())
    found = with_tick(body, "parser")
    assert [(old, new) for old, new in zip(body.split("\n"), found.split("\n"), strict=True) if old != new] == [
        ("- [ ] `parser` Read expressions", "- [x] `parser` Read expressions")
    ]
    assert with_tick(found, "parser") == found
    assert with_tick(body, "print-it") == with_tick(body, "nobody") == body


def test_a_plan_in_a_code_block_is_no_plan() -> None:
    body = read_body(f"````\n{section()}\n````\n")
    assert (body.plan, body.plan_text, body.design_gate, body.plan_gate) == (None, None, None, None)


def test_a_body_without_a_gate_is_a_task() -> None:
    assert read_body("Please add a menu.").design_gate is None
    assert read_body("## Design finalized\n").design_gate is False
