"""Sums of evidence: latency cells, quantiles, merging."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.evidence import Tally, cell_seconds, latency_cell, merge, p95, quantile

counts = st.integers(0, 10_000)
tallies = st.builds(
    Tally,
    requests=counts,
    errors=counts,
    triggered=counts,
    triggered_errors=counts,
    priced=counts,
    cost_usd=st.integers(0, 1000).map(float),
    capped_short=counts,
    capped_long=counts,
    skill_failures=counts,
    seconds=st.dictionaries(st.integers(0, 400), st.integers(1, 50), max_size=5),
)


@given(st.floats(0.001, 6000))
def test_a_cell_stands_for_its_durations_within_two_percent(seconds: float) -> None:
    assert cell_seconds(latency_cell(seconds)) == pytest.approx(seconds, rel=0.021)


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_cells_keep_the_order_of_durations(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert latency_cell(low) <= latency_cell(high)


def test_cells_hold_what_is_out_of_range() -> None:
    assert [latency_cell(s) for s in (-3.0, 0.0, 0.001)] == [0, 0, 0]
    assert latency_cell(math.inf) == latency_cell(1e300) == 400


def test_p95_is_the_duration_that_19_of_20_stay_within() -> None:
    cells = {latency_cell(0.1): 95, latency_cell(3.0): 5}
    assert p95(cells) == pytest.approx(0.1, rel=0.021)
    assert p95({latency_cell(0.1): 94, latency_cell(3.0): 6}) == pytest.approx(3.0, rel=0.021)
    assert quantile({7: 1}, 1.0) == cell_seconds(7)
    assert p95({}) is None


@given(st.lists(tallies, max_size=6), st.randoms(use_true_random=False), st.integers(0, 6))
def test_merging_in_any_order_and_grouping_gives_the_same_sums(rows, shuffle, cut) -> None:
    mixed = list(rows)
    shuffle.shuffle(mixed)
    assert merge([merge(mixed[:cut]), merge(mixed[cut:])]) == merge(rows)


def test_merge_adds_every_field() -> None:
    numbers = {
        name: 2 for name in Tally.__struct_fields__ if name not in ("seconds", "slow", "bets", "cost_usd")
    }
    one = Tally(**numbers, cost_usd=0.5, seconds={3: 1, 4: 1}, slow={1: 2, 6: 1}, bets={0: -5, 9: 7})
    two = merge([one, one])
    assert all(getattr(two, name) == 4 for name in numbers)
    assert two.cost_usd == 1.0
    assert two.seconds == {3: 2, 4: 2}
    assert (two.slow, two.bets) == ({1: 4, 6: 2}, {0: -10, 9: 14})
    assert [two.beyond(limit) for limit in range(7)] == [6, 2, 2, 2, 2, 2, 0]
    assert merge([]) == Tally()
