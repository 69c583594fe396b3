"""Markdown as GitHub renders it: what is visible, where headings and boxes stand, what a line says."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bee.model.markdown import closed, outside_code

MARK = "MARK"


def visible(body: str) -> str:
    return "\n".join(line for _, line in outside_code(body))


@pytest.mark.parametrize(
    "body",
    [
        "> MARK", ">MARK", "   > MARK", "> > MARK", "- > MARK", "1) > MARK", "> a\nMARK", "> a\n    MARK",
             "> a\n  MARK",
        "    MARK", "\tMARK", " \tMARK", "text\n\n    MARK", "# heading\n    MARK", "    a\n\n    MARK",
        "```\nMARK\n```", "~~~\nMARK\n~~~", "```py\nMARK", "````\n```\nMARK\n````", "```\n~~~\nMARK\n```",
             "   ```\nMARK\n   ```",
        "``` \nMARK\n```x\nMARK\n```", "```\na\n```\n    MARK", "- ```\n  MARK\n  ```",
             "- a\n    ```\n    MARK\n    ```",
        "1. ~~~\n   MARK", "- - ```\n    MARK", "```\r\nMARK\r\n```", "> a\n```\nMARK",
        "`MARK`", "``MARK``", "`` ` MARK ``", "`a\nMARK`", "\\\\`MARK`", "`a` `MARK`", "``` a ` MARK ```",
             "- `a\n- b` MARK `c",
        "\\`x` MARK `y`",
    ],
)  # fmt: skip
def test_code_and_quotes_are_not_visible(body: str) -> None:
    assert MARK in body
    assert MARK not in visible(body)


@pytest.mark.parametrize(
    "body",
    [
        "MARK", "a\nMARK", "   MARK", "a\n    MARK", "> a\n\nMARK", "> a\n# MARK", "> a\n<!-- MARK", "> a\n- MARK",
             ">\nMARK",
        "```\na\n```\nMARK", "~~~\na\n~~~~\nMARK", "- ```\n  a\n  ```\n  MARK", "- ```\n  a\nMARK", "``` a ``` MARK",
             "``MARK`",
        "`a` MARK `b`", "`a\n\nMARK`", "\\`MARK`", "a ~~~ MARK", "```a`b\nMARK", "- MARK", "\x0cMARK",
    ],
)  # fmt: skip
def test_everything_else_is_visible(body: str) -> None:
    assert MARK in visible(body)


def test_visible_lines_keep_their_numbers_and_blank_lines() -> None:
    assert list(outside_code("a\r\n> q\r\n\r\n```\r\nc\r\n```\r\nb `x\r\ny` c")) == [
        (0, "a"), (2, ""), (6, "b \ufffd"), (7, " c"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["```", "```\nx", "~~~~x\ny", "  ```\n  x", "> a\n```", "````\n```",
     "- a\n  ```\n  x", "- ```\n  x",
                                  "no code", "```\nx\n```", "`open", ""])  # fmt: skip
def test_after_a_closed_text_a_line_is_visible(text: str) -> None:
    assert visible(f"{closed(text)}\n\nMARK").endswith(MARK)
    assert closed(closed(text)) == closed(text)
    assert closed(text).startswith(text)


def test_a_tick_where_nothing_changed_does_not_import_the_parser() -> None:
    code = "import bee.cli.main, sys, bee.cli.commands.tick; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert not {"markdown_it", "bee.model.markdown"} & set(ended.stdout.split())
