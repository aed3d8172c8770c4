"""The hosted loop for a client of chat completions: its request as the loop knows it, seals taken off."""

from collections.abc import Callable

import msgspec

from tidegate.domain.chat.fields import LIST, decoded
from tidegate.domain.chat.kept_fields import is_limited, parted
from tidegate.domain.chat.to_chat import to_chat
from tidegate.domain.chat.to_messages import to_messages
from tidegate.domain.errors import InvalidInput
from tidegate.domain.raw_json import encoded, listed
from tidegate.serving.chat_request import ChatRequest
from tidegate.serving.hosted.hosting import Engagement, Hosting
from tidegate.serving.hosted.restore import is_sealed
from tidegate.serving.hosted.seal import MARK, original
from tidegate.serving.hosted.tools import refuse_reserved
from tidegate.serving.metering import Draft
from tidegate.serving.provider_side import Asked
from tidegate.serving.request import MessagesRequest, read_request
from tidegate.serving.snapshot import RoutingSnapshot
from tidegate.serving.upstreams import Upstreams

_MARK = MARK.encode()


class _Id(msgspec.Struct):
    id: str | None = None


class _Message(msgspec.Struct):
    tool_calls: list[msgspec.Raw] | None = None
    tool_call_id: str | None = None


_ID = msgspec.json.Decoder(_Id)
_MESSAGE = msgspec.json.Decoder(_Message)
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Engaged(msgspec.Struct, frozen=True):
    """A request for its plain way, the same for the skills' way, and what hosting adds to that.

    `whole` is told in the Messages API's terms where the gateway's tools are offered.
    """

    plain: ChatRequest
    whole: Asked
    engaged: Engagement


class ChatHosting:
    """Offers the gateway's tools to the models of such clients, and takes sealed calls back."""

    def __init__(self, hosting: Hosting, upstreams: Upstreams) -> None:
        self._hosting = hosting
        self._upstreams = upstreams

    async def engage(
        self, draft: Draft, request: ChatRequest, current: Callable[[], RoutingSnapshot]
    ) -> Engaged:
        """What the request's assignment calls for; raises InvalidInput for a tool with a reserved name."""
        if "tools" in request.top:
            refuse_reserved(request.top)
        sealed = is_sealed(request.raw)
        if not sealed and not _has_files(draft):
            return Engaged(request, request, self._hosting.unhosted(draft, current))
        plain = unsealed_chat(request) if sealed else request
        try:
            across, kept = self._across(draft, request)
        except InvalidInput:  # it, or its answer, may have a shape that only chat completions have
            return Engaged(plain, plain, self._hosting.unhosted(draft, current))
        engaged = self._hosting.engage(draft, across, current)
        _, whole = await self._hosting.unsealed(draft, across, engaged)
        if engaged.desk is None:
            return Engaged(plain, plain, engaged)
        limited = not kept or is_limited(request.top)
        return Engaged(plain, whole, msgspec.structs.replace(engaged, kept=kept, limited=limited))

    def _across(self, draft: Draft, request: ChatRequest) -> tuple[MessagesRequest, bytes]:
        """The request in the Messages API's terms, and the fields kept beside it; raises InvalidInput, also
        where an upstream of chat completions could not be told it again.
        """
        if not self._in_chat(draft, request):
            return request.crossed(), b""
        told, kept = parted(request.top)
        body = encoded(to_messages(told))
        to_chat(body, limit_name="max_tokens")
        return read_request(body), kept

    def _in_chat(self, draft: Draft, request: ChatRequest) -> bool:
        """Whether the model's upstream speaks chat completions; one without a key is not asked at all."""
        model, tenant = draft.assignment.model or request.model, draft.key.tenant
        if not self._upstreams.is_open(model, None, tenant):
            return False
        return self._upstreams.endpoint(model, tenant).chat


def _has_files(draft: Draft) -> bool:
    assignment = draft.assignment
    return any(assignment.variant.skills[use.name].files for use in assignment.skills)


def unsealed_chat(request: ChatRequest) -> ChatRequest:
    """The request without seals: every id as the provider gave it; all else keeps its bytes."""
    messages = decoded(request.top["messages"], LIST, "messages")
    bare = listed([_bare(bytes(each)) if _MARK in bytes(each) else bytes(each) for each in messages])
    top = {**request.top, "messages": msgspec.Raw(bare)}
    return msgspec.structs.replace(request, raw=encoded(top), top=top)


def _bare(raw: bytes) -> bytes:
    try:
        message = _MESSAGE.decode(raw)
        changed: dict[str, bytes] = {}
        if message.tool_call_id and MARK in message.tool_call_id:
            changed["tool_call_id"] = msgspec.json.encode(original(message.tool_call_id))
        if message.tool_calls:
            changed["tool_calls"] = listed([_bare_call(bytes(call)) for call in message.tool_calls])
    except msgspec.DecodeError:
        return raw  # the upstream words what is wrong with it
    return encoded({**_MEMBERS.decode(raw), **changed}) if changed else raw


def _bare_call(raw: bytes) -> bytes:
    called = _ID.decode(raw).id
    if not called or MARK not in called:
        return raw
    return encoded({**_MEMBERS.decode(raw), "id": msgspec.json.encode(original(called))})
