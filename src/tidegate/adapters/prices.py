"""The port Prices over the price list of genai-prices, which ships inside the package: no network."""

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from decimal import Decimal
from threading import Thread
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tidegate.domain.cost import Price, with_cache_ratios
from tidegate.ports import Clock

if TYPE_CHECKING:  # the list takes half a second to import: it is loaded in a thread, after listening
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelPrice, TieredPrices

_log = logging.getLogger("tidegate.prices")

_CACHED_MODELS = 4096
_DAY_SECONDS = 86400

_PROVIDERS = ("anthropic", "openai")
"""Whose list prices are taken, by the model's name alone; other servers' models need a price of your own."""


class ListPrices:
    """Anthropic's and OpenAI's list prices, an operator's own before them; a model in neither has no price.

    The list is loaded in a thread of its own; a look-up before it is there waits for it, since a wrong
    "unknown" would stay in the ledger. Prices with a date are looked up again each UTC day. Where the list
    cannot be loaded, that is logged, and models without an operator's price have none.
    """

    def __init__(self, overrides: Mapping[str, Price], clock: Clock) -> None:
        self._overrides = overrides
        self._clock = clock
        self._list: Future[DataSnapshot | None] = Future()
        self._cache: dict[str, Price | None] = {}
        self._day = 0
        self._started = False
        self.failure = ""
        """Why the list could not be loaded; empty where it could, or is still being loaded."""

    def start(self) -> None:
        """Begin to load the list, if nobody has; else the first look-up does."""
        if not self._started:
            self._started = True
            Thread(target=self._load, name="price-list", daemon=True).start()

    def wait(self) -> None:
        """Return once the list is loaded, or could not be; for threads alone. Somebody else begins it."""
        self._list.result()

    async def there(self) -> None:
        """Wait until a look-up answers at once; a list that cannot be loaded is waited for no longer."""
        await asyncio.to_thread(self.wait)

    @property
    def loaded(self) -> bool:
        """Whether a look-up answers at once."""
        return self._list.done()

    def price(self, model: str) -> Price | None:
        """US dollars per million tokens; None where nobody knows the model's price."""
        if model in self._overrides:
            return self._overrides[model]
        day = int(self._clock.now() // _DAY_SECONDS)
        if day != self._day or len(self._cache) >= _CACHED_MODELS:
            self._cache.clear()
            self._day = day
        try:
            return self._cache[model]
        except KeyError:
            found = self._cache[model] = self._look_up(model)
            return found

    def _load(self) -> None:
        try:
            self._list.set_result(_shipped_list())
        except Exception as failure:
            # Whatever it was: a look-up that waited for ever would hold all serving up.
            self.failure = f"{type(failure).__name__}: {failure}"
            _log.exception(
                "the price list cannot be loaded: models without a price of your own have none; "
                "install genai-prices anew, or set [prices] in tidegate.toml"
            )
            self._list.set_result(None)

    def _look_up(self, model: str) -> Price | None:
        self.start()
        listed = self._list.result()
        if listed is None:
            return None
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        for provider in _PROVIDERS:
            try:
                _, info = listed.find_provider_model(model, None, provider, None)
            except LookupError:
                continue
            return to_price(info.get_prices(now), discounts=provider == "anthropic")
        return None


def _shipped_list() -> "DataSnapshot":
    # Imported here and nowhere else: the list and its types are the slowest import of a start.
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 (see above)

    snapshot = get_snapshot()
    # In place, as its module keeps it too: nobody looks up the other providers' models, and they are most.
    snapshot.providers[:] = [each for each in snapshot.providers if each.id in _PROVIDERS]
    return snapshot


def to_price(listed: "ModelPrice", *, discounts: bool = True) -> Price | None:
    """A listed price as rates and at most one tier; None where input or output has no rate.

    Cache rates that are not listed follow Anthropic's ratios to the input rate; without `discounts` they are
    the input rate, as with providers that give none.
    """
    base = _rates(listed, None, discounts=discounts)
    above = _tier_start(listed.input_mtok)
    tier = None if above is None else _rates(listed, above, discounts=discounts)
    if base is None or tier is None:
        return base
    return replace(
        base,
        tier_above=above,
        tier_input=tier.input,
        tier_output=tier.output,
        tier_cache_read=tier.cache_read,
        tier_cache_write_5m=tier.cache_write_5m,
        tier_cache_write_1h=tier.cache_write_1h,
    )


def _rates(listed: "ModelPrice", above: int | None, *, discounts: bool) -> Price | None:
    """The rates of the tier that begins at `above` input tokens; None is the first."""
    input_rate, output_rate = _rate(listed.input_mtok, above), _rate(listed.output_mtok, above)
    if input_rate is None or output_rate is None:
        return None
    otherwise = None if discounts else input_rate
    return with_cache_ratios(
        input=input_rate,
        output=output_rate,
        cache_read=_or(_rate(listed.cache_read_mtok, above), otherwise),
        cache_write_5m=_or(_rate(listed.cache_write_mtok, above), otherwise),
        cache_write_1h=_or(_rate(listed.cache_write_1h_mtok, above), otherwise),
    )


def _or(rate: float | None, otherwise: float | None) -> float | None:
    return otherwise if rate is None else rate


def _rate(listed: "Decimal | TieredPrices | None", above: int | None) -> float | None:
    if listed is None:
        return None
    if isinstance(listed, Decimal):
        return float(listed)
    tiers = [tier.price for tier in listed.tiers if above is not None and tier.start <= above]
    return float(tiers[-1] if tiers else listed.base)


def _tier_start(listed: "Decimal | TieredPrices | None") -> int | None:
    if listed is None or isinstance(listed, Decimal) or not listed.tiers:
        return None
    return listed.tiers[0].start
