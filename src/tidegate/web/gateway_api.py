"""The gateway's public API under `/v1`: the Messages API, and feedback on its answers. Raw ASGI."""

import logging
from collections.abc import Awaitable

from tidegate.domain import metrics
from tidegate.domain.errors import InvalidInput, NotFound, StoreUnavailable, TidegateError
from tidegate.domain.exchange import Outcome, Vote
from tidegate.ports import Clock, Ledger, Meter, Prices, ResultCache, Spool
from tidegate.serving.chat_client import ChatClient
from tidegate.serving.chat_models import asks_in_chat
from tidegate.serving.client import Call, Caller, ClientGone
from tidegate.serving.exchange_id import exchange_id
from tidegate.serving.guards import Guards
from tidegate.serving.handle import Handler
from tidegate.serving.hosted.hosting import Hosting
from tidegate.serving.metering import CHAT_ROUTE
from tidegate.serving.quotas import Quotas
from tidegate.serving.routing import SnapshotHolder
from tidegate.serving.settings import ServingSettings
from tidegate.serving.upstreams import Upstreams
from tidegate.web.asgi import Message, Receive, Send, answer
from tidegate.web.asgi_client import AsgiClient, call_of
from tidegate.web.faults import AnthropicErrors
from tidegate.web.payloads import FEEDBACK_LIMIT, read_feedback

_log = logging.getLogger("tidegate.feedback")


_WORKSPACE = {"/v1/files": "files", "/v1/messages/batches": "batches", "/v1/skills": "skills"}


_OPENAI_ONLY = (
    "/v1/chat/",
    "/v1/completions",
    "/v1/responses",
    "/v1/embeddings",
    "/v1/moderations",
    "/v1/audio/",
    "/v1/images/",
    "/v1/assistants",
    "/v1/threads",
    "/v1/fine_tuning/",
    "/v1/vector_stores",
    "/v1/realtime",
    "/v1/batches",
    "/v1/uploads",
)
"""Paths of OpenAI's API that Anthropic's does not have: who asks for them reads OpenAI's errors."""


def workspace_route(path: str) -> str:
    """Which part of a provider's workspace a path is of; empty for none, and for a path that climbs."""
    if ".." in path.split("/"):
        return ""
    found = (route for prefix, route in _WORKSPACE.items() if path == prefix or path.startswith(f"{prefix}/"))
    return next(found, "")


class Gateway:
    """An ASGI application for every path under `/v1`."""

    def __init__(
        self,
        settings: ServingSettings,
        *,
        holder: SnapshotHolder,
        upstreams: Upstreams,
        spool: Spool,
        ledger: Ledger,
        meter: Meter,
        prices: Prices,
        clock: Clock,
        quotas: Quotas,
        cache: ResultCache,
        hosting: Hosting,
    ) -> None:
        self._ledger = ledger
        self._meter = meter
        self._clock = clock
        self._handler = Handler(
            settings,
            holder=holder,
            upstreams=upstreams,
            spool=spool,
            meter=meter,
            prices=prices,
            clock=clock,
            cache=cache,
            dialect=AnthropicErrors(),
            quotas=quotas,
            hosting=hosting,
        )

    @property
    def open_exchanges(self) -> int:
        """Exchanges in progress now: what a drain waits for."""
        return self._handler.open_exchanges

    @property
    def waiting(self) -> int:
        """Requests that wait for a place now."""
        return self._handler.waiting

    @property
    def body_bytes(self) -> int:
        """Bytes of the bodies that are being read or served now."""
        return self._handler.body_bytes

    @property
    def guards(self) -> Guards:
        """The breakers and retry budgets of this process."""
        return self._handler.guards

    async def close(self) -> None:
        """End what goes on without its client; to be called once nothing is accepted any more."""
        await self._handler.close()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        call = call_of(scope)
        client = AsgiClient(scope, receive, send, call)
        try:
            await self._route(call, client, send, str(scope["path"]))
        except ClientGone:
            return  # nobody is left to answer

    def _route(self, call: Call, client: AsgiClient, send: Send, path: str) -> Awaitable[None]:
        """Who serves that path; as in `_posted` what is to be awaited, since each `async` between costs."""
        if path == "/v1/messages":
            return self._posted(call, client, "messages")
        if path == "/v1/chat/completions":
            return self._posted(call, ChatClient(client), CHAT_ROUTE)
        if path == "/v1/messages/count_tokens":
            return self._posted(call, client, "count_tokens")
        if path == "/v1/models" or (path.startswith("/v1/models/") and path.count("/") == 3):
            return self._models(call, client)
        if path == "/v1/feedback":
            return self._feedback(call, client, send)
        if route := workspace_route(path):
            return self._handler.apart.pass_through(call, client, route=route)
        return self._nowhere(call, client, path)

    def _posted(self, call: Call, client: Caller, route: str) -> Awaitable[None]:
        if call.method == "POST":
            return self._handler.messages(call, client, route=route)
        return self._handler.apart.refuse_method(client, self._id(), call, "POST", route)

    async def _models(self, call: Call, client: AsgiClient) -> None:
        if call.method == "GET":
            await self._handler.apart.pass_through(call, client)
        else:
            await self._handler.apart.refuse_method(client, self._id(), call, "GET", "models")

    async def _feedback(self, call: Call, client: AsgiClient, send: Send) -> None:
        """Keep a vote: 200 with what became of it."""
        if call.method != "POST":
            await self._handler.apart.refuse_method(client, self._id(), call, "POST", "feedback")
            return
        try:
            key = self._handler.apart.authenticated(call)
            feedback = read_feedback(await client.body(FEEDBACK_LIMIT))
            vote = Vote(
                request_id=feedback.request_id,
                vote=feedback.vote,
                at=self._clock.now(),
                tenant=key.tenant,
                comment=feedback.comment,
            )
            kept = await self._kept(vote)
        except TidegateError as refusal:
            await self._handler.apart.refuse(client, self._id(), refusal, route="feedback")
            return
        self._meter.add(metrics.FEEDBACK, (feedback.vote, kept))
        self._handler.apart.count("feedback", Outcome.OK)
        await answer(send, 200, b'{"status":"%s"}' % kept.encode())

    async def _kept(self, vote: Vote) -> str:
        """What became of the vote; what ails the store, and where it is, is told to the log alone."""
        try:
            return await self._ledger.vote(vote)
        except StoreUnavailable as away:
            _log.warning("a vote was not kept", extra={"request_id": vote.request_id, "why": str(away)})
            raise StoreUnavailable(
                "the vote was not kept: the gateway's store does not answer now; send it again later"
            ) from away
        except InvalidInput as refusal:
            _log.warning(
                "a vote was refused by the store", extra={"request_id": vote.request_id, "why": str(refusal)}
            )
            raise InvalidInput(
                "the vote was not kept: the store cannot hold its request_id or comment; change them"
            ) from refusal

    async def _nowhere(self, call: Call, client: AsgiClient, path: str) -> None:
        missing = NotFound(
            f"{call.method} {path}: not served here; this gateway has /v1/messages, "
            "/v1/messages/count_tokens, /v1/chat/completions, /v1/models and /v1/feedback"
        )
        chat = asks_in_chat(call) or path.startswith(_OPENAI_ONLY)
        told = ChatClient(client) if chat else client
        await self._handler.apart.refuse(told, self._id(), missing, route="other", chat=chat)

    def _id(self) -> str:
        return exchange_id(self._clock.now())
