"""Pure work on the text of bodies and comments: what is visible, what is hashed, what is neutralised.

Every function is total and takes time linear in its input.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Final

# Wider than a box that GitHub shows: what a hash leaves out may be more than what is a box.
_CHECKBOX: Final = re.compile(r"^(\s{0,99}(?:(?:[-*+]|[0-9]{1,9}[.)])\s{1,9}){1,9})\[[\sxX]\](?=\s|$)")
# https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
_CLOSING: Final = re.compile(
    r"(?<![A-Za-z0-9])(clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing))([*_~]{0,3}:?[*_~]{0,3}\s+)"
    r"(?=\S*#\d|\S*/(?:issues|pull)/\d|[^\w\s]*GH-\d)",
    re.IGNORECASE,
)
_MENTION: Final = re.compile(r"(?<![A-Za-z0-9])@(?=[A-Za-z0-9])")
# Entities, which GitHub reads after Markdown has made them plain: of @ and #, of a space, and by number of any letter.
_ENTITY: Final = re.compile(
    r"&(?=#[0-9]|#x[0-9a-f]|(?:commat|num|nbsp|ensp|emsp|thinsp|tab|newline|colon|sol);)", re.IGNORECASE
)
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
# Whatever a reader sees nothing of; the two selectors that every second emoji ends in (U+FE0E, U+FE0F) stay.
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0d\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
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


def unticked(line: str) -> str:
    """The line with its checkbox, if it has one, made empty."""
    return _CHECKBOX.sub(r"\1[ ]", line)


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
    text = shown(unix(text)).replace(_COMMENT_OPEN, "&lt;!--")
    text = _SKIPS.sub(lambda match: f"{match[0][0]}\u200b{match[0][1:]}", text)
    text = _MENTION.sub("@\u200b", _ENTITY.sub("&amp;", text))
    return _CLOSING.sub(lambda match: f"{match[1]}\u200b{match[2]}", text)


def skips_ci(text: str) -> str:
    """The first words in the text that keep CI from starting, as one line; empty where there are none."""
    found = _SKIPS.search(_INVISIBLE.sub("", unix(text)))
    return " ".join(found[0].split()) if found else ""


def shown(text: str) -> str:
    """The text without what nobody sees in it: control characters, invisible and bidirectional ones."""
    return _CONTROL.sub("", _INVISIBLE.sub("", text))


def plain(text: str) -> str:
    """The text with terminal control characters and invisible or bidirectional characters made visible."""
    return _INVISIBLE.sub("\ufffd", _CONTROL.sub("\ufffd", unix(text)))


def one_line(text: str, length_max: int = 200) -> str:
    """The text as one plain line of at most `length_max` characters."""
    flat = " ".join(plain(text).split())
    return flat if len(flat) <= length_max else flat[: length_max - 1] + "…"


def number_of(count: int, noun: str) -> str:
    """How many there are: "1 run", "2 runs"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


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
