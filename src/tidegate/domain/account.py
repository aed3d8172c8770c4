"""Accounts: what was used and what it cost, summed by who asked, what was served, and quarter of an hour."""

from collections.abc import Iterable
from operator import add
from typing import NamedTuple

import msgspec

from tidegate.domain.exchange import Exchange, Usage

SLOT_SECONDS = 900
"""Every time zone's midnight is at a quarter of an hour."""

PICOS = 10**12
"""Costs are summed in 10⁻¹² dollars, as integers: the sum is the same in any order."""

CACHED = frozenset({"hit", "shared"})
"""An exchange's `cache` where its answer cost nothing: from the result cache, or from another's call."""


class Account(NamedTuple):
    """Where a sum belongs; `slot` counts SLOT_SECONDS, `rollout` may be "", `skills` are names by comma."""

    slot: int
    tenant: str
    key_id: str
    model: str
    rollout: str
    skills: str


class Costs(msgspec.Struct, frozen=True):
    """Sums over exchanges: each is priced, unpriced (tokens without a known price), or used nothing."""

    requests: int = 0
    priced: int = 0
    unpriced: int = 0
    cache_hits: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    cost_picos: int = 0

    def __add__(self, other: "Costs") -> "Costs":
        return Costs(*map(add, msgspec.structs.astuple(self), msgspec.structs.astuple(other)))

    @property
    def usd(self) -> float:
        """US dollars of what is priced."""
        return self.cost_picos / PICOS


class Spent(msgspec.Struct, frozen=True):
    """US dollars that a key of a tenant has cost."""

    tenant: str
    key_id: str
    usd: float


def account_of(exchange: Exchange) -> Account:
    """Where an exchange is summed, by the time it arrived."""
    return Account(
        int(exchange.at // SLOT_SECONDS),
        exchange.tenant,
        exchange.key_id,
        exchange.model,
        exchange.rollout or "",
        ",".join(sorted({use.name for use in exchange.skills})) if exchange.skills else "",
    )


def costs_of(exchange: Exchange) -> Costs:
    """What one exchange adds."""
    return Costs(*_counts(exchange))


def summed(exchanges: Iterable[Exchange]) -> dict[Account, Costs]:
    """Their sums by account."""
    sums: dict[Account, Iterable[int]] = {}
    for exchange in exchanges:
        place, more = account_of(exchange), _counts(exchange)
        known = sums.get(place)
        sums[place] = more if known is None else tuple(map(add, known, more))
    return {place: Costs(*totals) for place, totals in sums.items()}


def _counts(exchange: Exchange) -> tuple[int, ...]:
    """In the order of the fields of Costs."""
    usage, cost = exchange.usage, exchange.cost_usd
    return (
        1,
        int(cost is not None),
        int(cost is None and usage != _NOTHING),
        int(exchange.cache in CACHED),
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_tokens,
        usage.cache_write_5m_tokens,
        usage.cache_write_1h_tokens,
        0 if cost is None else round(cost * PICOS),
    )


_NOTHING = Usage()
