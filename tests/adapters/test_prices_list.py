"""Prices: the shipped list, an operator's own before it, and nothing invented for unknown models."""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices import calc_price
from genai_prices.types import ModelPrice, Tier, TieredPrices
from genai_prices.types import Usage as ListUsage

from tidegate.adapters.prices import ListPrices, to_price
from tidegate.domain.chat.usage import ChatUsage, PromptDetails
from tidegate.domain.cost import Price, cost
from tidegate.domain.exchange import Usage

OWN = Price(input=1, output=2, cache_read=3, cache_write_5m=4, cache_write_1h=5)


@dataclass
class FakeClock:
    time: float = datetime(2026, 1, 1, tzinfo=UTC).timestamp()

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


@pytest.fixture(scope="module")
def listed() -> ListPrices:
    prices = ListPrices({"claude-haiku-4-5": OWN, "mine": OWN}, FakeClock())
    prices.start()
    return prices


def test_a_listed_model_has_its_rates_and_its_tier(listed: ListPrices) -> None:
    price = listed.price("claude-sonnet-4-5")
    assert price == listed.price("claude-sonnet-4-5-20250929")
    assert price is not None
    assert (price.input, price.output, price.cache_read) == (3.0, 15.0, 0.3)
    assert (price.cache_write_5m, price.cache_write_1h) == (3.75, 6.0)
    assert price.tier_above == 200_000
    assert (price.tier_input, price.tier_output, price.tier_cache_write_1h) == (6.0, 22.5, 12.0)


@pytest.mark.parametrize("model", ["", "no-such-model", "claude-from-the-future", "x" * 10_000, "claude\n"])
def test_an_unknown_model_has_no_price(listed: ListPrices, model: str) -> None:
    assert listed.price(model) is None


def test_a_model_of_another_provider_has_no_price_here(listed: ListPrices) -> None:
    assert listed.price("gemini-2.5-pro") is None


def test_an_operators_price_comes_first_and_needs_no_list() -> None:
    prices = ListPrices({"mine": OWN}, FakeClock())
    assert prices.price("mine") is OWN
    assert not prices.loaded


def test_the_operators_price_overrides_the_list(listed: ListPrices) -> None:
    assert listed.price("claude-haiku-4-5") is OWN


def test_a_look_up_during_loading_waits_instead_of_saying_unknown() -> None:
    prices = ListPrices({}, FakeClock())
    prices.start()
    assert prices.price("claude-opus-4-1") is not None
    assert prices.loaded


def test_a_list_that_cannot_be_imported_leaves_models_unpriced_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices.data_snapshot", None)
    prices = ListPrices({"mine": OWN}, FakeClock())
    prices.start()
    assert prices._list.result(timeout=5) is None  # a look-up waits for this
    assert prices.price("claude-opus-4-1") is None
    assert prices.price("mine") is OWN
    assert prices.loaded
    assert "genai_prices.data_snapshot" in prices.failure


def test_many_unknown_models_are_forgotten_again(listed: ListPrices) -> None:
    for number in range(5000):
        listed.price(f"unknown-{number}")
    assert len(listed._cache) <= 4096


def test_rates_that_the_list_lacks_follow_anthropics_ratios() -> None:
    assert to_price(ModelPrice(input_mtok=Decimal(10), output_mtok=Decimal(20))) == Price(
        input=10, output=20, cache_read=1, cache_write_5m=12.5, cache_write_1h=20
    )


def test_a_rate_without_a_tier_stays_the_same_in_the_tier() -> None:
    tiered = TieredPrices(base=Decimal(1), tiers=[Tier(start=100, price=Decimal(2))])
    price = to_price(ModelPrice(input_mtok=tiered, output_mtok=Decimal(5), cache_read_mtok=Decimal("0.5")))
    assert price is not None
    assert (price.tier_above, price.tier_input, price.tier_output, price.tier_cache_read) == (100, 2, 5, 0.5)


def test_a_model_without_token_prices_has_no_price() -> None:
    assert to_price(ModelPrice(requests_kcount=Decimal(1))) is None


@pytest.mark.parametrize("tokens", [1_000, 197_700, 197_701, 250_000])
def test_costs_agree_with_the_lists_own_calculation(listed: ListPrices, tokens: int) -> None:
    usage = Usage(tokens, 500, 2_000, 300, 0)
    listed_usage = ListUsage(
        input_tokens=tokens + 2_300, output_tokens=500, cache_read_tokens=2_000, cache_write_tokens=300
    )
    oracle = calc_price(listed_usage, "claude-sonnet-4-5", provider_id="anthropic")
    price = listed.price("claude-sonnet-4-5")
    assert price is not None
    assert cost(usage, price) == pytest.approx(float(oracle.total_price))


def test_openais_models_have_its_list_prices(listed: ListPrices) -> None:
    price = listed.price("gpt-4o-2024-08-06")
    assert (price.input, price.output, price.cache_read) == (2.5, 10, 1.25)
    assert price.cache_write_5m == price.cache_write_1h == price.input


def test_what_is_not_listed_is_no_discount_where_the_provider_gives_none(listed: ListPrices) -> None:
    price = listed.price("gpt-3.5-turbo")
    assert price.cache_read == price.input == 0.5


def test_a_hundred_cached_tokens_of_a_thousand_cost_what_openai_bills(listed: ListPrices) -> None:
    """900 at $2.50, 100 at $1.25 and 10 at $10 a million, by hand: $0.002475."""
    usage = ChatUsage(1000, 10, PromptDetails(cached_tokens=100)).counts()
    used = Usage(usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens)
    assert cost(used, listed.price("gpt-4o")) == pytest.approx(0.002475)
