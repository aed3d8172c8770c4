"""Counts are tested exactly: beside an independent oracle."""

import pytest
from scipy import stats

from tidegate.domain.tuning.binomial import by_luck, more_often, most_allowed, needed, surely_more


@pytest.mark.parametrize("share", [0.005, 0.05])
def test_the_smallest_count_that_tells_anything_has_none_bad(share: float) -> None:
    least = needed(share)
    assert most_allowed(least, share) == 0
    assert most_allowed(least - 1, share) == -1


@pytest.mark.parametrize(("count", "share"), [(598, 0.005), (5000, 0.005), (100_000, 0.005), (70, 0.2)])
def test_as_many_are_allowed_as_keep_the_bound_below_the_share(count: int, share: float) -> None:
    allowed = most_allowed(count, share)
    assert stats.binom.cdf(allowed, count, share) <= 0.05 < stats.binom.cdf(allowed + 1, count, share)


@pytest.mark.parametrize(("bad", "count"), [(0, 1000), (5, 1000), (9, 1000), (10, 1000), (40, 1000)])
def test_too_many_are_told_from_luck(bad: int, count: int) -> None:
    assert surely_more(bad, count, 0.005) == (stats.binom.sf(bad - 1, count, 0.005) <= 0.05)


@pytest.mark.parametrize("table", [(9, 20, 3, 40), (0, 20, 5, 20), (20, 20, 0, 20), (4, 30, 7, 50)])
def test_two_shares_are_compared_by_fishers_test(table: tuple[int, int, int, int]) -> None:
    bad, count, other, others = table
    oracle = stats.fisher_exact([[bad, count - bad], [other, others - other]], alternative="greater")
    assert more_often(*table) == pytest.approx(oracle.pvalue)


@pytest.mark.parametrize(("better", "worse"), [(0, 0), (5, 0), (3, 4), (30, 12)])
def test_better_and_worse_are_compared_by_the_sign_test(better: int, worse: int) -> None:
    oracle = stats.binom.sf(better - 1, better + worse, 0.5)
    assert by_luck(better, worse) == pytest.approx(oracle)
