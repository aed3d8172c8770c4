"""What an exchange costs, from its usage and the model's price."""

import msgspec

from tidegate.domain.exchange import Usage


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars per million tokens; a request above `tier_above` input tokens pays the `tier_` rates."""

    input: float
    output: float
    cache_read: float
    cache_write_5m: float
    cache_write_1h: float
    tier_above: int | None = None
    tier_input: float = 0.0
    tier_output: float = 0.0
    tier_cache_read: float = 0.0
    tier_cache_write_5m: float = 0.0
    tier_cache_write_1h: float = 0.0


class ModelPrice(msgspec.Struct, frozen=True):
    """What one model costs."""

    model: str
    price: Price


def cost(usage: Usage, price: Price) -> float:
    """US dollars for one upstream call; the tier is chosen by all input tokens, cached ones included."""
    total_input = (
        usage.input_tokens
        + usage.cache_read_tokens
        + usage.cache_write_5m_tokens
        + usage.cache_write_1h_tokens
    )
    if price.tier_above is not None and total_input > price.tier_above:
        micros = (
            usage.input_tokens * price.tier_input
            + usage.output_tokens * price.tier_output
            + usage.cache_read_tokens * price.tier_cache_read
            + usage.cache_write_5m_tokens * price.tier_cache_write_5m
            + usage.cache_write_1h_tokens * price.tier_cache_write_1h
        )
    else:
        micros = (
            usage.input_tokens * price.input
            + usage.output_tokens * price.output
            + usage.cache_read_tokens * price.cache_read
            + usage.cache_write_5m_tokens * price.cache_write_5m
            + usage.cache_write_1h_tokens * price.cache_write_1h
        )
    return micros / 1_000_000


def with_cache_ratios(
    *,
    input: float,
    output: float,
    cache_read: float | None = None,
    cache_write_5m: float | None = None,
    cache_write_1h: float | None = None,
) -> Price:
    """A price whose missing cache rates follow Anthropic's published ratios to the input rate.

    A read costs 0.1, a 5-minute write 1.25, a 1-hour write 2 times the input rate.
    """
    return Price(
        input=input,
        output=output,
        cache_read=0.1 * input if cache_read is None else cache_read,
        cache_write_5m=1.25 * input if cache_write_5m is None else cache_write_5m,
        cache_write_1h=2.0 * input if cache_write_1h is None else cache_write_1h,
    )
