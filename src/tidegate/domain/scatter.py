"""How far costs scatter between units: sums that grow with each request, for an interval of live savings.

`domain/interval` needs ΣY², ΣYN and ΣN² over an arm's units, Y their cost and N their requests. A
request of cost c by a unit that had N and Y before adds 2Yc + c², Y + (N+1)c and 2N + 1 to them: so they can
be summed with the evidence in time buckets, and nothing has to be read again when somebody looks.
"""

from typing import NamedTuple

from tidegate.domain.account import PICOS
from tidegate.domain.evidence import Tally
from tidegate.domain.interval import ArmSpending, Saved, saved

GRAINS = 10**5
"""Costs count in 10⁻⁵ dollars here: they tell of scatter alone, and their squares must fit into 64 bits."""

_MOST_ADDED = 2**63 // 100_000
"""A request that adds more is left out, and then no interval is told: 100,000 in a bucket's time must fit. At
2 cents each that comes once a unit has spent 230,000 dollars in the stage; at most one request may cost 96.
"""

_PICOS_A_GRAIN = PICOS // GRAINS


class Scatter(NamedTuple):
    """What one request adds: to the units that paid something, to ΣY², ΣYN and ΣN²."""

    payers: int
    costs_squared: int
    cost_by_charged: int
    charged_squared: int


def grains(cost_usd: float) -> int:
    """The cost in 10⁻⁵ dollars."""
    return round(cost_usd * GRAINS)


def scatter(cost_usd: float, charged: int = 0, spent: int = 0) -> Scatter | None:
    """What a request adds whose unit had `charged` priced ones before, which cost `spent` 10⁻⁵ dollars.

    None: it is more than can be summed.
    """
    cost = grains(cost_usd)
    added = Scatter(
        payers=not charged,
        costs_squared=cost * (2 * spent + cost),
        cost_by_charged=spent + (charged + 1) * cost,
        charged_squared=2 * charged + 1,
    )
    return None if max(added) > _MOST_ADDED else added


def saved_so_far(candidate: Tally, control: Tally) -> Saved | None:
    """The candidate's savings by what both arms summed, with an interval that may be looked at at any time.

    None where an arm has nothing priced, or control costs nothing. Without an interval (`low` and `high`
    None) where units are few, or where not all that is priced is in the sums: a request was too dear for
    them, the stage ran before there were any, or prices changed in mid-stage, so that what came before counts
    no more.
    """
    if (candidate.charged, control.charged) == (candidate.priced, control.priced):
        return saved(_spending(candidate), _spending(control))
    point = savings_point(candidate, control)
    return None if point is None else Saved(point, None, None)


def savings_point(candidate: Tally, control: Tally) -> float | None:
    """1 - mean candidate cost / mean control cost over triggered priced requests; None without both."""
    if not candidate.priced or not control.priced:
        return None
    today = control.cost_usd / control.priced
    return 1 - (candidate.cost_usd / candidate.priced) / today if today > 0 else None


def _spending(tally: Tally) -> ArmSpending:
    return ArmSpending(
        units=tally.payers,
        requests=tally.priced,
        cost_picos=round(tally.cost_usd * PICOS),
        costs_squared=tally.costs_squared * _PICOS_A_GRAIN**2,
        requests_squared=tally.charged_squared,
        cost_by_requests=tally.cost_by_charged * _PICOS_A_GRAIN,
    )
