"""What a sentence of an engine's own says of a failure: its class, and when it is worth trying again. Pure.

Only for what a program says of itself (errors, stderr, a result marked as an error), never for what a model wrote.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bee.model.outcomes import Failure

# No vendor's window is longer than a week; anything further away was misread.
RETRY_SECONDS_MAX: Final = 8 * 24 * 60 * 60
TEXT_CHARACTERS_MAX: Final = 4000

_PATTERNS: Final = (
    (Failure.TURNS, re.compile(r"max(?:imum)?[ _](?:number of )?(?:session )?turns", re.I)),
    (Failure.BUDGET, re.compile(r"max(?:imum)?[ _]budget", re.I)),
    # money that is gone does not come back at a reset time: a person must act
    (Failure.AUTH, re.compile(r"credit balance|insufficient_quota|billing_(?:error|not_active)", re.I)),
    (
        Failure.QUOTA,
        re.compile(
            r"\b(?:usage|session|weekly|monthly|daily|spend|spending|rate)[ _-]?limit|\bhit your [\w ]{0,30}limit"
            r"|(?:status|code|http|error|rejected)\W{0,4}429\b|\b429 too many|too many requests|\bquota\b"
            r"|RESOURCE_EXHAUSTED|usage_limit_reached",
            re.I,
        ),
    ),
    (
        Failure.AUTH,
        re.compile(
            r"(?:status|code|http|error)\W{0,4}40[13]\b|\b401 unauthorized|\b403 forbidden"
            r"|\bauthentication(?:[ _]|error)|api[ -]key not valid"
            r"|(?:invalid|missing|incorrect|expired)[\w -]{0,20}(?:api[ -]?key|token)"
            r"|not logged in|please run /login|\bUNAUTHENTICATED|PERMISSION_DENIED|specify the \w*API_KEY"
            r"|set an auth method",
            re.I,
        ),
    ),
)
# The whole of what Claude Code may print or give as its result when a limit stopped it, whatever else it claims.
_QUOTA_SENTENCE: Final = re.compile(
    r"\s*(?:You['\u2019]ve (?:hit|reached|used)\b[^\n]{0,60}\blimit|Claude(?: AI)? usage limit reached"
    r"|\w+ limit reached\b[^\n]{0,20}\bresets|API Error: (?:Request rejected \(429\)|429\b))",
    re.I,
)
_SPAN: Final = re.compile(
    r"\b(?:in|after)\s+((?:\d+(?:\.\d+)?\s*(?:days?|d|hours?|hrs?|h|minutes?|mins?|ms|m|seconds?|secs?|s)(?![a-z])[\s,]*)+)",
    re.I,
)
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|d|h|m|s)", re.I)
_UNIT_SECONDS: Final = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_CLOCK: Final = re.compile(
    r"(?:resets?|again)\s+(?:at\s+|on\s+)?"
    r"(?:(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?"
    r"(?:,?\s+(?P<year>\d{4}))?(?:,|\s+at)?\s+)?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?\s*(?P<half>am|pm)?\b\s*(?:\((?P<zone>[\w/+-]{1,40})\))?",
    re.I,
)
_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec".split()


@dataclass(frozen=True, slots=True)
class EngineError:
    """Why an engine cannot go on, in its own words; `retry_at` in seconds since the epoch, where it said when."""

    failure: Failure
    text: str
    retry_at: int | None = None


def classify(text: str, now: float) -> EngineError | None:
    """What a program's own error text speaks of, if it is an error of a known class."""
    text = text[:TEXT_CHARACTERS_MAX]
    for failure, pattern in _PATTERNS:
        if pattern.search(text):
            return EngineError(failure, text, retry_time(text, now) if failure is Failure.QUOTA else None)
    return None


def is_quota_sentence(text: str) -> bool:
    """Whether a text is, from its first word, the notice that a limit was reached."""
    return _QUOTA_SENTENCE.match(text) is not None


def retry_time(text: str, now: float) -> int | None:
    """When to try again, as a text tells it, in seconds since the epoch; None where it does not, or absurdly."""
    for pattern, read in _TIMES:
        found = pattern.search(text[:TEXT_CHARACTERS_MAX])
        if found and (at := read(found, now)) is not None:
            return sane(at, now)
    return None


def sane(at: float, now: float) -> int | None:
    """The time, where it lies ahead and not absurdly far."""
    return int(at) if now < at <= now + RETRY_SECONDS_MAX else None


def _span(found: re.Match[str], now: float) -> float | None:
    parts = _PART.findall(found[1])
    return now + max(1.0, sum(float(number) * _UNIT_SECONDS[unit.lower()] for number, unit in parts)) if parts else None


def _clock(found: re.Match[str], now: float) -> float | None:
    """A wall clock's time, with or without a day and a zone; the next such moment."""
    if not (found["half"] or found["minute"]):
        return None
    zone = _zone(found["zone"])
    if found["zone"] and zone is None:
        return None
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"].lower() == "pm" else 0)
    here = datetime.fromtimestamp(now, UTC).astimezone(zone)
    try:
        at = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if found["month"]:
            at = at.replace(month=_MONTHS.index(found["month"].lower()) + 1, day=int(found["day"]))
            at = at.replace(year=int(found["year"])) if found["year"] else at
            if at <= here and not found["year"]:
                at = at.replace(year=at.year + 1)
        elif at <= here:
            at += timedelta(days=1)
    except ValueError:
        return None
    return at.timestamp()


def _zone(name: str | None) -> tzinfo | None:
    """The named zone, else this machine's own (None, for `astimezone`)."""
    if not name:
        return None
    with contextlib.suppress(ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(name)
    return None


# How a time is told, and what it means; the first that is there counts.
_TIMES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str], float], float | None]], ...]] = (
    (re.compile(r"\|(\d{10})\b"), lambda found, now: float(found[1])),
    (re.compile(r"retry-after\W{1,4}(\d{1,6})\b", re.I), lambda found, now: now + int(found[1])),
    (_SPAN, _span),
    (_CLOCK, _clock),
)
