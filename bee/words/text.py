"""Pure work on the text of bodies and comments: what is visible, what is hashed, what is neutralised.

Every function is total and takes time linear in its input.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final

_FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n]*)$")
_CHECKBOX: Final = re.compile(r"^(\s{0,12}[-*+] )\[[ xX]\]")
_CODE_SPAN: Final = re.compile(r"(`+)[^`]*\1")
_CLOSING: Final = re.compile(r"\b(clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing))\b(:?\s+)(?=\S*#\d)", re.I)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_INVISIBLE: Final = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f]"
)
_COMMENT_OPEN: Final = "<!--"


def unix(text: str) -> str:
    """The text with `\\n` line ends (GitHub stores bodies typed in a browser with `\\r\\n`)."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def digest(text: str, length: int = 16) -> str:
    """The first `length` hex digits of SHA-256 of the text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def outside_code(body: str) -> Iterator[tuple[int, str]]:
    """The lines of a Markdown body that are neither in a fenced or indented code block nor a quote.

    Yields (line index, line), with inline code spans blanked out. An unclosed fence runs to the end, as on GitHub.
    """
    fence = ""
    previous_blank = True
    for index, line in enumerate(unix(body).split("\n")):
        match = _FENCE.match(line)
        if fence:
            if match and match[1][0] == fence[0] and len(match[1]) >= len(fence) and not match[2].strip():
                fence = ""
            continue
        if match and not (match[1][0] == "`" and "`" in match[2]):
            fence = match[1]
            previous_blank = False
            continue
        indented = line.startswith(("    ", "\t"))
        if line.lstrip().startswith(">") or (indented and previous_blank):
            continue
        previous_blank = not line.strip()
        yield index, _CODE_SPAN.sub("", line)


def unticked(line: str) -> str:
    """The line with its checkbox, if it has one, made empty."""
    return _CHECKBOX.sub(r"\1[ ]", line)


def is_checkbox(line: str) -> bool:
    """Whether the line is a task-list item."""
    return _CHECKBOX.match(line) is not None


def is_ticked(line: str) -> bool:
    """Whether the line is a task-list item with a tick."""
    match = _CHECKBOX.match(line)
    return match is not None and match[0][-2] in "xX"


def normalised(text: str) -> str:
    """The text as gates and hashes see it: unix line ends, checkboxes empty, no trailing space, no outer blank lines."""
    return "\n".join(unticked(line.rstrip()) for line in unix(text).split("\n")).strip("\n")


def neutralised(text: str) -> str:
    """Agent text made harmless on GitHub: no mentions, no closing keywords, no hidden comments or markers."""
    text = _INVISIBLE.sub("", unix(text)).replace(_COMMENT_OPEN, "&lt;!--")
    text = re.sub(r"(?<![\w`])@(?=[A-Za-z0-9])", "@\u200b", text)
    return _CLOSING.sub(lambda match: f"{match[1]}\u200b{match[2]}", text)


def plain(text: str) -> str:
    """The text with terminal control characters and invisible or bidirectional characters made visible."""
    return _INVISIBLE.sub("\ufffd", _CONTROL.sub("\ufffd", unix(text)))


def one_line(text: str, length_max: int = 200) -> str:
    """The text as one plain line of at most `length_max` characters."""
    flat = " ".join(plain(text).split())
    return flat if len(flat) <= length_max else flat[: length_max - 1] + "…"


def clipped(text: str, bytes_max: int) -> str:
    """At most `bytes_max` bytes of the text, and a line that says what was left out."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= bytes_max:
        return text
    return raw[:bytes_max].decode("utf-8", "ignore") + f"\n[… {len(raw) - bytes_max} bytes left out]"
