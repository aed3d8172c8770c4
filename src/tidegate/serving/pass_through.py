"""Calls that are no exchange: passed on as they are, or refused; counted, and in no ledger."""

from tidegate.domain import metrics
from tidegate.domain.access import KeyRecord
from tidegate.domain.chat.names import MESSAGES_VERSION
from tidegate.domain.errors import Forbidden, NotFound, TidegateError
from tidegate.domain.exchange import Arm, Outcome
from tidegate.ports import Clock, Header, Meter, UpstreamFailure
from tidegate.serving.admission import Admission, authenticate
from tidegate.serving.attend import attending
from tidegate.serving.body_room import Body
from tidegate.serving.chat_errors import ChatErrors
from tidegate.serving.chat_models import asks_in_chat, told_in_chat
from tidegate.serving.client import Call, Caller, Client, ClientGone, Dialect
from tidegate.serving.exchange_id import exchange_id
from tidegate.serving.headers import to_client, to_upstream
from tidegate.serving.locked_out import locked_out
from tidegate.serving.metering import CHAT_ROUTE
from tidegate.serving.refusal import (
    outcome_of_refusal,
    refusal_headers,
    retry_headers,
    status_of,
    status_of_failure,
)
from tidegate.serving.relay import failed, outcome_of
from tidegate.serving.routing import SnapshotHolder
from tidegate.serving.settings import ServingSettings
from tidegate.serving.upstreams import Endpoint, Upstreams

_CHAT_ERRORS = ChatErrors()


class PassThrough:
    """Serves what only the provider knows, and words refusals in the caller's dialect."""

    def __init__(
        self,
        settings: ServingSettings,
        holder: SnapshotHolder,
        upstreams: Upstreams,
        admission: Admission,
        *,
        meter: Meter,
        clock: Clock,
        dialect: Dialect,
    ) -> None:
        self._settings, self._holder, self._upstreams = settings, holder, upstreams
        self._admission = admission
        self._meter, self._clock = meter, clock
        self._dialect = dialect

    async def pass_through(self, call: Call, client: Caller, *, route: str = "models") -> None:
        """Serve what only the provider knows as it is, on no record; raises ClientGone.

        All but the models belong to the provider's workspace: they are served where that is the tenant's own.
        """
        request_id = exchange_id(self._clock.now())
        try:
            key = self.authenticated(call)
            endpoint = self._endpoint(call, key.tenant, route)
            room = Body(self._admission.bodies, key)
            client.deadline = self._clock.monotonic() + self._settings.deadline_seconds
            try:
                with attending(client):
                    asked = await client.body(self._settings.body_limit, room)
                    work = self._passed(call, client, endpoint, asked, route)
                    await self._admission.placed(key.priority, work)
            finally:
                room.leave()
        except TidegateError as refusal:
            await self.refuse(client, request_id, refusal, route=route, chat=asks_in_chat(call))
        except UpstreamFailure as failure:
            status = status_of_failure(failure)
            self.count(route, failed(failure))
            spoken = CHAT_ROUTE if asks_in_chat(call) else route
            await self._say(client, request_id, status, str(failure), route=spoken)
        except ClientGone:
            self.count(route, Outcome.CLIENT_CLOSED)
            raise

    async def refuse(
        self, client: Client, request_id: str, refusal: TidegateError, *, route: str, chat: bool = False
    ) -> None:
        """Answer a refusal of the gateway's own that belongs to no exchange, in the caller's dialect."""
        status = status_of(refusal)
        self.count(route, outcome_of_refusal(status))
        spoken = CHAT_ROUTE if chat else route
        await self._say(client, request_id, status, str(refusal), *retry_headers(refusal), route=spoken)

    async def refuse_method(
        self, client: Client, request_id: str, call: Call, allowed: str, route: str
    ) -> None:
        """Answer a call by a method that its path does not know."""
        self.count(route, Outcome.CLIENT_ERROR)
        message = f"{call.method} is not allowed here; use {allowed}"
        spoken = CHAT_ROUTE if route == "models" and asks_in_chat(call) else route
        await self._say(client, request_id, 405, message, (b"allow", allowed.encode()), route=spoken)

    def count(self, route: str, outcome: Outcome) -> None:
        """Count a call that is no exchange: the ledger has no line of it."""
        self._meter.add(metrics.REQUESTS, (route, Arm.OUTSIDE.value, outcome.value))

    def authenticated(self, call: Call) -> KeyRecord:
        """The client key of a call; raises Unauthenticated, Forbidden."""
        return authenticate(self._holder.current(), call, self._clock.now())

    def errors(self, route: str) -> Dialect:
        """The dialect of a route's own errors."""
        return _CHAT_ERRORS if route == CHAT_ROUTE else self._dialect

    def _endpoint(self, call: Call, tenant: str, route: str) -> Endpoint:
        """Where it goes; raises Forbidden, NotFound where that is not the tenant's own."""
        endpoint = self._upstreams.endpoint("", tenant)
        if route == "skills" and not endpoint.own:
            raise Forbidden(_NOT_FOR_CLIENTS)
        if route != "models" and not endpoint.own:
            raise NotFound(f"{call.method} {call.target.partition('?')[0]}: {_NOT_YOURS}")
        return endpoint

    async def _passed(self, call: Call, client: Client, endpoint: Endpoint, asked: bytes, route: str) -> None:
        headers = to_upstream(call.headers, endpoint.credentials)
        deadline = client.deadline or self._clock.monotonic() + self._settings.deadline_seconds
        crosses = route == "models" and asks_in_chat(call) and not endpoint.chat
        if crosses:
            headers.append((b"anthropic-version", MESSAGES_VERSION))
        response = await endpoint.upstream.send(call.method, call.target, headers, asked, deadline=deadline)
        try:
            body = await response.read(self._settings.answer_limit)
        finally:
            response.close()
        if response.status == 401:
            raise locked_out(endpoint, response.status, body)
        if crosses:
            body = told_in_chat(response.status, body)
        await client.answer(response.status, to_client(response.headers), body)
        self.count(route, outcome_of(response.status))

    async def _say(
        self, client: Client, request_id: str, status: int, message: str, *more: Header, route: str
    ) -> None:
        """Answer a refusal that belongs to no exchange."""
        headers = [*refusal_headers(status, request_id), *more]
        if self._settings.identify:
            headers.append((b"tidegate-request-id", request_id.encode()))
        await client.answer(status, headers, self.errors(route).error(status, message, request_id))


_NOT_FOR_CLIENTS = (
    "a client key manages no skills: use a viewer, publisher or operator key for the skills of this gateway; "
    "your provider's own skills are reached where your tenant has an upstream credential of its own"
)
_NOT_YOURS = (
    "not served here: files and batches of the provider belong to the workspace of the gateway's "
    "credential; they are passed through for a tenant that has an upstream credential of its own, which your "
    "operator can configure"
)
