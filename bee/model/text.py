"""Pure work on the text of bodies and comments: what is visible, what is hashed, what is neutralised.

Every function is total and takes time linear in its input.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

_LISTS: Final = r"(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)*"
_FENCE: Final = re.compile(rf"^([ \t]*{_LISTS})(`{{3,}}|~{{3,}})([^\n]*)$")
_QUOTE: Final = re.compile(rf"^[ \t]*{_LISTS}>")
_INDENTED: Final = re.compile(r"^(?: {4}| {0,3}\t)")
_HEADING: Final = re.compile(r"^ {0,3}#{1,6}(?:[ \t]|$)")
# Without any of these there is neither code nor a quote, and most bodies have none.
_HIDES: Final = re.compile(r"[`~>\t]|^ {4}", re.MULTILINE)
_STARTS_BLOCK: Final = re.compile(
    r"^ {0,3}(?:#{1,6}(?:[ \t]|$)|<|(?:[-*+]|[0-9]{1,9}[.)])(?:[ \t]|$)|([-_*])(?:[ \t]*\1){2,}[ \t]*$)"
)
_TICKS: Final = re.compile(r"`+|\\+")
_HIDDEN: Final = "\ufffd"
_CHECKBOX: Final = re.compile(r"^(\s{0,12}[-*+] )\[[ xX]\]")
# https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
_CLOSING: Final = re.compile(
    r"(?<![A-Za-z0-9])(clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing))([*_~]{0,3}:?[*_~]{0,3}\s+)"
    r"(?=\S*#\d|\S*/(?:issues|pull)/\d|[^\w\s]*GH-\d)",
    re.IGNORECASE,
)
_MENTION: Final = re.compile(r"(?<![A-Za-z0-9])@(?=[A-Za-z0-9])")
# Entities of @ and #, which GitHub reads after Markdown has made them plain.
_ENTITY: Final = re.compile(r"&(?=#0{0,8}(?:64|35)(?![0-9])|#x0{0,8}(?:40|23)(?![0-9a-f])|commat;|num;)", re.IGNORECASE)
# What other bots obey (`/lgtm`, `/merge now`): a line that starts with one word after a slash. A path is not one.
_COMMAND: Final = re.compile(r"^([ \t]{0,3})/(?=[A-Za-z][A-Za-z0-9_-]{0,40}(?:[ \t]|$))", re.MULTILINE)
# A reader's browser fetches an image, and with it whatever its address tells.
_FETCHED: Final = re.compile(r"!(?=\[)|<(?:img|picture|source|video|audio|track|image|svg)\b", re.IGNORECASE)
# What keeps CI from starting, in the message of a head commit or a merge, and the title or text that becomes one:
# https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs, and what other CI services obey.
_CI: Final = r"(?:ci|actions?|checks?|workflows?|builds?|azp|azurepipelines|travis|circleci|appveyor)"
_SKIPS: Final = re.compile(
    rf"\[\s{{0,9}}(?:(?:skip|no)[\s_-]{{0,9}}{_CI}|{_CI}[\s_-]{{0,9}}skip)\s{{0,9}}\]|\*\*\*NO_CI\*\*\*"
    r"|(?<![A-Za-z0-9-])skip-checks?(?=[ \t]{0,9}:)",
    re.IGNORECASE,
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_INVISIBLE: Final = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f]"
)
_COMMENT_OPEN: Final = "<!--"
# A first net for credentials in text; what it knows is listed in SECURITY.md.
_SECRETS: Final = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]{2,12} )?PRIVATE KEY-----")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)(?![0-9A-Z]{9}EXAMPLE)[0-9A-Z]{16}\b")),
    ("a Slack token", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10}")),
    ("an Anthropic key", re.compile(r"\bsk-ant-[A-Za-z0-9_-]{20}")),
    ("an OpenAI key", re.compile(r"\bsk-(?:proj-)?[A-Za-z0-9_-]{40}")),
    ("a Google API key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),
    ("an npm token", re.compile(r"\bnpm_[A-Za-z0-9]{36}\b")),
    ("a PyPI token", re.compile(r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{20}")),
    (
        "a key of a model server",
        re.compile(
            r"\b(?:hf_[A-Za-z0-9]{34}|gsk_[A-Za-z0-9]{52}|r8_[A-Za-z0-9]{37}|xai-[A-Za-z0-9]{80}|"
            r"pplx-[A-Za-z0-9]{48})\b"
        ),
    ),
    (
        "a key of a service",
        re.compile(
            r"\b(?:dop_v1_[0-9a-f]{64}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|lin_api_[A-Za-z0-9]{40}|dapi[0-9a-f]{32}|"
            r"glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}|hvs\.[A-Za-z0-9_-]{90}|dckr_pat_[A-Za-z0-9_-]{27}|"
            r"pscale_tkn_[A-Za-z0-9_.-]{32}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|NRAK-[A-Z0-9]{27}|"
            r"sntrys_[A-Za-z0-9+/=_-]{60}|figd_[A-Za-z0-9_-]{40}|rubygems_[0-9a-f]{48}|AGE-SECRET-KEY-1[0-9A-Z]{58})"
        ),
    ),
)


def unix(text: str) -> str:
    """The text with `\\n` line ends (GitHub stores bodies typed in a browser with `\\r\\n`)."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def digest(text: str, length: int = 16) -> str:
    """The first `length` hex digits of SHA-256 of the text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]


class _Blocks:
    """Which lines of a Markdown body are code or quotes, line by line. Where Markdown leaves doubt, they are."""

    def __init__(self) -> None:
        self.fence = ""
        self.fence_indent = ""
        self._inside = 0
        self._lazy = False
        self._fresh = True

    def hides(self, line: str) -> bool:
        """Whether this line, the next one of the body, is code or a quote."""
        if self.fence and not self._left_container(line):
            self._end_fence(line)
            return True
        code = self._fresh and _INDENTED.match(line) is not None
        opening = None if code else _FENCE.match(line)
        if opening and not (opening[2][0] == "`" and "`" in opening[3]):
            self._start_fence(opening)
            return True
        if _QUOTE.match(line):
            self._lazy = bool(line.strip(" \t>"))
            self._fresh = not self._lazy
            return True
        self._lazy = self._lazy and bool(line.strip()) and not _STARTS_BLOCK.match(line)
        if self._lazy or code:
            return True
        self._fresh = not line.strip() or _HEADING.match(line) is not None
        return False

    def _start_fence(self, opening: re.Match[str]) -> None:
        """A fence in a list item ends with the item, so how far that is indented is kept."""
        prefix = opening[1].expandtabs(4)
        self.fence, self.fence_indent, self._lazy = opening[2], opening[1], False
        self._inside = len(prefix) if prefix.strip() else 2 if len(prefix) > 3 else 0

    def _left_container(self, line: str) -> bool:
        if not line.strip() or len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip(" ")) >= self._inside:
            return False
        self.fence, self._fresh = "", True
        return True

    def _end_fence(self, line: str) -> None:
        ending = line.strip(" \t")
        if ending and not ending.strip(self.fence[0]) and len(ending) >= len(self.fence):
            self.fence, self._fresh = "", True

    @property
    def closing(self) -> str:
        """The line that ends the open fence; empty where none is open, or where any line to the left ends it."""
        return f"{self.fence_indent}{self.fence}" if self.fence and not self._inside else ""


def outside_code(body: str) -> Iterator[tuple[int, str]]:
    """The lines of a Markdown body that are neither in a fenced or indented code block nor a quote.

    Yields (line index, line), each inline code span replaced by one character. An unclosed fence runs to the end,
    as on GitHub.
    """
    body = unix(body)
    if not _HIDES.search(body):
        yield from enumerate(body.split("\n"))
        return
    blocks = _Blocks()
    paragraph: list[tuple[int, str]] = []
    for index, line in enumerate(body.split("\n")):
        hidden = blocks.hides(line)
        if not hidden and line.strip():
            paragraph.append((index, line))
            continue
        yield from _without_spans(paragraph)
        paragraph = []
        if not hidden:
            yield index, line
    yield from _without_spans(paragraph)


def closed(text: str) -> str:
    """The text with its last code fence closed, so that what is put after it is not code."""
    blocks = _Blocks()
    for line in unix(text).split("\n"):
        blocks.hides(line)
    return f"{text}\n{blocks.closing}" if blocks.closing else text


def _without_spans(paragraph: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The lines of a paragraph, without what is a code span in the whole of it, or in its line alone."""
    text = "\n".join(line for _, line in paragraph)
    if "`" not in text:
        yield from paragraph
        return
    spans = _code_spans(text)
    start = 0
    for _, line in paragraph if len(paragraph) > 1 else ():
        spans += [(start + left, start + right) for left, right in _code_spans(line)]
        start += len(line) + 1
    kept: list[str] = []
    at = 0
    for left, right in sorted(spans):
        if right > at:
            kept += [text[at : max(left, at)], _HIDDEN, "\n" * text.count("\n", max(left, at), right)]
            at = right
    lines = "".join([*kept, text[at:]]).split("\n")
    yield from zip((index for index, _ in paragraph), lines, strict=True)


def _code_spans(text: str) -> list[tuple[int, int]]:
    """Where the code spans are: from a run of backticks to the next one as long, if no backslash escapes the first."""
    runs: list[tuple[int, int, int]] = []
    by_length: dict[int, list[int]] = {}
    slashes = (0, 0)
    for match in _TICKS.finditer(text):
        left, right = match.span()
        if text[left] == "\\":
            slashes = (left, right)
            continue
        by_length.setdefault(right - left, []).append(len(runs))
        runs.append((left, right, (slashes[1] - slashes[0]) % 2 if slashes[1] == left else 0))
    found = []
    index = 0
    while index < len(runs):
        left, right, escaped = runs[index]
        same = by_length.get(right - left - escaped, [])
        after = bisect_right(same, index)
        if after < len(same):
            found.append((left + escaped, runs[same[after]][1]))
            index = same[after]
        index += 1
    return found


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
    """The text as gates and hashes see it: unix line ends, empty boxes, no trailing space, no outer blank lines."""
    lines = [line.rstrip() for line in unix(text).split("\n")]
    return "\n".join([unticked(line) if "[" in line else line for line in lines]).strip("\n")


def neutralised(text: str) -> str:
    """Agent text made harmless on GitHub: no mentions, closing keywords, words that skip CI, commands, images, hidden
    comments, markers.
    """
    return _FETCHED.sub(lambda match: f"{match[0]}\u200b", _COMMAND.sub("\\1\u200b/", silent(text)))


def silent(text: str) -> str:
    """The text without what GitHub acts on wherever it stands: mentions, closing keywords, what is hidden, and without
    the words that keep CI from starting.
    """
    text = _CONTROL.sub("", _INVISIBLE.sub("", unix(text))).replace(_COMMENT_OPEN, "&lt;!--")
    text = _SKIPS.sub(lambda match: f"{match[0][0]}\u200b{match[0][1:]}", text)
    text = _MENTION.sub("@\u200b", _ENTITY.sub("&amp;", text))
    return _CLOSING.sub(lambda match: f"{match[1]}\u200b{match[2]}", text)


def skips_ci(text: str) -> str:
    """The first words in the text that keep CI from starting, as one line; empty where there are none."""
    found = _SKIPS.search(_INVISIBLE.sub("", unix(text)))
    return " ".join(found[0].split()) if found else ""


def plain(text: str) -> str:
    """The text with terminal control characters and invisible or bidirectional characters made visible."""
    return _INVISIBLE.sub("\ufffd", _CONTROL.sub("\ufffd", unix(text)))


def one_line(text: str, length_max: int = 200) -> str:
    """The text as one plain line of at most `length_max` characters."""
    flat = " ".join(plain(text).split())
    return flat if len(flat) <= length_max else flat[: length_max - 1] + "…"


def utc(at: int) -> str:
    """A time, given in seconds since the epoch, to the minute."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def clipped(text: str, bytes_max: int, keep_end: bool = False) -> str:
    """At most `bytes_max` bytes of the text (its beginning, or its end), and a line that says what was left out."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= bytes_max:
        return text
    if keep_end:
        return f"[… {len(raw) - bytes_max} bytes left out]\n" + raw[len(raw) - bytes_max :].decode("utf-8", "ignore")
    return raw[:bytes_max].decode("utf-8", "ignore") + f"\n[… {len(raw) - bytes_max} bytes left out]"


def secrets_in(text: str) -> list[str]:
    """The kinds of credentials that the text seems to hold; never the credentials themselves."""
    return [kind for kind, pattern in _SECRETS if pattern.search(text)]
