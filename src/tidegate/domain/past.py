"""What the requests in a rollout's scope were like before it: the measure that limits and warnings go by."""

import math
from collections.abc import Iterable, Sequence

import msgspec

from tidegate.domain.exchange import Exchange
from tidegate.domain.rollout import Eligible, ExpectedCost, LatencyGate

QUANTILES = (0.8, 0.9, 0.95, 0.99)
"""Past requests slower than these are what the latency gate compares the arms by."""

FIXED_SECONDS = (5.0, 8.0)
"""And these, whatever the past was: users notice."""

UNKNOWN_SECONDS = (1.0, 2.0, 3.0)
"""Limits in place of the quantiles, where the past has fewer requests than ENOUGH."""

ENOUGH = 200

CAP_MEANS = 20.0
"""Of one request at most so many times the mean cost counts for certifying savings."""


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """Past requests in scope over `span` seconds; `seconds` and `first_token` are what they took, rising.

    `units` are distinct users; `faulted` what the errors gate compares the arms by.
    """

    span: float = 0.0
    requests: int = 0
    faulted: int = 0
    units: int = 0
    seconds: tuple[float, ...] = ()
    first_token: tuple[float, ...] = ()
    costs: tuple[tuple[int, float], ...] = ()
    """Of each priced request: its size in bytes, and its cost in US dollars."""

    @property
    def per_second(self) -> float:
        return self.requests / self.span if self.span > 0 else 0.0


def in_scope(exchange: Exchange, scope: Eligible) -> bool:
    """Whether a rollout of this scope would have covered the request."""
    tenants, tasks = scope.tenants, scope.tasks
    return ("*" in tenants or exchange.tenant in tenants) and ("*" in tasks or exchange.task in tasks)


def past_of(exchanges: Iterable[Exchange], scope: Eligible, span: float) -> Past:
    """The past of these exchanges, all of `span` seconds."""
    found = [each for each in exchanges if in_scope(each, scope)]
    first = (each.first_token_seconds for each in found)
    return Past(
        span=span,
        requests=len(found),
        faulted=sum(each.faulted for each in found),
        units=len({each.unit_hash for each in found}),
        seconds=tuple(sorted(each.seconds for each in found)),
        first_token=tuple(sorted(each for each in first if each is not None)),
        costs=tuple((each.asked_bytes, each.cost_usd) for each in found if each.cost_usd is not None),
    )


def expected_cost(past: Past) -> ExpectedCost | None:
    """What a request costs by its size, by least squares; None where too few past requests have a price.

    A size that tells nothing, or that makes requests cheaper, counts nothing.
    """
    if len(past.costs) < ENOUGH:
        return None
    mean = math.fsum(cost for _, cost in past.costs) / len(past.costs)
    size = math.fsum(asked for asked, _ in past.costs) / len(past.costs)
    spread = math.fsum((asked - size) ** 2 for asked, _ in past.costs)
    together = math.fsum((asked - size) * (cost - mean) for asked, cost in past.costs)
    if mean <= 0:
        return None
    per_byte = max(0.0, together / spread) if spread > 0 else 0.0
    per_byte = min(per_byte, mean / size) if size > 0 else 0.0
    return ExpectedCost(base=mean - per_byte * size, per_byte=per_byte, cap=CAP_MEANS * mean)


def with_limits(gate: LatencyGate, past: Past) -> LatencyGate:
    """The gate with the limits by which it compares the arms: quantiles of the past, fixed ones, its own."""
    times = past.first_token if gate.of == "first_token" and past.first_token else past.seconds
    own = () if gate.p95 is None else (gate.p95,)
    limits = {*_quantiles(times), *FIXED_SECONDS, *own}
    return msgspec.structs.replace(gate, limits=tuple(sorted(limits)))


def _quantiles(times: Sequence[float]) -> Iterable[float]:
    if len(times) < ENOUGH:
        return UNKNOWN_SECONDS
    return (times[math.ceil(q * len(times)) - 1] for q in QUANTILES)
