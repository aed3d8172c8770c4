"""What the requests in a rollout's scope were like before it: the measure that limits and warnings go by."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tidegate.domain.census import Census
from tidegate.domain.exchange import Arm, Exchange
from tidegate.domain.rollout import Eligible, ExpectedCost, LatencyGate, Plan, Unit
from tidegate.domain.unit_savings import MOST_REQUESTS

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

    `units` are distinct users, or conversations where the rollout keeps those together; `faulted` what the
    errors gate compares the arms by.
    """

    span: float = 0.0
    requests: int = 0
    faulted: int = 0
    units: int = 0
    seconds: tuple[float, ...] = ()
    first_token: tuple[float, ...] = ()
    costs: tuple[tuple[int, float], ...] = ()
    """Of each priced request: its size in bytes, and its cost in US dollars."""
    bills: tuple[tuple[tuple[int, float], ...], ...] = ()
    """The same of each unit's first MOST_REQUESTS priced ones."""
    spectrum: Mapping[int, int] = {}
    """How many units made so many requests (keys) in `span`."""
    models: tuple[str, ...] = ()
    """Those that answered priced requests, the most used first."""

    @property
    def per_second(self) -> float:
        return self.requests / self.span if self.span > 0 else 0.0


def in_scope(exchange: Exchange, scope: Eligible) -> bool:
    """Whether a rollout of this scope would have covered the request."""
    tenants, tasks = scope.tenants, scope.tasks
    return ("*" in tenants or exchange.tenant in tenants) and ("*" in tasks or exchange.task in tasks)


def past_of(exchanges: Iterable[Exchange], scope: Eligible, span: float, unit: Unit = Unit.USER) -> Past:
    """The past of these exchanges in order of time, all of `span` seconds, as a rollout by `unit` sees it."""
    found = [each for each in exchanges if in_scope(each, scope)]
    first = (each.first_token_seconds for each in found)
    return Past(
        span=span,
        requests=len(found),
        faulted=_usual_faults(found),
        units=len({_unit_of(each, unit) for each in found}),
        seconds=tuple(sorted(each.seconds for each in found)),
        first_token=tuple(sorted(each for each in first if each is not None)),
        costs=tuple((each.asked_bytes, each.cost_usd) for each in found if each.cost_usd is not None),
        bills=_bills(found, unit),
        spectrum=Counter(Counter(_unit_of(each, unit) for each in found).values()),
        models=_models(found),
    )


def over(sample: Past, activity: Census, span: float) -> Past:
    """The past of `span` seconds that the sample was taken from: how many asked how often is as counted."""
    spectrum: Counter[int] = Counter()
    for each in activity.alike:
        spectrum[each.requests] += each.users
    requests, faulted = activity.requests, activity.faulted
    if not activity.baseline:
        return sample
    return msgspec.structs.replace(
        sample,
        span=span,
        requests=requests,
        faulted=round(faulted * requests / activity.baseline),
        units=sum(spectrum.values()),
        spectrum=spectrum,
    )


def _usual_faults(exchanges: Sequence[Exchange]) -> int:
    """As many as there were if all had faulted as often as what users had then: no candidate's count."""
    usual = [each for each in exchanges if each.arm is not Arm.CANDIDATE or each.stage is None]
    return round(sum(each.faulted for each in usual) * len(exchanges) / len(usual)) if usual else 0


def _unit_of(exchange: Exchange, unit: Unit) -> str:
    return (exchange.conversation_hash or exchange.id) if unit is Unit.CONVERSATION else exchange.unit_hash


def _models(exchanges: Iterable[Exchange]) -> tuple[str, ...]:
    counted = Counter(each.model for each in exchanges if each.cost_usd is not None)
    return tuple(model for model, _ in sorted(counted.items(), key=lambda each: (-each[1], each[0])))


def _bills(exchanges: Iterable[Exchange], unit: Unit) -> tuple[tuple[tuple[int, float], ...], ...]:
    by_unit: dict[str, list[tuple[int, float]]] = {}
    for each in exchanges:
        if each.cost_usd is not None:
            by_unit.setdefault(_unit_of(each, unit), []).append((each.asked_bytes, each.cost_usd))
    return tuple(tuple(bills[:MOST_REQUESTS]) for bills in by_unit.values())


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


def with_past(plan: Plan, past: Past) -> Plan:
    """The plan whose gates know by which times and which costs they compare the arms."""
    latency, savings = plan.gates.latency, plan.gates.savings
    if latency is not None:
        latency = with_limits(latency, past)
    if savings is not None:
        savings = msgspec.structs.replace(savings, expected=expected_cost(past))
    gates = msgspec.structs.replace(plan.gates, latency=latency, savings=savings)
    return msgspec.structs.replace(plan, gates=gates)


def _quantiles(times: Sequence[float]) -> Iterable[float]:
    if len(times) < ENOUGH:
        return UNKNOWN_SECONDS
    return (times[math.ceil(q * len(times)) - 1] for q in QUANTILES)
