"""Relaying: the answer to the client as it comes, its last bytes only once the exchange is on record."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from tidegate.domain import metrics
from tidegate.domain.exchange import Amend, Outcome
from tidegate.ports import Clock, Header, Meter, Prices, Spool, UpstreamFailure
from tidegate.serving.chat_errors import ChatErrors
from tidegate.serving.client import Client, ClientGone, Dialect
from tidegate.serving.counts import Counts
from tidegate.serving.finish import finish
from tidegate.serving.headers import own_headers, to_client
from tidegate.serving.metering import Draft
from tidegate.serving.order import Answer
from tidegate.serving.quota_words import limit_headers
from tidegate.serving.refusal import status_of_failure
from tidegate.serving.wire import MESSAGES, Scanner

_CHAT_ERRORS = ChatErrors()


# Bound once: before Python 3.12 each look-up of an enum's member is a call.
_OK: Final = Outcome.OK


class Reply(msgspec.Struct, frozen=True):
    """A whole answer, and what it means to the user; `own`: the gateway's, not the upstream's."""

    outcome: Outcome
    status: int
    headers: Sequence[Header]
    body: bytes
    own: bool = False


class Relay:
    """Releases answers and records their exchanges; `identify` sends the gateway's own headers."""

    def __init__(
        self,
        spool: Spool,
        meter: Meter,
        prices: Prices,
        clock: Clock,
        dialect: Dialect,
        *,
        identify: bool,
    ) -> None:
        self._spool = spool
        self._meter = meter
        self._counts = Counts(meter)
        self._prices = prices
        self._clock = clock
        self._dialect = dialect
        self._identify = identify

    async def relay(self, draft: Draft, answer: Answer, client: Client) -> None:
        """Give the client the upstream's answer, whichever it is."""
        headers = to_client(answer.response.headers)
        if draft.hold is not None:
            headers = limit_headers(draft.hold, headers, self._clock.now())
        if answer.scanner is not None:
            await self._stream(draft, answer, answer.scanner, client, headers)
            return
        status = answer.response.status
        await self.whole(draft, client, Reply(outcome_of(status), status, headers, answer.body))

    async def whole(self, draft: Draft, client: Client, reply: Reply) -> None:
        """Record, then release an answer that is here in full."""
        self._judge_skills(draft, reply.outcome)
        self.record(draft, reply.outcome, reply.status)
        own = self._own(draft, composed=draft.composed and not reply.own)
        await client.answer(reply.status, [*reply.headers, *own], reply.body)
        self.amend(draft, delivered=not client.gone)

    async def _stream(
        self, draft: Draft, answer: Answer, scanner: Scanner, client: Client, headers: Sequence[Header]
    ) -> None:
        try:
            await client.start(200, [*headers, *self._own(draft, composed=draft.composed)])
            outcome, last = await self._events_to_end(draft, answer, scanner, client)
            self._judge_skills(draft, outcome)
            self.record(draft, outcome, 200)
            await self._release(draft, client, last)
            await finish(answer.response)
        finally:
            answer.response.close()

    async def _events_to_end(
        self, draft: Draft, answer: Answer, scanner: Scanner, client: Client
    ) -> tuple[Outcome, bytes]:
        """Relay all but the stream's last event; returns what it came to, and that event."""
        try:
            await self._events(draft, answer, scanner, client)
        except (ClientGone, asyncio.CancelledError):
            draft.cut = True
            raise
        except UpstreamFailure as failure:
            draft.cut |= failure.kind == "timeout"
            if answer.passage is not None and failure.kind not in OWN_ENDINGS:
                answer.passage.broke(failure)
            told = str(failure) if failure.kind in OWN_ENDINGS else _BROKEN
            errors = self._dialect if answer.wire is MESSAGES else _CHAT_ERRORS
            last = errors.error_event(status_of_failure(failure), told, draft.id)
            return failed(failure), last
        finally:
            self._settle(draft, scanner)
        if answer.passage is not None:
            answer.passage.ended(well=not scanner.failed)
        return Outcome.UPSTREAM_ERROR if scanner.failed else _OK, scanner.held

    async def _events(self, draft: Draft, answer: Answer, scanner: Scanner, client: Client) -> None:
        """Pass events on as they come, up to the one that ends the stream; raises UpstreamFailure."""
        ready = answer.body
        while True:
            if ready:
                await client.send(ready, more=True)
            if scanner.stopped:
                return
            chunk = await answer.response.chunk()
            if not chunk and scanner.closed():
                return
            if not chunk:
                raise UpstreamFailure("reset", "the upstream's stream ended without message_stop")
            ready = scanner.feed(chunk)
            if draft.answered_at is None and scanner.content:
                draft.answered_at = self._clock.monotonic()

    def record(
        self, draft: Draft, outcome: Outcome, status: int, ended: tuple[float, float] | None = None
    ) -> None:
        """Write the exchange to the spool and count it; a call that only counts tokens leaves no line.

        `ended`: epoch seconds and event-loop time of its end, where that is not now.
        """
        if not draft.on_ledger:
            draft.recorded = True
            self._meter.add(metrics.REQUESTS, (draft.route, draft.assignment.arm.value, outcome.value))
            return
        exchange = draft.exchange(outcome, status, *(ended or (self._clock.now(), self._clock.monotonic())))
        if draft.hold is not None and not (draft.untold and (outcome is _OK or draft.streamed)):
            draft.hold.settle(exchange.usage, exchange.cost_usd, whole=not draft.cut)
        self._spool.record(exchange)
        draft.recorded = True
        self._counts.count(draft, exchange)

    def amend(self, draft: Draft, *, delivered: bool) -> None:
        """Say what became of the last bytes, once: a client may well leave when it has them all."""
        if draft.recorded and draft.on_ledger and not draft.amended:
            draft.amended = True
            self._spool.amend(Amend(draft.id, delivered, self._clock.monotonic() - draft.started))

    async def _release(self, draft: Draft, client: Client, last: bytes) -> None:
        await client.send(last, more=False)
        self.amend(draft, delivered=not client.gone)

    def _settle(self, draft: Draft, scanner: Scanner) -> None:
        """Take over what the stream said of itself, also where it broke or the client left."""
        draft.model = scanner.model or draft.model
        draft.message_id = scanner.id
        draft.bill(draft.model, scanner.usage, self._prices)

    def _judge_skills(self, draft: Draft, outcome: Outcome) -> None:
        """The skill path's own result, where it was not left for the fallback."""
        if draft.composed and draft.fallback is None and draft.skill_outcome is None:
            draft.skill_outcome = outcome

    def _own(self, draft: Draft, *, composed: bool) -> list[Header]:
        if not self._identify:
            return []
        return own_headers(draft.id, draft.assignment, draft.fallback, composed=composed, cache=draft.cache)


_BROKEN = "the upstream's answer broke off; what was sent before is incomplete, so ask again"


OWN_ENDINGS = frozenset({"hosted_limit", "switch"})
"""Kinds of failure by which the gateway itself ends a stream: the skill path's, worded for the user."""


def outcome_of(status: int) -> Outcome:
    """What an upstream's status means to the user; its 401 and 429 are about the gateway's key."""
    if status < 300:
        return _OK
    if status in (401, 429) or status >= 500 or status < 400:
        return Outcome.UPSTREAM_ERROR
    return Outcome.CLIENT_ERROR


def failed(failure: UpstreamFailure) -> Outcome:
    """What it means to the user that no answer, or half of one, came."""
    if failure.kind in OWN_ENDINGS:
        return Outcome.SKILL_ERROR
    return Outcome.UPSTREAM_TIMEOUT if failure.kind == "timeout" else Outcome.UPSTREAM_ERROR
