"""A whole chat completion as a message of the Messages API."""

import msgspec

from tidegate.domain.chat.completion import Call, Choice, Completion, Said, read_completion, read_usage
from tidegate.domain.chat.names import message_id, stop_reason
from tidegate.domain.chat.unreadable import Unreadable
from tidegate.domain.chat.usage import message_usage


def answer_to_messages(
    body: bytes, *, model: str, thinking: bool, fallback_id: str, as_written: bool = False
) -> bytes:
    """The message; `model` and `fallback_id` stand where the server names none. Raises Unreadable.

    Reasoning becomes an unsigned thinking block, if the client asked for thinking: no other expects one.
    `as_written` has a call's arguments that are no JSON object as a text in its `input`, where
    `answer_to_chat` finds them.
    """
    try:
        completion = read_completion(body)
    except msgspec.DecodeError as error:
        raise Unreadable(f"the upstream's answer is no chat completion: {error}") from error
    choice = next((choice for choice in completion.choices if choice.message is not None), None)
    if choice is None or choice.message is None:
        raise Unreadable("the upstream's chat completion has no choice with a message")
    identifier = completion.id or fallback_id
    content = _content(choice.message, identifier, thinking=thinking, as_written=as_written)
    return msgspec.json.encode(
        _message(
            completion,
            choice,
            choice.message,
            content,
            model=completion.model or model,
            identifier=identifier,
        )
    )


def _message(
    completion: Completion,
    choice: Choice,
    said: Said,
    content: list[dict[str, object]],
    *,
    model: str,
    identifier: str,
) -> dict[str, object]:
    reason = stop_reason(choice.finish_reason, calls=bool(said.tool_calls), stopped_by=choice.stopped_by)
    return {
        "id": message_id(identifier),
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": "refusal" if said.refusal and not said.content else reason,
        "stop_sequence": choice.stopped_by,
        "usage": message_usage(read_usage(completion)),
    }


def _content(said: Said, identifier: str, *, thinking: bool, as_written: bool) -> list[dict[str, object]]:
    blocks: list[dict[str, object]] = []
    if thinking and said.thought:
        blocks.append({"type": "thinking", "thinking": said.thought, "signature": ""})
    blocks.extend({"type": "text", "text": words} for words in (said.content, said.refusal) if words)
    blocks.extend(
        _tool_use(call, call_id(call, identifier, place), as_written=as_written)
        for place, call in enumerate(said.tool_calls or ())
    )
    return blocks


def call_id(call: Call, identifier: str, place: int) -> str:
    """The call's id; one made of the answer's where the server gives none."""
    return call.id or f"call_{''.join(filter(str.isalnum, identifier))}_{place}"


def _tool_use(call: Call, identifier: str, *, as_written: bool) -> dict[str, object]:
    arguments = (call.function.arguments or "").strip() or "{}"
    try:
        msgspec.json.decode(arguments, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError as error:
        if as_written:
            return _called(call, identifier, call.function.arguments)
        raise Unreadable(
            f"the upstream's model called {call.function.name} with what is no JSON object: {error}"
        ) from error
    return _called(call, identifier, msgspec.Raw(arguments.encode()))


def _called(call: Call, identifier: str, given: object) -> dict[str, object]:
    return {"type": "tool_use", "id": identifier, "name": call.function.name or "", "input": given}
