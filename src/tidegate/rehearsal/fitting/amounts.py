"""Durations and costs: log-normal, as the scenario has them."""

import math
from collections.abc import Mapping
from statistics import NormalDist

from tidegate.domain.census import Census, LogSums, UserCosts
from tidegate.rehearsal.fitting.figure import Figure, fitted, missing
from tidegate.rehearsal.scenario import CONTROL

ANSWERS = 200
"""Good answers before their durations, and priced ones before their costs are fitted."""

COST_USERS = 20
"""Users, and ANSWERS more requests than users, before their costs are told apart."""

LARGEST_SIGMA = 5.0
LARGEST_MEAN = 1000.0
SMALLEST_MEAN = 0.000001


def latency(census: Census) -> list[Figure]:
    """Median and sigma by the 50th and the 95th percentile, which is what gates look at."""
    times, usual = census.milliseconds, CONTROL.latency
    count = sum(times.values())
    if count < ANSWERS:
        why = f"{count} good answers; {ANSWERS - count} more are needed"
        return [
            missing("control.latency.median", usual.median, why),
            missing("control.latency.sigma", usual.sigma, why),
        ]
    median, slow, tail = (max(1, _quantile(times, q, count)) / 1000 for q in (0.5, 0.95, 0.99))
    sigma = min(LARGEST_SIGMA, math.log(slow / median) / _Z95)
    modelled = median * math.exp(sigma * NormalDist().inv_cdf(0.99))
    said = f"p95 {slow:.4g}s of {count:,} good answers; p99 {tail:.4g}s, by the fit {modelled:.4g}s"
    return [
        fitted("control.latency.median", median, f"of {count:,} good answers"),
        fitted("control.latency.sigma", sigma, said),
    ]


def cost(sums: LogSums, users: UserCosts) -> list[Figure]:
    """The mean as it is, sigma of the logarithms of what cost something, their correlation with size, and how
    much of sigma lies between users."""
    if sums.priced < ANSWERS or sums.usd <= 0:
        why = f"{sums.priced} priced requests; {max(0, ANSWERS - sums.priced)} more are needed"
        why = why if sums.priced < ANSWERS else f"none of {sums.priced:,} priced requests cost anything"
        unknown = [_no_sigma(why), _no_corr(why), _no_user_spread(why)]
        return [missing("control.cost.mean", CONTROL.cost.mean, why), *unknown]
    mean = min(LARGEST_MEAN, max(SMALLEST_MEAN, sums.usd / sums.priced))
    free = sums.priced - sums.costly
    said = f"of {sums.priced:,} priced requests" + (f", {free:,} of them at no cost" if free else "")
    sigma = _sigma(sums)
    spread = _user_spread(users, sigma.value)
    return [fitted("control.cost.mean", mean, said), sigma, _corr(sums), spread]


def _sigma(sums: LogSums) -> Figure:
    if sums.costly < ANSWERS:
        return _no_sigma(
            f"{sums.costly} requests that cost something; {ANSWERS - sums.costly} more are needed"
        )
    variance = _moment(sums.costly, sums.x, sums.x, sums.xx)
    sigma = min(LARGEST_SIGMA, math.sqrt(max(0.0, variance)))
    return fitted("control.cost.sigma", sigma, f"of {sums.costly:,} that cost something")


def _corr(sums: LogSums) -> Figure:
    if sums.sized < ANSWERS:
        return _no_corr(f"{sums.sized} with a cost and a size; {ANSWERS - sums.sized} more are needed")
    across = _moment(sums.sized, sums.xs, sums.xs, sums.xxs)
    down = _moment(sums.sized, sums.y, sums.y, sums.yy)
    if across <= 0 or down <= 0:
        return _no_corr(f"the costs or the sizes of {sums.sized:,} requests are all the same")
    found = _moment(sums.sized, sums.xs, sums.y, sums.xy) / math.sqrt(across * down)
    said = f"of the logarithms of {sums.sized:,} costs and sizes"
    if found < 0:
        return fitted("control.cost.input_corr", 0.0, f"{said}, found {found:.2f}: larger ones cost less")
    return fitted("control.cost.input_corr", min(1.0, found), said)


def _user_spread(costs: UserCosts, sigma: float) -> Figure:
    """The component of variance between users, by the analysis of variance with groups of unequal size.

    It counts where the F ratio is above what 5 % of ledgers of users who are all alike exceed.
    """
    users, requests = costs.users, costs.requests
    if users < COST_USERS or requests - users < ANSWERS:
        return _no_user_spread(f"{requests} requests that cost something of {users} users are too few")
    between, within = costs.between / (users - 1), costs.within / (requests - users)
    each = (requests - costs.squared / requests) / (users - 1)
    said = f"of {requests:,} that cost something, of {users:,} users"
    if within > 0 and _normal_of(between / within, users - 1, requests - users) <= _Z95:
        return fitted("control.cost.user_spread", 0.0, f"{said}, who differ no more than by chance")
    return fitted("control.cost.user_spread", min(sigma, math.sqrt((between - within) / each)), said)


def _normal_of(ratio: float, above: int, below: int) -> float:
    """About the standard normal value of an F ratio with so many degrees of freedom (Wilson and Hilferty)."""
    root, one, other = ratio ** (1 / 3), 2 / (9 * above), 2 / (9 * below)
    return ((1 - other) * root - (1 - one)) / math.sqrt(other * root * root + one)


def _no_user_spread(why: str) -> Figure:
    return missing("control.cost.user_spread", CONTROL.cost.user_spread, why)


def _no_sigma(why: str) -> Figure:
    return missing("control.cost.sigma", CONTROL.cost.sigma, why)


def _no_corr(why: str) -> Figure:
    return missing("control.cost.input_corr", CONTROL.cost.input_corr, why)


def _moment(count: int, one: float, other: float, product: float) -> float:
    """The covariance by sums."""
    return product / count - (one / count) * (other / count)


def _quantile(times: Mapping[int, int], q: float, count: int) -> int:
    rank, seen = math.ceil(q * count), 0
    for at in sorted(times):
        seen += times[at]
        if seen >= rank:
            return at
    raise AssertionError("the last of them has the highest rank")


_Z95 = NormalDist().inv_cdf(0.95)
