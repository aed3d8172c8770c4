"""The metrics that an exchange moves: series that move together are looked up together, once."""

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import astuple

from tidegate.domain import metrics
from tidegate.domain.exchange import Exchange, Outcome
from tidegate.ports import Meter
from tidegate.serving.metering import NOTHING, Draft

KEPT = 1_000
"""Kinds of exchanges whose series are kept: clients name models freely. Beyond, all are looked up anew."""

# Bound once: before Python 3.12 each look-up of an enum's member is a call.
_SKILL_TIMEOUT: Final = Outcome.SKILL_TIMEOUT

LONGEST_MODEL = 128
"""Characters of a model's name whose series are kept."""

_TOKEN_KINDS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
"""What the fields of Usage are called in the metrics, in their order."""

_Move = Callable[[float], None]


class _Series(msgspec.Struct):
    """What exchanges of one route, arm, outcome and model move; None until something is to be moved."""

    requests: _Move
    seconds: _Move
    overhead: _Move | None = None
    cost: _Move | None = None
    tokens: dict[int, _Move] = {}


class Counts:
    """Moves the metrics of the request path."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._known: dict[tuple[str, str, str, str], _Series] = {}

    def count(self, draft: Draft, exchange: Exchange) -> None:
        """Move the metrics by one exchange."""
        kind = (exchange.route, exchange.arm, exchange.outcome, exchange.model)
        series = self._known.get(kind) or self._series(kind)
        series.requests(1.0)
        series.seconds(exchange.seconds)
        if draft.sent_at is not None:
            if series.overhead is None:
                series.overhead = self._meter.histogram(metrics.GATEWAY_OVERHEAD, (exchange.route,))
            series.overhead(draft.sent_at - draft.ready_at)
        if exchange.usage is not NOTHING:
            self._count_tokens(series, exchange)
        if exchange.cost_usd is not None:
            if series.cost is None:
                series.cost = self._meter.counter(metrics.COST, (exchange.model, exchange.arm))
            series.cost(exchange.cost_usd)
        if exchange.skills:
            self._count_skills(exchange)
        if draft.unpriced or exchange.routed or exchange.fallback or exchange.first_token_seconds:
            self._count_rare(draft, exchange)

    def _series(self, kind: tuple[str, str, str, str]) -> _Series:
        route, arm, outcome, model = kind
        series = _Series(
            requests=self._meter.counter(metrics.REQUESTS, (route, arm, outcome)),
            seconds=self._meter.histogram(metrics.REQUEST_DURATION, (route, arm)),
        )
        if len(self._known) >= KEPT:
            self._known.clear()
        if len(model) <= LONGEST_MODEL:
            self._known[kind] = series
        return series

    def _count_tokens(self, series: _Series, exchange: Exchange) -> None:
        for place, tokens in enumerate(astuple(exchange.usage)):
            if tokens:
                move = series.tokens.get(place)
                if move is None:
                    labels = (exchange.model, _TOKEN_KINDS[place], exchange.arm)
                    move = series.tokens[place] = self._meter.counter(metrics.TOKENS, labels)
                move(tokens)

    def _count_skills(self, exchange: Exchange) -> None:
        came_of_it = exchange.skill_outcome or exchange.outcome
        for use in exchange.skills:
            self._meter.add(metrics.SKILL_REQUESTS, (use.name, str(use.version), came_of_it))
            if exchange.skill_outcome is _SKILL_TIMEOUT:
                self._meter.add(metrics.SKILL_TIMEOUTS, (use.name,))

    def _count_rare(self, draft: Draft, exchange: Exchange) -> None:
        meter = self._meter
        if exchange.stream and exchange.first_token_seconds is not None:
            meter.observe(metrics.FIRST_TOKEN, (exchange.arm,), exchange.first_token_seconds)
        if draft.unpriced:
            meter.add(metrics.UNPRICED, (exchange.model,))
        if exchange.routed:
            meter.add(metrics.ROUTED, (exchange.routed,))
        if exchange.fallback:
            for reason in exchange.fallback.split(","):
                meter.add(metrics.FALLBACKS, (reason,))
