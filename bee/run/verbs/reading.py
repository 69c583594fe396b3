"""`bee context` and `bee why`: what a run is about, which every role may read."""

from __future__ import annotations

from typing import Final

from bee.model.text import one_line
from bee.model.verb_answer import Answer
from bee.run.verbs.base import Args, Session, Syntax, Verb


def _context(session: Session, _args: Args) -> Answer:
    return Answer(True, "\n\n".join(f"===== {name} =====\n{text}" for name, text in session.files.items()))


def _why(session: Session, _args: Args) -> Answer:
    brief = session.brief
    where = f"#{brief.item.number} is {brief.position}: {one_line(brief.reason)}"
    return Answer(True, f"{where}. You are its {brief.role} (run {brief.run}).")


CONTEXT: Final = Verb(
    syntax=Syntax(name="context", help="Show what this run is about.", example="bee context"), check=_context
)
WHY: Final = Verb(
    syntax=Syntax(name="why", help="Show the rule and the facts that led to this run.", example="bee why"), check=_why
)
