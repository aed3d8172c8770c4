"""What of a chat completions request stays as its client wrote it, on its way in terms of the Messages API to
an upstream of chat completions: the hosted loop knows messages and tools alone.
"""

from collections.abc import Mapping

import msgspec

from tidegate.domain.chat.fields import NULL, TOP
from tidegate.domain.chat.to_messages import LEFT_OUT
from tidegate.domain.raw_json import encoded

HEADER = b"tidegate-chat-fields"
"""Carries the kept fields to the adapter, within the process: no client's header of this name goes on."""

KEPT = (LEFT_OUT - {"stream_options"}) | {
    "frequency_penalty",
    "logit_bias",
    "presence_penalty",
    "reasoning_effort",
    "response_format",
    "stop",
    "temperature",
    "thinking",
    "top_k",
    "top_p",
    "user",
}
"""They steer how the answer is made, and leave its shape alone."""

_LIMITS = ("max_tokens", "max_completion_tokens")

Members = Mapping[str, msgspec.Raw]


def parted(top: Members) -> tuple[dict[str, msgspec.Raw], bytes]:
    """The members to be told in the Messages API's terms, and those to keep, as a JSON object.

    A limit that the client has not set is kept unset, though the Messages API needs one.
    """
    kept: dict[str, bytes] = {name: bytes(raw) for name, raw in top.items() if name in KEPT}
    if not is_limited(top):
        kept |= dict.fromkeys(_LIMITS, NULL)
    return {name: raw for name, raw in top.items() if name not in KEPT}, encoded(kept)


def is_limited(top: Members) -> bool:
    """Whether the client has set a limit to the tokens of its answer."""
    return any(bytes(top.get(name, NULL)) != NULL for name in _LIMITS)


def with_kept(body: bytes, kept: bytes) -> bytes:
    """The translated body with the kept fields in it; a limit of null is left out."""
    top = {**TOP.decode(body), **TOP.decode(kept)}
    return encoded({name: raw for name, raw in top.items() if name not in _LIMITS or bytes(raw) != NULL})
