"""Prices an operator sets over the price list: `[prices."MODEL"]` tables, US dollars per million tokens."""

from collections.abc import Mapping
from typing import cast

from tidegate.config.document import Document
from tidegate.config.values import rate
from tidegate.domain.cost import Price, with_cache_ratios

_KEYS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


def read_prices(document: Document, problems: list[str]) -> dict[str, Price]:
    """Each model's price; what is wrong is added to `problems`.

    `input` and `output` are needed; cache rates that are not given follow Anthropic's ratios.
    """
    prices: dict[str, Price] = {}
    for model, table in document.section("prices").items():
        try:
            prices[model] = _price(_table(table))
        except ValueError as wrong:
            problems.append(f"{document.source('prices', model)}: prices of `{model}`: {wrong}")
    return prices


def _table(value: object) -> Mapping[str, object]:
    if isinstance(value, dict):
        return cast(Mapping[str, object], value)
    raise ValueError('must be a table, as in [prices."my-model"] with input and output')


def _price(rates: Mapping[str, object]) -> Price:
    unknown = [key for key in rates if key not in _KEYS]
    if unknown:
        raise ValueError(
            f"unknown key `{unknown[0]}`; allowed: {', '.join(_KEYS)} (quote a model's name with a dot)"
        )
    read = {key: _rate(key, value) for key, value in rates.items()}
    if "input" not in read or "output" not in read:
        raise ValueError("needs both `input` and `output`")
    return with_cache_ratios(**read)


def _rate(key: str, value: object) -> float:
    try:
        return rate(value)
    except ValueError as wrong:
        raise ValueError(f"`{key}` must be {wrong}; found {value!r}") from None
