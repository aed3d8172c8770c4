"""The shape of a Messages request, as strict pydantic models: the API's own error messages come from one.

Tags that begin with `@` name a choice that the API's error locations do not show.
Source: the Messages API reference and the parameter types of the official SDK.
"""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag


class Part(BaseModel):
    """A JSON object whose keys are all known."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class OpenPart(BaseModel):
    """A JSON object that may carry keys the emulator has no rule for."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)


class CacheControl(Part):
    """A cache breakpoint and how long it lives (5 minutes where it does not say)."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None


class Text(Part):
    """A text block."""

    type: Literal["text"]
    text: str
    cache_control: CacheControl | None = None
    citations: object = None


class Attachment(OpenPart):
    """An image, document or search result: its source is taken as it is."""

    type: Literal["image", "document", "search_result"]
    source: dict[str, object] | str
    cache_control: CacheControl | None = None


class Thinking(Part):
    """A thinking block given back by the client."""

    type: Literal["thinking"]
    thinking: str
    signature: str


class ToolUse(Part):
    """The model's call of a tool, given back by the client."""

    type: Literal["tool_use"]
    id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]+$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    input: dict[str, object]
    cache_control: CacheControl | None = None
    caller: object = None
    toolset_name: str | None = None


class ServerPart(OpenPart):
    """A block of the provider's own tools; taken as it is."""

    type: Literal[
        "redacted_thinking",
        "server_tool_use",
        "web_search_tool_result",
        "web_fetch_tool_result",
        "code_execution_tool_result",
        "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result",
        "tool_search_tool_result",
        "mcp_tool_use",
        "mcp_tool_result",
        "container_upload",
        "tool_reference",
    ]
    cache_control: CacheControl | None = None


ResultPart = Annotated[Text | Attachment | ServerPart, Field(discriminator="type")]


def _shape(value: object) -> str:
    return "@text" if isinstance(value, str) else "@blocks"


class ToolResult(Part):
    """What the client's tool answered."""

    type: Literal["tool_result"]
    tool_use_id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]+$")]
    content: (
        Annotated[
            Annotated[str, Tag("@text")] | Annotated[list[ResultPart], Tag("@blocks")], Discriminator(_shape)
        ]
        | None
    ) = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None


Block = Annotated[
    Text | Attachment | Thinking | ToolUse | ToolResult | ServerPart, Field(discriminator="type")
]
Content = Annotated[
    Annotated[str, Tag("@text")] | Annotated[list[Block], Tag("@blocks")], Discriminator(_shape)
]
System = Annotated[
    Annotated[str, Tag("@text")] | Annotated[list[Text], Tag("@blocks")], Discriminator(_shape)
]


class Turn(Part):
    """One message of the transcript."""

    role: Literal["user", "assistant", "system"]
    content: Content


class InputSchema(OpenPart):
    """A tool's JSON schema: an object schema, its other keys taken as they are."""

    type: Literal["object"]


class CustomTool(Part):
    """A tool the client runs."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]
    input_schema: InputSchema
    type: Literal["custom"] | None = None
    description: str | None = None
    cache_control: CacheControl | None = None
    strict: bool | None = None
    defer_loading: bool | None = None
    eager_input_streaming: bool | None = None
    allowed_callers: list[str] | None = None
    input_examples: list[dict[str, object]] | None = None


class ServerTool(OpenPart):
    """A tool the provider runs or defines; taken as it is."""

    type: str
    name: str = ""
    cache_control: CacheControl | None = None


_SERVER_TOOL = re.compile(r"^([a-z_]+_\d{8}|mcp_toolset)$")


def _tool_kind(value: object) -> str:
    """`custom` also for what is neither, so that its error names the tool's fields."""
    kind = value.get("type") if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] # JSON not yet validated: keys and values are unknown by nature
    return "@server" if isinstance(kind, str) and _SERVER_TOOL.match(kind) else "custom"


Tool = Annotated[
    Annotated[CustomTool, Tag("custom")] | Annotated[ServerTool, Tag("@server")], Discriminator(_tool_kind)
]


class ChooseFreely(Part):
    """The model decides."""

    type: Literal["auto"]
    disable_parallel_tool_use: bool | None = None


class ChooseAny(Part):
    """The model must use some tool."""

    type: Literal["any"]
    disable_parallel_tool_use: bool | None = None


class ChooseTool(Part):
    """The model must use this tool."""

    type: Literal["tool"]
    name: str
    disable_parallel_tool_use: bool | None = None


class ChooseNone(Part):
    """The model may not use tools."""

    type: Literal["none"]


ToolChoice = Annotated[ChooseFreely | ChooseAny | ChooseTool | ChooseNone, Field(discriminator="type")]


class ThinkingOn(OpenPart):
    """Extended thinking with a budget in tokens."""

    type: Literal["enabled"]
    budget_tokens: Annotated[int, Field(ge=1024)]


class ThinkingOther(OpenPart):
    """Thinking left to the model, or off."""

    type: Literal["adaptive", "disabled", "between_tools"]


class OutputFormat(OpenPart):
    """Structured output: the answer's text is JSON of this schema."""

    type: Literal["json_schema"]
    schema_: Annotated[dict[str, object], Field(alias="schema")]


class OutputConfig(OpenPart):
    """How the answer is shaped."""

    format: OutputFormat | None = None


class SkillReference(Part):
    """A skill the provider loads into a container."""

    type: Literal["anthropic", "custom"]
    skill_id: str
    version: str | None = None


class Container(Part):
    """A container by id, with the provider's skills."""

    id: str | None = None
    skills: list[SkillReference] | None = None


class Metadata(Part):
    """Who the request is for."""

    user_id: Annotated[str, Field(max_length=256)] | None = None


class Prompt(Part):
    """What `count_tokens` takes: everything that becomes input tokens."""

    model: Annotated[str, Field(min_length=1, max_length=256)]
    messages: Annotated[list[Turn], Field(max_length=100_000)]
    system: System | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Annotated[ThinkingOn | ThinkingOther, Field(discriminator="type")] | None = None
    cache_control: CacheControl | None = None
    output_config: OutputConfig | None = None
    speed: Literal["standard", "fast"] | None = None
    context_management: dict[str, object] | None = None
    mcp_servers: list[dict[str, object]] | None = None
    output_format: OutputFormat | None = None


class MessagesRequest(Prompt):
    """The body of `POST /v1/messages`."""

    max_tokens: Annotated[int, Field(ge=0)]
    stream: bool | None = None
    stop_sequences: list[str] | None = None
    temperature: Annotated[float, Field(ge=0, le=1)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=0)] | None = None
    metadata: Metadata | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    inference_geo: str | None = None
    container: Container | str | None = None
    diagnostics: dict[str, object] | None = None


BETA_FIELDS = ("context_management", "mcp_servers", "output_format")
"""Fields the API knows only with an `anthropic-beta` header."""

SAMPLING_FIELDS = ("temperature", "top_p", "top_k")
"""Fields the API knew until its version 2026-10-21."""
