"""What people write on GitHub is read as they mean it: each spelling with the position before and after.

Each row says where the issue is, and where it is once a trusted person has done what the row is about: ticked the box,
closed what it waits for, or corrected the line. A stranger who does the same in the text moves nothing.
"""

from __future__ import annotations

from typing import Any

import pytest

from bee.config.schema import Policy
from bee.model.dependencies import dependencies
from bee.model.items import Issue
from bee.model.labels import Label
from bee.model.markdown import reading, ticked
from bee.model.plan import with_tick
from bee.pipeline.positions import Mover, Position
from tests.pipeline import worlds as w

P = Position
BOX = "- [ ] go"

# ---- gates ----------------------------------------------------------------------------------------------------------

HEADINGS = (
    "## Design finalized", "### Design finalized", "# Design finalized", "###### Design finalized",
    "## Design finalized:", "## Design finalized ##", "## Design finalized #", "##  Design finalized",
    " ## Design finalized", "   ## Design finalized", "##\tDesign finalized", "## **Design finalized**",
    "## __Design finalized__", "## *Design* finalized", "## ***Design finalized***", "## De**sign** finalized",
    "## ~~Design finalized~~", "## ✅ Design finalized", "## 🚦 **Design finalized** 🚦",
    "## :rocket: Design finalized",
    "## 5. Design finalized", "## 2.1 Design finalized", "## 1️⃣ Design finalized", "## Design  finalized",
    "## Design\u00a0finalized", "## Design&nbsp;finalized", "## DESIGN FINALIZED!", "## design finalised",
    "## \u201cDesign finalized\u201d", "## Design-finalized", "## Design finalized?",
    "## Design finalized (both of you)",
    "## [Design finalized](https://example.org)", "## Design finalized <!-- see the guide -->",
    "## <b>Design</b> finalized", "## `Design finalized`", "## Design\u200b finalized", "## - Design finalized",
    "Design finalized\n---", "Design finalized\n===", "**Design finalized**\n------", "Design\nfinalized\n---",
    "## Design: finalized", "## Design\u2011finalized", "## Design \u2013 finalized", "## Design\u2014finalised",
    "## Design_finalized", "## Finalization: gate",
    "## Finalization gate", "### Finalisation gate", "## ⛔ Finalization gate:", "## Design finalized — please tick",
)  # fmt: skip
BOXES = (
    "- [ ] go", "* [ ] go", "+ [ ] go", "1) [ ] go", "1. [ ] go", "23) [ ] go", "-   [ ] go", "- [\u00a0] go",
    "  - [ ] go", "-\n  [ ] go", "- [ ] **go**", "- - [ ] go", "- first\n  - [ ] go", "some words\n\n- [ ] go",
    "- [ ] one\n- [x] two", "### Approval\n\n- [ ] go", "- [ ]", "> quoted\n\n- [ ] go", "```\n- [x] go\n```\n- [ ] go",
    "- [ ] go <!-- tick me -->", "<details>\n\n- [ ] go\n\n</details>",
)  # fmt: skip


def design(heading: str, box: str = BOX) -> str:
    return f"It adds numbers.\n\n{heading}\n\n{box}\n"


def with_all_ticked(body: str) -> str:
    """The body after somebody clicked each open box: one character each."""
    for task in reading(body).tasks:
        body = body if task.ticked else ticked(body, task)
    return body


def place(body: str, *edits: Any, others: tuple[Issue, ...] = (), policy: Policy = w.AUTO, **more: Any) -> Position:
    """Where ann's issue is; `edits` are (text, who), after hers."""
    item = w.issue(body=body, **more)
    if edits:
        texts = [(body, item.author), *edits]
        item = w.edited(item, *(w.edit(text, w.NOW - w.HOUR + at, who) for at, (text, who) in enumerate(texts)))
    return w.place(item, *others, policy=policy).position


@pytest.mark.parametrize("body", [*map(design, HEADINGS), *(design("## Design finalized", box) for box in BOXES)])
def test_case_p2_p3_a_gate_holds_until_a_trusted_person_ticks_it(body: str) -> None:
    """Whatever its level, emphasis or punctuation; with unix line ends and with those of a browser."""
    for text in (body, body.replace("\n", "\r\n")):
        after = with_all_ticked(text)
        assert sum(one != two for one, two in zip(text, after, strict=True)) == text.count("[ ]") + text.count(
            "[\u00a0]"
        )
        assert place(text) is P.DESIGN_OPEN
        assert place(text, (after, w.ANN)) is P.NEEDS_PLAN
        assert place(text, (after, w.SAM)) is P.UNTRUSTED
        assert place(text, (text, w.SAM), (after, w.SAM), label_names=w.names(Label.NEW),
                     events=(w.labeled(Label.NEW, w.NOW),)) is P.DESIGN_OPEN  # fmt: skip


@pytest.mark.parametrize(
    ("box", "place_after"),
    [
        ("- [x] go", P.NEEDS_PLAN), ("- [X] go", P.NEEDS_PLAN), ("1) [x] go", P.NEEDS_PLAN),
        ("7. [X] go", P.NEEDS_PLAN),
        ("* [x] go\n* [x] and go", P.NEEDS_PLAN), ("- [x] go\n- [ ] one is left", P.DESIGN_OPEN),
        ("> - [x] go", P.DESIGN_OPEN), ("```\n- [x] go\n```", P.DESIGN_OPEN), ("    - [x] go", P.DESIGN_OPEN),
        ("<!-- - [x] go -->", P.DESIGN_OPEN), ("`- [x] go`", P.DESIGN_OPEN), ("_No response_", P.DESIGN_OPEN),
        ("", P.DESIGN_OPEN), ("yes", P.DESIGN_OPEN), ("[x] go", P.DESIGN_OPEN), ("- [y] go", P.DESIGN_OPEN),
        ("- [ x ] go", P.DESIGN_OPEN), ("- [] go", P.DESIGN_OPEN), ("-[x] go", P.DESIGN_OPEN),
        ("- [x]go", P.DESIGN_OPEN),
        ("- (x) go", P.DESIGN_OPEN), ("- [x] go\n- [ x ] and go", P.DESIGN_OPEN), ("- ☑ go", P.DESIGN_OPEN),
    ],
)  # fmt: skip
def test_case_p3_a_box_is_what_github_shows_as_one(box: str, place_after: Position) -> None:
    assert place(design("## Design finalized", box)) is place_after


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("Design finalized: no", 1), ("**Design finalized**\n\n- [x] go", 1), ("a\n\nDesign finalized\n- [x] go", 3),
        ("- Design finalized", 1), ("- ## Design finalized", 1), ("<h2>Design finalized</h2>\n\n- [x] go", 1),
        ("| Design finalized | [x] |\n|--|--|\n| a | b |", 1), ("## Design finalized\n\nyes", 1),
        ("## Design finalized\n\n- [x] go\n- [] and go", 4), ("Finalization gate: open", 1),
        ("## Design finalized\n\n- [x] go\n\n## Design finalized\n\nnot yet", 5),
        ("- [x] go\n\n- ✅ Design finalized", 3), ("##Design finalized\n\n- [x] go", 1),
        ("<details>\n<summary>Approval</summary>\n## Design finalized\n- [x] go\n</details>", 3),
        ("<details>\n- [x] Design: finalized\n</details>", 2), ("##Design finalized##\n- [x] go", 1),
        ("\\## Design finalized\n\n- [x] go", 1), ("a\n\n&#35;&#35; Design finalized\n- [x] go", 3),
        ("[ ] Design finalized", 1), ("[x] Design finalized", 1), ("a\n\n[] Design\u2013finalized", 3),
        ("\\[x] Design finalized", 1), ("[yes] **Finalization gate**", 1), ("#Design finalized", 1),
        ("## Design finalized\n\n- [x] go\n\n<p>\n- [ ] and go\n</p>", 6), ("## DesignFinalized\n\n- [x] go", 1),
        ("## Design is finalized\n\n- [x] go", 1), ("## Design/plan finalized\n\n- [x] go", 1),
        ("## Design & plan finalized\n\n- [x] go", 1), ("## Finalization Gates\n\n- [x] go", 1),
        ("## Design NOT finalized\n\n- [ ] go", 1), ("## Design NOT finalized\n\n- [x] go", 1),
        ("## Design not yet finalized", 1), ("## Design is **un**finalized", 1), ("## The design is finalized", 1),
        ("## Gate: Design finalized\n\n- [x] go", 1), ("## Step 1: Design finalized\n\n- [x] go", 1),
        ("- [x] The design is finalized", 1), ("## Finalise gate\n\n- [x] go", 1),
        ("## Design finalized\n\n- [x] go\n\n## Design is not finalized", 5),
        ("> [!IMPORTANT]\n> ## Design finalized\n> - [x] go", 2), ("> [!NOTE]\n> - [x] Design finalized", 2),
        ("## Design finalized\n\n- [x] go\n\n> [!NOTE]\n> - [ ] and go", 6),
        ("## Design finalized\n\n> [!NOTE]\n> - [x] go", 1),
        ("- [ ]Design finalized", 1), ("* [ ]Design finalized", 1), ("a\n\n- [x]Design finalized", 3),
        ("## Design Finalization Gate\n\n- [ ] go", 1), ("## Design Finalization Gate\n\n- [x] go", 1),
        ("## Design and API finalized\n\n- [ ] go", 1), ("## Design doc finalized", 1),
        ("## Design & API & schema finalized", 1), ("## Design/API finalized", 1), ("- [x] Design finalization", 1),
        ("## Design finalization\n\n- [ ] go", 1),
    ],
)  # fmt: skip
def test_what_looks_like_a_gate_and_is_none_stops_and_says_so(body: str, line: int) -> None:
    one = w.placed(w.issue(body=body))
    assert one.placement.position is P.DESIGN_OPEN
    assert one.placement.reason.startswith(f"line {line} (")
    assert "looks like a gate" in one.placement.reason
    assert "write `## Design finalized`, and below it `- [ ] The design is complete" in one.placement.reason
    assert place(body, (design("## Design finalized", "- [x] go"), w.ANN)) is P.NEEDS_PLAN
    assert place(body, (design("## Design finalized", "- [x] go"), w.SAM)) is P.UNTRUSTED


@pytest.mark.parametrize(
    "body",
    [
        "The design finalized in June is old.", "## How the design was finalized", "## Our Design finalized",
        "# Design",
        "> ## Design finalized\n> - [ ] go", "```\n## Design finalized\n- [ ] go\n```", "    ## Design finalized",
        "<!-- ## Design finalized -->", "<!--\n## Design finalized\n\n- [ ] go\n-->", "`Design finalized`",
        "~~~\nDesign finalized\n---\n~~~", "[//]: # (Design finalized)", "#Designfinalized", "## Designs finalized",
        "text <!-- a\nDesign finalized\n--> text", "<pre>\nDesign finalized\n</pre>", "## Design finalizedness",
        "Design. Finalized texts are in the wiki.", "The design: finalized in June.",
        "Design, finalized or not, is hard.",
        "## Design of what is finalized", "The design is finalized.", "> [!NOTE]\n> The design is not finalized.",
        "## Design finalization of orders", "- [ ] Design the flow for finalized orders",
        "#12 Design finalized", "[The guide](https://example.org): design finalized", "# 1 design, not finalized",
    ],
)  # fmt: skip
def test_what_does_not_begin_with_the_words_is_no_gate(body: str) -> None:
    assert place(body) is P.NEEDS_STEP
    assert place(body, (f"{body}\n\nx", w.SAM)) is P.UNTRUSTED


@pytest.mark.parametrize(
    ("heading", "place_after"),
    [
        ("## Plan finalized", P.PLAN_OPEN), ("### Plan finalized:", P.PLAN_OPEN),
        ("## **Plan finalised**", P.PLAN_OPEN),
        ("Plan finalized\n---", P.PLAN_OPEN), ("## ✅ Plan finalized ##", P.PLAN_OPEN)
    ],
)  # fmt: skip
def test_the_gate_of_the_plan_is_read_like_the_first(heading: str, place_after: Position) -> None:
    body = w.planned(gate=True).replace("## Plan finalized", heading)
    assert place(body, policy=w.ALL) is place_after
    assert place(body, (with_all_ticked(body), w.SAM), policy=w.ALL) is P.UNTRUSTED
    assert place(body, (body.replace("- [ ] The plan", "- [x] The plan"), w.ANN), policy=w.ALL) is P.NEEDS_STEP


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_ticked_step_changes_one_character(ends: str) -> None:
    body = w.planned().replace("\n", ends)
    after = with_tick(body, "parser")
    changed = [at for at, (one, two) in enumerate(zip(body, after, strict=True)) if one != two]
    assert [body[at - 1 : at + 2] for at in changed] == ["[ ]"]
    assert after[changed[0]] == "x"


# ---- dependencies ---------------------------------------------------------------------------------------------------

BLOCKED = (
    "Blocked by #2", "blocked by #2", "BLOCKED BY #2.", "Blocked by: #2", "Blocked by : #2", "Depends on #2",
    "**Depends on:** #2", "**Depends on**: #2", "__Depends on:__ #2", "*Blocked by* #2", "~~Blocked by #2~~",
    "Blocked on #2", "Blocked-by: #2", "Depends-On: #2", "Depends upon #2", "Dependent on #2",
    "Blocked by: #2 (the parser)", "Blocked by #2 — needs the parser", "Blocked by #2, which is needed first",
    "Blocked by the parser (#2)", "Blocked by issue #2", "Blocked by PR #2!", "Blocked by GH-2", "Blocked by  #2",
    "Blocked\u00a0by #2", "Blo**cked** by #2", "⛔ Blocked by #2", ":no_entry: **Blocked by** #2", "(Blocked by #2)",
    "- Blocked by #2", "* blocked by #2", "1. Blocked by #2", "- [ ] Blocked by #2", "- [x] Blocked by #2",
    "- [ ] **Blocked by** #2", "Blocked by #9 & #2", "Blocked by #9 and #2", "Blocked by #9, #2", "Blocked by #9 + #2",
    "Blocked by #9; #2", "Blocked by #9 / #2", "Blocked by: #9, #8 and #2.", "Blocked by #9,\n#2", "Blocked by\n#2",
    "Blocked by:\n- #9\n- #2", "Blocked by:\n\n- #2", "Blocked by:\n\n#2", "- Blocked by:\n  - #2\n- more",
    "## Blocked by\n\n- #2", "### Blocked by\n\n#2", "## Blocked by:\n\n- [ ] #2 the parser\n  - it is needed",
    "## Depends on #2", "## ⛔ **Depends on**\n\nWe need #2 first.\nIt is small.", "Blocked by\n---\n\n* #2",
    "### Blocked by\n\n#2\n\n### Other\n\nx", "| Blocked by | #2 |\n|--|--|\n| a | b |", "<p>Blocked by #2</p>",
    "Blocked by octo/calc#2", "Blocked by Octo/Calc#2", "Blocked by https://github.com/octo/calc/issues/2",
    "Blocked by https://github.com/octo/calc/pull/2#issuecomment-1",
    "Blocked by <https://github.com/octo/calc/issues/2>",
    "Blocked by [the parser](https://github.com/octo/calc/issues/2)", "Blocked by [#2](../issues/2)",
    "Blocked by: #9\n#2 (the lexer)",
    "Blocked by:\n#9\n#2", "Blocked by: #9\n#2", "Blocked by #9\nand #2", "Blocked by #9\n& #2", "Blocked by #9\n- #2",
    "Blocked by:\n\n#9\n\n#2", "Blocked by: #9\n\n#2", "Blocked by:\n#9\n#8\nPR #2", "Blocked by:\n- #9\n\n#2",
    "Blocked by #9\n- #8\n- #2 (the parser)", "Blocked by:\n\n#9\nand #2", "**Blocked by:**\n\nIssues #9 and #2",
    "- Blocked by\n- #2", "- Blocked by:\n- #9\n- #2", "- Blocked by #9\n- #2", "- Blocked by:\n\n#2",
    "- Blocked by: #9\n  - #2", "Blocked by: #9,\n\n#2", "Blocked by none\n- #2", "Blocked by:\n- #9\n  and #2",
    "## Blocked by\n\n### Upstream\n\n- #2", "## Blocked by\n\n### Upstream\n\n- #9\n\n### Here\n\nWe need #2.",
    "## Blocked by\n\n- #9\n\n### Upstream\n\n- #2", "## Blocked by #9\n\n- #2", "## Blocked by #9\n\n### Also\n\n#2",
    "## Blocked by\n\n### #2", "## Blocked by #9\n\n- #8\n- #2", "## Blocked by none\n\n#2", "##Blocked by\n- #2",
    "### Blocked by (optional)\n\n#2", "### Blocked by?\n\n#2", "### Depends on (if any):\n\n- #2",
    "\\## Blocked by #2",
    "<details>\n<summary>More</summary>\n## Blocked by\n- #9\n- #2\n</details>", "[ ] Blocked by #2", "#Blocked by #2",
    "<details>\n<summary>Blocked by</summary>\n\n- #2\n\n</details>", "Blocked\u2011by: #2", "Blocked\u2013by #2",
    "## Blocked by\n\n<details>\n<summary>Show</summary>\n\n- #2\n\n</details>",
    "Blocked by:\n<ul>\n<li>#2</li>\n</ul>",
    "<h3>Blocked by</h3>\n<ul>\n<li>\n#9\n</li>\n<li>#2</li>\n</ul>", "| Blocked by |\n|--|\n| #9 |\n| #2 |",
    "Blocked: #2", "Blocked: by #2", "Blocked until #2 is merged", "Blocked (by #2)", "**Blocked** (by #2)",
    "Blocked, by #2",
    "Depends: #2", "Dependencies: #2", "Dependency: #2", "## Dependencies\n\n- #2", "## Dependencies & risks\n\n- #2",
    "Dependencies and blockers: #2", "**Dependencies**\n\n- #2", "Blocker: #2", "Blockers: #2", "## Blockers\n\n- #2",
    "Dependant on #2", "Depends heavily on #2", "Blocked\nby #2", "Depends\non #2", "Blocked \u2013 #2",
    "BLOCKED: waits for #2", "## Blocked\n\n- #2", "Blocked pending #2", "Dependencies\n---\n\n* PyYAML, for #2",
    "Blocked by #9\n\nand #2", "Blocked by #9\n\n& #2", "Blocked by #9\n\nand #8\n\nand #2", "Blocked by #9, then #2",
    "> [!IMPORTANT]\n> Blocked by #2", "> [!warning]\n> **Blocked by** #2\n", "> [!NOTE] Blocked by #2",
    "> [!CAUTION]\n> text\n>\n> - Depends on:\n>   - #2", "> [!TIP]\n> ## Blocked by\n>\n> - #2",
    "- > [!NOTE]\n  > Blocked by #2",
    "> [!NOTE]\n> | Blocked by | #2 |\n> |--|--|\n> | a | b |", "> quoted\n\n> [!NOTE]\nBlocked by #2",
    "- [ ] #2\n- [ ] #9", "- [ ] #9\n- [x] #2", "## Tasks\n\n- [ ] #2 the parser", "1. [ ] **#2**: the parser",
    "The parts:\n\n- [ ] https://github.com/octo/calc/issues/2\n- [ ] #9", "- [ ] octo/calc#2",
    "- [ ] Issue #2\n- [ ] PR #9",
    "Blocked due to #2", "Blocked #2", "Blocked. See #2", "Blocked because of #2", "Blocked waiting on #2",
    "Blocked, waiting for #2", "Blocked behind #2", "Blocked; #2", "Blocked!\n\n- #2", "Dependencies #2, #9",
    "Blocker #2", "Blockers #9, #2", "Depends PR #2", "## Blocker(s)\n\n#2", "## Blockers / dependencies\n\n- #2",
    "## Dependencies/blockers\n\n- #2", "## Blocking issues\n\n- #2", "Blocking issues: #2", "Blocker(s): #2",
    "## Dependency(ies)\n\n- #2", "## Blocked / waiting\n\n- #2", "Blocked by #9\nalso #2", "Blocked by #9\n\nalso #2",
    "- text\n\nBlocked by #2\n\nmore", "text\nBlocked by #2\ntext", "<!-- note --> Blocked by #2",
)  # fmt: skip


@pytest.mark.parametrize("text", BLOCKED)
def test_case_p4_an_issue_waits_for_what_its_text_names_until_that_is_closed(text: str) -> None:
    for body in (text, text.replace("\n", "\r\n"), f"It adds numbers.\n\n{text}"):
        assert place(body, others=(w.issue(2),)) is P.BLOCKED
        assert place(body) is P.NEEDS_STEP
        assert place(body, (body, w.SAM), others=(w.issue(2),)) is P.UNTRUSTED
        assert place("It adds.", (body, w.SAM), others=(w.issue(2),)) is P.UNTRUSTED
        assert place("It adds.", (body, w.ANN), others=(w.issue(2),)) is P.BLOCKED


@pytest.mark.parametrize(
    "text",
    [
        "Blocked by:", "Blocked by: none", "Blocked by: None.", "Blocked by n/a", "Depends on: N/A", "Blocked by: -",
        "Blocked by —", "Depends on nothing", "## Blocked by", "## Blocked by\n\nnone",
        "### Blocked by\n\n_No response_",
        "### Blocked by\n\nN/A\n\n### Other\n\nSee #2", "## Blocked by\n\n-\n", "Blocked by: none at the moment",
        "> Blocked by #2", "`Blocked by #2`", "```\nBlocked by #2\n```", "    Blocked by #2", "<!-- Blocked by #2 -->",
        "<!--\nBlocked by #2\n-->", "text <!--\nBlocked by #2\n-->", "[//]: # (Blocked by #2)", "Not blocked by #2",
        "It is blocked by #2", "See #2", "#2 is blocked by this", "- > Blocked by #2",
        "> text\n> [!NOTE]\n> Blocked by #2",
        "> [!NOTE]\n> > Blocked by #2", "> [!NOTE]\n> ```\n> Blocked by #2\n> ```", "> [!NOTES]\n> Blocked by #2",
        "> > [!NOTE]\n> > Blocked by #2", "Dependencies: PyYAML, C#", "## Dependencies\n\n- PyYAML 6",
        "## Dependency injection\n\nAs in #2.", "## Blocked\n\nA user is blocked.", "Blocked users see #2",
        "Blockers in chess, see #2", "Blockers: none", "## Blockers\n\nNone.", "Blocked: no", "Depends: n/a",
        "Blocked by #9, which the API team wrote", "Blocked by #9, since it is slow",
        "Blocked by #9\n\nAnd #2 is next.",
        "- [ ] #2\n- [ ] docs", "- [ ] see #2", "- #2\n- #3", "> - [ ] #2", "```\n- [ ] #2\n```", "- [ ]", "[ ] #2",
        "~~~\n## Blocked by\n#2\n~~~", "Unblocked by #2", "Blocked bytes #2", "<pre>\nBlocked by #2\n</pre>",
        "`a\nBlocked by #2`", "Closes #2", "Blocking #2", "## Things it is blocked by\n\n#2",
        "### Blocked by (optional)\n\n_No response_", "### Blocked by?\n\n_No response_",
        "### Depends on (if any)\n\nnone",
        "## Blocked by (optional)\n\n## Other\n\n#2", "# Blocked by\n\nnone\n\n## Problem\n\nIt is slow, see #2.",
        "Blocked by #9\nSee #2 for why.", "Blocked by #9\n\n#2 is where it began.",
        "Blocked by #9\n\n- Add it, as in #2",
        "## Blocked by #9\n\nIt began with #2.\n\n### Why\n\nSee #2.", "Blocked by #9.\n\nThen #2 is next.",
        "Blocked by #9\n\n## Other\n\n#2", "- Blocked by #9\n- Closes #2", "- #8\n  - Blocked by #9\n- #2",
        "- Blocked by:\n  - #9\n- #2 is next", "Blocked by #9\nCloses #2",
        "## Blocked by\n\n- #9\n\n### Details\n\nThe parser is small.", "Blocking issues #2",
        "Blocked by #9\nAlso, see #2.", "Blocked by the API, which is #9", "Blocked by #9 (the parser and the lexer)",
    ],
)  # fmt: skip
def test_what_names_nothing_or_is_not_for_readers_blocks_nothing(text: str) -> None:
    assert place(text, others=(w.issue(2),)) is P.NEEDS_STEP
    assert place(text, (f"{text}\n", w.SAM), others=(w.issue(2),)) is P.UNTRUSTED


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("Blocked by the parser", 1), ("a\n\n**Depends on:** the new machine", 3), ("Blocked by: TBD", 1),
        ("Blocked by ???", 1), ("Blocked by #", 1), ("Blocked by 2", 1), ("Blocked by #2, 3 and 4", 1),
        ("Blocked by #2 and the API team", 1), ("Blocked by #2 & others", 1), ("Blocked by `#2`", 1),
        ("## Depends on\n\n- #2\n- a new machine", 4), ("## Blocked by\n\nthe parser", 3), ("Blocked by #two", 1),
        ("Blocked by #9/#2", 1),
        ("Blocked by #9 and https://example.org/tickets/2", 1),
        ("Blocked by:\n- the parser", 2), ("- [ ] Blocked by: legal", 1), ("Blocked by #99999999999", 1),
        ("Blocked by JIRA-12", 1), ("Blocked by #2\n\nDepends on luck", 3),
        ("| Blocked by | Owner |\n|-|-|\n| #2 | me |", 1),
        ("Blocked by #2\u2013#5", 1), ("Blocked by #2-#5", 1), ("Blocked by #2 to #5", 1), ("Blocked by #2 ... #5", 1),
        ("Blocked by #2 through #5", 1), ("Blocked by #2\u20265", 1), ("Blocked by #2, ..., #5", 1),
        ("Blocked by #2-5", 1),
        ("## Blocked by\n\n- #2 \u2014 #5", 3), ("Blocked by #2\nand the API team", 1), ("Blocked by #2\n& others", 1),
        ("Blocked by #2\n- #3\n- a new machine", 3), ("## Blocked by #2\n\n- #3\n- luck", 4), ("## Blocked by ???", 1),
        ("## Blocked by\n\n### Upstream\n\nthe API team", 5), ("## Blocked by (the parser)", 1),
        ("Blocked by:\n\n#2\nand the API team", 3), ("### Depends on (issue numbers)\n\n2, 3", 3),
        ("Blocked by #2 plus luck", 1),
        ("Blocked by #9, the API team", 1), ("Blocked by #9 and the API team", 1), ("Blocked by #9; the API team", 1),
        ("Blocked by #9 and the API team, #8", 1), ("Blocked by #9, the API team and #8", 1), ("Blocked: legal", 1),
        ("Blocked by #9\n\nand the API team", 3), ("Blocked until the release", 1), ("Blocked (by legal)", 1),
        ("## Blockers\n\nthe API team", 3), ("Depends: TBD", 1), ("## Dependencies\n\n- #2\n- a new machine", 4),
        ("Dependencies: # 2", 1), ("> [!NOTE]\n> Blocked by legal", 2), ("> [!NOTE] Blocked by luck", 1),
        ("Blocked by JIRA-12 and #2", 1), ("Blocked by PR 12 and #2", 1), ("Blocked by 12, #2", 1),
        ("Blocked by 12 #2", 1), ("Blocked by the parser and #2", 1), ("Blocked until Friday and #2", 1),
        ("Blocked by the lexer, the parser (#2)", 1), ("Blocked by JIRA-12, then #2", 1), ("Blocked by luck & #2", 1),
        ("Blocked by #2 (and the parser)", 1), ("Blocked by #2 (the lexer) and the parser", 1),
        ("Blocked by #2. Also legal.", 1), ("Blocked by #2\nalso the parser", 1), ("Blocked due to legal", 1),
        ("Blocked until #2 is merged and legal agrees", 1), ("Blocked by #2 first, then luck", 1),
        ("Blocked by #2 and, later, legal", 1), ("Blocked by #2 - and legal", 1), ("Blocked by #2 \u2014 also luck", 1),
        ("## Blocker(s)\n\nlegal", 3),
        ("## Blockers / dependencies\n\nlegal", 3),
        ("Depends on the weather.", 1), ("Blocked by @ann", 1), ("Blocked by a/b", 1),
    ],
)  # fmt: skip
def test_what_looks_like_a_dependency_and_is_none_stops_and_says_so(body: str, line: int) -> None:
    one = w.placed(w.issue(body=body))
    assert (one.placement.position, one.placement.mover) == (P.BLOCKED, Mover.PERSON)
    assert one.placement.reason.startswith(f"line {line} (")
    assert "looks like a dependency" in one.placement.reason
    assert "write `Blocked by #12`" in one.placement.reason
    assert place(body, ("It adds.", w.ANN)) is P.NEEDS_STEP
    assert place(body, ("It adds.", w.SAM)) is P.UNTRUSTED


@pytest.mark.parametrize("text", ["Blocked by other/place#2", "Blocked by https://github.com/other/place/issues/2"])
def test_case_p4_an_item_of_another_repository_blocks(text: str) -> None:
    assert [str(ref) for ref in dependencies(text).refs] == ["other/place#2"]
    assert place(text) is P.BLOCKED


def test_there_are_at_least_120_spellings() -> None:
    assert len({*HEADINGS, *BOXES, *BLOCKED}) >= 120
