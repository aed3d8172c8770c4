"""The tools of a chat completions request, and the choice among them, in the Messages API's terms."""

from collections.abc import Mapping

import msgspec

from tidegate.domain.chat.fields import LIST, decoded, text, to_messages_refused
from tidegate.domain.raw_json import encoded, listed

_NO_PARAMETERS = b'{"type":"object","properties":{}}'


class _Function(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: msgspec.Raw = msgspec.Raw(b"")
    strict: bool | None = None


class _Tool(msgspec.Struct):
    type: str = "function"
    function: _Function | None = None
    cache_control: msgspec.Raw = msgspec.Raw(b"")


_TOOL = msgspec.json.Decoder(_Tool)


class _Named(msgspec.Struct):
    name: str


class _Choice(msgspec.Struct):
    type: str
    function: _Named | None = None


_CHOICE = msgspec.json.Decoder(str | _Choice)


def tools(given: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The request's `tools`, if any; raises InvalidInput for a kind the Messages API does not have."""
    if "tools" not in given:
        return {}
    raw = decoded(given["tools"], LIST, "tools")
    made = [_tool(each, f"tools.{place}") for place, each in enumerate(raw)]
    return {"tools": listed(made)} if made else {}


def _tool(raw: msgspec.Raw, place: str) -> bytes:
    tool = decoded(raw, _TOOL, place)
    if tool.type != "function" or tool.function is None:
        raise to_messages_refused(place, f"a tool of type {tool.type} has no counterpart in the Messages API")
    function = tool.function
    made: dict[str, bytes] = {"name": text(function.name)}
    if function.description is not None:
        made["description"] = text(function.description)
    parameters = bytes(function.parameters)
    made["input_schema"] = parameters if parameters not in (b"", b"null") else _NO_PARAMETERS
    if function.strict is not None:
        made["strict"] = msgspec.json.encode(function.strict)
    if tool.cache_control:
        made["cache_control"] = bytes(tool.cache_control)
    return encoded(made)


def tool_choice(given: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The request's `tool_choice`, with `parallel_tool_calls` in it; empty where nothing is asked."""
    one_at_a_time = given.get("parallel_tool_calls", b"true").strip() == b"false"
    choice = _choice(given["tool_choice"]) if "tool_choice" in given else None
    if not given.get("tools", b"[]").strip(b" []"):
        if choice in (None, {"type": b'"auto"'}, {"type": b'"none"'}):
            return {}
        raise to_messages_refused("tool_choice", "is only allowed together with `tools`")
    if one_at_a_time and (choice or {}).get("type") != b'"none"':
        choice = {"type": b'"auto"', **(choice or {}), "disable_parallel_tool_use": b"true"}
    return {"tool_choice": encoded(choice)} if choice else {}


def _choice(raw: bytes) -> Mapping[str, bytes]:
    said = decoded(raw, _CHOICE, "tool_choice")
    if isinstance(said, str):
        if said not in _CHOICES:
            raise to_messages_refused("tool_choice", f"{said!r} is none of none, auto and required")
        return {"type": _CHOICES[said]}
    if said.type == "function" and said.function is not None:
        return {"type": b'"tool"', "name": text(said.function.name)}
    raise to_messages_refused("tool_choice", f"a choice of type {said.type} has no counterpart")


_CHOICES = {"none": b'"none"', "auto": b'"auto"', "required": b'"any"'}
