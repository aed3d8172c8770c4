"""One request through the gateway: the hot path, read from top to bottom."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from tidegate.domain import metrics
from tidegate.domain.errors import TidegateError
from tidegate.domain.exchange import Outcome
from tidegate.domain.rollout import CachePolicy
from tidegate.domain.transcript import in_progress, user_texts
from tidegate.ports import Clock, Header, Meter, Prices, ResultCache, Spool, UpstreamFailure
from tidegate.serving.admission import Admission
from tidegate.serving.assign import Asker, assign, uncounted
from tidegate.serving.attempt import Attempts
from tidegate.serving.attend import attending
from tidegate.serving.body_room import Body
from tidegate.serving.chains import Hop
from tidegate.serving.chat_client import crossed
from tidegate.serving.chat_hosting import ChatHosting
from tidegate.serving.chat_request import ChatRequest, read_chat_request
from tidegate.serving.client import Call, Caller, Client, ClientGone, Dialect
from tidegate.serving.economy import no_dearer
from tidegate.serving.exchange_id import ExchangeIds
from tidegate.serving.guards import Guards, skill_names
from tidegate.serving.hints import Hints, read_hints
from tidegate.serving.hosted.hosting import Engagement, Hosting
from tidegate.serving.hosted.restore import is_sealed
from tidegate.serving.identity import Identities, Identity
from tidegate.serving.metering import CHAT_ROUTE, Draft, new_draft
from tidegate.serving.order import Answer, Order, UpstreamRequest
from tidegate.serving.outgoing import Outgoing
from tidegate.serving.pass_through import PassThrough
from tidegate.serving.pins import Pins
from tidegate.serving.provider_side import Asked, ProviderSide
from tidegate.serving.quotas import Quotas
from tidegate.serving.refusal import (
    outcome_of_refusal,
    refusal_headers,
    retry_headers,
    status_of,
    status_of_failure,
)
from tidegate.serving.relay import Relay, Reply, failed
from tidegate.serving.request import MessagesRequest, read_request
from tidegate.serving.reuse import Reuse
from tidegate.serving.routing import SnapshotHolder
from tidegate.serving.settings import ServingSettings
from tidegate.serving.unit_sources import UnitSources
from tidegate.serving.upstreams import Upstreams
from tidegate.serving.wire import MESSAGES

_log = logging.getLogger("tidegate.serving")

CLIENT_CLOSED = 499
"""The status on record where the client left before it got one (as nginx has it)."""


class Handler:
    """Serves the Messages API of one gateway process."""

    def __init__(
        self,
        settings: ServingSettings,
        *,
        holder: SnapshotHolder,
        upstreams: Upstreams,
        spool: Spool,
        meter: Meter,
        prices: Prices,
        clock: Clock,
        cache: ResultCache,
        dialect: Dialect,
        quotas: Quotas,
        hosting: Hosting,
    ) -> None:
        self._settings, self._holder, self._upstreams = settings, holder, upstreams
        self._meter, self._prices, self._clock = meter, prices, clock
        self._quotas, self._hosting, self._chat_hosting = quotas, hosting, ChatHosting(hosting, upstreams)
        self._admission = _admission(settings, meter)
        self.apart = PassThrough(
            settings, holder, upstreams, self._admission, meter=meter, clock=clock, dialect=dialect
        )
        self.guards = _guards(settings, meter, clock)
        self._ids, self._identities = ExchangeIds(), Identities(settings.home_secret, settings.unit_rule)
        self._provider = ProviderSide(settings, holder, upstreams, meter=meter, prices=prices, clock=clock)
        self._outgoing = Outgoing(upstreams, self._provider, settings.chains)
        self._unit_sources = UnitSources(settings.unit_rule)
        self._pins = Pins(at_most=settings.pins_at_most, seconds=settings.conversation_grace)
        self._attempts = Attempts(prices, clock, self.guards, answer_limit=settings.answer_limit)
        self._relay = Relay(spool, meter, prices, clock, dialect, identify=settings.identify)
        self._reuse = Reuse(
            settings.reuse,
            cache,
            attempts=self._attempts,
            secret=settings.home_secret,
            prices=prices,
            meter=meter,
            clock=clock,
            close_record=self._record_left,
        )

    @property
    def open_exchanges(self) -> int:
        """Exchanges in progress now."""
        return self._admission.open

    @property
    def waiting(self) -> int:
        """Requests that wait for a place now."""
        return self._admission.waiting

    @property
    def body_bytes(self) -> int:
        """Bytes of the bodies that are being read or served now."""
        return self._admission.bodies.held

    async def close(self) -> None:
        """End what goes on without its client, and put it on record."""
        await self._reuse.close()

    async def messages(self, call: Call, client: Caller, *, route: str = "messages") -> None:
        """Serve `POST /v1/messages`, `/v1/chat/completions`, or `count_tokens`, which leaves no evidence.

        Raises ClientGone where the client left; what was done until then is on record.
        """
        now = self._clock.now()
        request_id = self._ids(now)
        try:
            key = self.apart.authenticated(call)
        except TidegateError as refusal:
            await self.apart.refuse(client, request_id, refusal, route=route)
            return
        draft = new_draft(request_id, now, self._clock.monotonic(), key, route)
        client.deadline = draft.started + self._settings.deadline_seconds
        try:
            with attending(client):
                await self._answered(draft, call, client)
        except (ClientGone, asyncio.CancelledError):
            self._cut_short(draft)
            raise

    async def _answered(self, draft: Draft, call: Call, client: Caller) -> None:
        """Answer and record, whatever happens but the client's leaving; no place waits for a body."""
        room = Body(self._admission.bodies, draft.key)
        try:
            body = await client.body(self._settings.body_limit, room)
            if not self._admission.enter():
                await self._admission.wait(draft.key.priority)
            try:
                await self._served(draft, call, client, body)
            finally:
                self._admission.leave()
        except TidegateError as refusal:
            status = status_of(refusal)
            more = retry_headers(refusal)
            await self._record_refusal(draft, client, outcome_of_refusal(status), status, str(refusal), *more)
        except UpstreamFailure as failure:
            await self._record_refusal(
                draft, client, failed(failure), status_of_failure(failure), str(failure)
            )
        except ClientGone:
            raise
        except Exception:
            _log.exception(
                "a request failed within the gateway", extra={"request_id": draft.id, "route": draft.route}
            )
            if not draft.recorded:
                await self._record_refusal(draft, client, Outcome.UPSTREAM_ERROR, 500, _OUR_FAULT)
            raise
        finally:
            room.leave()

    async def _served(self, draft: Draft, call: Call, client: Client, body: bytes) -> None:
        """The main path: read, assign, compose, attempt, relay."""
        draft.ready_at, draft.asked_bytes = self._clock.monotonic(), len(body)
        snapshot = self._holder.current()
        if draft.on_ledger and self._quotas.limit(snapshot, draft.key):
            draft.hold = await self._quotas.admit(snapshot, draft.key, len(body))
        request = read_chat_request(body) if draft.route == CHAT_ROUTE else read_request(body)
        draft.stream, draft.model = request.stream, request.model
        texts, hints = user_texts(request.turns), read_hints(call)
        draft.identity = identity = self._identify(draft, hints, request, texts)
        self._unit_sources.note(identity.source, draft.at)
        self._assign(draft, identity, hints, request, texts)
        request, client = self._provider.contained(draft, request, client)
        order = await self._ordered(draft, call, request)
        client.deadline = order.deadline
        answer = await self._answer(draft, order, call, request)
        if isinstance(request, ChatRequest) and answer.wire is MESSAGES:
            draft.crossed = True
            created, wanted = int(draft.at), request.include_usage
            answer, client = crossed(answer, client, created=created, include_usage=wanted)
        await self._relay.relay(draft, answer, client)

    def _answer(self, draft: Draft, order: Order, call: Call, request: Asked) -> Awaitable[Answer]:
        """The answer to relay: a known one, where the variant allows it, else the upstream's."""
        policy = self._reuse.policy(draft)
        if policy is None or isinstance(request, ChatRequest):
            return self._attempts.answer(draft, order)
        return self._known(draft, order, call, request, policy)

    async def _known(
        self, draft: Draft, order: Order, call: Call, request: MessagesRequest, policy: CachePolicy
    ) -> Answer:
        """A known answer; else the upstream's, which is then known."""
        generation = self._holder.current().generation(draft.key.tenant)
        answer = await self._reuse.answer(draft, order, call, request, policy=policy, generation=generation)
        return answer or await self._assigned_anew(draft, call, request)

    async def _assigned_anew(self, draft: Draft, call: Call, request: Asked) -> Answer:
        """The upstream's answer where a switch or a revocation fell while it waited for another request's."""
        draft.fallback = draft.skill_outcome = None
        texts, hints = user_texts(request.turns), read_hints(call)
        self._assign(draft, cast("Identity", draft.identity), hints, request, texts)
        return await self._attempts.answer(draft, await self._ordered(draft, call, request))

    def _identify(self, draft: Draft, hints: Hints, request: Asked, texts: Sequence[str]) -> Identity:
        """Whose request it is."""
        return self._identities.identify(
            tenant=draft.key.tenant,
            key_id=draft.key.id,
            user_id=request.user_id,
            unit=hints.unit,
            conversation=hints.conversation,
            task=hints.task,
            opening=texts[0] if texts else "",
        )

    def _assign(
        self, draft: Draft, identity: Identity, hints: Hints, request: Asked, texts: Sequence[str]
    ) -> None:
        """What it is served, by the snapshot of this instant: the body may have taken long to come."""
        snapshot = self._holder.current()
        draft.revision = snapshot.revision
        asker = Asker(
            exchange_id=draft.id,
            tenant=draft.key.tenant,
            identity=identity,
            named=_named(hints, request),
            texts=texts,
            in_progress=in_progress(request.turns),
            now=draft.at,
        )
        assignment = no_dearer(assign(snapshot, asker, self._pins), request.model, self._prices)
        if hints.warm_up or (assignment.counted and self.guards.in_doubt(assignment.triggers)):
            assignment = uncounted(assignment)
        draft.assignment = assignment

    async def _ordered(self, draft: Draft, call: Call, request: Asked) -> Order:
        """What the assignment makes of the request; calls that the client has kept sealed are taken up."""
        if isinstance(request, ChatRequest):
            chat = await self._chat_hosting.engage(draft, request, self._holder.current)
            return self._compose(draft, call, chat.plain, chat.whole, chat.engaged)
        engaged = self._hosting.engage(draft, request, self._holder.current)
        plain = whole = request
        if is_sealed(request.raw):
            plain, whole = await self._hosting.unsealed(draft, request, engaged)
        return self._compose(draft, call, plain, whole, engaged)

    def _compose(self, draft: Draft, call: Call, plain: Asked, whole: Asked, engaged: Engagement) -> Order:
        """What goes upstream, and by when; `whole` is what the skills' way begins with."""
        assignment, settings = draft.assignment, self._settings
        model = assignment.model
        draft.composed = changed = model is not None or bool(assignment.skills)
        draft.model = model or plain.model
        seconds = assignment.variant.deadline_seconds or settings.deadline_seconds
        deadline = draft.started + seconds
        composed, hosted = None, None
        if changed:
            composed, tools = self._outgoing.composed(whole, draft, call, engaged)
            hosted = self._hosting.loop(draft, engaged, tools)
        further = self._outgoing.further(plain, draft)
        return Order(
            plain=self._outgoing.plain(plain, draft, call),
            composed=composed,
            skills=skill_names(assignment.skills),
            skill_deadline=min(draft.ready_at + assignment.variant.timeout_for(assignment.skills), deadline),
            deadline=deadline,
            allowed=engaged.allowed,
            on_trial=model in assignment.shared,
            hosted=hosted or self._provider.pausing(draft, whole, seconds, engaged.allowed),
            further=further,
            towards=self._towards(plain, draft, call) if further else None,
            try_seconds=settings.try_seconds,
        )

    def _towards(self, plain: Asked, draft: Draft, call: Call) -> Callable[[Hop], UpstreamRequest]:
        """Writes the client's own request for a further model."""
        return lambda hop: self._outgoing.towards(plain, hop, draft, call)

    async def _record_refusal(
        self, draft: Draft, client: Client, outcome: Outcome, status: int, message: str, *more: Header
    ) -> None:
        body = self.apart.errors(draft.route).error(status, message, draft.id)
        headers = [*refusal_headers(status, draft.id), *more]
        await self._relay.whole(draft, client, Reply(outcome, status, headers, body, own=True))

    def _record_left(self, draft: Draft, left_at: tuple[float, float]) -> None:
        """The upstream call of a client that left has ended."""
        self._relay.record(draft, Outcome.CLIENT_CLOSED, CLIENT_CLOSED, left_at)

    def _cut_short(self, draft: Draft) -> None:
        """The client left, or this process has to: what was done so far is on record all the same."""
        if draft.recorded:
            self._relay.amend(draft, delivered=False)
        elif draft.on_leave is not None:
            draft.on_leave()
        else:
            self._relay.record(draft, Outcome.CLIENT_CLOSED, CLIENT_CLOSED)


def _guards(settings: ServingSettings, meter: Meter, clock: Clock) -> Guards:
    patience = settings.skill_breaking
    return Guards(settings.breaking, settings.retrying, meter, clock, skill_breaking=patience)


def _admission(settings: ServingSettings, meter: Meter) -> Admission:
    return Admission(
        settings.concurrency,
        queue=settings.queue,
        seconds=settings.queue_seconds,
        body_bytes=settings.bodies,
        on_shed=lambda priority, why: meter.add(metrics.SHED, (priority.value, why)),
    )


_OUR_FAULT = "the gateway failed at this request; its log has the reason, found by the request id"


def _named(hints: Hints, request: Asked) -> Sequence[str]:
    """Skills asked for by name: in the header `tidegate-skills`, then in the body's container."""
    if hints.skills is None:
        return request.named
    return (*(name.strip() for name in hints.skills.split(",")), *request.named)
