"""What the arms of a stage spent: each day by itself, and all days up to it."""

from collections.abc import Iterable, Sequence

import msgspec

from tidegate.domain.account import PICOS
from tidegate.domain.exchange import Arm
from tidegate.domain.interval import ArmSpending
from tidegate.domain.reporting.sums import UnitSpending


class DaySpending(msgspec.Struct, frozen=True):
    """One day's sums of both arms, and those of all days up to its end."""

    candidate: ArmSpending
    control: ArmSpending
    candidate_so_far: ArmSpending
    control_so_far: ArmSpending


def spending_by_day(rows: Iterable[UnitSpending], days: int, *, anew: int = 0) -> list[DaySpending]:
    """Every day from the first to the last, also those without a request; `rows` in any order.

    The sums so far begin anew with day number `anew`, on which prices changed.
    """
    by_arm: dict[Arm, list[list[UnitSpending]]] = {arm: [[] for _ in range(days)] for arm in Arm}
    for row in rows:
        by_arm[row.arm][row.day].append(row)
    candidate, control = (by_arm[arm] for arm in (Arm.CANDIDATE, Arm.CONTROL))
    alone = zip(map(_summed, candidate), map(_summed, control), strict=True)
    so_far = zip(_restarting(candidate, anew), _restarting(control, anew), strict=True)
    return [DaySpending(*day, *until) for day, until in zip(alone, so_far, strict=True)]


def _summed(rows: Iterable[UnitSpending]) -> ArmSpending:
    return _total([_sums(row) for row in rows])


def _restarting(days: Sequence[Sequence[UnitSpending]], anew: int) -> list[ArmSpending]:
    return _running(days[:anew]) + _running(days[anew:])


def _running(days: Sequence[Sequence[UnitSpending]]) -> list[ArmSpending]:
    """The sums so far at the end of each day; a unit of several days is one unit, not several."""
    known: dict[str, UnitSpending] = {}
    total = ArmSpending()
    ends: list[ArmSpending] = []
    for rows in days:
        for row in rows:
            before = known.get(row.unit) if row.unit else None
            if before is None:
                total = _plus(total, _sums(row))
                whole = row
            else:
                whole = _joined(before, row)
                total = _plus(_plus(total, _sums(whole)), _sums(before), sign=-1)
            if row.unit:
                known[row.unit] = whole
        ends.append(total)
    return ends


def _joined(one: UnitSpending, other: UnitSpending) -> UnitSpending:
    return msgspec.structs.replace(
        other, requests=one.requests + other.requests, cost_picos=one.cost_picos + other.cost_picos
    )


def _sums(row: UnitSpending) -> ArmSpending:
    if row.unit:
        squared, by_requests, costs = row.requests**2, row.requests * row.cost_picos, row.cost_picos**2
    else:
        squared, by_requests, costs = row.units, row.cost_picos, round(row.squares * PICOS) * PICOS
    return ArmSpending(
        units=row.units,
        requests=row.requests,
        cost_picos=row.cost_picos,
        costs_squared=costs,
        requests_squared=squared,
        cost_by_requests=by_requests,
    )


def _total(parts: Iterable[ArmSpending]) -> ArmSpending:
    total = ArmSpending()
    for part in parts:
        total = _plus(total, part)
    return total


def _plus(one: ArmSpending, other: ArmSpending, sign: int = 1) -> ArmSpending:
    pairs = zip(msgspec.structs.astuple(one), msgspec.structs.astuple(other), strict=True)
    names = ArmSpending.__struct_fields__
    return ArmSpending(**dict(zip(names, (a + sign * b for a, b in pairs), strict=True)))
