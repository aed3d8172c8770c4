"""Random counts have the distribution they claim, small means and large ones."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom, chisquare, poisson

from tidegate.rehearsal.draws import Draws

DRAWN = 20_000


def p_value(draw: Callable[[], int], pmf: Callable[[np.ndarray], np.ndarray], most: int) -> float:
    """Of a chi-squared test of so many draws; values expected fewer than five times are put together."""
    seen = Counter(draw() for _ in range(DRAWN))
    values = np.arange(most + 1)
    expected = pmf(values) * DRAWN
    often = expected >= 5
    counts = [seen[int(value)] for value in values[often]]
    rest = DRAWN - sum(counts)
    observed, wanted = [*counts, rest], [*expected[often], DRAWN - expected[often].sum()]
    return float(chisquare(observed, wanted).pvalue)


@pytest.mark.parametrize("mean", [0.05, 3.0, 9.9, 10.1, 47.0, 800.0])
def test_poisson_counts(mean: float) -> None:
    draws = Draws(f"poisson {mean}")
    found = p_value(lambda: draws.poisson(mean), lambda k: poisson.pmf(k, mean), int(mean * 2 + 40))
    assert found > 1e-4


@pytest.mark.parametrize(
    ("n", "p"), [(5, 0.3), (40, 0.02), (200, 0.4), (950, 0.05), (950, 0.93), (9000, 0.5)]
)
def test_binomial_counts(n: int, p: float) -> None:
    draws = Draws(f"binomial {n} {p}")
    assert p_value(lambda: draws.binomial(n, p), lambda k: binom.pmf(k, n, p), n) > 1e-4


def test_nothing_comes_of_nothing_and_all_of_certainty() -> None:
    draws = Draws("edges")
    assert [draws.poisson(0.0), draws.poisson(-1.0), draws.binomial(0, 0.5), draws.binomial(7, 0.0)] == [
        0
    ] * 4
    assert draws.binomial(7, 1.0) == 7


def test_the_same_seed_draws_the_same() -> None:
    one, other = Draws("7"), Draws("7")
    assert [one.poisson(30.0) for _ in range(9)] == [other.poisson(30.0) for _ in range(9)]
