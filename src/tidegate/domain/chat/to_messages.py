"""A chat completions request as a Messages request.

What has a counterpart is carried over. What only steers how the other provider works (storing, routing, its
caches) is left out. What would change the answer and has no counterpart is refused, never dropped.
"""

from collections.abc import Callable, Mapping

import msgspec

from tidegate.domain.chat.fields import FLAG, NULL, NUMBER, STRING, WHOLE, decoded, to_messages_refused
from tidegate.domain.chat.tools_to_messages import tool_choice, tools
from tidegate.domain.chat.turns_to_messages import turns
from tidegate.domain.raw_json import encoded, listed

DEFAULT_MAX_TOKENS = 16_384
"""The Messages API needs a limit; chat completions do not."""

LEFT_OUT = frozenset(
    {
        "metadata",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "seed",
        "service_tier",
        "store",
        "stream_options",
        "verbosity",
    }
)
"""Hints: an answer without them is still an answer to the request."""

_STOP = msgspec.json.Decoder(str | list[str])

Fields = Mapping[str, bytes]
Rule = Callable[[bytes], Fields | None]
"""What a value becomes; None where it has no counterpart."""


def to_messages(top: Mapping[str, msgspec.Raw]) -> dict[str, bytes]:
    """The top level of the Messages request; raises InvalidInput, naming what cannot be carried."""
    given = {name: bytes(raw) for name, raw in top.items() if bytes(raw) != NULL}
    transcript = turns(top["messages"])
    body: dict[str, bytes] = {"messages": listed(transcript.turns)}
    if transcript.system:
        body["system"] = listed(transcript.system)
    body |= tools(given)
    body |= tool_choice(given)
    _translate(given, body)
    body.setdefault("max_tokens", b"%d" % DEFAULT_MAX_TOKENS)
    return body


def _translate(given: Fields, body: dict[str, bytes]) -> None:
    """Take over all that has a counterpart; raises InvalidInput for what has none."""
    config: dict[str, bytes] = {}
    for name, raw in given.items():
        if name in _DONE or name in LEFT_OUT:
            continue
        fields = _RULES[name](raw) if name in _RULES else None
        if fields is None:
            raise to_messages_refused(name, _WHY.get(name, ""))
        for key, value in fields.items():
            (config if key in ("effort", "format") else body)[key] = value
    if config:
        body["output_config"] = encoded(config)


def _same(name: str) -> Rule:
    return lambda raw: {name: raw}


def _stream(raw: bytes) -> Fields:
    decoded(raw, FLAG, "stream")
    return {"stream": raw}


def _temperature(raw: bytes) -> Fields | None:
    return {"temperature": raw} if decoded(raw, NUMBER, "temperature") <= 1 else None


def _stop(raw: bytes) -> Fields:
    stops = decoded(raw, _STOP, "stop")
    return {"stop_sequences": listed([raw]) if isinstance(stops, str) else raw}


def _user(raw: bytes) -> Fields:
    decoded(raw, STRING, "user")
    return {"metadata": encoded({"user_id": raw})}


def _limit(name: str) -> Rule:
    def rule(raw: bytes) -> Fields:
        decoded(raw, WHOLE, name)
        return {"max_tokens": raw}

    return rule


def _neutral(*values: bytes) -> Rule:
    """Left out where the value is the one that changes nothing, else without counterpart."""
    return lambda raw: {} if raw.replace(b" ", b"") in values else None


class _Schema(msgspec.Struct):
    schema: msgspec.Raw = msgspec.Raw(b"")


class _Format(msgspec.Struct):
    type: str
    json_schema: _Schema = msgspec.field(default_factory=_Schema)


_FORMAT = msgspec.json.Decoder(_Format)


def _response_format(raw: bytes) -> Fields | None:
    wanted = decoded(raw, _FORMAT, "response_format")
    if wanted.type == "text":
        return {}
    if wanted.type != "json_schema":
        return None
    schema = bytes(wanted.json_schema.schema)
    if not schema:
        raise to_messages_refused("response_format.json_schema.schema", "is missing")
    return {"format": encoded({"type": b'"json_schema"', "schema": schema})}


def _effort(raw: bytes) -> Fields | None:
    """`none` is what the Messages API does by itself; its lowest effort stands for `minimal`."""
    effort = decoded(raw, STRING, "reasoning_effort")
    return {} if effort == "none" else {"effort": b'"low"' if effort == "minimal" else raw}


_DONE = frozenset({"messages", "tools", "tool_choice", "parallel_tool_calls"})

_RULES: Mapping[str, Rule] = {
    "model": _same("model"),
    "stream": _stream,
    "temperature": _temperature,
    "top_p": _same("top_p"),
    "stop": _stop,
    "user": _user,
    "max_tokens": _limit("max_tokens"),
    "max_completion_tokens": _limit("max_completion_tokens"),
    "response_format": _response_format,
    "reasoning_effort": _effort,
    "n": _neutral(b"1"),
    "frequency_penalty": _neutral(b"0", b"0.0"),
    "presence_penalty": _neutral(b"0", b"0.0"),
    "logit_bias": _neutral(b"{}"),
    "logprobs": _neutral(b"false"),
    "top_logprobs": _neutral(b"0"),
    "modalities": _neutral(b'["text"]'),
    "top_k": _same("top_k"),
    "thinking": _same("thinking"),
}
"""The last two are no fields of chat completions, but of the Messages API: asked for by those who know it."""

_WHY = {
    "temperature": "the Messages API takes 0 to 1",
    "response_format": "only `text` and `json_schema` have a counterpart in the Messages API",
    "functions": "this form is obsolete and has no counterpart: send `tools`",
    "function_call": "this form is obsolete and has no counterpart: send `tool_choice`",
    "n": "the Messages API gives one answer to a request",
}
