"""What people see: 80 columns, never a raw control character of GitHub's text, colours only where they are wanted."""

from __future__ import annotations

import re

import pytest

from bee.model.roles import Role
from bee.pipeline.positions import Mover
from bee.pipeline.skip import shown
from bee.pipeline.status import survey, why_json
from bee.status import terminal as render
from tests.pipeline import worlds

HELD = worlds.names("breeze:human")
EVIL = "\x1b]0;owned\x07\x1b[31mred\x1b[0m\r\n\x9b2J\u202etxt.exe\u202c\u200b tail"
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]")


def test_x10_a_title_never_reaches_the_terminal_raw() -> None:
    """Escapes, carriage returns, C1 controls and bidirectional marks become visible marks, in every view."""
    long = worlds.issue(number=2, title="x" * 500, label_names=HELD)
    placed = survey(worlds.view(worlds.issue(title=EVIL), long))
    table = render.listing(shown(placed), colour=False)
    assert RAW.search(table) is None
    assert len(table.split("\n")) == 2
    assert max(map(len, table.split("\n"))) <= render.WIDTH
    for one in placed:
        data = why_json(one)
        text = render.why({**data, "facts": {**data["facts"], "branch": EVIL}}, one.item.title, one.placement.reason)
        assert RAW.search(text) is None


def test_a_narrow_terminal_keeps_a_readable_title_and_an_empty_repository_says_so() -> None:
    """The title has at least ten columns, whatever the names take."""
    placed = survey(worlds.view(worlds.issue(title="A long title of an issue")))
    assert render.listing(shown(placed), colour=False, width=20).endswith("A long ti…")
    assert render.listing([], colour=True) == "no open items"


@pytest.mark.parametrize(
    ("env", "terminal", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colours_on_a_terminal_only_and_not_with_no_color(env: dict[str, str], terminal: bool, wanted: bool) -> None:
    """https://no-color.org: any value but the empty one."""
    assert render.wants_colour(env, terminal) is wanted


def test_every_mover_has_a_colour_and_colour_changes_no_text() -> None:
    """Agents green, people yellow; without the escapes the table is the plain one."""
    movers: list[Role | Mover] = [*Role, *Mover]
    assert all(render.coloured("x", mover, on=True).startswith("\x1b[") for mover in movers)
    assert {render.coloured("x", mover, on=False) for mover in movers} == {"x"}
    placed = survey(worlds.view(worlds.issue(), worlds.issue(number=2, label_names=HELD)))
    coloured = render.listing(shown(placed), colour=True)
    assert re.sub("\x1b\\[[0-9]+m", "", coloured) == render.listing(shown(placed), colour=False)
