"""Quotas: how much a key or a tenant may use, as operators set it, and the limits that follow."""

from enum import StrEnum
from typing import TypeVar

import msgspec

N = TypeVar("N", int, float)


class Scope(StrEnum):
    """Whom a quota binds: one key, or all keys of a tenant together."""

    KEY = "key"
    TENANT = "tenant"


class Kind(StrEnum):
    """What is counted: exchanges a minute, tokens a minute, US dollars a day."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    USD = "usd"


NO_LIMIT = 0
"""As an amount: no limit of that kind, though the configuration may have one for everybody."""


class Amounts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much of each kind; None where nothing is said, NO_LIMIT where none shall hold."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    usd_per_day: float | None = None

    def over(self, defaults: "Amounts") -> "Amounts":
        """These, and the defaults' where nothing is said."""
        return Amounts(
            requests_per_minute=_first(self.requests_per_minute, defaults.requests_per_minute),
            tokens_per_minute=_first(self.tokens_per_minute, defaults.tokens_per_minute),
            usd_per_day=_first(self.usd_per_day, defaults.usd_per_day),
        )

    @property
    def said(self) -> bool:
        """Anything is said at all."""
        return self != NOTHING_SAID

    def by_kind(self) -> tuple[tuple[Kind, float], ...]:
        """The limits that hold."""
        pairs = (
            (Kind.REQUESTS, self.requests_per_minute),
            (Kind.TOKENS, self.tokens_per_minute),
            (Kind.USD, self.usd_per_day),
        )
        return tuple((kind, float(amount)) for kind, amount in pairs if amount)


NOTHING_SAID = Amounts()


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """What was set for a key (`target` its id) or a tenant, by whom, why and when."""

    scope: Scope
    target: str
    amounts: Amounts
    by: str
    reason: str
    at: float


class Limit(msgspec.Struct, frozen=True):
    """One limit that binds a request; `amount` a minute (requests, tokens) or a day (USD)."""

    scope: Scope
    target: str
    kind: Kind
    amount: float


def limits_of(scope: Scope, target: str, amounts: Amounts) -> tuple[Limit, ...]:
    """The limits of a key or a tenant."""
    return tuple(Limit(scope, target, kind, amount) for kind, amount in amounts.by_kind())


def _first(said: N | None, default: N | None) -> N | None:
    return default if said is None else said
