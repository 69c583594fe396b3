"""Hidden markers: what is one, what comes back, and what is only text that looks like one."""

from __future__ import annotations

import pytest

from bee.model.markers import Marker, named, parse, render

FULL = Marker("run", {"id": "r-1", "role": "test", "base": "a/b:c@d+e,f._-", "empty": ""})


def test_a_marker_is_rendered_as_github_hides_it() -> None:
    assert render(Marker("approved-for-e2e")) == "<!-- bee:approved-for-e2e -->"
    assert render(Marker("pr", {"issue": "3", "step": "x"})) == "<!-- bee:pr issue=3 step=x -->"
    assert parse(render(FULL)) == (FULL,)


@pytest.mark.parametrize(
    "marker",
    [
        Marker("run", {"id": "a b"}),
        Marker("run", {"id": "a-->"}),
        Marker("run", {"id": "a\n"}),
        Marker("run", {"id": "x" * 201}),
        Marker("run", {"Id": "x"}),
        Marker("run", {"": "x"}),
        Marker("", {}),
        Marker("Run", {}),
        Marker("run x", {}),
        Marker("run", {f"k{'a' * at}": "x" for at in range(21)}),
        Marker("run", {"id": "<!--"}),
        Marker("run", {"id": "`"}),
    ],
)
def test_what_would_not_come_back_is_not_written(marker: Marker) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        render(marker)


@pytest.mark.parametrize(
    "text",
    [
        "bee:run", "<!-- bee:run", "<!-- bee:run-->", "<!--bee:run -->", "<!-- bee: run -->", "<!-- bee:run  id=x -->",
        "<!-- bee:run id -->", "<!-- bee:run id=x\n-->", "<!-- bee:RUN -->", "<!- bee:run -->", "&lt;!-- bee:run -->",
        "<`x`!-- bee:run -->", "<!-- bee:r`x`un -->", "<!-- be\u200be:run -->",
    ],
)  # fmt: skip
def test_what_is_not_exactly_a_marker_is_none(text: str) -> None:
    assert parse(text) == ()


def test_several_markers_come_in_order_and_by_name() -> None:
    text = f"{render(FULL)} text {render(Marker('pr'))}\n\n> {render(FULL)}\n\n{render(Marker('run', {'id': '2'}))}"
    assert [marker.name for marker in parse(text)] == ["run", "pr", "run"]
    assert [marker.get("id") for marker in named(text, "run")] == ["r-1", "2"]
    assert named(text, "plan") == ()
    assert FULL.get("nothing") == ""


def test_of_a_key_that_stands_twice_the_last_counts() -> None:
    assert parse("<!-- bee:run id=a id=b -->") == (Marker("run", {"id": "b"}),)


def test_a_marker_of_a_newer_bee_is_read_and_nothing_more() -> None:
    assert parse("<!-- bee:future-thing a=1 -->") == (Marker("future-thing", {"a": "1"}),)
