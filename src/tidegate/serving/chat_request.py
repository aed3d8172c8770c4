"""A chat completions request read at the edge: the top level as raw spans, and what serving acts on."""

from collections.abc import Mapping

import msgspec

from tidegate.domain.chat.to_messages import to_messages
from tidegate.domain.raw_json import encoded
from tidegate.domain.transcript import Turn
from tidegate.serving.recordable import asked_model
from tidegate.serving.request import (
    Block,
    MessagesRequest,
    optional,
    read_request,
    required,
    texts,
    top_level,
)


class _Message(msgspec.Struct):
    role: str
    content: str | list[Block] | None = None


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


_TEXT = msgspec.json.Decoder(str)
_OPTIONAL_TEXT = msgspec.json.Decoder(str | None)
_FLAG = msgspec.json.Decoder(bool | None)
_MESSAGES = msgspec.json.Decoder(list[_Message])
_OPTIONS = msgspec.json.Decoder(_StreamOptions | None)


class ChatRequest(msgspec.Struct, frozen=True):
    """One request body: `raw` as it came, `top` its top-level values as raw JSON in the client's order."""

    raw: bytes
    top: Mapping[str, msgspec.Raw]
    model: str
    stream: bool
    user_id: str | None
    turns: tuple[Turn, ...]
    include_usage: bool
    """The client wants a stream's usage, as its last chunk."""
    named: tuple[str, ...] = ()
    """A body in this dialect names no skills; the header `tidegate-skills` may."""

    def crossed(self) -> MessagesRequest:
        """The same request in the Messages API's terms; raises InvalidInput where they lack a word for it."""
        return read_request(encoded(to_messages(self.top)))


def read_chat_request(body: bytes) -> ChatRequest:
    """Read a body; raises InvalidInput where it is no JSON object, repeats a key, or has a field amiss."""
    top = top_level(body, "`model` and `messages`")
    options = optional(top, "stream_options", _OPTIONS)
    user = optional(top, "user", _OPTIONAL_TEXT) or optional(top, "safety_identifier", _OPTIONAL_TEXT)
    return ChatRequest(
        raw=body,
        top=top,
        model=asked_model(required(top, "model", _TEXT)),
        stream=optional(top, "stream", _FLAG) is True,
        user_id=user,
        turns=tuple(
            _turn(message, place) for place, message in enumerate(required(top, "messages", _MESSAGES))
        ),
        include_usage=options is not None and options.include_usage is True,
    )


def _turn(message: _Message, place: int) -> Turn:
    content = message.content
    if message.role != "user" or content is None:
        return Turn(message.role)
    return Turn("user", (content,) if isinstance(content, str) else texts(content, place))
