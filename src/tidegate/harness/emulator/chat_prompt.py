"""A chat completions request as the emulator's model reads it: the same transcript in the author's terms."""

from collections.abc import Sequence

import msgspec
from pydantic import ValidationError

from tidegate.harness.emulator.chat_schema import (
    AssistantMessage,
    ChatCompletionsRequest,
    ImagePart,
    Message,
    NamedChoice,
    OtherPart,
    RefusalPart,
    SystemMessage,
    TextPart,
    ToolMessage,
    UserMessage,
)
from tidegate.harness.emulator.models import Model
from tidegate.harness.emulator.refusal import Refusal
from tidegate.harness.emulator.schema import MessagesRequest

Blocks = list[dict[str, object]]


def as_prompt(request: ChatCompletionsRequest, model: Model) -> MessagesRequest:
    """The transcript, tools and limits; the prompt cache keeps its end by itself, as OpenAI's does."""
    turns = _turns(request.messages)
    limit = request.max_completion_tokens or request.max_tokens or model.max_tokens
    stops = [request.stop] if isinstance(request.stop, str) else request.stop
    fields: dict[str, object] = {
        "model": model.id,
        "messages": turns or [{"role": "user", "content": "."}],
        "max_tokens": min(limit, model.max_tokens),
        "system": [
            {"type": "text", "text": words}
            for message in request.messages
            if isinstance(message, SystemMessage) and (words := _words(message.content))
        ],
        "stream": request.stream,
        "stop_sequences": stops,
        "cache_control": {"type": "ephemeral"},
        **_tools(request),
        **_format(request),
    }
    if request.reasoning_effort not in (None, "none"):
        fields["thinking"] = {"type": "adaptive"}
    try:
        return MessagesRequest.model_validate(fields)
    except ValidationError as problem:
        error = problem.errors(include_url=False)[0]
        raise Refusal(400, f"Invalid value for {error['loc']}: {error['msg']}") from None


def _turns(messages: Sequence[Message]) -> list[dict[str, object]]:
    """The turns; what several tools answered to one message is one turn."""
    turns: list[dict[str, object]] = []
    results: Blocks = []
    for message in messages:
        if not isinstance(message, ToolMessage):
            results = []
        match message:
            case SystemMessage():
                continue
            case UserMessage():
                turns.append({"role": "user", "content": _blocks(message.content)})
            case AssistantMessage():
                turns.append({"role": "assistant", "content": _said(message)})
            case ToolMessage():
                result = {"type": "tool_result", "tool_use_id": message.tool_call_id}
                if not results:
                    turns.append({"role": "user", "content": results})
                results.append({**result, "content": _words(message.content)})
    return turns


def _words(content: str | Sequence[TextPart]) -> str:
    return content if isinstance(content, str) else "\n".join(part.text for part in content)


def _blocks(content: str | Sequence[TextPart | ImagePart | OtherPart]) -> Blocks:
    if isinstance(content, str):
        return [_text(content)]
    return [_block(part) for part in content]


def _block(part: TextPart | ImagePart | OtherPart) -> dict[str, object]:
    match part:
        case TextPart():
            return _text(part.text)
        case ImagePart():
            return {"type": "image", "source": {"type": "url", "url": part.image_url.url[:64]}}
        case OtherPart():
            return {"type": "document", "source": {"type": "base64"}}


def _said(message: AssistantMessage) -> Blocks:
    blocks: Blocks = []
    if isinstance(message.content, str):
        blocks.append(_text(message.content))
    else:
        for part in message.content or ():
            blocks.append(_text(part.refusal if isinstance(part, RefusalPart) else part.text))
    for call in message.tool_calls or ():
        try:
            given = msgspec.json.decode(call.function.arguments or "{}", type=dict[str, object])
        except msgspec.DecodeError:
            given = {"arguments": call.function.arguments}
        blocks.append({"type": "tool_use", "id": call.id, "name": call.function.name, "input": given})
    return blocks


def _text(words: str) -> dict[str, object]:
    return {"type": "text", "text": words}


def _tools(request: ChatCompletionsRequest) -> dict[str, object]:
    if not request.tools:
        return {}
    tools = [
        {
            "name": tool.function.name,
            "description": tool.function.description,
            "input_schema": {"type": "object", **(tool.function.parameters or {})},
        }
        for tool in request.tools
    ]
    choice: dict[str, object] = {"type": "auto"}
    if isinstance(request.tool_choice, NamedChoice):
        choice = {"type": "tool", "name": request.tool_choice.function.name}
    elif request.tool_choice is not None:
        choice = {"type": {"required": "any"}.get(request.tool_choice, request.tool_choice)}
    if request.parallel_tool_calls is False and choice["type"] != "none":
        choice["disable_parallel_tool_use"] = True
    return {"tools": tools, "tool_choice": choice}


def _format(request: ChatCompletionsRequest) -> dict[str, object]:
    form = request.response_format
    if form is None or form.type == "text":
        return {}
    schema = form.json_schema.schema_ if form.json_schema and form.json_schema.schema_ else {"type": "object"}
    return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
