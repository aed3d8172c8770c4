"""Ids and reasons to stop, in both dialects."""

MESSAGES_VERSION = b"2023-06-01"
"""The `anthropic-version` that translated requests are written in."""

_CHAT = "chatcmpl-"
_MESSAGE = "msg_"

_FINISHES = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}

_STOPS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}


def chat_id(identifier: str) -> str:
    """A message's id as a chat completion's."""
    return identifier if identifier.startswith(_CHAT) else _CHAT + identifier.removeprefix(_MESSAGE)


def message_id(identifier: str) -> str:
    """A chat completion's id as a message's."""
    return identifier if identifier.startswith(_MESSAGE) else _MESSAGE + identifier.removeprefix(_CHAT)


def finish_reason(stop_reason: str | None) -> str:
    """Why a chat completion ended; a reason not known yet is an ordinary end."""
    return _FINISHES.get(stop_reason or "", "stop")


def stop_reason(finish: str | None, *, calls: bool, stopped_by: str | None = None) -> str:
    """Why a message ended; with `calls` it is for a tool, though some servers say `stop` then.

    `stopped_by` is the stop sequence where the server tells it (vLLM does).
    """
    if stopped_by is not None:
        return "stop_sequence"
    reason = _STOPS.get(finish or "", "end_turn")
    return "tool_use" if calls and reason == "end_turn" else reason
