"""Single flight: of equal requests at once one goes upstream, and its call belongs to nobody's connection."""

import asyncio
import logging
from asyncio import TimerHandle
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tidegate.domain.errors import TidegateError
from tidegate.domain.reuse import CachedAnswer
from tidegate.ports import Clock, Prices, UpstreamFailure
from tidegate.serving.assemble import message_of_body
from tidegate.serving.attempt import Attempts
from tidegate.serving.metering import Draft
from tidegate.serving.order import Answer, Order
from tidegate.serving.recording import Recording
from tidegate.serving.wire import Scanner

_log = logging.getLogger("tidegate.serving")

ALONE_SECONDS = 60.0
"""A call whose client has left goes on for so long at most."""

ALONE_AT_MOST = 100
"""So many calls go on without their client; a further one is cut."""


@dataclass(frozen=True, slots=True)
class Landing:
    """What a flight brought: an answer to keep, or why there is none (`unfit`, `too_large`)."""

    message: bytes | None
    model: str = ""
    result: str = "kept"


class Flight:
    """One upstream call for the exchange of `draft` and all who wait for its `landing`.

    The draft's client gets the answer as it comes (`handed`); where it leaves, the call goes on and the
    exchange is recorded, with all that was used, once it has ended.
    """

    def __init__(self, draft: Draft, order: Order, *, ttl_seconds: float, limit: int) -> None:
        loop = asyncio.get_running_loop()
        self.draft = draft
        self.order = order
        self.ttl_seconds = ttl_seconds
        self.alone: TimerHandle | None = None
        """The end of its time without its client; None while that is there."""
        self.left_at = (0.0, 0.0)
        """When its client left: epoch seconds, and by the event loop's clock."""
        self.handed: asyncio.Future[Answer | Exception] = loop.create_future()
        self.taken = False
        """Its client has the answer in hand, and closes it."""
        self.landed: asyncio.Future[CachedAnswer | None] = loop.create_future()
        self._limit = limit
        self._recording: Recording | None = None
        self._before = (draft.usage, draft.cost_usd, draft.unpriced)

    async def fly(self, attempts: Attempts) -> Landing:
        """Make the call and see it to its end."""
        try:
            answer = await attempts.answer(self.draft, self.order)
        except Exception as failure:
            if self.alone is not None and not isinstance(failure, UpstreamFailure | TidegateError):
                _log.exception("a request failed within the gateway", extra={"request_id": self.draft.id})
            self.handed.set_result(failure)
            return Landing(None, result="unfit")
        draft = self.draft
        self._before = (draft.usage, draft.cost_usd, draft.unpriced)
        if not self._fit(answer):
            self._hand_over(answer)
            return Landing(None, result="unfit")
        if answer.scanner is None:
            self.handed.set_result(answer)
            return self._landing(message_of_body(answer.body), None)
        recording = self._recording = Recording(answer, answer.scanner, limit=self._limit)
        self._hand_over(Answer(recording, answer.body, answer.scanner, answer.passage))
        message = await recording.run()
        if recording.given_up:
            return Landing(None, result=recording.given_up)
        return self._landing(message, recording.scanner.model)

    @property
    def can_go_on(self) -> bool:
        """Nothing forces it to end with its client: not a stream that is read by the client alone."""
        return self._recording is None or not self._recording.given_up

    def settle(self, prices: Prices) -> None:
        """Bill all that the stream used, where its client read only the beginning of it.

        A stream that says nothing of its usage was billed turn by turn by who made it.
        """
        scanner = self._furthest()
        if scanner is not None and scanner.usage is not None:
            draft = self.draft
            draft.usage, draft.cost_usd, draft.unpriced = self._before
            draft.model = scanner.model or draft.model
            draft.message_id, draft.cut = scanner.id, not scanner.stopped
            draft.bill(draft.model, scanner.usage, prices)

    def left(self) -> None:
        """Its client has left: an answer that it has not taken is nobody's."""
        answer = self._untaken()
        if answer is not None:
            answer.response.close()

    @property
    def settles(self) -> bool:
        """The bill is the flight's to write, since its client has not read, or not read on."""
        return self.can_go_on or not self.taken

    def _furthest(self) -> Scanner | None:
        """What has read most of the stream; None where its client alone has read it, or there is none."""
        if self._recording is not None:
            return self._recording.scanner
        answer = self._untaken()
        return None if answer is None else answer.scanner

    def _untaken(self) -> Answer | None:
        """The answer that was handed over, and that its client was not there for."""
        if self.taken or not self.handed.done():
            return None
        handed = self.handed.result()
        return handed if isinstance(handed, Answer) else None

    def _fit(self, answer: Answer) -> bool:
        """A whole and good answer of what was meant to be served, skills and all."""
        draft = self.draft
        return answer.response.status == 200 and draft.fallback is None and draft.skill_outcome is None

    def _hand_over(self, answer: Answer) -> None:
        """Its client alone may have it; where that has left, nobody."""
        if self.alone is not None:
            answer.response.close()
        self.handed.set_result(answer)

    def _landing(self, message: bytes | None, model: str | None) -> Landing:
        if message is None or self.draft.skill_errors:  # what a skill could not give now, it may give later
            return Landing(None, result="unfit")
        if len(message) > self._limit:
            return Landing(None, result="too_large")
        return Landing(message, model or self.draft.model)


class Flights:
    """The flights in progress, by key."""

    def __init__(
        self,
        attempts: Attempts,
        prices: Prices,
        clock: Clock,
        *,
        keep: Callable[[bytes, Flight, Landing], Awaitable[None]],
        close_record: Callable[[Draft, tuple[float, float]], None],
        limit: int,
    ) -> None:
        self._attempts = attempts
        self._prices = prices
        self._clock = clock
        self._keep = keep
        self._close_record = close_record
        self._limit = limit
        self._flying: dict[bytes, Flight] = {}
        self._tasks: dict[Flight, asyncio.Task[None]] = {}
        self._alone = 0

    def find(self, key: bytes) -> Flight | None:
        """The flight of that key, if there is one."""
        return self._flying.get(key)

    def start(self, key: bytes, draft: Draft, order: Order, ttl_seconds: float) -> Flight:
        """Let one fly for this exchange."""
        flight = Flight(draft, order, ttl_seconds=ttl_seconds, limit=self._limit)
        self._flying[key] = flight
        draft.on_leave = lambda: self._leave(flight)
        self._tasks[flight] = asyncio.create_task(self._see_to(key, flight), name="cache-flight")
        return flight

    async def close(self) -> None:
        """Cut what flies on alone; its exchanges are on record when this returns."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _see_to(self, key: bytes, flight: Flight) -> None:
        landing = Landing(None, result="unfit")
        try:
            landing = await flight.fly(self._attempts)
            await self._keep(key, flight, landing)
        finally:
            self._flying.pop(key, None)
            self._tasks.pop(flight, None)
            if not flight.handed.done():
                flight.handed.set_result(
                    UpstreamFailure("reset", "the call was cut: the gateway is going down")
                )
            if not flight.landed.done():
                flight.landed.set_result(None)
            if flight.alone is not None:
                flight.alone.cancel()
                self._alone -= 1
                flight.settle(self._prices)
                self._close_record(flight.draft, flight.left_at)

    def _leave(self, flight: Flight) -> None:
        """The exchange's client has left."""
        flight.left_at = (self._clock.now(), self._clock.monotonic())
        flight.left()
        task = self._tasks.get(flight)
        if task is None or not flight.can_go_on:
            if flight.settles:
                flight.settle(self._prices)
            self._close_record(flight.draft, flight.left_at)
            return
        seconds = ALONE_SECONDS if self._alone < ALONE_AT_MOST else 0.0
        flight.alone = asyncio.get_running_loop().call_later(seconds, task.cancel)
        self._alone += 1
