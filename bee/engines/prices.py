"""What tokens cost, for engines that report tokens and no dollars, and for runs that ended before their bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens: read anew, read from the cache, written."""

    read: float
    cached: float
    written: float


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one run. `read` does not hold what came from the cache; `stored` was put there."""

    read: int = 0
    cached: int = 0
    written: int = 0
    stored: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.read + other.read,
            self.cached + other.cached,
            self.written + other.written,
            self.stored + other.stored,
        )

    @property
    def total(self) -> int:
        """All tokens."""
        return self.read + self.cached + self.written + self.stored


STORED_FACTOR: Final = 1.25  # putting tokens into the cache costs more than reading them

# The vendors' list prices in May 2026, by the beginning of a model's name; the longest that fits counts.
PRICES: Final[Mapping[str, Mapping[str, Price]]] = {
    "claude": {
        "claude-opus-4": Price(5.0, 0.5, 25.0),
        "claude-sonnet-4": Price(3.0, 0.3, 15.0),
        "claude-haiku-4": Price(1.0, 0.1, 5.0),
    },
    "codex": {
        "gpt-5": Price(1.25, 0.125, 10.0),
        "gpt-5-mini": Price(0.25, 0.025, 2.0),
        "gpt-5.2": Price(1.75, 0.175, 14.0),
        "gpt-5.3-codex": Price(1.75, 0.175, 14.0),
        "gpt-5.4": Price(2.5, 0.25, 15.0),
        "gpt-5.4-mini": Price(0.75, 0.075, 4.5),
        "gpt-5.5": Price(5.0, 0.5, 30.0),
    },
    "gemini": {
        "gemini-2.5-pro": Price(1.25, 0.125, 10.0),
        "gemini-2.5-flash": Price(0.3, 0.03, 2.5),
        "gemini-2.5-flash-lite": Price(0.1, 0.01, 0.4),
        "gemini-3-flash": Price(0.5, 0.05, 3.0),
        "gemini-3-pro": Price(2.0, 0.2, 12.0),
        "gemini-3.1-pro": Price(2.0, 0.2, 12.0),
        "gemini-3.1-flash-lite": Price(0.25, 0.025, 1.5),
        "gemini-3.5-flash": Price(1.5, 0.15, 9.0),
    },
}


def price_of(engine: str, model: str, own_server: bool, own: Mapping[str, Price] | None = None) -> Price:
    """The price of a model: the configuration's own, else the table's.

    A model in neither is priced as the dearest of its vendor, so that a budget errs on the safe side; on a server of
    one's own (`base_url`) it costs nothing.
    """
    if own and model in own:
        return own[model]
    table = PRICES[engine]
    fitting = [name for name in table if model == name or model.startswith((f"{name}-", f"{name}@", f"{name}["))]
    if fitting:
        return table[max(fitting, key=len)]
    return Price(0.0, 0.0, 0.0) if own_server else max(table.values(), key=lambda price: price.written)


def cost_of(usage: Usage, price: Price) -> float:
    """US dollars."""
    paid = usage.read * price.read + usage.cached * price.cached + usage.written * price.written
    return (paid + usage.stored * price.read * STORED_FACTOR) / 1_000_000
