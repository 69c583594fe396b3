"""Text on its way to an agent: what a person sees of it, and a fence around what is no instruction. Pure.

What stands in a text but is not shown by GitHub (hidden comments, the texts of images, attributes, the titles of link
definitions) steers a program and no person; it is taken out, and counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from bee.model.markdown import outside_code
from bee.model.text import plain, unix

_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_OWN: Final = "<!-- bee:"
# The text of an image is shown to nobody who sees the image; the bounds keep this linear.
_IMAGE: Final = re.compile(
    r"!\[[^\[\]]{0,1000}\](?:\([^()\n]{0,1000}(?:\([^()\n]{0,200}\))?[^()\n]{0,200}\)|\[[^\[\]\n]{0,200}\])?"
)
_TAG: Final = re.compile(r"<(/?[A-Za-z][A-Za-z0-9-]{0,30})\s([^<>]{0,4000})>")
# https://spec.commonmark.org/0.31.2/#link-title: shown to a mouse that rests on the link, so to hardly anybody.
_LINK_TITLE: Final = re.compile(
    r"(\]\(\s{0,20}(?:<[^<>\n]{0,2000}>|[^\s<>]{1,2000}))"
    r"\s{1,20}(?:\"[^\"]{0,2000}\"|'[^']{0,2000}'|\([^()]{0,2000}\))\s{0,20}\)"
)
_ADDRESS: Final = re.compile(r"href=[\"']?([^\s\"'<>]{1,500})")
# https://spec.commonmark.org/0.31.2/#link-reference-definitions: never shown, so what stands in one that no link uses,
# or in its title (`[//]: # (text)`), is for nobody to see. A footnote is shown.
_DEFINITION: Final = re.compile(
    r"^ {0,3}\[(?!\^)([^\[\]]{1,200})\]:\s{0,20}(?:<[^<>\n]{0,2000}>|\S{1,2000})"
    r"(\s{1,20}(?:\"[^\"]{0,2000}\"|'[^']{0,2000}'|\([^\n]{0,2000}\)))?[ \t]*$",
    re.MULTILINE,
)
# What `silent` made of a mention: a person sees it whole, and a command or a path with it must stay one.
_BROKEN: Final = "@\u200b"
_LABEL: Final = re.compile(r"\[([^\[\]]{1,200})\]")
_NAME: Final = re.compile(r"[^A-Za-z0-9._/-]")


def visible(text: str) -> str:
    """A text as a person sees it on GitHub: nothing hidden, and no invisible or control character that could act."""
    return _taken_out(text)[0]


def hidden_in(text: str) -> int:
    """How many parts of a text a person does not see on GitHub. bee's own markers are none."""
    return _taken_out(text)[1]


def _taken_out(text: str) -> tuple[str, int]:
    comments = [found[0] for found in _COMMENT.finditer(text)]
    count = sum(1 for comment in comments if not comment.startswith(_OWN))
    lines = unix(_COMMENT.sub("", text)).split("\n")
    used = Counter(found[1].casefold() for found in _LABEL.finditer("\n".join(lines))) if "]:" in text else Counter()
    for start, end in reversed(list(_runs(lines))):
        shown, more = _shown("\n".join(lines[start:end]), used)
        count += more
        lines[start:end] = shown
    return plain("\n".join(lines).replace(_BROKEN, "@")), count


def _runs(lines: list[str]) -> Iterator[tuple[int, int]]:
    """The runs of lines outside code in which something could be hidden; a quote is looked at, too."""
    unquoted = (line.lstrip(" >") if ">" in line[:4] else line for line in lines)
    seen = [index for index, _ in outside_code("\n".join(unquoted))]
    start = previous = -2
    for index in [*seen, -1]:
        if index != previous + 1:
            if start >= 0 and any("<" in line or "[" in line for line in lines[start : previous + 1]):
                yield start, previous + 1
            start = index
        previous = index


def _shown(text: str, labels: Counter[str]) -> tuple[list[str], int]:
    """The lines of a text outside code without what is not shown, and how many parts that were."""
    text, count = _IMAGE.subn("[image]", text)
    text, titles = _LINK_TITLE.subn(r"\1)", text)
    count += titles

    def bare(found: re.Match[str]) -> str:
        nonlocal count
        address = _ADDRESS.search(found[2])
        short = f'<{found[1]} href="{address[1]}">' if address else f"<{found[1]}>"
        count += bool(found[2].strip(" /\n"))
        return short

    def used(found: re.Match[str]) -> str:
        nonlocal count
        if not found[2] and labels[found[1].casefold()] > 1:
            return found[0]
        count += 1
        return ""

    return _DEFINITION.sub(used, _TAG.sub(bare, text)).split("\n"), count


def fenced(text: str, mark: str, what: str) -> str:
    """A text that is no instruction, between two lines that only bee can write: `mark` is random, and the run's own."""
    inner = plain(text).replace(mark, "?")
    return f"----- {mark} begin: {what} -----\n{inner.rstrip()}\n----- {mark} end -----\n"


def safe_name(name: str) -> str:
    """A branch's name as a prompt shows it: whoever chose it wrote no sentence with it."""
    return _NAME.sub("?", name)[:120]
