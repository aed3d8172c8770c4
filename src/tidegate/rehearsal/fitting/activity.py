"""How many users there are and how unevenly they ask, from how many of them asked how often.

The scenario's own model: the user of rank r sends Poisson(n·r^-z/H) of n requests. A line through the
ranking of the counts is biased (the ranks are by luck, and users that did not ask have none), and the
maximum likelihood of Clauset, Shalizi and Newman (2009) needs an endless tail, which so many users do not
have. Instead the *frequency spectrum*, how many users asked so often, is fitted, as is done with words:
Evert, "A simple LNRE model for random character sequences" (2004). For each exponent the number of users is
the one by which as many are seen as were seen; the exponent is the one under which the spectrum is
likeliest, its classes taken for independent Poisson counts.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist
from typing import NamedTuple

MOST_USERS = 1_000_000
"""More a scenario does not have."""

STEEPEST = 3.0
"""The largest exponent that is tried."""

_SINGLE_RANKS = 64
_RANKS_WIDEN = 1.12
_COUNTS_WIDEN = 1.35
_COARSE = 0.1
_EXACT_COUNTS = 10
_GOLDEN = (math.sqrt(5) - 1) / 2
_NORMAL = NormalDist()

Ranks = Sequence[tuple[int, float]]
"""So many users with this share of the requests each."""


class Activity(NamedTuple):
    """What was found: users, exponent, and the busiest user's share of the requests by them."""

    users: int
    zipf: float
    busiest: float


def fit_activity(spectrum: Mapping[int, int]) -> Activity:
    """From how many users (values) sent how many requests (keys, from 1); of at least one user."""
    requests = sum(count * users for count, users in spectrum.items())
    seen = sum(spectrum.values())
    classes = _classes(spectrum)

    def loss(zipf: float) -> float:
        ranks = shares(_users(zipf, requests, seen), zipf)
        return _surprise(classes, ranks, requests)

    steps = [_COARSE * n for n in range(round(STEEPEST / _COARSE) + 1)]
    start = min(steps, key=loss)
    zipf = lowest(loss, max(0.0, start - _COARSE), min(STEEPEST, start + _COARSE), 0.002)
    users = _users(zipf, requests, seen)
    return Activity(users, zipf, shares(users, zipf)[0][1])


def shares(users: int, zipf: float) -> Ranks:
    """The users by rank: the first ones by themselves, then in classes of nearly the same share."""
    raw = [(1, rank**-zipf) for rank in range(1, min(users, _SINGLE_RANKS) + 1)]
    begin = _SINGLE_RANKS + 1
    while begin <= users:
        end = min(users, max(begin, round(begin * _RANKS_WIDEN)))
        count = end - begin + 1
        raw.append((count, _power_sum(begin, end, zipf) / count))
        begin = end + 1
    total = math.fsum(count * each for count, each in raw)
    return [(count, each / total) for count, each in raw]


def lowest(loss: Callable[[float], float], low: float, high: float, within: float) -> float:
    """Where a function with one valley is lowest, by golden section."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    while high - low > within:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = loss(right)
    return (low + high) / 2


def _power_sum(begin: int, end: int, zipf: float) -> float:
    """The sum of rank^-zipf, by the integral from half a rank before to half a rank after."""
    low, high = begin - 0.5, end + 0.5
    if abs(zipf - 1) < 1e-9:
        return math.log(high / low)
    return (high ** (1 - zipf) - low ** (1 - zipf)) / (1 - zipf)


def _users(zipf: float, requests: int, seen: int) -> int:
    """How many there are, where so many are seen."""
    low, high = seen, MOST_USERS
    while low < high:
        middle = (low + high) // 2
        expected = math.fsum(-count * math.expm1(-requests * each) for count, each in shares(middle, zipf))
        low, high = (low, middle) if expected >= seen else (middle + 1, high)
    return low


def _classes(spectrum: Mapping[int, int]) -> Sequence[tuple[int, int, int]]:
    """From and to which count (both included), and how many users: narrow for few requests, wide for many."""
    found: list[tuple[int, int, int]] = []
    low, most = 1, max(spectrum)
    while low <= most:
        high = max(low, int(low * _COUNTS_WIDEN))
        found.append((low, high, 0))
        low = high + 1
    users = [0] * len(found)
    place = 0
    for count in sorted(spectrum):
        while found[place][1] < count:
            place += 1
        users[place] += spectrum[count]
    return [(low, high, many) for (low, high, _), many in zip(found, users, strict=True)]


def _surprise(classes: Sequence[tuple[int, int, int]], ranks: Ranks, requests: int) -> float:
    """Minus the logarithm of the likelihood, but for a constant."""
    means = [(count, requests * share) for count, share in ranks]
    total = 0.0
    below = math.fsum(count * math.exp(-mean) for count, mean in means)
    for _, high, seen in classes:
        until = math.fsum(count * at_most(high, mean) for count, mean in means)
        expected = max(1e-9, until - below)
        total += expected - seen * math.log(expected)
        below = until
    return total


def at_most(count: int, mean: float) -> float:
    """P(X <= count) of a Poisson count: few by summing, else after Wilson and Hilferty (1931)."""
    if count <= _EXACT_COUNTS:
        term = sum_ = math.exp(-mean)
        for k in range(1, count + 1):
            term *= mean / k
            sum_ += term
        return sum_
    spread = 1 / (9 * (count + 1))
    z = ((mean / (count + 1)) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    return 0.0 if z > 8 else 1.0 if z < -8 else _NORMAL.cdf(-z)
