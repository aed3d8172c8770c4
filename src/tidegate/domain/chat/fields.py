"""JSON values as raw bytes: read into a shape where something depends on them, else copied as they are."""

from typing import TypeVar

import msgspec

from tidegate.domain.errors import InvalidInput

T = TypeVar("T")

NULL = b"null"


LIST = msgspec.json.Decoder(list[msgspec.Raw])
TOP = msgspec.json.Decoder(dict[str, msgspec.Raw])
STRING = msgspec.json.Decoder(str)
FLAG = msgspec.json.Decoder(bool)
NUMBER = msgspec.json.Decoder(float)
WHOLE = msgspec.json.Decoder(int)


def decoded(raw: msgspec.Raw | bytes, decoder: msgspec.json.Decoder[T], place: str) -> T:
    """The value in the decoder's shape; raises InvalidInput with its place."""
    try:
        return decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"{place}: {error}, counted from `{place}` as `$`") from error


def text(value: str) -> bytes:
    """A JSON string."""
    return msgspec.json.encode(value)


def to_messages_refused(place: str, why: str = "") -> InvalidInput:
    """What a chat completion asks that an upstream of the Messages API cannot do."""
    reason = why or "has no counterpart in the Messages API, which this model's upstream speaks"
    return InvalidInput(
        f"{place}: {reason}; leave it out, or ask for a model of an OpenAI-compatible upstream"
    )


def to_chat_refused(place: str, why: str = "") -> InvalidInput:
    """What a Messages request asks that an upstream of chat completions cannot do."""
    reason = why or "has no counterpart in chat completions, which this model's upstream speaks"
    return InvalidInput(f"{place}: {reason}; leave it out, or ask for a model of an Anthropic upstream")
