"""Evidence in one second: what answers a word comes after it."""

from __future__ import annotations

from bee.thinking import wording
from tests.thinking import worlds as w


def test_a8_a_reply_comes_after_the_request_it_answers_in_the_same_second() -> None:
    """Review and answer may fall into one second; the answer names what it answers, and comes after."""
    change = w.reviewed("changes", w.NOW - 900, id=41)
    answer = w.comment(
        wording.marked(wording.reply("no"), "run-2", "drafter", "k2", head=w.HEAD, verdict="reply", answers="41"),
        w.NOW - 900,
        w.BEE,
        id=42,
    )
    place = w.place(w.pull(comments=(answer, change)))
    assert place.rule == "nobody has approved this head"
