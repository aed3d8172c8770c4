"""Attempting upstream along the fallback chain, until there is an answer to relay."""

import asyncio
from typing import Final

import msgspec

from tidegate.domain.resilience import Cause, Failure, Path, Step, Verdict, is_fault, next_step
from tidegate.ports import Clock, Prices, UpstreamFailure, UpstreamResponse
from tidegate.serving.course import Course, Trouble
from tidegate.serving.exchange_id import spread
from tidegate.serving.guards import Guards
from tidegate.serving.headers import is_stream
from tidegate.serving.hosted.response import HostedResponse
from tidegate.serving.locked_out import REFUSALS, locked_out
from tidegate.serving.metering import Draft
from tidegate.serving.order import Answer, Order, UpstreamRequest
from tidegate.serving.turned_away import turned_away
from tidegate.serving.wire import MESSAGES, Scanner, Wire

# Bound once: before Python 3.12 each look-up of an enum's member is a call.
_COMPOSED: Final = Path.COMPOSED


_Result = tuple[Answer | None, Failure | None, Trouble | None]


class Attempts:
    """Makes the attempts of an exchange and keeps its draft informed."""

    def __init__(self, prices: Prices, clock: Clock, guards: Guards, *, answer_limit: int) -> None:
        self._prices = prices
        self._clock = clock
        self._guards = guards
        self._answer_limit = answer_limit

    async def answer(self, draft: Draft, order: Order) -> Answer:
        """The first answer worth relaying, a refusal included.

        Raises UpstreamFailure where none came, UpstreamUnavailable where a breaker let nothing through,
        CredentialRefused where the upstream did not take the gateway's key.
        """
        course = Course(draft, order, self._guards)
        while True:
            untried = draft.attempts == 0
            result, failure, error = await self._once(draft, order, course)
            now = self._clock.monotonic()
            if failure is None and result is not None:
                result = course.good(result, now)
                break
            failure = failure or Failure(cause=Cause.TIMEOUT)
            course.bad(failure, now)
            if untried and is_fault(failure):
                draft.first_attempt_failed = True
            verdict = self._verdict(draft, course, failure, now)
            if verdict.step is Step.RELAY or now >= order.deadline:
                result, error = course.last_word(result, error)
                break
            await asyncio.sleep(verdict.wait)
            if verdict.step is Step.NEXT:
                if not course.go_on(failure, result, error):
                    result, error = course.last_word(result, error)
                    break
            elif verdict.step is Step.FALLBACK:
                course.fall_back(failure)
            elif course.path is _COMPOSED and not order.allowed():
                course.fall_back(failure, switched=True)
        if result is None:
            try:
                raise error or course.unavailable()
            finally:
                del error, course  # or the error, which holds this frame, would be held by it
        _settle(draft, result.response.status)
        return result

    def _verdict(self, draft: Draft, course: Course, failure: Failure, now: float) -> Verdict:
        """What comes next; a retry that the budget refuses is passed over."""
        situation = course.situation(spread(draft.id), now)
        verdict = next_step(failure, situation)
        if verdict.step is Step.RETRY and not self._guards.retries.may_retry(course.request.endpoint.name):
            return next_step(failure, msgspec.structs.replace(situation, retries=0))
        return verdict

    async def _once(self, draft: Draft, order: Order, course: Course) -> _Result:
        """One attempt: its answer, its failure, or both where the answer is a refusal."""
        if not course.enter():
            return None, Failure(cause=Cause.BREAKER), None
        course.sent_at = self._clock.monotonic()
        course.tries, course.arriving = course.tries + 1, False
        draft.attempts += 1
        draft.sent_at = draft.sent_at or course.sent_at
        until = course.first_content_by(course.sent_at)
        try:
            if until is None:
                answer = await self._open(draft, order, course)
            else:
                async with asyncio.timeout_at(until):
                    answer = await self._open(draft, order, course)
        except TimeoutError:
            draft.cut = True
            return None, *_late(course)
        except asyncio.CancelledError:
            draft.cut = True
            raise
        except UpstreamFailure as error:
            return None, _broken(error), error
        status = answer.response.status
        if status < 400:
            return answer, None, None
        if status in REFUSALS:
            refused = locked_out(course.request.endpoint, status, answer.body)
            return None, turned_away(answer.response), refused
        return answer, turned_away(answer.response), None

    async def _open(self, draft: Draft, order: Order, course: Course) -> Answer:
        """Send, and read as far as an answer can be judged: all of a body, or the start of a stream."""
        request, whole_start = course.request, course.whole_start
        in_messages = request.wire is MESSAGES
        hosted = order.hosted if course.path is _COMPOSED and in_messages else None
        response: UpstreamResponse = await request.endpoint.upstream.send(
            "POST", request.target, request.headers, request.body, deadline=order.deadline
        )
        looped: HostedResponse | None = None
        if hosted is not None and response.status == 200:
            response = looped = hosted.follow(
                draft,
                response,
                request.body,
                lambda body: _sent(request, body, order.deadline),
                order.deadline,
                may_retry=lambda: self._guards.retries.may_retry(request.endpoint.name),
            )
        try:
            if response.status == 200 and is_stream(response.headers):
                scanner = request.wire.scanner(metered=looped is None)
                return await self._open_stream(draft, response, scanner, request.wire, whole=whole_start)
            course.arriving = True
            read = await response.read(self._answer_limit)
        except BaseException:
            response.close()
            raise
        response.close()
        draft.answered_at = self._clock.monotonic()
        if response.status == 200:
            message = request.wire.message(read)
            draft.model = message.model or draft.model
            draft.message_id = message.id
            if looped is None or looped.plain:
                draft.bill(draft.model, message.usage, self._prices)
        return Answer(response, read, wire=request.wire)

    async def _open_stream(
        self, draft: Draft, response: UpstreamResponse, scanner: Scanner, wire: Wire, *, whole: bool
    ) -> Answer:
        """Read a stream's start: to its first events, or to its first content if another try may follow."""
        try:
            ready = await _start_of_stream(response, scanner, whole=whole)
        except BaseException:
            draft.bill(scanner.model or draft.model, scanner.usage, self._prices)
            raise
        draft.streamed = True
        draft.answered_at = self._clock.monotonic() if scanner.content else None
        return Answer(response, ready, scanner, wire=wire)


async def _start_of_stream(response: UpstreamResponse, scanner: Scanner, *, whole: bool) -> bytes:
    """What may go out of a stream's start; `whole` reads on to the first content byte."""
    ready = b""
    while not (scanner.content if whole else ready or scanner.stopped):
        chunk = await response.chunk()
        if not chunk and scanner.closed():
            break
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


def _broken(error: UpstreamFailure) -> Failure:
    return Failure(cause=Cause(error.kind), status=error.status, replayable=error.replayable)


def _late(course: Course) -> tuple[Failure, UpstreamFailure]:
    """No first content in time: the skill's, or, where another provider is left to ask, this one's."""
    cause = Cause.SKILL_TIMEOUT if course.path is _COMPOSED else Cause.TIMEOUT
    message = f"model {course.request.model} gave no first content in time, and nothing else did better"
    return Failure(cause=cause, arriving=course.arriving), UpstreamFailure("timeout", message)


def _settle(draft: Draft, status: int) -> None:
    """Judge the skill path by what the plain request got: the same refusal was the client's own doing."""
    if draft.fallback == "rejected" and 400 <= status < 500:
        draft.fallback = draft.skill_outcome = None
        draft.composed = False
    elif draft.skill_outcome is not None and (draft.fallback or "").startswith("rejected"):
        draft.first_attempt_failed = True
