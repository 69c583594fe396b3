"""What tokens cost, for engines that report tokens and no dollars, and for runs that ended before their bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Final

from bee.engines.table import ENGINES, Price


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one run. `read` does not hold what came from the cache; `stored` was put there."""

    read: int = 0
    cached: int = 0
    written: int = 0
    stored: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(mine + more for mine, more in zip(astuple(self), astuple(other), strict=True)))

    @property
    def total(self) -> int:
        """All tokens."""
        return sum(astuple(self))


STORED_FACTOR: Final = 1.25  # putting tokens into the cache costs more than reading them


def price_of(engine: str, model: str, own_server: bool, own: Mapping[str, Price] | None = None) -> Price:
    """The price of a model: the configuration's own, else the table's.

    A model in neither is priced as the dearest of its vendor, so that a budget errs on the safe side; on a server of
    one's own (`base_url`) it costs nothing.
    """
    if own and model in own:
        return own[model]
    table = ENGINES[engine].prices
    fitting = [name for name in table if model == name or model.startswith((f"{name}-", f"{name}@", f"{name}["))]
    if fitting:
        return table[max(fitting, key=len)]
    return Price(0.0, 0.0, 0.0) if own_server else max(table.values(), key=lambda price: price.written)


def cost_of(usage: Usage, price: Price) -> float:
    """US dollars."""
    paid = usage.read * price.read + usage.cached * price.cached + usage.written * price.written
    return (paid + usage.stored * price.read * STORED_FACTOR) / 1_000_000
