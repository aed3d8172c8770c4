"""What an exchange costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.cost import Price, cost, with_cache_ratios
from tidegate.domain.exchange import Usage

TIERED = Price(
    input=3,
    output=15,
    cache_read=0.3,
    cache_write_5m=3.75,
    cache_write_1h=6,
    tier_above=200_000,
    tier_input=6,
    tier_output=22.5,
    tier_cache_read=0.6,
    tier_cache_write_5m=7.5,
    tier_cache_write_1h=12,
)
usages = st.builds(Usage, *[st.integers(0, 300_000)] * 5)


def test_each_kind_of_token_has_its_rate() -> None:
    assert cost(Usage(1_000, 100, 10, 20, 30), TIERED) == pytest.approx(
        (3_000 + 1_500 + 3 + 75 + 180) / 1_000_000
    )


def test_cached_tokens_count_towards_the_tier_and_all_tokens_pay_it() -> None:
    at = Usage(100_000, 1, 50_000, 25_000, 25_000)
    above = Usage(100_001, 1, 50_000, 25_000, 25_000)
    assert cost(at, TIERED) == pytest.approx((300_000 + 15 + 15_000 + 93_750 + 150_000) / 1e6)
    assert cost(above, TIERED) == pytest.approx((600_006 + 22.5 + 30_000 + 187_500 + 300_000) / 1e6)


def test_nothing_used_costs_nothing() -> None:
    assert cost(Usage(), TIERED) == 0


@given(usages, usages)
def test_without_a_tier_costs_add_up(one: Usage, other: Usage) -> None:
    price = with_cache_ratios(input=3, output=15)
    assert cost(one + other, price) == pytest.approx(cost(one, price) + cost(other, price))


@given(usages, st.integers(1, 1000))
def test_more_tokens_never_cost_less(usage: Usage, more: int) -> None:
    assert cost(usage + Usage(more), TIERED) > cost(usage, TIERED)


def test_cache_ratios_fill_in_what_is_not_given() -> None:
    price = with_cache_ratios(input=10, output=50, cache_write_5m=11)
    assert (price.cache_read, price.cache_write_5m, price.cache_write_1h) == (1, 11, 20)
    assert with_cache_ratios(input=10, output=50, cache_read=0).cache_read == 0
