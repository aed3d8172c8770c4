"""Attempting upstream: with skills, again, or without them, until there is an answer to relay."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from tidegate.domain.exchange import Outcome
from tidegate.domain.resilience import Cause, Failure, Step, is_fault, next_step
from tidegate.ports import Clock, Header, Prices, UpstreamFailure, UpstreamResponse
from tidegate.serving.exchange_id import spread
from tidegate.serving.headers import is_stream
from tidegate.serving.hosted.host import Hosted
from tidegate.serving.metering import Draft
from tidegate.serving.stream import EventScanner
from tidegate.serving.turned_away import turned_away
from tidegate.serving.upstreams import Endpoint
from tidegate.serving.usage import read_message


class UpstreamRequest(msgspec.Struct, frozen=True):
    """One request as it goes upstream, and where to."""

    endpoint: Endpoint
    target: str
    headers: Sequence[Header]
    body: bytes


class Order(msgspec.Struct, frozen=True):
    """What to send and by when (event-loop time); `composed` is None where the plain request is all there is.

    `allowed` says whether the composed one may still go out: a switch may have fallen in the meantime.
    `hosted` is there where a composed answer may take more than one turn.
    """

    plain: UpstreamRequest
    composed: UpstreamRequest | None
    skill_deadline: float
    deadline: float
    allowed: Callable[[], bool]
    hosted: Hosted | None = None


class Answer(msgspec.Struct, frozen=True):
    """An upstream answer to relay: a whole `body`, or a stream with what of it may go out already."""

    response: UpstreamResponse
    body: bytes
    scanner: EventScanner | None = None


class Attempts:
    """Makes the attempts of an exchange and keeps its draft informed."""

    def __init__(self, prices: Prices, clock: Clock, *, answer_limit: int) -> None:
        self._prices = prices
        self._clock = clock
        self._answer_limit = answer_limit

    async def answer(self, draft: Draft, order: Order) -> Answer:
        """The first answer worth relaying, a refusal included; raises UpstreamFailure where none came."""
        request = order.composed
        while True:
            composed = request is not None
            result, failure, error = await self._once(draft, order, request)
            if failure is None:
                break
            now = self._clock.monotonic()
            left = (order.skill_deadline if composed else order.deadline) - now
            verdict = next_step(
                failure, composed=composed, attempts=draft.attempts, spread=spread(draft.id), left=left
            )
            if draft.attempts == 1 and is_fault(failure):
                draft.first_attempt_failed = True
            if verdict.step is Step.RELAY or now >= order.deadline:
                break
            await asyncio.sleep(verdict.wait)
            if composed and (verdict.step is Step.FALLBACK or not order.allowed()):
                _fall_back(draft, failure, switched=verdict.step is Step.RETRY)
                request = None
        if result is None:
            raise error or UpstreamFailure("timeout", "the upstream gave no answer before the deadline")
        _settle(draft, result.response.status)
        return result

    async def _once(
        self, draft: Draft, order: Order, composed: UpstreamRequest | None
    ) -> tuple[Answer | None, Failure | None, UpstreamFailure | None]:
        """One attempt: its answer, its failure, or both where the answer is a refusal."""
        draft.attempts += 1
        draft.sent_at = draft.sent_at or self._clock.monotonic()
        try:
            if composed is None:
                answer = await self._open(draft, order, order.plain, whole_start=False)
            else:
                async with asyncio.timeout_at(order.skill_deadline):
                    answer = await self._open(draft, order, composed, whole_start=True)
        except TimeoutError:
            return None, Failure(cause=Cause.SKILL_TIMEOUT), None
        except UpstreamFailure as error:
            return None, Failure(cause=Cause(error.kind), replayable=error.replayable), error
        status = answer.response.status
        return answer, None if status < 400 else turned_away(answer.response), None

    async def _open(
        self, draft: Draft, order: Order, request: UpstreamRequest, *, whole_start: bool
    ) -> Answer:
        """Send, and read as far as an answer can be judged: all of a body, or the start of a stream."""
        response = await _sent(request, request.body, order.deadline)
        looped = whole_start and order.hosted is not None and response.status == 200
        if looped and order.hosted is not None:
            response = order.hosted.follow(
                draft,
                response,
                request.body,
                lambda body: _sent(request, body, order.deadline),
                order.deadline,
            )
        try:
            if response.status == 200 and is_stream(response.headers):
                scanner = EventScanner(metered=not looped)
                return await self._open_stream(draft, response, scanner, whole_start=whole_start)
            read = await response.read(self._answer_limit)
        except BaseException:
            response.close()
            raise
        response.close()
        draft.answered_at = self._clock.monotonic()
        if response.status == 200:
            message = read_message(read)
            draft.model = message.model or draft.model
            draft.message_id = message.id
            if not looped:
                draft.bill(draft.model, message.usage, self._prices)
        return Answer(response, read)

    async def _open_stream(
        self, draft: Draft, response: UpstreamResponse, scanner: EventScanner, *, whole_start: bool
    ) -> Answer:
        """Read a stream's start: to its first events, or to its first content if another try may follow."""
        try:
            ready = await _start_of_stream(response, scanner, whole=whole_start)
        except BaseException:
            draft.bill(scanner.model or draft.model, scanner.usage, self._prices)
            raise
        draft.streamed = True
        draft.answered_at = self._clock.monotonic() if scanner.content else None
        return Answer(response, ready, scanner)


async def _start_of_stream(response: UpstreamResponse, scanner: EventScanner, *, whole: bool) -> bytes:
    """What may go out of a stream's start; `whole` reads on to the first content byte."""
    ready = b""
    while not (scanner.content if whole else ready or scanner.stopped):
        chunk = await response.chunk()
        if not chunk:
            raise UpstreamFailure("reset", "the upstream's stream ended before its first content")
        ready += scanner.feed(chunk)
    if whole and scanner.failed:
        raise UpstreamFailure("reset", "the upstream's stream began with an error event")
    return ready


async def _sent(request: UpstreamRequest, body: bytes, deadline: float) -> UpstreamResponse:
    """Send a body where the request goes; raises UpstreamFailure."""
    return await request.endpoint.upstream.send(
        "POST", request.target, request.headers, body, deadline=deadline
    )


def _fall_back(draft: Draft, failure: Failure, *, switched: bool) -> None:
    """Note why the skill path was left."""
    if switched or failure.cause is Cause.SWITCH:
        draft.fallback, draft.skill_outcome = "switch", None
        return
    timed_out = failure.cause is Cause.SKILL_TIMEOUT
    draft.skill_outcome = Outcome.SKILL_TIMEOUT if timed_out else Outcome.SKILL_ERROR
    rejected = failure.cause is Cause.STATUS and failure.status < 500
    draft.fallback = "rejected" if rejected else "status" if failure.status else failure.cause.value


def _settle(draft: Draft, status: int) -> None:
    """Judge the skill path by what the plain request got: the same refusal was the client's own doing."""
    if draft.fallback == "rejected":
        if 400 <= status < 500:
            draft.fallback = draft.skill_outcome = None
            draft.composed = False
        else:
            draft.first_attempt_failed = True
