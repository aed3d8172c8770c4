"""Random counts, exactly distributed, at a cost that does not grow with them; the standard library alone.

Small means are inverted by summing probabilities; large ones use the transformed rejection of W. Hörmann:
"The transformed rejection method for generating Poisson random variables" (1993), and "The generation of
binomial random variates" (1993).
"""

import math
from collections.abc import Sequence
from random import Random

_INVERTED = 10.0
"""Means up to this one are inverted."""


class Draws:
    """Draws from one seed."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed).random  # noqa: S311 (a simulation, no secret)
        self._source = Random(f"{seed}/shapes")  # noqa: S311 (a simulation, no secret)
        self._choices = Random(f"{seed}/choices").choices  # noqa: S311 (a simulation, no secret)

    def normal(self) -> float:
        """Standard normal."""
        return self._source.gauss(0.0, 1.0)

    def gamma(self, shape: float) -> float:
        """Gamma with scale 1: the time until `shape` events of rate 1."""
        return self._source.gammavariate(shape, 1.0)

    def chosen(self, among: Sequence[int], running: Sequence[float], count: int) -> list[int]:
        """So many of these, each by itself, by weights whose running sums are given."""
        return self._choices(among, cum_weights=running, k=count)

    def below(self, bound: int) -> int:
        """A whole number from 0 to bound - 1, each as likely."""
        return int(self.random() * bound)

    def poisson(self, mean: float) -> int:
        """How many events, where `mean` are expected."""
        if mean <= 0:
            return 0
        return self._poisson_inverted(mean) if mean <= _INVERTED else self._poisson_rejected(mean)

    def binomial(self, n: int, p: float) -> int:
        """How many of n, each by itself with probability p."""
        if n <= 0 or p <= 0:
            return 0
        if p >= 1:
            return n
        if p > 0.5:
            return n - self.binomial(n, 1 - p)
        return self._binomial_inverted(n, p) if n * p <= _INVERTED else self._binomial_rejected(n, p)

    def _poisson_inverted(self, mean: float) -> int:
        left, term, k = self.random(), math.exp(-mean), 0
        while left > term:
            left -= term
            k += 1
            term *= mean / k
            if term == 0.0:
                break
        return k

    def _poisson_rejected(self, mean: float) -> int:
        b = 0.931 + 2.53 * math.sqrt(mean)
        a = -0.059 + 0.02483 * b
        inverse_alpha, least = 1.1239 + 1.1328 / (b - 3.4), 0.9277 - 3.6224 / (b - 2)
        log_mean = math.log(mean)
        while True:
            u, v = self.random() - 0.5, self.random()
            us = 0.5 - abs(u)
            k = math.floor((2 * a / us + b) * u + mean + 0.43) if us > 0 else -1
            if us >= 0.07 and v <= least:
                return k
            if k < 0 or v <= 0 or (us < 0.013 and v > us):
                continue
            if math.log(v * inverse_alpha / (a / (us * us) + b)) <= k * log_mean - mean - math.lgamma(k + 1):
                return k

    def _binomial_inverted(self, n: int, p: float) -> int:
        odds = p / (1 - p)
        left, term, k = self.random(), (1 - p) ** n, 0
        while left > term and k < n:
            left -= term
            term *= odds * (n - k) / (k + 1)
            k += 1
        return k

    def _binomial_rejected(self, n: int, p: float) -> int:
        spread = math.sqrt(n * p * (1 - p))
        b = 1.15 + 2.53 * spread
        a = -0.0873 + 0.0248 * b + 0.01 * p
        alpha, least = (2.83 + 5.1 / b) * spread, 0.92 - 4.2 / b
        log_odds, mode = math.log(p / (1 - p)), math.floor((n + 1) * p)
        peak = math.lgamma(mode + 1) + math.lgamma(n - mode + 1)
        while True:
            u, v = self.random() - 0.5, self.random()
            us = 0.5 - abs(u)
            k = math.floor((2 * a / us + b) * u + n * p + 0.5) if us > 0 else -1
            if us >= 0.07 and v <= least:
                return k
            if not 0 <= k <= n or v <= 0:
                continue
            drop = peak - math.lgamma(k + 1) - math.lgamma(n - k + 1) + (k - mode) * log_odds
            if math.log(v * alpha / (a / (us * us) + b)) <= drop:
                return k
