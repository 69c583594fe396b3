"""Every message a person can get stands in docs/messages.md, with what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bee.model.outcomes import Cause
from scripts.documents import messages, texts
from tests.docs import pages


def test_the_page_has_every_error_pause_alert_and_exit() -> None:
    page = pages.read("docs/messages.md")
    said = messages.errors_said()
    assert len(said) > 100
    cells = {line.split(" | ")[2].replace("\\|", "|") for line in page.splitlines() if line.count(" | ") > 2}
    assert [one.text for one in said if one.text not in page and one.text not in cells and "|" not in one.text] == []
    assert [cause for cause in Cause if f"| `{cause}` |" not in page] == []
    assert [title for _, title in messages.alerts_said() if f"| {title} |" not in page] == []
    assert {"| 0 | ", "| 75 | ", "| 130 | "} <= {
        line[: line.index(" | ") + 3] for line in page.splitlines() if " | " in line
    }


def test_every_alert_that_is_raised_is_worded_where_it_is_looked_for() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (pages.ROOT / "bee").rglob("*.py"))
    known = {name for name, _ in messages.alerts_said()}
    assert known == set(texts.ALERTS)
    assert {name for name in known if re.search(rf"(texts|refusals)\.{name}\(", code)} == known


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """The folder of a small program of its own."""
    (tmp_path / "verbs").mkdir()
    return tmp_path


def test_a_new_message_is_found_wherever_it_is_made(code: Path) -> None:
    (code / "verbs" / "fly.py").write_text(
        "def go(n):\n    if n:\n        problem = UsageError('write ' + name)\n        raise problem\n"
        "    raise LookError(f'{n} wings' if n else 'no wings') from None\n"
        "def refuse():\n    raise Refusal('not you')\n"
    )
    found = [(one.kind, one.text, one.where) for one in messages.errors_said(code, {})]
    assert found == [("UsageError", "write …", "verbs.fly:go"), ("LookError", "… wings / no wings", "verbs.fly:go")]


def test_a_message_that_is_not_spelled_out_must_be_explained(code: Path) -> None:
    (code / "verbs" / "fly.py").write_text("def go(text):\n    raise UsageError(text)\n")
    with pytest.raises(LookupError, match=r"verbs\.fly:go"):
        messages.errors_said(code, {})
    explained = {"verbs.fly:go": "bees cannot fly"}
    assert [one.text for one in messages.errors_said(code, explained)] == ["bees cannot fly"]
    (code / "verbs" / "fly.py").unlink()
    with pytest.raises(LookupError, match="left over"):
        messages.errors_said(code, explained)


def test_an_error_without_what_to_do_is_noticed() -> None:
    with pytest.raises(LookupError, match="GitError"):
        messages.rows({name: said for name, said in texts.WHAT_TO_DO.items() if name != "GitError"})
