"""A message of the Messages API as a chat completion."""

import msgspec

from tidegate.domain.chat.names import chat_id, finish_reason
from tidegate.domain.chat.unreadable import Unreadable
from tidegate.domain.chat.usage import TokenCounts, chat_usage


class _Block(msgspec.Struct):
    type: str
    text: str = ""
    thinking: str = ""
    id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"{}")


class _Message(msgspec.Struct):
    id: str
    model: str
    content: list[_Block]
    stop_reason: str | None = None
    usage: TokenCounts = msgspec.field(default_factory=TokenCounts)


_MESSAGE = msgspec.json.Decoder(_Message)


def answer_to_chat(body: bytes, *, created: int) -> bytes:
    """The chat completion; `created` in epoch seconds. Raises Unreadable.

    Thinking is told as `reasoning_content`, as DeepSeek, vLLM and others do. Blocks of the provider's own
    tools have no counterpart; a client of chat completions cannot have asked for them.
    """
    try:
        message = _MESSAGE.decode(body)
    except msgspec.DecodeError as error:
        raise Unreadable(f"the upstream's answer is no message: {error}") from error
    choice = {
        "index": 0,
        "message": _said(message),
        "logprobs": None,
        "finish_reason": finish_reason(message.stop_reason),
    }
    return msgspec.json.encode(
        {
            "id": chat_id(message.id),
            "object": "chat.completion",
            "created": created,
            "model": message.model,
            "choices": [choice],
            "usage": chat_usage(message.usage),
        }
    )


def _said(message: _Message) -> dict[str, object]:
    words = "".join(block.text for block in message.content if block.type == "text")
    thoughts = "".join(block.thinking for block in message.content if block.type == "thinking")
    calls = [_call(block) for block in message.content if block.type == "tool_use"]
    said: dict[str, object] = {
        "role": "assistant",
        "content": words or (None if calls else ""),
        "refusal": None,
    }
    if thoughts:
        said["reasoning_content"] = thoughts
    if calls:
        said["tool_calls"] = calls
    return said


def _call(block: _Block) -> dict[str, object]:
    given = bytes(block.input)
    written = msgspec.json.decode(given, type=str) if given.startswith(b'"') else given.decode()
    function = {"name": block.name, "arguments": written}
    return {"id": block.id, "type": "function", "function": function}
