"""The shape of a chat completions request, as strict pydantic models.

Source: the API reference and the parameter types of the official SDK. Unlike several servers of open models,
OpenAI refuses a field it does not know.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag


class ChatPart(BaseModel):
    """A JSON object whose keys are all known."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class OpenChatPart(BaseModel):
    """A JSON object that may carry keys the emulator has no rule for."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)


class TextPart(ChatPart):
    """A piece of text."""

    type: Literal["text"]
    text: str
    prompt_cache_breakpoint: dict[str, object] | None = None


class ImageUrl(ChatPart):
    """Where an image is, or the image itself as a data: URL."""

    url: str
    detail: Literal["auto", "low", "high"] | None = None


class ImagePart(ChatPart):
    """An image."""

    type: Literal["image_url"]
    image_url: ImageUrl


class OtherPart(OpenChatPart):
    """Audio or a file; taken as it is."""

    type: Literal["input_audio", "file"]


class RefusalPart(ChatPart):
    """What the model refused with."""

    type: Literal["refusal"]
    refusal: str


UserPart = Annotated[TextPart | ImagePart | OtherPart, Field(discriminator="type")]
AssistantPart = Annotated[TextPart | RefusalPart, Field(discriminator="type")]


def _shape(value: object) -> str:
    return "@text" if isinstance(value, str) else "@parts"


Words = Annotated[
    Annotated[str, Tag("@text")] | Annotated[list[TextPart], Tag("@parts")], Discriminator(_shape)
]
Content = Annotated[
    Annotated[str, Tag("@text")] | Annotated[list[UserPart], Tag("@parts")], Discriminator(_shape)
]
Said = Annotated[
    Annotated[str, Tag("@text")] | Annotated[list[AssistantPart], Tag("@parts")], Discriminator(_shape)
]


class SystemMessage(ChatPart):
    """What the developer says before the conversation, or within it."""

    role: Literal["system", "developer"]
    content: Words
    name: str | None = None


class UserMessage(ChatPart):
    """What the user says."""

    role: Literal["user"]
    content: Content
    name: str | None = None


class CalledFunction(ChatPart):
    """The function the model called; its arguments are a JSON text."""

    name: str
    arguments: str


class ToolCall(ChatPart):
    """The model's call of a tool, given back by the client."""

    id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]+$")]
    type: Literal["function"]
    function: CalledFunction


class AssistantMessage(OpenChatPart):
    """What the model said; servers that reason add keys of their own."""

    role: Literal["assistant"]
    content: Said | None = None
    refusal: str | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None


class ToolMessage(ChatPart):
    """What a tool answered."""

    role: Literal["tool"]
    content: Words
    tool_call_id: str


Message = Annotated[SystemMessage | UserMessage | AssistantMessage | ToolMessage, Field(discriminator="role")]


class Function(ChatPart):
    """A function the client runs."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    description: str | None = None
    parameters: dict[str, object] | None = None
    strict: bool | None = None


class FunctionTool(ChatPart):
    """A function as a tool."""

    type: Literal["function"]
    function: Function


class Named(ChatPart):
    """A function by its name."""

    name: str


class NamedChoice(ChatPart):
    """The model must call this function."""

    type: Literal["function"]
    function: Named


class JsonSchema(ChatPart):
    """A schema for the answer's text."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    description: str | None = None
    schema_: Annotated[dict[str, object] | None, Field(alias="schema")] = None
    strict: bool | None = None


class ResponseFormat(ChatPart):
    """How the answer is shaped."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class StreamOptions(ChatPart):
    """What a stream has besides the answer."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class ChatCompletionsRequest(ChatPart):
    """The body of `POST /v1/chat/completions`."""

    model: Annotated[str, Field(min_length=1)]
    messages: Annotated[list[Message], Field(min_length=1)]
    audio: dict[str, object] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    logit_bias: dict[str, int] | None = None
    logprobs: bool | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    metadata: dict[str, str] | None = None
    modalities: list[Literal["text", "audio"]] | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = None
    parallel_tool_calls: bool | None = None
    prediction: dict[str, object] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    response_format: ResponseFormat | None = None
    safety_identifier: Annotated[str, Field(max_length=64)] | None = None
    seed: int | None = None
    service_tier: str | None = None
    stop: str | Annotated[list[str], Field(max_length=4)] | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedChoice | None = None
    tools: Annotated[list[FunctionTool], Field(max_length=128)] | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    user: str | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    web_search_options: dict[str, object] | None = None
