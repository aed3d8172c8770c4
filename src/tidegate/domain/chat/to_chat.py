"""A Messages request as a chat completions request.

What has a counterpart is carried over. Hints to the other provider (cache breakpoints, service tiers) are
left out, and so is thinking, which only the model that thought can read. What would change the answer and has
no counterpart is refused, never dropped.
"""

from collections.abc import Callable, Mapping

import msgspec

from tidegate.domain.chat.fields import NULL, STRING, TOP, decoded, text, to_chat_refused
from tidegate.domain.chat.tools_to_chat import tool_choice, tools
from tidegate.domain.chat.turns_to_chat import messages
from tidegate.domain.errors import InvalidInput
from tidegate.domain.raw_json import encoded, listed

LEFT_OUT = frozenset({"cache_control", "diagnostics", "service_tier", "speed"})

LONGEST_USER = 64
"""Characters of `user` that OpenAI takes; a longer one is left out, not cut."""

Fields = Mapping[str, bytes]
Rule = Callable[[bytes], Fields | None]


class ChatRequest(msgspec.Struct, frozen=True):
    """The translated body, and what of the request its answer depends on."""

    body: bytes
    stream: bool
    thinking: bool
    """The client asked for the model's thinking: reasoning in the answer is shown to it."""
    model: str
    as_written: bool = False
    """The client speaks chat completions too: it gets a call's arguments though they are no JSON object."""


class _Thinking(msgspec.Struct):
    type: str = ""
    budget_tokens: int | None = None


_THINKING = msgspec.json.Decoder(_Thinking)


def to_chat(body: bytes, *, limit_name: str) -> ChatRequest:
    """The translated request; raises InvalidInput, naming what cannot be carried.

    `limit_name` is what the server calls the limit of an answer: `max_tokens`, or `max_completion_tokens`.
    """
    top = decoded(body, TOP, "the body")
    given = {name: bytes(raw) for name, raw in top.items() if bytes(raw) != NULL}
    for name in ("model", "messages", "max_tokens"):
        if name not in given:
            raise InvalidInput(f"{name}: Field required")
    made = {
        "model": given["model"],
        "messages": listed(messages(given["messages"], given.get("system"))),
        **tools(given),
        **tool_choice(given),
        **_translated(given),
        limit_name: given["max_tokens"],
    }
    stream = given.get("stream", b"false").strip() == b"true"
    if stream:
        made["stream_options"] = b'{"include_usage":true}'
    return ChatRequest(encoded(made), stream, _thinks(given), decoded(given["model"], STRING, "model"))


def _translated(given: Fields) -> Fields:
    made: dict[str, bytes] = {}
    for name, raw in given.items():
        if name in _DONE or name in LEFT_OUT:
            continue
        fields = _RULES[name](raw) if name in _RULES else None
        if fields is None:
            raise to_chat_refused(name)
        made.update(fields)
    return made


def _thinks(given: Fields) -> bool:
    if "thinking" not in given:
        return False
    return decoded(given["thinking"], _THINKING, "thinking").type in ("enabled", "adaptive")


def _same(name: str) -> Rule:
    return lambda raw: {name: raw}


class _Metadata(msgspec.Struct):
    user_id: str | None = None


_METADATA = msgspec.json.Decoder(_Metadata)


def _metadata(raw: bytes) -> Fields:
    user = decoded(raw, _METADATA, "metadata").user_id
    return {"user": text(user)} if user and len(user) <= LONGEST_USER else {}


def _thinking(raw: bytes) -> Fields:
    """A budget as the effort nearest to it; thinking left to the model, or off, is the default."""
    budget = decoded(raw, _THINKING, "thinking").budget_tokens
    if budget is None:
        return {}
    return {"reasoning_effort": b'"low"' if budget <= 2048 else b'"medium"' if budget <= 8192 else b'"high"'}


class _Format(msgspec.Struct):
    type: str
    schema: msgspec.Raw


_FORMAT = msgspec.json.Decoder(_Format)


class _Config(msgspec.Struct):
    effort: str | None = None
    format: _Format | None = None


_CONFIG = msgspec.json.Decoder(_Config)


def _config(raw: bytes) -> Fields:
    config = decoded(raw, _CONFIG, "output_config")
    made: dict[str, bytes] = {}
    if config.effort is not None:
        made["reasoning_effort"] = text("xhigh" if config.effort == "max" else config.effort)
    if config.format is not None:
        made["response_format"] = _response_format(config.format)
    return made


def _output_format(raw: bytes) -> Fields:
    return {"response_format": _response_format(decoded(raw, _FORMAT, "output_format"))}


def _response_format(wanted: _Format) -> bytes:
    if wanted.type != "json_schema":
        raise to_chat_refused("output_config.format", f"the type {wanted.type} has no counterpart")
    schema = {"name": b'"answer"', "schema": bytes(wanted.schema), "strict": b"true"}
    return encoded({"type": b'"json_schema"', "json_schema": encoded(schema)})


_DONE = frozenset({"model", "messages", "system", "max_tokens", "tools", "tool_choice"})

_RULES: Mapping[str, Rule] = {
    "stream": _same("stream"),
    "stop_sequences": _same("stop"),
    "temperature": _same("temperature"),
    "top_p": _same("top_p"),
    "top_k": _same("top_k"),
    "metadata": _metadata,
    "thinking": _thinking,
    "output_config": _config,
    "output_format": _output_format,
}
"""`top_k` is no field of OpenAI's, but of vLLM, llama.cpp and others; who does not know it says so."""
