"""Reuse: a request whose answer is known, or is just being made, is not asked of the provider again."""

import asyncio
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from tidegate.domain import metrics
from tidegate.domain.reuse import BYPASS, HIT, MISS, SHARED, CachedAnswer
from tidegate.domain.rollout import CachePolicy
from tidegate.ports import Clock, Header, Meter, Prices, ResultCache
from tidegate.serving.attempt import Attempts
from tidegate.serving.cache_key import CacheKeys, reusable
from tidegate.serving.client import Call
from tidegate.serving.flight import Flight, Flights, Landing
from tidegate.serving.hosted.tools import runs_scripts
from tidegate.serving.metering import Draft
from tidegate.serving.order import Answer, Order
from tidegate.serving.replay import as_events, as_json, message_id
from tidegate.serving.request import MessagesRequest
from tidegate.serving.settings import ReuseSettings
from tidegate.serving.stream import EventScanner

_RECORDED_BYTES = 8
"""Of a key so much is on record: among a million keys two are mistaken for one in 1 of 37 million ledgers."""


class Reuse:
    """Answers from what is kept, joins equal requests, and keeps what comes."""

    def __init__(
        self,
        settings: ReuseSettings,
        cache: ResultCache,
        *,
        attempts: Attempts,
        secret: bytes,
        prices: Prices,
        meter: Meter,
        clock: Clock,
        close_record: Callable[[Draft, tuple[float, float]], None],
    ) -> None:
        self._settings = settings
        self._cache = cache
        self._attempts = attempts
        self._keys = CacheKeys(secret)
        self._prices = prices
        self._meter = meter
        self._clock = clock
        self._flights = Flights(
            attempts,
            prices,
            clock,
            keep=self._keep,
            close_record=close_record,
            limit=settings.entry_bytes,
        )

    def policy(self, draft: Draft) -> CachePolicy | None:
        """What the request's variant, or outside rollouts the gateway, says of reuse; None: no look-up."""
        if draft.route != "messages":
            return None
        assignment = draft.assignment
        outside = self._settings.everywhere if assignment.rollout is None else None
        return assignment.variant.cache or outside

    async def answer(
        self,
        draft: Draft,
        order: Order,
        call: Call,
        request: MessagesRequest,
        *,
        policy: CachePolicy,
        generation: int,
    ) -> Answer | None:
        """A kept answer, or one from upstream; raises what the attempts raise.

        None where a switch or a revocation fell while it waited: the request is to be assigned anew.
        """
        if not reusable(request, policy) or _acts(order):
            self._looked_up(draft, BYPASS)
            return await self._attempts.answer(draft, order)
        key = self._keys.key(draft.key.tenant, generation, draft.assignment, call, request)
        draft.cache_key = key[:_RECORDED_BYTES].hex()
        found = await self._cache.get(key)
        if not order.allowed():
            return None
        if found is not None and found.tenant == draft.key.tenant:
            return self._again(draft, found, HIT)
        flight = self._flights.find(key)
        if flight is not None:
            return await self._follow(flight, draft, order)
        self._looked_up(draft, MISS)
        return await self._lead(self._flights.start(key, draft, order, policy.ttl_seconds))

    async def close(self) -> None:
        """End what goes on without its client; its exchanges are on record when this returns."""
        await self._flights.close()

    async def _lead(self, flight: Flight) -> Answer:
        await asyncio.wait((flight.handed,))
        handed = flight.handed.result()
        flight.taken = True
        if isinstance(handed, Exception):
            try:
                raise handed
            finally:
                del handed, flight  # or the error, which holds this frame, would be held by it
        return handed

    async def _follow(self, flight: Flight, draft: Draft, order: Order) -> Answer | None:
        """Wait for the flight's answer; where it brings none, or not in time, ask as if it had not been."""
        since = self._clock.monotonic()
        await asyncio.wait((flight.landed,), timeout=min(self._settings.wait_seconds, order.deadline - since))
        if not order.allowed():
            return None
        found = flight.landed.result() if flight.landed.done() else None
        if found is not None:
            return self._again(draft, found, SHARED)
        self._looked_up(draft, MISS)
        waited = self._clock.monotonic() - since
        draft.ready_at += waited  # neither the gateway nor a skill was slow: what follows is timed from here
        later = min(order.skill_deadline + waited, order.deadline)
        return await self._attempts.answer(draft, replace(order, skill_deadline=later))

    async def _keep(self, key: bytes, flight: Flight, landing: Landing) -> None:
        self._meter.add(metrics.CACHE_ANSWERS, (landing.result,))
        if landing.message is None:
            return
        expires_at = self._clock.now() + flight.ttl_seconds
        answer = CachedAnswer(flight.draft.key.tenant, landing.model, landing.message, expires_at)
        flight.landed.set_result(answer)
        await self._cache.put(key, answer)

    def _again(self, draft: Draft, found: CachedAnswer, result: str) -> Answer:
        """The kept answer as one to relay: under an id of its own, costing nothing."""
        self._looked_up(draft, result)
        draft.model = found.model
        draft.message_id = message_id(draft.id)
        draft.answered_at = self._clock.monotonic()
        draft.cost_nothing(self._prices)
        if not draft.stream:
            return Answer(_Kept(draft.id, _JSON), as_json(found.message, draft.message_id))
        draft.streamed = True
        events, last = as_events(found.message, draft.message_id)
        scanner = EventScanner.ended(last, model=found.model, identifier=draft.message_id)
        return Answer(_Kept(draft.id, _SSE), events, scanner)

    def _looked_up(self, draft: Draft, result: str) -> None:
        draft.cache = result
        self._meter.add(metrics.CACHE_LOOKUPS, (result,))


def _acts(order: Order) -> bool:
    """True where what skills bring may do something: it is done anew for every request.

    The client has no tools here. Those of the gateway that only read give the same for one digest.
    """
    if order.composed is None:
        return False
    body = order.composed.body
    if b'"container":' in body:
        return True
    return b'"tools":' in body and (order.hosted is None or runs_scripts(body))


_JSON = (b"content-type", b"application/json")
_SSE = (b"content-type", b"text/event-stream; charset=utf-8")


class _Kept:
    """Stands for the upstream's response where there is none; the whole answer is beside it."""

    def __init__(self, exchange_id: str, kind: Header) -> None:
        self.status = 200
        self.headers: Sequence[Header] = (kind, (b"request-id", exchange_id.encode()))

    async def chunk(self) -> bytes:
        return b""

    async def read(self, limit: int) -> bytes:
        del limit  # nothing is longer
        return b""

    def close(self) -> None:
        return
