"""How much the rate of faults differs, between users or between days: log-normal factors on one rate.

The scenario's own model: k of n requests are faulted, k Poisson with mean n·p·exp(σz - σ²/2), z standard
normal. σ and p by maximum likelihood, z integrated out by the trapezoidal rule around its likeliest value
(adaptive quadrature: Liu and Pierce, 1994). A σ counts only where the likelihood ratio against σ = 0 says so
with 95 % (at the edge of what may be, half a chi-square: Self and Liang, 1987).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tidegate.rehearsal.fitting.activity import lowest

LARGEST = 4.0
"""The largest sigma that is tried."""

NOTICEABLE = 2.706
"""Twice the logarithm of the likelihood ratio that 5 % of ledgers without any difference exceed."""

_NODES = tuple(0.5 * n for n in range(-12, 13))
_WIDEN = 1.05


class Cell(NamedTuple):
    """So many users (or days) with about `requests`, of which `faulted` were."""

    many: int
    requests: float
    faulted: int


class Spread(NamedTuple):
    """The likeliest sigma, and whether it can be told from none."""

    sigma: float
    noticeable: bool


def fit_spread(cells: Iterable[Cell]) -> Spread:
    """Of cells with at least one faulted request in all."""
    merged = _merged(cells)
    rate = sum(cell.many * cell.faulted for cell in merged) / sum(c.many * c.requests for c in merged)

    def loss(sigma: float) -> float:
        if sigma < 1e-3:
            return -_likelihood(merged, 0.0, math.log(rate))
        centre = math.log(rate)
        best = lowest(lambda log_rate: -_likelihood(merged, sigma, log_rate), centre - 2, centre + 2, 0.02)
        return -_likelihood(merged, sigma, best)

    start = min((0.05, 0.1, 0.2, 0.4, 0.8, 1.2, 1.6, 2.4, LARGEST), key=loss)
    sigma = lowest(loss, start / 2, min(LARGEST, start * 2), 0.01)
    return Spread(sigma, noticeable=2 * (loss(0.0) - loss(sigma)) > NOTICEABLE)


def _merged(cells: Iterable[Cell]) -> Sequence[Cell]:
    """Those with as many faulted and about as many requests together: there may be a million users."""
    found: dict[tuple[int, int], tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for cell in cells:
        if cell.requests > 0:
            key = (cell.faulted, round(math.log(cell.requests) / math.log(_WIDEN)))
            many, requests = found[key]
            found[key] = (many + cell.many, requests + cell.many * cell.requests)
    return [Cell(many, requests / many, k) for (k, _), (many, requests) in found.items()]


def _likelihood(cells: Sequence[Cell], sigma: float, log_rate: float) -> float:
    """Its logarithm, but for what neither sigma nor the rate changes."""
    return math.fsum(
        cell.many * _of_cell(math.log(cell.requests) + log_rate, cell.faulted, sigma) for cell in cells
    )


def _of_cell(log_mean: float, faulted: int, sigma: float) -> float:
    if sigma == 0:
        return faulted * log_mean - math.exp(log_mean)
    base = log_mean - sigma * sigma / 2
    z = _likeliest(base, faulted, sigma)
    width = 1 / math.sqrt(1 + sigma * sigma * math.exp(min(50.0, base + sigma * z)))

    def log_density(at: float) -> float:
        level = base + sigma * at
        return faulted * level - math.exp(min(50.0, level)) - at * at / 2

    top = log_density(z)
    area = math.fsum(math.exp(log_density(z + width * node) - top) for node in _NODES)
    return top + math.log(area * width * 0.5 / math.sqrt(2 * math.pi))


def _likeliest(base: float, faulted: int, sigma: float) -> float:
    """Where k(base + σz) - exp(base + σz) - z²/2 is highest, by Newton's method with bounded steps."""
    z = 0.0 if not faulted else max(-6.0, min(6.0, (math.log(faulted) - base) / sigma))
    for _ in range(30):
        mean = math.exp(min(50.0, base + sigma * z))
        step = (sigma * (faulted - mean) - z) / (1 + sigma * sigma * mean)
        z += max(-1.0, min(1.0, step))
        if abs(step) < 1e-6:
            break
    return z
