"""The list of models for a client that speaks OpenAI's dialect."""

import msgspec

from tidegate.domain.chat.errors import error_to_chat
from tidegate.domain.chat.models import models_to_chat
from tidegate.serving.client import Call


def asks_in_chat(call: Call) -> bool:
    """Whether a caller of a path that both APIs have, or neither, expects OpenAI's shape.

    Their SDKs tell themselves apart: Anthropic's always sends `anthropic-version`, OpenAI's a bearer token.
    """
    if call.header(b"anthropic-version") or call.header(b"x-api-key"):
        return False
    return bool(call.header(b"authorization"))


def told_in_chat(status: int, body: bytes) -> bytes:
    """The answer of a Messages API upstream to `/v1/models`; one in an unknown shape stays as it is."""
    if status >= 400:
        return error_to_chat(status, body)
    try:
        return models_to_chat(body)
    except msgspec.DecodeError:
        return body
