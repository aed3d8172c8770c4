"""What a chat completions request is sent as: as it is, or told in the Messages API's terms."""

import msgspec

from tidegate.domain.chat.fields import NULL, TOP
from tidegate.domain.chat.names import MESSAGES_VERSION
from tidegate.domain.errors import InvalidInput
from tidegate.domain.exchange import Outcome
from tidegate.domain.raw_json import encoded
from tidegate.serving.chat_compose import composed_chat
from tidegate.serving.chat_request import ChatRequest
from tidegate.serving.chat_wire import ASKED_FOR_USAGE, CHAT, ChatWire
from tidegate.serving.client import Call
from tidegate.serving.headers import to_upstream
from tidegate.serving.metering import Draft
from tidegate.serving.order import UpstreamRequest
from tidegate.serving.request import MessagesRequest
from tidegate.serving.upstreams import Endpoint

_TARGET = "/v1/messages"
_VERSION = b"anthropic-version"


class Crossing(msgspec.Struct, frozen=True):
    """A chat completions request as the Messages API would have been asked."""

    request: MessagesRequest
    call: Call


def crossing(request: ChatRequest, call: Call) -> Crossing:
    """The request in the Messages API's terms; raises InvalidInput where it cannot be told in them."""
    return Crossing(request.crossed(), crossed_call(call))


def crossed_call(call: Call) -> Call:
    """The call as a client of the Messages API would have made it."""
    headers = call.headers
    if call.header(_VERSION) is None:
        headers = [*headers, (_VERSION, MESSAGES_VERSION)]
    return Call(call.method, _TARGET, headers)


def composed_crossing(request: ChatRequest, draft: Draft, call: Call) -> Crossing | None:
    """The same for the skill path; None, on record as a fallback, where the request cannot be told."""
    try:
        return crossing(request, call)
    except InvalidInput:
        draft.composed, draft.model = False, request.model
        draft.fallback, draft.skill_outcome = "rejected", Outcome.SKILL_ERROR
        return None


def other_model(request: ChatRequest, model: str) -> ChatRequest:
    """The client's request for another model; every other key keeps its bytes and its place."""
    top: dict[str, msgspec.Raw] = {**request.top, "model": msgspec.Raw(msgspec.json.encode(model))}
    return msgspec.structs.replace(request, raw=encoded(top), top=top, model=model)


def own_bytes(request: ChatRequest, draft: Draft, endpoint: Endpoint, call: Call) -> UpstreamRequest:
    """The client's request to an upstream that speaks its dialect: byte for byte, unless it is metered."""
    headers = to_upstream(call.headers, endpoint.credentials)
    request, wire = _metered(request, draft)
    return UpstreamRequest(endpoint, call.target, headers, request.raw, request.model, wire)


def spliced(request: ChatRequest, draft: Draft, endpoint: Endpoint, call: Call) -> UpstreamRequest:
    """The client's request with the assignment's skills and model, to an upstream that speaks its dialect."""
    headers = to_upstream(call.headers, endpoint.credentials)
    request, wire = _metered(request, draft)
    return UpstreamRequest(
        endpoint, call.target, headers, composed_chat(request, draft.assignment), draft.model, wire
    )


def _metered(request: ChatRequest, draft: Draft) -> tuple[ChatRequest, ChatWire]:
    """The request, and how its answer is read: under a limit of tokens or dollars a stream has to tell its
    usage; the client is told it only where it asked.
    """
    if draft.hold is None or not draft.hold.metered or not request.stream or request.include_usage:
        return request, CHAT
    said = bytes(request.top.get("stream_options", NULL)).strip()
    options = {} if said == NULL else TOP.decode(said)
    told = msgspec.Raw(encoded({**options, "include_usage": b"true"}))
    top: dict[str, msgspec.Raw] = {**request.top, "stream_options": told}
    return msgspec.structs.replace(request, raw=encoded(top), top=top), ASKED_FOR_USAGE
