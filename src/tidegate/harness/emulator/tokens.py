"""How many tokens a prompt is, by a rule that is fast and the same everywhere: four UTF-8 bytes a token.

A prompt is a list of segments in the order of a provider's cache prefix: tools, system, messages. Each is
ceil(bytes / 4) tokens of its text (or JSON), 3 more for the first segment of each message; an image is 1500
and any other file 2000.
"""

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import BaseModel

from tidegate.harness.emulator.schema import (
    Attachment,
    Block,
    CacheControl,
    Prompt,
    ResultPart,
    ServerPart,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
    Turn,
)

TURN_TOKENS = 3
IMAGE_TOKENS = 1500
FILE_TOKENS = 2000


class Segment(NamedTuple):
    """One piece of a prompt: the section or role it is in, its tokens, and the breakpoint after it."""

    section: str
    part: str | BaseModel
    tokens: int
    control: CacheControl | None


def text_tokens(text: str) -> int:
    """ceil(UTF-8 bytes / 4)."""
    size = len(text) if text.isascii() else len(text.encode())
    return -(-size // 4)


def segments(prompt: Prompt) -> list[Segment]:
    """The prompt in prefix order; a top-level `cache_control` marks the last segment."""
    found = [
        *(Segment("tools", tool, _json_tokens(tool), tool.cache_control) for tool in prompt.tools or ()),
        *_system(prompt),
    ]
    for turn in prompt.messages:
        found.extend(_turn(turn))
    if prompt.cache_control and found and found[-1].control is None:
        found[-1] = found[-1]._replace(control=prompt.cache_control)
    return found


def _system(prompt: Prompt) -> Iterator[Segment]:
    if isinstance(prompt.system, str):
        yield Segment("system", prompt.system, text_tokens(prompt.system), None)
        return
    for block in prompt.system or ():
        yield Segment("system", block.text, text_tokens(block.text), block.cache_control)


def _turn(turn: Turn) -> Iterator[Segment]:
    if isinstance(turn.content, str):
        yield Segment(turn.role, turn.content, text_tokens(turn.content) + TURN_TOKENS, None)
        return
    extra = TURN_TOKENS
    for block in turn.content:
        part = block.text if isinstance(block, Text) else block
        yield Segment(turn.role, part, block_tokens(block) + extra, _control(block))
        extra = 0


def block_tokens(block: Block) -> int:
    """The tokens of one content block."""
    match block:
        case Text():
            return text_tokens(block.text)
        case Thinking():
            return text_tokens(block.thinking)
        case ToolUse():
            return _json_tokens(block)
        case ToolResult():
            return text_tokens(block.tool_use_id) + _result_tokens(block)
        case Attachment():
            return _attachment_tokens(block)
        case ServerPart():
            return _json_tokens(block)


def _result_tokens(block: ToolResult) -> int:
    if isinstance(block.content, str):
        return text_tokens(block.content)
    return sum(_part_tokens(part) for part in block.content or ())


def _part_tokens(part: ResultPart) -> int:
    return block_tokens(part)


def _attachment_tokens(block: Attachment) -> int:
    if block.type == "image":
        return IMAGE_TOKENS
    if isinstance(block.source, str):
        return text_tokens(block.source)
    data = block.source.get("data")
    if block.source.get("type") == "text" and isinstance(data, str):
        return text_tokens(data)
    return FILE_TOKENS


def _control(block: Block) -> CacheControl | None:
    """The breakpoint after a block; one inside a tool result stands at that result's end."""
    if isinstance(block, Thinking):
        return None
    if block.cache_control is None and isinstance(block, ToolResult) and isinstance(block.content, list):
        return next((part.cache_control for part in block.content if part.cache_control), None)
    return block.cache_control


def _json_tokens(part: BaseModel) -> int:
    return text_tokens(part_json(part))


def part_json(part: BaseModel) -> str:
    """The part as JSON without its breakpoint: moving a breakpoint does not change the prefix."""
    return part.model_dump_json(exclude={"cache_control"}, exclude_none=True)
