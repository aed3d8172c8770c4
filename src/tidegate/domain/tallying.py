"""From exchanges to evidence: a pure fold in the order of arrival, over the units' states so far."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from tidegate.domain.account import PICOS
from tidegate.domain.evidence import (
    AFTER,
    AFTER_BUCKET_SECONDS,
    BUCKET_SECONDS,
    SHORT_WINDOW_SECONDS,
    Tally,
    UnitEvent,
    latency_cell,
)
from tidegate.domain.exchange import Arm, Exchange, Outcome
from tidegate.domain.savings import bets
from tidegate.domain.scatter import Scatter, scatter
from tidegate.domain.unit_savings import (
    LEAST_LEVEL,
    MILESTONES,
    MOST_RATIO,
    milestone_at,
    unit_bets,
)
from tidegate.domain.unit_state import STREAK, UnitState, newly_counted, step_at, step_unit

LEVELS = tuple(f"level {milestone.requests}" for milestone in MILESTONES)
"""States that are no unit's: of each milestone how many control units were read, and the sum of their R."""

SKILL_FAILURES = frozenset({Outcome.SKILL_ERROR, Outcome.SKILL_TIMEOUT})


# Bound once: before Python 3.12 each look-up of an enum's member is a call.
_OUTSIDE: Final = Arm.OUTSIDE
_CANDIDATE: Final = Arm.CANDIDATE


class Cell(NamedTuple):
    """Where a sum belongs; `bucket` in epoch seconds."""

    rollout: str
    attempt: int
    stage: int
    bucket: int
    arm: Arm


class UnitKey(NamedTuple):
    """One unit in one stage of one attempt."""

    rollout: str
    attempt: int
    unit: str
    stage: int


class Sums(msgspec.Struct, kw_only=True):
    """A tally in the making; the fields are `Tally`'s, cost in 10⁻¹² dollars."""

    requests: int = 0
    errors: int = 0
    triggered: int = 0
    triggered_errors: int = 0
    faulted: int = 0
    priced: int = 0
    cost_picos: int = 0
    capped_short: int = 0
    capped_long: int = 0
    skill_failures: int = 0
    units: int = 0
    up: int = 0
    down: int = 0
    payers: int = 0
    charged: int = 0
    costs_squared: int = 0
    cost_by_charged: int = 0
    charged_squared: int = 0
    seconds: dict[int, int] = {}
    slow: dict[int, int] = {}
    bets: dict[int, int] = {}


HISTOGRAMS = ("seconds", "slow", "bets")
SUM_FIELDS = tuple(field for field in Sums.__struct_fields__ if field not in HISTOGRAMS)


class StageEvent(NamedTuple):
    """A unit's event and the stage it belongs to."""

    rollout: str
    attempt: int
    stage: int
    event: UnitEvent


class Folded(NamedTuple):
    """What a batch adds: sums per cell, the new states of the units it touched, and events.

    An event may be one that the ledger has already (the same unit, kind and step): the first one stands.
    """

    sums: dict[Cell, Sums]
    units: dict[UnitKey, UnitState]
    events: list[StageEvent]


def is_evidence(exchange: Exchange) -> bool:
    """It belongs to an arm of a rollout's stage and counts; one that stays only shows its unit."""
    return (
        exchange.rollout is not None
        and exchange.stage is not None
        and exchange.arm is not _OUTSIDE
        and (exchange.counted or exchange.stays)
    )


def is_after(exchange: Exchange) -> bool:
    """It belongs to an arm of a rollout that has completed and holds units back."""
    return exchange.rollout is not None and exchange.stage is None and exchange.arm is not _OUTSIDE


def has_sticky_unit(exchange: Exchange) -> bool:
    """Its unit lives longer than the request, so that it has a state."""
    return exchange.unit_kind != "request"


def fold(exchanges: Iterable[Exchange], units: Mapping[UnitKey, UnitState]) -> Folded:
    """Sum the exchanges in their order of arrival.

    `units` must hold every stage of the attempts touched for every sticky unit in `exchanges` and for LEVELS,
    where known: a unit stays triggered from its first trigger within the attempt. What comes after completion
    is summed by requests alone, each triggered for itself. Exchanges that are no evidence are passed over.
    Folding a sequence in pieces, each with the states that the one before left, gives the same sums.
    """
    folded = Folded({}, {}, [])
    known = dict(units)
    triggered = {key[:3] for key, state in units.items() if state.triggered}
    seen = {key[:3] for key in units}
    for exchange in exchanges:
        if not is_evidence(exchange):
            if is_after(exchange):
                sums = sums_after(exchange, folded.sums, exchange.finished_at)
                _add(exchange, sums, triggered=exchange.triggered)
            continue
        if has_sticky_unit(exchange):
            sums = _sums(exchange, folded.sums, _CANDIDATE if exchange.stays else exchange.arm)
            sums.units += _unit(exchange) not in seen
            seen.add(_unit(exchange))
            _add_sticky(exchange, sums, folded, known, triggered)
        elif exchange.counted:
            sums = _sums(exchange, folded.sums, exchange.arm)
            sums.units += 1
            _add(exchange, sums, triggered=exchange.triggered)
            if exchange.cost_usd is not None and exchange.triggered:
                _add_scatter(sums, scatter(exchange.cost_usd))
                if exchange.stakes is not None:
                    _add_bets(sums, bets(exchange.stakes, exchange.arm, exchange.cost_usd))
            sums.capped_short += exchange.triggered
            sums.capped_long += exchange.triggered
    return folded


def _unit(exchange: Exchange) -> tuple[str, int, str]:
    return exchange.rollout or "", exchange.attempt, exchange.unit_hash


def _sums(exchange: Exchange, known: dict[Cell, Sums], arm: Arm) -> Sums:
    return sums_at(exchange, known, arm, exchange.finished_at)


def sums_after(exchange: Exchange, known: dict[Cell, Sums], at: float) -> Sums:
    """The sums of that time after its rollout's completion."""
    bucket = int(at // AFTER_BUCKET_SECONDS) * AFTER_BUCKET_SECONDS
    return _begun(Cell(exchange.rollout or "", exchange.attempt, AFTER, bucket, exchange.arm), known)


def sums_at(exchange: Exchange, known: dict[Cell, Sums], arm: Arm, at: float) -> Sums:
    """The sums of the exchange's stage, of that arm and time (epoch seconds), begun in `known` if need be."""
    bucket = int(at // BUCKET_SECONDS) * BUCKET_SECONDS
    return _begun(Cell(exchange.rollout or "", exchange.attempt, exchange.stage or 0, bucket, arm), known)


def _begun(cell: Cell, known: dict[Cell, Sums]) -> Sums:
    sums = known.get(cell)
    if sums is None:
        sums = known[cell] = Sums(seconds={}, slow={}, bets={})
    return sums


def _add(exchange: Exchange, sums: Sums, *, triggered: bool) -> None:
    bad = exchange.bad
    sums.requests += 1
    sums.errors += bad
    if exchange.skill_outcome is not None:
        sums.skill_failures += exchange.skill_outcome in SKILL_FAILURES
    if not triggered:
        return
    sums.triggered += 1
    sums.triggered_errors += bad
    sums.faulted += bad or exchange.first_attempt_failed
    if exchange.cost_usd is not None:
        sums.priced += 1
        sums.cost_picos += round(exchange.cost_usd * PICOS)
    cell = latency_cell(exchange.seconds)
    sums.seconds[cell] = sums.seconds.get(cell, 0) + 1
    if exchange.slow:
        sums.slow[exchange.slow] = sums.slow.get(exchange.slow, 0) + 1


def _add_bets(sums: Sums, added: Mapping[int, int]) -> None:
    for place, logarithm in added.items():
        sums.bets[place] = sums.bets.get(place, 0) + logarithm


def _add_scatter(sums: Sums, added: Scatter | None) -> None:
    if added is None:
        return
    sums.payers += added.payers
    sums.charged += 1
    sums.costs_squared += added.costs_squared
    sums.cost_by_charged += added.cost_by_charged
    sums.charged_squared += added.charged_squared


def _add_sticky(
    exchange: Exchange,
    sums: Sums,
    folded: Folded,
    known: dict[UnitKey, UnitState],
    triggered: set[tuple[str, int, str]],
) -> None:
    key = UnitKey(exchange.rollout or "", exchange.attempt, exchange.unit_hash, exchange.stage or 0)
    unit = key[:3]
    if not exchange.counted:
        if key not in known:
            known[key] = folded.units[key] = UnitState(arm=_CANDIDATE)
        return
    if exchange.triggered:
        triggered.add(unit)
    is_triggered = unit in triggered
    _add(exchange, sums, triggered=is_triggered)
    before = known.get(key) or UnitState(arm=exchange.arm)
    after = step_unit(before, exchange) if is_triggered else before
    known[key] = folded.units[key] = after
    if not is_triggered:
        return
    short, long = newly_counted(before, after)
    sums.capped_short += short
    sums.capped_long += long
    if exchange.cost_usd is not None:
        _add_scatter(sums, scatter(exchange.cost_usd, before.charged, before.spent))
    if after.priced > before.priced:
        _add_bets(sums, _unit_bets(key, after, exchange, known, folded))
    for kind in _kinds(exchange, after):
        folded.events.append(event_of(exchange, kind, exchange.finished_at))


def _unit_bets(
    key: UnitKey, unit: UnitState, exchange: Exchange, known: dict[UnitKey, UnitState], folded: Folded
) -> Mapping[int, int]:
    """What the unit's savings say where it was brought to a milestone, by control's level so far."""
    milestone = milestone_at(unit.priced)
    if milestone is None or exchange.stakes is None:
        return {}
    place = key._replace(unit=LEVELS[milestone])
    level = known.get(place) or UnitState(arm=Arm.CONTROL)
    if unit.arm is not _CANDIDATE:
        ratio = min(MOST_RATIO, unit.paid / unit.expected) if unit.expected else MOST_RATIO
        read = msgspec.structs.replace(level, priced=level.priced + 1, paid=level.paid + round(PICOS * ratio))
        known[place] = folded.units[place] = read
    if level.priced < LEAST_LEVEL:
        return {}
    usual = unit.expected * (level.paid / level.priced / PICOS)
    return unit_bets(exchange.stakes, unit.arm, milestone, unit.paid, usual)


def _kinds(exchange: Exchange, unit: UnitState) -> Iterable[str]:
    if exchange.faulted:
        yield "bad"
        if unit.recent.bit_count() >= STREAK:
            yield "streak"
    for limit in range(exchange.slow):
        yield slow_kind(limit)


def slow_kind(limit: int) -> str:
    """The kind of a unit's event of exceeding the latency gate's limit number `limit`, from 0."""
    return f"slow{limit + 1}"


def event_of(exchange: Exchange, kind: str, at: float) -> StageEvent:
    """An event of the exchange's unit in the exchange's stage."""
    event = UnitEvent(
        unit=exchange.unit_hash,
        arm=exchange.arm,
        kind=kind,
        step=step_at(exchange, at, SHORT_WINDOW_SECONDS),
        at=at,
    )
    return StageEvent(exchange.rollout or "", exchange.attempt, exchange.stage or 0, event)


def to_tally(sums: Sums) -> Tally:
    """The sums as gates read them, cost in dollars."""
    fields = msgspec.structs.asdict(sums)
    picos = int(fields.pop("cost_picos"))
    return msgspec.convert(fields | {"cost_usd": picos / PICOS}, Tally)


def add_sums(left: Sums, right: Sums) -> Sums:
    """Both together."""
    total = Sums()
    for field in SUM_FIELDS:
        setattr(total, field, getattr(left, field) + getattr(right, field))
    for field in HISTOGRAMS:
        both = dict(getattr(left, field))
        for cell, count in getattr(right, field).items():
            both[cell] = both.get(cell, 0) + count
        setattr(total, field, both)
    return total


def first_events(events: Iterable[StageEvent]) -> list[StageEvent]:
    """Of each unit, kind and step of a stage the first event in order of arrival, by time and unit."""
    first: dict[tuple[object, ...], StageEvent] = {}
    for found in events:
        place = (*found[:3], found.event.unit, found.event.kind, found.event.step)
        first.setdefault(place, found)
    return sorted(first.values(), key=lambda found: event_order(found.event))


def event_order(event: UnitEvent) -> tuple[float, str, str, int]:
    """Sorts a stage's events: by time, then unit, kind and step."""
    return (event.at, event.unit, event.kind, event.step)
