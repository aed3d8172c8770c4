"""Where the hosted loop joins the request path: the plan of a request, and the answer that follows it."""

import asyncio
from collections.abc import Callable

from tidegate.domain.resilience import PLAIN_RETRIES, Cause, Failure, Path, Situation, Step, next_step
from tidegate.ports import Clock, Meter, Prices, UpstreamFailure, UpstreamResponse
from tidegate.serving.exchange_id import spread
from tidegate.serving.hosted.loop import Loop, Send
from tidegate.serving.hosted.plan import Plan
from tidegate.serving.hosted.response import HostedResponse
from tidegate.serving.locked_out import REFUSALS
from tidegate.serving.metering import Draft
from tidegate.serving.turned_away import turned_away


class Hosted:
    """The loop of one request: turns an upstream's first answer into the exchange's whole one."""

    def __init__(self, plan: Plan, *, prices: Prices, meter: Meter, clock: Clock, answer_limit: int) -> None:
        self._plan = plan
        self._prices = prices
        self._meter = meter
        self._clock = clock
        self._answer_limit = answer_limit

    def follow(
        self,
        draft: Draft,
        first: UpstreamResponse,
        body: bytes,
        send: Send,
        deadline: float,
        *,
        may_retry: Callable[[], bool],
    ) -> HostedResponse:
        """The exchange's answer, beginning with `first`, the upstream's answer to `body`.

        `may_retry` takes one retry out of the upstream's budget, if it holds one.
        """
        loop = Loop(
            draft, self._plan, body, deadline, prices=self._prices, meter=self._meter, clock=self._clock
        )

        async def persistent(further: bytes) -> UpstreamResponse:
            return await self._persistent(draft, send, further, deadline, may_retry)

        return HostedResponse(first, loop, persistent, limit=self._answer_limit)

    async def _persistent(
        self, draft: Draft, send: Send, body: bytes, deadline: float, may_retry: Callable[[], bool]
    ) -> UpstreamResponse:
        """Send a further turn, again where that is safe; raises UpstreamFailure where it got no answer."""
        attempts = 0
        while True:
            attempts += 1
            try:
                response = await send(body)
            except UpstreamFailure as error:
                failure = Failure(cause=Cause(error.kind), replayable=error.replayable)
                told = str(error)
            else:
                if response.status == 200:
                    return response
                failure = turned_away(response)
                told = await _refusal_text(response)
            at = Situation(
                path=Path.PLAIN,
                tries=attempts,
                retries=PLAIN_RETRIES,
                further=False,
                spread=spread(draft.id),
                left=deadline - self._clock.monotonic(),
            )
            verdict = next_step(failure, at)
            if verdict.step is not Step.RETRY or not may_retry():
                told = f"turn {draft.turns} of the answer failed: {told}"
                raise UpstreamFailure(_kind(failure), told, status=failure.status)
            await asyncio.sleep(verdict.wait)
            draft.attempts += 1


_TOLD_BYTES = 2_000
"""Of a refusal's body: enough for an error object, too little for a proxy's page."""


async def _refusal_text(response: UpstreamResponse) -> str:
    """What the upstream said with an error status; of a refused key only that, as the rest may repeat it."""
    said = b""
    try:
        while response.status not in REFUSALS and len(said) < _TOLD_BYTES:
            piece = await response.chunk()
            if not piece:
                break
            said += piece
    except UpstreamFailure:
        pass  # the status says enough
    finally:
        response.close()
    return f"{response.status} {said[:_TOLD_BYTES].decode(errors='replace')}".rstrip()


def _kind(failure: Failure) -> str:
    """How the exchange's attempt failed: a turn that found no connection is no reason to begin it again."""
    if failure.cause is Cause.CONNECT:
        return Cause.RESET.value
    return Cause.HOSTED_TURN.value if failure.cause is Cause.STATUS else failure.cause.value
