"""Review threads as an agent gets them and answers them: the context file, and the ids that its verbs name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bee.model import markers
from bee.model.errors import Refusal
from bee.model.items import Item, Pull, Thread
from bee.model.text import one_line
from bee.pipeline.evidence import open_threads
from bee.pipeline.facts import View
from bee.pipeline.pull_facts import said_of
from bee.run.sanitize import visible

# https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests
# /commenting-on-a-pull-request#adding-comments-to-a-pull-request: what is in it replaces the lines of the comment.
_SUGGESTION: Final = re.compile(r"^( {0,3}(?:`{3,20}|~{3,20}))[ \t]{0,9}suggestion\b[^\n]{0,99}$", re.MULTILINE)
SHOWN_MAX: Final = 8  # threads that one refusal names


def waiting(pull: Pull, view: View) -> list[Thread]:
    """The threads that wait for an answer, oldest word first."""
    return open_threads(pull, said_of(pull, view))


def shown(pull: Pull, view: View) -> str:
    """What `threads.md` holds: the threads that wait for an answer, then those that do not; nothing of strangers."""
    first = waiting(pull, view)
    rest = [thread for thread in pull.threads if thread not in first]
    parts = [_thread(thread, view, "waits for an answer") for thread in first]
    parts += [_thread(thread, view, "resolved" if thread.resolved else "needs no answer") for thread in rest]
    return "\n".join(part for part in parts if part)


def _thread(thread: Thread, view: View, state: str) -> str:
    said = [line for line in thread.comments if view.trust.counts(line)]
    if not said:
        return ""
    old = "; outdated: the lines have changed since" if thread.outdated else ""
    parts = [f"# Thread {thread.id}: {where(thread)}\n\nState: {state}{old}\n"]
    for line in said:
        by = "bee" if markers.named(line.body, markers.RUN) else line.author.login if line.author else "ghost"
        with_ = ", approving" if line.approving else ""
        parts.append(f"## {by}{with_}\n\n{_SUGGESTION.sub(_suggested(thread), visible(line.body)).strip()}\n")
    return "\n".join(parts)


def _suggested(thread: Thread) -> str:
    return rf"Suggested instead of {_lines(thread)}:\n\n\1"


def _lines(thread: Thread) -> str:
    if thread.line is None:
        return "the file"
    return f"line {thread.line}" if thread.start in (None, thread.line) else f"lines {thread.start} to {thread.line}"


def where(thread: Thread) -> str:
    """The place of a thread, on one line: `calc/core.py, lines 3 to 5`."""
    return f"`{one_line(thread.path)}`, {_lines(thread)}"


def ids_of(text: object) -> Iterator[int]:
    """The numbers of threads in `12,13`. Raises Refusal for anything else."""
    if not isinstance(text, str):
        raise Refusal("name threads by their numbers: `12,13`")
    for part in filter(None, re.split(r"[\s,#]{1,20}", text.strip())):
        if not (part.isascii() and part.isdecimal()):
            raise Refusal(f"`{one_line(part, 40)}` is not the number of a thread: they stand in threads.md")
        yield int(part)


def check_known(item: Item, ids: list[int]) -> None:
    """Raises Refusal for a thread that is not there, or is resolved."""
    known = [thread for thread in item.threads if not thread.resolved] if isinstance(item, Pull) else []
    for number in ids:
        if number not in {thread.id for thread in known}:
            raise Refusal(f"there is no open thread {number}; there are: {listed(known) or 'none'}")


def listed(threads: list[Thread]) -> str:
    """Some threads, by number and place."""
    more = f" and {len(threads) - SHOWN_MAX} more" if len(threads) > SHOWN_MAX else ""
    return "; ".join(f"{thread.id} ({where(thread)})" for thread in threads[:SHOWN_MAX]) + more
