"""Reading a chat completions body: strict shapes first, then what the API enforces between its fields."""

from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tidegate.harness.emulator.chat_schema import (
    AssistantMessage,
    ChatCompletionsRequest,
    Message,
    NamedChoice,
    ToolMessage,
)
from tidegate.harness.emulator.refusal import Refusal


def read_chat_request(body: bytes) -> ChatCompletionsRequest:
    """Parse and check the body of `POST /v1/chat/completions`; raises Refusal (400)."""
    try:
        request = ChatCompletionsRequest.model_validate_json(body)
    except ValidationError as problem:
        raise Refusal(400, _message(problem.errors(include_url=False)[0])) from None
    _check_messages(request.messages)
    _check_tools(request)
    _check_fields(request)
    return request


def _message(error: ErrorDetails) -> str:
    if error["type"] == "json_invalid":
        return "We could not parse the JSON body of your request."
    place = ".".join(str(step) for step in error["loc"] if not str(step).startswith("@"))
    if error["type"] == "missing":
        return f"Missing required parameter: '{place}'."
    if error["type"] == "extra_forbidden":
        return f"Unrecognized request argument supplied: {place}"
    return f"Invalid value for '{place}': {error['msg']}"


def _check_messages(messages: Sequence[Message]) -> None:
    """Every call is answered right after, every result has its call."""
    waiting: list[str] = []
    for index, message in enumerate(messages):
        if isinstance(message, ToolMessage):
            if message.tool_call_id not in waiting:
                raise Refusal(
                    400,
                    f"Invalid parameter: messages[{index}] with role 'tool' must be a response to a preceding"
                    " message with 'tool_calls'.",
                )
            waiting.remove(message.tool_call_id)
            continue
        _check_answered(waiting)
        if isinstance(message, AssistantMessage):
            waiting = [call.id for call in message.tool_calls or ()]
            if not waiting and message.content is None and message.refusal is None:
                raise Refusal(
                    400, f"Invalid value for 'content': messages[{index}] has neither it nor calls."
                )
    _check_answered(waiting)


def _check_answered(waiting: Sequence[str]) -> None:
    if waiting:
        raise Refusal(
            400,
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
            " 'tool_call_id'. The following tool_call_ids did not have response messages: "
            + ", ".join(waiting),
        )


def _check_tools(request: ChatCompletionsRequest) -> None:
    names = [tool.function.name for tool in request.tools or ()]
    if request.tool_choice is not None and not names:
        raise Refusal(400, "Invalid value for 'tool_choice': only allowed when 'tools' are specified.")
    if request.parallel_tool_calls is not None and not names:
        raise Refusal(
            400, "Invalid value for 'parallel_tool_calls': only allowed when 'tools' are specified."
        )
    if isinstance(request.tool_choice, NamedChoice) and request.tool_choice.function.name not in names:
        raise Refusal(
            400, f"Tool choice '{request.tool_choice.function.name}' not found in 'tools' parameter."
        )


def _check_fields(request: ChatCompletionsRequest) -> None:
    if request.stream_options is not None and not request.stream:
        raise Refusal(400, "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
    if request.max_tokens is not None and request.max_completion_tokens is not None:
        raise Refusal(
            400, "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        )
    if request.top_logprobs is not None and not request.logprobs:
        raise Refusal(400, "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.")
    form = request.response_format
    if form is not None and form.type == "json_schema" and form.json_schema is None:
        raise Refusal(400, "Missing required parameter: 'response_format.json_schema'.")
