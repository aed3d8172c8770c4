"""Token buckets: what they promise whatever the traffic and the clock do."""

import math

from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.allowance import EMPTY, Claim, Fill, Share, in_it, put, take, wait

LIMITS = st.tuples(st.floats(1, 1e6), st.floats(0.01, 1e4))
STEPS = st.lists(
    st.tuples(st.floats(0, 30), st.floats(0.001, 2e6), st.sampled_from([0, 0, 0, 1])), min_size=1, max_size=60
)


def claim(capacity: float = 60, rate: float = 1, **more: float) -> Claim:
    return Claim("tenant:acme:requests", capacity, rate, **more)


def take_one(fill: Fill, asked: Claim, now: float) -> tuple[Fill, Share]:
    after, (share,) = take({asked.id: fill}, [asked], now)
    return after[asked.id], share


@given(LIMITS, STEPS)
def test_any_span_of_time_admits_at_most_the_capacity_and_what_drained_in_it(limit, steps) -> None:
    """Needs that are known beforehand and fit the bucket at all."""
    capacity, rate = limit
    fill, now, admitted = EMPTY, 1000.0, []
    for pause, drawn, _ in steps:
        now += pause
        need = min(drawn, capacity)
        fill, share = take_one(fill, claim(capacity, rate, need=need), now)
        assert share.taken in (0, need)
        admitted.append((now, share.taken))
    for start in range(len(admitted)):
        total = 0.0
        for at, taken in admitted[start:]:
            total += taken
            bound = capacity + rate * (at - admitted[start][0])
            assert total <= bound * (1 + 1e-6) + 1e-6


@given(LIMITS, STEPS)
def test_what_is_charged_afterwards_is_paid_back_before_anything_is_admitted(limit, steps) -> None:
    """Over a long time no more is used than the limit allows, however wrong the estimates were."""
    capacity, rate = limit
    fill, now, used = EMPTY, 1000.0, 0.0
    for pause, real, _ in steps:
        now += pause
        fill, share = take_one(fill, claim(capacity, rate, need=min(1.0, capacity)), now)
        if share.taken:
            fill = put(fill, rate, real - share.taken, now)
            used += real
            largest = max(real for _, real, _ in steps)
            assert used <= (capacity + rate * (now - 1000.0) + largest) * (1 + 1e-6)


@given(LIMITS, st.floats(0, 1e5), st.floats(0.001, 1e7))
def test_whoever_waits_as_long_as_told_is_admitted(limit, capacities, need) -> None:
    capacity, rate = limit
    fill, asked = Fill(capacities * capacity, 50.0), claim(capacity, rate, need=need)
    told = wait(asked, in_it(fill, rate, 50.0))
    _, share = take_one(fill, asked, 50.0 + told)
    assert share.taken == need


@given(LIMITS, STEPS)
def test_a_clock_that_steps_back_admits_nothing_more(limit, steps) -> None:
    capacity, rate = limit
    fill, now, total, seen = EMPTY, 1000.0, 0.0, list[float]()
    for pause, need, back in steps:
        now += -pause if back else pause
        seen.append(now)
        fill, share = take_one(fill, claim(capacity, rate, need=min(need, capacity)), now)
        total += share.taken
    passed = max(seen) - seen[0] if seen else 0.0  # the bucket's own time begins when it is first asked
    assert total <= (capacity + rate * passed) * (1 + 1e-6) + 1e-6


@given(LIMITS, st.floats(0, 1e6), st.floats(0, 1e9))
def test_a_clock_that_leaps_ahead_empties_the_bucket_and_no_more(limit, before, leap) -> None:
    capacity, rate = limit
    fill, share = take_one(
        Fill(before, 10.0), claim(capacity, rate, need=capacity), 10.0 + before / rate + leap
    )
    assert share.taken == capacity
    assert fill.used <= capacity * (1 + 1e-6)


def test_all_needs_are_met_or_nothing_is_taken() -> None:
    full = {"a": Fill(10, 0), "b": Fill(0, 0)}
    claims = [Claim("a", 10, 1, need=1), Claim("b", 10, 1, need=1)]
    after, shares = take(full, claims, 0)
    assert (after, shares) == (full, (Share(0, 10), Share(0, 0)))
    after, shares = take(full, claims, 1)
    assert [share.taken for share in shares] == [1, 1]
    assert after == {"a": Fill(10, 1), "b": Fill(1, 1)}


def test_a_want_is_taken_as_far_as_it_fits_and_never_less_than_the_need() -> None:
    assert take_one(EMPTY, claim(need=1, want=5), 0)[1] == Share(5, 5)
    assert take_one(Fill(57, 0), claim(need=1, want=5), 0)[1] == Share(3, 60)
    assert take_one(Fill(59, 0), claim(need=1, want=5), 0)[1] == Share(1, 60)
    assert take_one(Fill(60, 0), claim(need=1, want=5), 0)[1] == Share(0, 60)


def test_a_request_larger_than_the_bucket_is_admitted_by_an_empty_one_and_pays_afterwards() -> None:
    fill, share = take_one(EMPTY, claim(need=600), 0)
    assert share == Share(600, 600)
    assert take_one(fill, claim(need=1), 540)[1].taken == 0
    assert take_one(fill, claim(need=1), 541)[1].taken == 1


def test_a_charge_counts_whatever_is_in_the_bucket_and_a_refund_never_below_nothing() -> None:
    assert take_one(Fill(60, 0), claim(charge=30), 0)[1] == Share(0, 90)
    assert take_one(Fill(60, 0), claim(charge=-90), 0)[1] == Share(0, 0)
    assert take_one(Fill(60, 0), claim(charge=-1, need=1), 0)[1] == Share(1, 60)


def test_a_budget_does_not_drain() -> None:
    spent = Fill(10, 0)
    assert in_it(spent, 0, 1e9) == 10
    assert wait(claim(10, 0, need=0.01), 10) == math.inf
    assert take_one(spent, claim(10, 0, need=0.01), 1e9)[1].taken == 0
