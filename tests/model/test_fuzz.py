"""Everything that reads GitHub's text is total, comes back where it should, and takes time linear in its input."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bee.config.schema import policy_of, settings_of
from bee.config.yaml import parse as parse_yaml
from bee.model import markers
from bee.model.dependencies import dependencies
from bee.model.errors import ConfigError
from bee.model.items import Comment, Issue, Permission, Pull, Review, ReviewState, Who
from bee.model.labels import Label, known
from bee.model.limits import PLAN_STEPS_MAX
from bee.model.markdown import closed, outside_code, reading, words_of
from bee.model.markers import Marker
from bee.model.plan import Plan, read_body, render_section, with_plan, with_tick
from bee.model.records import decode
from bee.model.steps import Step, parse_steps, render_steps, with_words
from bee.model.text import neutralised, normalised, one_line, plain, secrets_in, unix
from bee.pipeline.edits import said_against
from bee.pipeline.evidence import e2e_results, words
from bee.pipeline.gates import Gate, design_gate, plan_gate
from bee.pipeline.output_checks import Handed, holds, refuse_commits, refuse_text
from bee.pipeline.stop_signs import sign_in_title
from bee.pipeline.trust import Trust
from bee.run.sanitize import fenced, hidden_in, visible
from bee.system.secrets import scan

MEBIBYTE = 2**20
LINE_BYTES = MEBIBYTE if os.environ.get("BEE_DEEP") == "1" else MEBIBYTE // 8  # GitHub takes 64 KiB as a body

# Pieces that parsers look for, so that fuzzing finds the corners between them.
PIECES = (
    "\n", "\r\n", "\r", "\n\n", " ", "    ", "\t", "`", "``", "```", "~~~", "````\n", "> ", "- ", "1. ", "* ", "# ",
         "## ", "\\",
    "<!--", "-->", "<!-- bee:run id=1 -->", "<!-- bee:plan design=0123456789abcdef -->",
         "<!-- bee:approved-for-e2e -->",
    "## Milestone plan\n", "## Plan finalized\n", "## Design finalized\n", "- [ ] ", "- [x] ", "- [x] `a` T\n",
         "  - Accept: x\n",
    "  - Files: `a/b`, `c`\n", "  - Note: n\n", "Blocked by #1", "Blocked by: #2, #3 and #4.", "@ann", "fixes #1",
         "&#64;", "a", "é",
    "\u200b", "\u202e", "\x1b[31m", "\x00", "\u2028", "\U0001f41d", "\ufffd", "text",
)  # fmt: skip
BODY = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=30).map("".join)
ANY = st.text() | BODY
LINE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=30).map(
    str.strip
)
TITLE = LINE.filter(bool)
PATH = st.from_regex(r"[a-z0-9_]{1,8}(/[a-z0-9_.]{1,8}[a-z])?", fullmatch=True)
STEP_ID = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
STEP = st.builds(
    Step, id=STEP_ID, title=TITLE, accept=TITLE, files=st.lists(PATH, min_size=1, max_size=3).map(tuple), note=LINE,
    ticked=st.booleans(),
)  # fmt: skip
STEPS = st.lists(STEP, min_size=1, max_size=PLAN_STEPS_MAX, unique_by=lambda step: step.id).map(tuple)


# ---- markers --------------------------------------------------------------------------------------------------------


@given(
    st.from_regex(r"[a-z][a-z0-9-]{0,40}", fullmatch=True),
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,20}", fullmatch=True),
        st.from_regex(r"[A-Za-z0-9._:/@+,-]{0,60}", fullmatch=True),
        max_size=6,
    ),
    BODY,
)
def test_a_rendered_marker_comes_back_behind_any_text(name: str, values: dict[str, str], before: str) -> None:
    marker = Marker(name, values)
    assert markers.parse(f"{closed(before)}\n\n{markers.render(marker)}")[-1:] == (marker,)


@given(st.text(max_size=20), st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=3))
def test_a_marker_is_written_so_that_it_comes_back_or_not_at_all(name: str, values: dict[str, str]) -> None:
    marker = Marker(name, values)
    try:
        text = markers.render(marker)
    except ValueError:
        return
    assert markers.parse(text) == (marker,)


@given(ANY)
def test_markers_are_found_only_in_what_is_visible(body: str) -> None:
    for marker in markers.parse(body):
        assert f"<!-- bee:{marker.name}" in body
    quoted = "\n".join(f"> {line}" for line in unix(body).split("\n"))
    fenced = "~~~~~~~~~~~~\n" + body.replace("~", "") + "\n~~~~~~~~~~~~"
    assert markers.parse(quoted) == markers.parse(fenced) == ()


# ---- text -----------------------------------------------------------------------------------------------------------


@given(ANY)
@example("```\na\n```\n> q\n`x`")
def test_visible_lines_are_lines_of_the_body(body: str) -> None:
    lines = unix(body).split("\n")
    seen = list(outside_code(body))
    assert [index for index, _ in seen] == sorted({index for index, _ in seen})
    assert all(0 <= index < len(lines) for index, _ in seen)
    assert all(line == lines[index] for index, line in seen if "`" not in body)


@given(ANY)
def test_a_closed_text_hides_nothing_that_follows(body: str) -> None:
    assert list(outside_code(f"{closed(body)}\n\nMARK"))[-1][1] == "MARK"
    assert closed(closed(body)) == closed(body)


@given(ANY)
def test_x10_neutralised_text_mentions_nobody_and_hides_nothing(text: str) -> None:
    harmless = neutralised(text)
    assert neutralised(harmless) == harmless
    assert markers.parse(harmless) == ()
    assert "<!--" not in harmless
    assert not re.search(r"(?<![A-Za-z0-9])@ann", harmless), "an address of mail is no mention"
    assert not re.search(r"(?<![A-Za-z0-9])fixes #1", harmless)
    assert not any(character in harmless for character in "\x00\x1b\r\u202e")


@given(ANY)
def test_normalised_and_plain_text_stay_as_they_are(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)
    assert normalised(unix(text).replace("\n", "\r\n")) == normalised(text)
    assert plain(plain(text)) == plain(text)
    assert "\n" not in one_line(text)
    assert len(one_line(text)) <= 200
    assert "<!--" not in visible(text)


@given(ANY)
def test_x3_nothing_closes_a_fence_and_what_nobody_hid_is_seen(text: str) -> None:
    mark = "0123456789abcdef"
    lines = fenced(text, mark, "x").split("\n")
    assert sum(mark in line for line in lines) == 2
    assert hidden_in(text) or "<!--" in text or visible(text) == plain(text)


@given(ANY, st.sampled_from([Permission.WRITE, Permission.READ]))
def test_evidence_is_total_and_a_strangers_words_are_none(body: str, permission: Permission) -> None:
    author = Who("zoe", 5)
    pull = Pull(
        number=1,
        node_id="P",
        title=body,
        body=body,
        author=author,
        created_at=0,
        head_ref=body[:60],
        head="a" * 40,
        head_committed_at=0,
        base_ref="main",
        base="b" * 40,
        comments=(Comment(id=1, author=author, body=body, at=9),),
        reviews=(Review(id=2, author=author, state=ReviewState.COMMENTED, body=body, at=9, commit="a" * 40),),
    )
    trust = Trust(Who("bee", 1), {5: permission})
    found = (*words(pull, trust, None), *e2e_results(pull, trust))
    assert found == () or permission is Permission.WRITE


# ---- plans, gates, dependencies, labels, records --------------------------------------------------------------------


@given(STEPS)
def test_steps_come_back_as_they_were_rendered(steps: tuple[Step, ...]) -> None:
    assume(
        all(
            "`" not in step.note and neutralised(step.title).strip() and neutralised(step.accept).strip()
            for step in steps
        )
    )
    assert parse_steps(render_steps(steps)) == (steps, ())


@given(ANY)
def test_whatever_is_read_of_a_plan_can_be_written_and_read_again(text: str) -> None:
    steps, problems = parse_steps(text)
    if not problems:
        assert parse_steps(render_steps(steps)) == (steps, ())
    assert all(problem.line >= 1 and problem.name and problem.text for problem in problems)
    assert bool(steps) or [problem.name for problem in problems if problem.name == "no-steps"]


@given(BODY, STEPS, st.booleans())
@example("- [ ] ## Plan finalized\n", (Step(id="a", title="T", accept="x", files=("a",)),), False)
def test_a_plan_is_found_in_any_body_and_its_design_is_the_same(body: str, steps: tuple[Step, ...], gate: bool) -> None:
    shown = tuple(with_words(step, neutralised) for step in steps)
    assume(closed(body) == body and all(step.title and step.accept for step in shown))
    design = read_body(body).design_hash
    written = with_plan(body, render_section(Plan(steps, design), gate))
    found = read_body(written)
    assert found.plan == Plan(shown, design)
    assert found.design_hash == design
    assert found.plan_gate is (False if gate else read_body(with_plan(body, "")).plan_gate)
    assert with_plan(written, render_section(Plan(steps, design), gate)) == written


@given(BODY, STEPS)
def test_no_line_of_a_person_is_lost_by_a_new_plan(body: str, steps: tuple[Step, ...]) -> None:
    written = with_plan(body, render_section(Plan(steps, "0" * 16), True))
    assert [line for line in read_body(body).design_text.split("\n") if unix(line) not in normalised(written)] == []


@given(BODY, STEPS)
def test_a_tick_changes_boxes_alone(body: str, steps: tuple[Step, ...]) -> None:
    whole = with_plan(body, render_section(Plan(steps, "0" * 16), True))
    ticked = with_tick(whole, steps[0].id)
    assert normalised(ticked) == normalised(whole)
    assert read_body(ticked).design_hash == read_body(whole).design_hash
    assert with_tick(body, "no-such-step") == body


@given(ANY, st.sampled_from([Permission.WRITE, Permission.READ]))
def test_gates_are_total_and_never_ticked_by_a_stranger(body: str, permission: Permission) -> None:
    author = Who("zoe", 5)
    issue = Issue(number=1, node_id="I", title="t", body=body, author=author, created_at=0)
    trust = Trust(Who("bee", 1), {5: permission})
    for gate in (design_gate(issue, trust), plan_gate(issue, trust)):
        assert gate in Gate
        assert gate is not Gate.TICKED or permission is Permission.WRITE


@given(ANY)
def test_dependencies_are_numbers_that_stand_in_the_text(body: str) -> None:
    found = dependencies(body)
    assert all(str(number) in body for _, number in found.refs)
    assert all(0 <= line.index < len(unix(body).split("\n")) for line in found.unread)


@given(
    st.lists(st.integers(1, 10**9 - 1), min_size=1, max_size=5, unique=True), st.sampled_from(["", "- ", "**"]), BODY
)
def test_a_plain_line_names_its_dependencies(numbers: list[int], start: str, before: str) -> None:
    end = "**" if start == "**" else ""
    line = f"{start}Blocked by:{end} {', '.join(f'#{number}' for number in numbers)}"
    found = dependencies(f"{closed(before)}\n\n{line}")
    assert set(numbers) <= {number for _, number in found.refs}


@given(st.lists(st.text(max_size=30) | st.sampled_from([label.value.swapcase() for label in Label])))
def test_labels_are_total_and_fold_case(names: list[str]) -> None:
    assert {label.value for label in known(names)} == {name.lower() for name in names} & {
        label.value for label in Label
    }


# ---- configuration --------------------------------------------------------------------------------------------------

KEYS = ["version", "intake", "repos", "engine", "roles", "drafter", "limits", "trust", "allow", "verify", "slots", "x"]
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 10**6)
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["all", "none"])
)
TREE = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=9,
)


def as_flow(value: Any) -> str:
    """YAML in one line, scalars as Python shows them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {as_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_flow, value)) + "]"
    return str(value)


@given(st.text() | TREE.map(as_flow) | TREE.map(lambda tree: f"version: 1\nintake: all\nx: {as_flow(tree)}"))
def test_a_configuration_is_read_or_refused_by_file_and_nothing_else(text: str) -> None:
    for read in (settings_of, policy_of):
        try:
            read("bee.yml", parse_yaml(text, "bee.yml"))
        except ConfigError as refusal:
            problem: ConfigError | None = refusal
        else:
            problem = None
        assert problem is None or str(problem).startswith("bee.yml:")


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\nb: *a", "a: !!python/object/apply:os.system [ls]", "a: !x 1", "a: 1\na: 2", "{[a]: 1}", "5: 1",
             "a: 2020-01-01",
        "a: 1\n---\nb: 2", "[" * 50, "&a [*a]", "a: {<<: {b: 1}}", "\x00", "a: 'x", "x" * 300_000, "a: " + "[" * 90_000,
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_yaml_that_no_configuration_needs_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^bee\.yml:"):
        settings_of("bee.yml", parse_yaml(text, "bee.yml"))


# ---- linear time ----------------------------------------------------------------------------------------------------

PARSERS: dict[str, Callable[[str], Any]] = {
    "outside_code": lambda text: list(outside_code(text)),
    "closed": closed,
    "markers": markers.parse,
    "neutralised": neutralised,
    "normalised": normalised,
    "plain": plain,
    "one_line": one_line,
    "visible": visible,
    "fenced": lambda text: fenced(text, "0123456789abcdef", "x"),
    "read_body": lambda text: read_body.__wrapped__(text),
    "parse_steps": parse_steps,
    "with_plan": lambda text: with_plan(text, "## Milestone plan\n"),
    "with_tick": lambda text: with_tick(text, "a"),
    "dependencies": lambda text: dependencies.__wrapped__(text),
    "reading": lambda text: reading.__wrapped__(text),
    "words_of": words_of,
    "decode": lambda text: decode(f"x\n\n{text}"),
    "secrets_in": secrets_in,
    "refuse_text": refuse_text,
    "refuse_commits": lambda text: refuse_commits([Handed("a" * 40, text, ())], "", (), 0),
    "holds": lambda text: holds(text, ["a credential", "another one"]),
    "scan": scan,
    "said_against": said_against,
    "sign_in_title": lambda text: sign_in_title(text, of_pull=True),
}
# One long line: regular expressions that backtrack.
LONG_LINES = {
    "backticks": "x" + "`" * LINE_BYTES,
    "growing backtick runs": "".join("`" * size + "a" for size in range(math.isqrt(2 * LINE_BYTES))),
    "backslashes": "\\" * LINE_BYTES + "`",
    "spaces": " " * LINE_BYTES,
    "close and spaces": "close" + " " * LINE_BYTES,
    "close close": "close " * (LINE_BYTES // 6),
    "close-close": "close-" * (LINE_BYTES // 6) + " #1",
    "one long word": "fixes " + "x" * LINE_BYTES,
    "opened comments": "<!--" * (LINE_BYTES // 4),
    "opened markers": "<!-- bee:a" * (LINE_BYTES // 10),
    "marker values": "<!-- bee:a" + " k=v" * (LINE_BYTES // 4),
    "long marker value": "<!-- bee:a k=" + "v" * LINE_BYTES,
    "list marks": "- " * (LINE_BYTES // 2) + "x",
    "rules": "\n> a\n" + "* " * (LINE_BYTES // 2) + "x",
    "numbers of lists": "1. " * (LINE_BYTES // 3) + "```",
    "tabs": "\t" * LINE_BYTES,
    "boxes": "- [x] " * (LINE_BYTES // 6),
    "blocked": "Blocked by " + "#1, " * (LINE_BYTES // 4),
    "blocked and commas": "Blocked by " + "#1, a " * (LINE_BYTES // 6),
    "words and commas before an item": "Blocked by " + "a, and " * (LINE_BYTES // 7) + "#1",
    "names of a gate": "## Design" + " and & doc" * (LINE_BYTES // 10),
    "signs of a gate": "## Design" + " -" * (LINE_BYTES // 2),
    "nearly a gate": "## Design" + " not" * (LINE_BYTES // 4),
    "at signs": "@" * LINE_BYTES,
    "mentions": "@a" * (LINE_BYTES // 2),
    "entities": "&#" + "0" * LINE_BYTES + "&#0" * 1_000,
    "zero width": "\u200b" * (LINE_BYTES // 3),
    "open brackets": "[" * LINE_BYTES,
    "images": "![" * (LINE_BYTES // 2),
    "image texts": "![a](" * (LINE_BYTES // 5),
    "parentheses": "![a](" + "(" * LINE_BYTES,
    "tags": "<a " * (LINE_BYTES // 3),
    "definitions": "[a]: b '" + "'" * LINE_BYTES,
    "almost keys": "-----BEGIN " + "A" * LINE_BYTES,
    "almost tokens": "sk-ant-" * (LINE_BYTES // 7),
    "almost other tokens": "xoxb-1-SG.aws AccountKey=glpat-" * (LINE_BYTES // 32),
    "digits": "1" * LINE_BYTES,
    "underscores": "_" * LINE_BYTES,
    "signs in brackets": "[wip" * (LINE_BYTES // 4),
    "dashes before signs": " - draft" * (LINE_BYTES // 8),
    "negations": "do not be " * (LINE_BYTES // 10),
    "yes and if": "lgtm if " * (LINE_BYTES // 8),
    "but please": "but please " * (LINE_BYTES // 11),
    "what is not allowed": "merge is not " * (LINE_BYTES // 13),
    "wrong ones": "approved there is " * (LINE_BYTES // 18),
    "what comes first": "#12 a b c " * (LINE_BYTES // 10),
    "commas": "ok, " * (LINE_BYTES // 4),
    "words of mine": "merge let me " * (LINE_BYTES // 13),
    "dashed digits": "xoxb-" + "1-" * (LINE_BYTES // 2),
}
# Many small pieces: work done again for each of them.
MANY_PIECES = {
    "pairs of backticks": "`a``b",
    "quotes": "> a\n",
    "fences": "```\n",
    "headings": "## a\n",
    "steps": "- [ ] `a` T\n",
    "parts of steps": "- [ ] **`a`**: T\n  - Accept: x\n    more\n",
    "blocked lines": "Blocked by " + "#1 , " * 95 + "x\n",
    "alerts": "> [!NOTE]\n> <!-- bee:a -->\n\n",
    "blocked lines that go on": "Blocked by #1,\n",
    "parts": "- [ ] #1\n",
    "lines of an alert": "> [!NOTE]\n> a\n",
    "carriage returns": "\r",
    "unclosed paragraph": "a `\n",
}
DEEP = pytest.mark.deep


def assert_read(text: str) -> None:
    """Every parser gets to the end. What is quadratic takes hours: the test's own time limit is the judge."""
    read = {name: parser(text) for name, parser in PARSERS.items()}
    assert read.keys() == PARSERS.keys()
    assert read["decode"] is None


@pytest.mark.parametrize("bomb", LONG_LINES)
def test_a_long_line_is_read_to_its_end(bomb: str) -> None:
    assert len(LONG_LINES[bomb].encode()) > LINE_BYTES * 0.9
    assert_read(LONG_LINES[bomb])


@pytest.mark.parametrize("size", [64 * 1024, pytest.param(MEBIBYTE, marks=DEEP)], ids=["64KiB", "1MiB"])
@pytest.mark.parametrize("bomb", MANY_PIECES)
def test_a_body_of_many_pieces_is_read_to_its_end(bomb: str, size: int) -> None:
    """64 KiB is what GitHub takes as a body."""
    assert_read(MANY_PIECES[bomb] * (size // len(MANY_PIECES[bomb])))


@pytest.mark.parametrize("size", [64 * 1024, pytest.param(MEBIBYTE, marks=DEEP)], ids=["64KiB", "1MiB"])
def test_a_step_of_many_files_is_read_to_its_end(size: int) -> None:
    assert_read("## Milestone plan\n- [ ] `a` T\n  - Files: " + "`a" * (size // 2))


@contextmanager
def counted() -> Iterator[list[int]]:
    """Counts the lines of Python that run."""
    count = [0]

    def trace(frame: Any, event: str, arg: Any) -> Any:
        del frame, arg
        count[0] += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield count
    finally:
        sys.settrace(before)


@pytest.mark.parametrize(
    "piece",
    [
        "> a\n", "```\n", "## a\n", "`a` ``b`` ```\n", "- [x] `a` T\n", "<!-- bee:run id=1 -->\n", "a\n",
        "Blocked by\n#1\n", "#1\n", "- Blocked by\n- #1\n  - #2\n",
        "# Blocked by #1\n## Blocked by\n### A\n- #2\nand #3\n",
        "Blocked by #1\n\n#2\n\n", "##Design finalized\n[ ] Plan finalized\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "name", ["outside_code", "closed", "markers", "read_body", "with_plan", "dependencies", "reading", "parse_steps"]
)
def test_four_times_the_text_is_at_most_five_times_the_work(name: str, piece: str) -> None:
    """Lines of Python executed, so that the machine's load does not matter."""
    work = []
    for size in (100, 400):
        with counted() as count:
            PARSERS[name](piece * size)
        work.append(count[0])
    assert work[1] <= 5 * work[0]
