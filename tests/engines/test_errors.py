"""What engines say when they stop: the class, and the time to try again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bee.engines.errors import classify, is_quota_sentence, retry_time
from bee.engines.prices import Usage, cost_of, price_of
from bee.engines.table import ENGINES, Price
from bee.model.outcomes import Failure

NOW = datetime(2026, 7, 15, 12, 0, tzinfo=UTC).timestamp()
HOUR = 3600


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("You've hit your session limit · resets 8pm (Europe/Berlin)", 6),
        ("You've hit your session limit · resets 3:30am (America/New_York)", 19.5),
        ("You\u2019ve hit your limit · resets 2pm (Asia/Shanghai)", 18),
        ("You've hit your weekly limit · resets Jul 18, 3am (UTC)", 63),
        ("You've hit your weekly limit · resets Jul 18 at 3am (UTC)", 63),
        ("Claude AI usage limit reached|" + str(int(NOW) + 7200), 2),
        ("You've hit your usage limit. Try again in 3 days 4 hours 30 minutes.", 76.5),
        ("Rate limit reached for m. Please try again in 90s. Visit", 0.025),
        ("Your quota will reset after 3h20m24s.", 3.34),
        ('{"error": 429, "retry-after": "1800"}', 0.5),
        ("HTTP 429, Retry-After: 3600", 1),
        ("Please retry in 36.0s.", 0.01),
    ],
)
def test_a7_the_reset_time_is_read_from_events_headers_and_sentences(text: str, hours: float) -> None:
    assert retry_time(text, NOW) == pytest.approx(NOW + hours * HOUR, abs=1)


@pytest.mark.parametrize(
    "text",
    [
        "resets 8pm (Nowhere/Atall)", "resets 31pm (UTC)", "resets Feb 31, 3am (UTC)", "in 400 days", "nothing at all",
        "usage limit reached|1111111111", "retry-after: 999999", "resets 8", "in 3 monkeys", "",
    ],
)  # fmt: skip
def test_a_time_that_makes_no_sense_is_no_time(text: str) -> None:
    assert retry_time(text, NOW) is None


def test_the_zone_of_this_machine_where_none_is_named() -> None:
    at = retry_time("You've hit your usage limit ... or try again at 8:15 PM.", NOW)
    assert at is not None
    assert datetime.fromtimestamp(at).strftime("%H:%M") == "20:15"
    assert NOW < at <= NOW + 24 * HOUR


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("API Error: Request rejected (429) · This request would exceed your account's rate limit.", Failure.QUOTA),
        ("exceeded retry limit, last status: 429 Too Many Requests", Failure.QUOTA),
        ("[API Error: You exceeded your current quota, please check your plan and billing details.]", Failure.QUOTA),
        ("You have exhausted your daily quota on this model.", Failure.QUOTA),
        ("Attempt 1 failed with status 429. Retrying with backoff...", Failure.QUOTA),
        ("You've hit your monthly spend limit.", Failure.QUOTA),
        ("Credit balance is too low", Failure.AUTH),
        ("Not logged in · Please run /login", Failure.AUTH),
        ("Invalid API key · Fix external API key", Failure.AUTH),
        ("OAuth token has expired. authentication_error", Failure.AUTH),
        ("unexpected status 401 Unauthorized: Missing bearer", Failure.AUTH),
        ('{"code":403,"message":"x"}', Failure.AUTH),
        ("When using Gemini API, you must specify the GEMINI_API_KEY environment variable.", Failure.AUTH),
        ("API key not valid. Please pass a valid API key.", Failure.AUTH),
        ("Reached maximum number of turns (2)", Failure.TURNS),
        ("Reached maximum budget ($0.02)", Failure.BUDGET),
        ("Overloaded", None),
        ("unexpected status 500", None),
        ("line 429 of test_limits.py", None),
        ("Model metadata for `m` not found. Defaulting to fallback metadata", None),
        ("x" * 1_000_000, None),
    ],
)
def test_a7_the_class_of_what_an_engine_says(text: str, failure: Failure | None) -> None:
    found = classify(text, NOW)
    assert (found.failure if found else None) == failure


def test_a_summary_that_speaks_of_limits_is_no_quota() -> None:
    assert is_quota_sentence("You've hit your session limit · resets 8pm (UTC)")
    assert is_quota_sentence("API Error: Request rejected (429) · x")
    assert not is_quota_sentence("I fixed the rate limit: you've hit your limit is now shown.")
    assert not is_quota_sentence("Done. HTTP 429 is handled.")


def test_prices_come_from_the_configuration_then_the_table_then_the_dearest() -> None:
    own = {"m": Price(1, 2, 3)}
    assert price_of("codex", "m", True, own) == Price(1, 2, 3)
    assert price_of("codex", "gpt-5.4", False) == ENGINES["codex"].prices["gpt-5.4"]
    assert price_of("codex", "gpt-5.4-mini-2026", False) == ENGINES["codex"].prices["gpt-5.4-mini"]
    assert price_of("codex", "gpt-5.40", False) == ENGINES["codex"].prices["gpt-5.5"]
    assert price_of("claude", "claude-opus-4-8[1m]", False) == ENGINES["claude"].prices["claude-opus-4"]
    assert price_of("gemini", "unheard-of", False).written == 12.0
    assert price_of("gemini", "unheard-of", True) == Price(0, 0, 0)


def test_the_cost_of_a_run_is_that_of_its_tokens() -> None:
    usage = Usage(read=3200, cached=800, written=200)
    assert cost_of(usage, ENGINES["claude"].prices["claude-opus-4"]) == pytest.approx(
        0.0214
    )  # as Claude Code 2.1.197 said
    assert cost_of(Usage(stored=1_000_000), Price(4, 0, 0)) == pytest.approx(5.0)
