"""A timeout is proposed that cuts at most half a percent of good answers, or it is said why none is."""

from random import Random

import pytest

from tidegate.domain.tuning.answers import Waits
from tidegate.domain.tuning.timeout import CUT, advise_timeout


def waits(count: int, seed: int = 1, cut: int = 0, median: float = 800.0) -> Waits:
    draw, good = Random(seed), {}
    for _ in range(count):
        ms = round(draw.lognormvariate(0.0, 0.4) * median)
        good[ms] = good.get(ms, 0) + 1
    return Waits(good, cut)


def test_a_long_timeout_is_brought_to_where_good_answers_end() -> None:
    found = advise_timeout(waits(5000, cut=3), 30.0)
    assert found.proposed is not None
    assert 2.0 < found.proposed < 4.0  # the 99.5th percentile is 0.8·exp(0.4·2.576) = 2.24 s
    assert "5,000 good answers with skills, 3 cut at 30s" in found.evidence
    assert (
        f"the 3 that were cut would have been answered without skills {30 - found.proposed:.3g}s"
        in found.effect
    )


def test_what_it_cuts_of_further_answers_is_seldom_more_than_promised() -> None:
    much = waits(40_000, seed=99).good
    worse = 0
    for seed in range(40):
        found = advise_timeout(waits(1500, seed), 30.0)
        assert found.proposed is not None
        cut = sum(n for ms, n in much.items() if ms > found.proposed * 1000) / 40_000
        worse += cut > CUT
    assert worse <= 5  # one in twenty of forty


def test_the_effect_counts_the_good_answers_that_took_longer() -> None:
    found = advise_timeout(Waits({500: 4970, 1234: 20, 9000: 10}), 20.0)
    assert (found.proposed, found.effect.split(" good")[0]) == (1.3, "10 of 5,000")


@pytest.mark.parametrize(("count", "cut", "missing"), [(0, 0, 598), (500, 0, 98), (500, 90, 8)])
def test_too_few_answers_say_how_many_are_missing(count: int, cut: int, missing: int) -> None:
    found = advise_timeout(waits(count, cut=cut), 5.0)
    assert (found.proposed, found.missing) == (None, missing)
    assert f"{missing} more answers are needed" in found.why


def test_a_timeout_that_fits_is_left() -> None:
    found = advise_timeout(waits(5000), 3.0)
    assert (found.proposed, found.missing) == (None, 0)
    assert "the present one fits" in found.why


def test_a_timeout_that_cuts_too_much_is_doubled_and_nothing_is_claimed_of_it() -> None:
    found = advise_timeout(waits(950, cut=50), 2.0)
    assert found.proposed == 4.0
    assert "how many of them would have come is not on record" in found.effect


def test_a_few_cut_answers_prove_nothing() -> None:
    found = advise_timeout(waits(994, cut=6), 2.0)
    assert (found.proposed, found.missing) == (None, 0)
    assert "6 of 1,000 cut may be more than 0.5 % or not" in found.why


def test_what_was_cut_counts_as_if_it_would_have_been_good() -> None:
    good = {500: 4970, 1234: 20, 9000: 10}
    assert advise_timeout(Waits(good, cut=0), 20.0).proposed == 1.3
    assert advise_timeout(Waits(good, cut=8), 20.0).proposed == 9.0
