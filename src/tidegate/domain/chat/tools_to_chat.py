"""The tools of a Messages request, and the choice among them, in chat completions' terms."""

from collections.abc import Mapping

import msgspec

from tidegate.domain.chat.fields import LIST, decoded, text, to_chat_refused
from tidegate.domain.raw_json import encoded, listed


class _Tool(msgspec.Struct):
    name: str = ""
    type: str = "custom"
    description: str | None = None
    input_schema: msgspec.Raw = msgspec.Raw(b"{}")
    strict: bool | None = None


_TOOL = msgspec.json.Decoder(_Tool)


class _Choice(msgspec.Struct):
    type: str
    name: str = ""
    disable_parallel_tool_use: bool | None = None


_CHOICE = msgspec.json.Decoder(_Choice)


def tools(given: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The request's `tools`; raises InvalidInput for the provider's own, which only it can run."""
    if "tools" not in given:
        return {}
    raw = decoded(given["tools"], LIST, "tools")
    made = [_tool(each, f"tools.{place}") for place, each in enumerate(raw)]
    return {"tools": listed(made)} if made else {}


def _tool(raw: msgspec.Raw, place: str) -> bytes:
    tool = decoded(raw, _TOOL, place)
    if tool.type != "custom":
        raise to_chat_refused(place, f"{tool.type} is a tool of Anthropic's own, which only Anthropic runs")
    function = {"name": text(tool.name)}
    if tool.description is not None:
        function["description"] = text(tool.description)
    function["parameters"] = bytes(tool.input_schema)
    if tool.strict is not None:
        function["strict"] = msgspec.json.encode(tool.strict)
    return encoded({"type": b'"function"', "function": encoded(function)})


def tool_choice(given: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The request's `tool_choice` and `parallel_tool_calls`; empty where nothing is asked."""
    if "tool_choice" not in given:
        return {}
    choice = decoded(given["tool_choice"], _CHOICE, "tool_choice")
    made = {"tool_choice": _choice(choice)}
    if choice.disable_parallel_tool_use:
        made["parallel_tool_calls"] = b"false"
    return made


def _choice(choice: _Choice) -> bytes:
    if choice.type == "tool":
        return encoded({"type": b'"function"', "function": encoded({"name": text(choice.name)})})
    if choice.type not in _CHOICES:
        raise to_chat_refused("tool_choice", f"the type {choice.type} has no counterpart")
    return _CHOICES[choice.type]


_CHOICES = {"none": b'"none"', "auto": b'"auto"', "any": b'"required"'}
