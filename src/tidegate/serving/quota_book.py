"""The limits that bind a key, ready to be claimed: its own and its tenant's, over the configured ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from tidegate.domain.access import KeyRecord
from tidegate.domain.allowance import Claim
from tidegate.domain.day import Day
from tidegate.domain.expectation import Expectation
from tidegate.domain.quota import NOTHING_SAID, Amounts, Kind, Limit, Scope, limits_of

_MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaSettings:
    """What holds where nothing is set, and how limits are counted; seconds."""

    key: Amounts = NOTHING_SAID
    tenant: Amounts = NOTHING_SAID
    burst_seconds: float = _MINUTE
    """How much of a minute's limit may be used at once."""
    zone: tzinfo = UTC
    """Where the day of a budget begins at midnight."""


class Book:
    """One key's limits, and what is claimed of each."""

    __slots__ = ("_codes", "claims", "limits", "metered")

    def __init__(self, limits: tuple[Limit, ...], claims: tuple[Claim, ...]) -> None:
        self.limits = limits
        self.claims = claims
        self._codes = tuple(_CODES[limit.kind] for limit in limits)
        self.metered = any(limit.kind is not Kind.REQUESTS for limit in limits)
        """Something is counted that is known only afterwards."""

    def needs(self, expected: Expectation, size: int) -> tuple[Claim, ...]:
        """The claims of a request whose body has so many bytes."""
        if not self.metered:
            return self.claims
        needs = (1.0, expected.tokens(size), expected.dollars())
        return tuple(
            Claim(claim.id, claim.capacity, claim.rate, needs[code], 0.0, 0.0, claim.until)
            for code, claim in zip(self._codes, self.claims, strict=True)
        )

    def beyond(self, claims: Sequence[Claim], tokens: float, usd: float) -> list[tuple[Claim, float]]:
        """What was used beyond what the claims held, of what is known only afterwards."""
        used = (0.0, tokens, usd)
        pairs = zip(self._codes, claims, strict=True)
        return [(claim, used[code] - claim.need) for code, claim in pairs if code]


_CODES = {Kind.REQUESTS: 0, Kind.TOKENS: 1, Kind.USD: 2}
"""Places in a tuple: found faster than names in a dictionary."""


def open_book(
    key: KeyRecord,
    quotas: Mapping[tuple[str, str], Amounts],
    settings: QuotaSettings,
    *,
    day: Day,
    part: float = 1.0,
) -> Book | None:
    """The book of a key, None where nothing limits it; `part` of each minute's limit is this process's."""
    own = quotas.get((Scope.KEY, key.id), NOTHING_SAID).over(settings.key)
    tenants = quotas.get((Scope.TENANT, key.tenant), NOTHING_SAID).over(settings.tenant)
    limits = (*limits_of(Scope.KEY, key.id, own), *limits_of(Scope.TENANT, key.tenant, tenants))
    if not limits:
        return None
    return Book(limits, tuple(claim_of(limit, key.tenant, settings, day=day, part=part) for limit in limits))


def claim_of(limit: Limit, tenant: str, settings: QuotaSettings, *, day: Day, part: float = 1.0) -> Claim:
    """What is claimed of a limit by one request; the tenant in braces keeps its buckets on one shard."""
    name = f"{{{tenant}}}:{limit.scope}:{limit.target}:{limit.kind}"
    if limit.kind is Kind.USD:
        return Claim(f"{name}:{day.start:.0f}", limit.amount, 0.0, need=1.0, until=day.end)
    amount = limit.amount * part
    return Claim(name, amount * settings.burst_seconds / _MINUTE, amount / _MINUTE, need=1.0)
