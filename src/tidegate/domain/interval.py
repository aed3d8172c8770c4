"""Savings with an interval that may be looked at at any time: what reports show, never what a gate acts on.

The ratio of mean costs r = (ΣY_c/ΣN_c) / (ΣY_k/ΣN_k), sums over units of their cost Y and requests N, has

    V(ln r) = v_c + v_k,    v = (ΣY² − 2m ΣYN + m² ΣN²) / (ΣY)²,    m = ΣY/ΣN,

so that a heavy unit counts as one observation however often it asks. With n units in both arms it is

    ln r ± sqrt( V · 2(τ+1)/τ · ln( sqrt(τ+1)/α ) ),    τ = n ρ²,

the asymptotic confidence sequence of Waudby-Smith and others (arXiv 2103.06476): about 95 % of rollouts have
their true savings inside at every look. It is tightest near `TIGHTEST_AT` units.
"""

import math

import msgspec

from tidegate.domain.account import PICOS

ALPHA = 0.05
TIGHTEST_AT = 2_000
LEAST_UNITS = 30
"""An interval that rests on the normal law says nothing of fewer units an arm."""

_RHO_SQUARED = (-2 * math.log(ALPHA) + math.log(1 - 2 * math.log(ALPHA))) / TIGHTEST_AT


class ArmSpending(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the units of an arm: N their requests, Y their costs in 10⁻¹² dollars, exact in any order."""

    units: int = 0
    requests: int = 0
    cost_picos: int = 0
    costs_squared: int = 0
    requests_squared: int = 0
    cost_by_requests: int = 0

    @property
    def mean_usd(self) -> float | None:
        """US dollars a request; None without one."""
        return self.cost_picos / self.requests / PICOS if self.requests else None


class Saved(msgspec.Struct, frozen=True):
    """Savings as a ratio of control's cost: the point, and the interval (None: too few units)."""

    point: float
    low: float | None
    high: float | None


def saved(candidate: ArmSpending, control: ArmSpending) -> Saved | None:
    """What the candidate saves; None where an arm has nothing priced, or control costs nothing."""
    if not (candidate.requests and control.cost_picos):
        return None
    ratio = (candidate.cost_picos / candidate.requests) / (control.cost_picos / control.requests)
    if min(candidate.units, control.units) < LEAST_UNITS or not candidate.cost_picos:
        return Saved(1 - ratio, None, None)
    reach = half_width(_variance(candidate) + _variance(control), candidate.units + control.units)
    return Saved(1 - ratio, 1 - ratio * math.exp(reach), 1 - ratio * math.exp(-reach))


def half_width(variance: float, units: int) -> float:
    """How far an estimate of this variance from so many units may be off, at any look."""
    tau = units * _RHO_SQUARED
    return math.sqrt(variance * 2 * (tau + 1) / tau * math.log(math.sqrt(tau + 1) / ALPHA))


def _variance(arm: ArmSpending) -> float:
    """Of the logarithm of the mean; in whole numbers until the last step, so that nothing cancels out."""
    n, y = arm.requests, arm.cost_picos
    scatter = n * n * arm.costs_squared - 2 * n * y * arm.cost_by_requests + y * y * arm.requests_squared
    return max(0, scatter) / (n * n * y * y)
