"""What must be remembered of a sticky unit in a stage, and how one more exchange changes it."""

import msgspec

from tidegate.domain.account import PICOS
from tidegate.domain.evidence import CAP_PER_UNIT, LONG_WINDOW_SECONDS, SHORT_WINDOW_SECONDS
from tidegate.domain.exchange import Arm, Exchange
from tidegate.domain.scatter import grains, scatter
from tidegate.domain.unit_savings import MOST_REQUESTS

RECENT = 5
STREAK = 3
"""A `streak` is this many faulted of a unit's RECENT latest exchanges (design, section 7, event b)."""


class UnitState(msgspec.Struct, frozen=True, kw_only=True):
    """What must be remembered of a unit in a stage.

    `recent` holds its last RECENT triggered outcomes as bits, the newest lowest, 1 for faulted; the counts
    are of its triggered exchanges in the newest short and long window step, up to CAP_PER_UNIT. `priced`
    counts those whose cost is judged, up to MOST_REQUESTS; `paid` and `expected` are theirs in 10⁻¹² dollars.
    `charged` counts all that are in the sums of `domain/scatter`, `spent` is what they cost in 10⁻⁵ dollars.
    """

    arm: Arm
    triggered: bool = False
    recent: int = 0
    short_step: int = 0
    short_count: int = 0
    long_step: int = 0
    long_count: int = 0
    last_at: float = 0.0
    last_faulted: bool = False
    priced: int = 0
    paid: int = 0
    expected: int = 0
    charged: int = 0
    spent: int = 0


def step_unit(state: UnitState, exchange: Exchange) -> UnitState:
    """The unit's state after one more triggered exchange; a late one counts in the newest step."""
    faulted, at, cost = exchange.faulted, exchange.finished_at, exchange.cost_usd
    short_step = max(state.short_step, step_at(exchange, at, SHORT_WINDOW_SECONDS))
    long_step = max(state.long_step, step_at(exchange, at, LONG_WINDOW_SECONDS))
    short_count = state.short_count if short_step == state.short_step else 0
    long_count = state.long_count if long_step == state.long_step else 0
    newest = not state.triggered or at >= state.last_at
    priced, paid, expected = _costs(state, exchange)
    charged, spent = _spent(state, cost)
    return UnitState(
        arm=exchange.arm,
        triggered=True,
        recent=(state.recent << 1 | faulted) & (1 << RECENT) - 1,
        short_step=short_step,
        short_count=min(short_count + 1, CAP_PER_UNIT),
        long_step=long_step,
        long_count=min(long_count + 1, CAP_PER_UNIT),
        last_at=at if newest else state.last_at,
        last_faulted=faulted if newest else state.last_faulted,
        priced=priced,
        paid=paid,
        expected=expected,
        charged=charged,
        spent=spent,
    )


def newly_counted(before: UnitState, after: UnitState) -> tuple[int, int]:
    """How many more of the unit's requests count in the short and in the long window step: 0 or 1 each."""
    return (
        _more(before.short_step, before.short_count, after.short_step, after.short_count),
        _more(before.long_step, before.long_count, after.long_step, after.long_count),
    )


def step_at(exchange: Exchange, at: float, seconds: int) -> int:
    """The number of the window step of so many seconds that `at` lies in, from the stage's start."""
    return max(0, int((at - exchange.stage_since) // seconds))


def _costs(state: UnitState, exchange: Exchange) -> tuple[int, int, int]:
    """The unit's judged requests, what they cost and what was expected, with this one if it counts."""
    stakes, cost = exchange.stakes, exchange.cost_usd
    if stakes is None or cost is None or state.priced >= MOST_REQUESTS:
        return state.priced, state.paid, state.expected
    return (
        state.priced + 1,
        state.paid + round(cost * PICOS),
        state.expected + round(stakes.expected * PICOS),
    )


def _spent(state: UnitState, cost: float | None) -> tuple[int, int]:
    """The unit's requests in the sums of `domain/scatter`, and what they cost, with this one if it is."""
    if cost is None or scatter(cost, state.charged, state.spent) is None:
        return state.charged, state.spent
    return state.charged + 1, state.spent + grains(cost)


def _more(step: int, count: int, new_step: int, new_count: int) -> int:
    return 1 if new_step > step else new_count - count
