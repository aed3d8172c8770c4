"""What the API enforces beyond shapes: turns, tools, cache breakpoints. Each check raises Refusal (400)."""

from collections.abc import Iterator, Sequence, Set

from tidegate.harness.emulator.refusal import Refusal
from tidegate.harness.emulator.schema import (
    Attachment,
    Block,
    CacheControl,
    ChooseAny,
    ChooseTool,
    MessagesRequest,
    Prompt,
    Text,
    Thinking,
    ThinkingOn,
    ToolResult,
    ToolUse,
    Turn,
)
from tidegate.harness.emulator.signing import signature

MAX_BREAKPOINTS = 4


def check_prompt(prompt: Prompt) -> None:
    """Everything that also `count_tokens` refuses."""
    check_turns(prompt.messages)
    check_texts(prompt)
    check_tool_pairs(prompt.messages)
    check_thinking(prompt)
    check_tools(prompt)
    check_breakpoints(prompt)


def check_turns(turns: Sequence[Turn]) -> None:
    """At least one turn, the user first, no empty one but an assistant's last."""
    if not turns:
        raise Refusal(400, "messages: at least one message is required")
    if turns[0].role != "user":
        raise Refusal(400, 'messages: first message must use the "user" role')
    last = len(turns) - 1
    for index, turn in enumerate(turns):
        if not turn.content and not (index == last and turn.role == "assistant"):
            raise Refusal(
                400,
                f"messages.{index}: all messages must have non-empty content"
                " except for the optional final assistant message",
            )


def check_texts(prompt: Prompt) -> None:
    """No empty text block; an assistant's half-written turn does not end in whitespace."""
    if isinstance(prompt.system, list) and any(not block.text for block in prompt.system):
        raise Refusal(400, "system: text content blocks must be non-empty")
    for turn in prompt.messages:
        if isinstance(turn.content, list) and any(
            isinstance(block, Text) and not block.text for block in turn.content
        ):
            raise Refusal(400, "messages: text content blocks must be non-empty")
    final = prompt.messages[-1]
    if final.role == "assistant" and _ending(final) != _ending(final).rstrip():
        raise Refusal(400, "messages: final assistant content cannot end with trailing whitespace")


def _ending(turn: Turn) -> str:
    if isinstance(turn.content, str):
        return turn.content
    last = turn.content[-1] if turn.content else None
    return last.text if isinstance(last, Text) else ""


def check_tool_pairs(turns: Sequence[Turn]) -> None:
    """Every call is answered in the next turn, every result has its call in the turn before."""
    called: list[str] = []
    for index, role, blocks in _joined(turns):
        answered = _answered(role, blocks, called)
        _check_answered(index - 1, [call for call in called if call not in answered])
        called = _calls(index, blocks)
    _check_answered(len(turns) - 1, called)


def _answered(role: str, blocks: Sequence[tuple[str, Block]], called: Sequence[str]) -> set[str]:
    """The calls that a turn answers; results stand before anything else in it, as the API wants."""
    answered: set[str] = set()
    results_ended = False
    for place, block in blocks:
        if isinstance(block, ToolUse) and role != "assistant":
            raise Refusal(400, f"{place}: `tool_use` blocks can only be in `assistant` messages")
        if not isinstance(block, ToolResult):
            results_ended = True
            continue
        if role != "user":
            raise Refusal(400, f"{place}: `tool_result` blocks can only be in `user` messages")
        _check_result(place, block, called, answered)
        if not results_ended:
            answered.add(block.tool_use_id)
    return answered


def _check_result(place: str, block: ToolResult, called: Sequence[str], answered: Set[str]) -> None:
    if block.tool_use_id not in called:
        raise Refusal(
            400,
            f"{place}: unexpected `tool_use_id` found in `tool_result` blocks: {block.tool_use_id}. Each"
            " `tool_result` block must have a corresponding `tool_use` block in the previous message.",
        )
    if block.tool_use_id in answered:
        raise Refusal(
            400, f"{place}: each tool_use must have a single result. Found multiple: {block.tool_use_id}"
        )


def _check_answered(index: int, missing: Sequence[str]) -> None:
    if missing:
        raise Refusal(
            400,
            f"messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after:"
            f" {', '.join(missing)}. Each `tool_use` block must have a corresponding `tool_result` block"
            " in the next message.",
        )


def _calls(index: int, blocks: Sequence[tuple[str, Block]]) -> list[str]:
    calls = [block.id for _, block in blocks if isinstance(block, ToolUse)]
    if len(set(calls)) != len(calls):
        raise Refusal(400, f"messages.{index}: `tool_use` ids must be unique")
    return calls


def _joined(turns: Sequence[Turn]) -> Iterator[tuple[int, str, list[tuple[str, Block]]]]:
    """Turns as the API sees them: consecutive ones of a role are one; system turns are left out."""
    role, start = "", 0
    blocks: list[tuple[str, Block]] = []
    for index, turn in enumerate(turns):
        if turn.role == "system":
            continue
        if turn.role != role:
            if role:
                yield start, role, blocks
            role, start, blocks = turn.role, index, []
        if isinstance(turn.content, list):
            blocks.extend(
                (f"messages.{index}.content.{place}", block) for place, block in enumerate(turn.content)
            )
    if role:
        yield start, role, blocks


def check_thinking(prompt: Prompt) -> None:
    """Thinking comes back as it was signed; in a tool loop the assistant's last message begins with it."""
    for index, turn in enumerate(prompt.messages):
        for place, block in enumerate(turn.content if isinstance(turn.content, list) else ()):
            if isinstance(block, Thinking) and block.signature != signature(block.thinking):
                raise Refusal(
                    400, f"messages.{index}.content.{place}: Invalid `signature` in `thinking` block"
                )
    if isinstance(prompt.thinking, ThinkingOn):
        _check_thought(prompt.messages)


def _check_thought(turns: Sequence[Turn]) -> None:
    ending = [
        (index, turn.content) for index, turn in enumerate(turns) if turn.role == "assistant" and turn.content
    ]
    answered = any(isinstance(block, ToolResult) for block in _blocks(turns[-1]))
    if not ending or not answered:
        return
    index, content = ending[-1]
    kind = "text" if isinstance(content, str) else content[0].type
    if kind not in ("thinking", "redacted_thinking"):
        raise Refusal(
            400,
            f"messages.{index}.content.0.type: Expected `thinking` or `redacted_thinking`, but found"
            f" `{kind}`. When `thinking` is enabled, a final `assistant` message must start with a thinking"
            " block (preceeding the lastmost set of `tool_use` and `tool_result` blocks).",
        )


def _blocks(turn: Turn) -> Sequence[Block]:
    return turn.content if isinstance(turn.content, list) else ()


def check_tools(prompt: Prompt) -> None:
    """Unique names; a choice only among the tools that are offered."""
    names = [tool.name for tool in prompt.tools or () if tool.name]
    if len(set(names)) != len(names):
        raise Refusal(400, "tools: Tool names must be unique.")
    choice = prompt.tool_choice
    if isinstance(choice, ChooseAny | ChooseTool):
        if not prompt.tools:
            raise Refusal(400, "tool_choice: tool_choice may only be specified while providing tools")
        if isinstance(prompt.thinking, ThinkingOn):
            raise Refusal(400, "Thinking may not be enabled when tool_choice forces tool use.")
    if isinstance(choice, ChooseTool) and choice.name not in names:
        raise Refusal(400, f"tool_choice: Tool '{choice.name}' not found in provided tools")


def breakpoints(prompt: Prompt) -> Iterator[tuple[str, CacheControl]]:
    """Where each explicit breakpoint stands, in the order tools, system, messages."""
    for index, tool in enumerate(prompt.tools or ()):
        if tool.cache_control:
            yield f"tools.{index}", tool.cache_control
    if isinstance(prompt.system, list):
        for index, text in enumerate(prompt.system):
            if text.cache_control:
                yield f"system.{index}", text.cache_control
    for index, turn in enumerate(prompt.messages):
        if isinstance(turn.content, list):
            for place, block in enumerate(turn.content):
                yield from _block_breakpoints(f"messages.{index}.content.{place}", block)


def _block_breakpoints(place: str, block: Block) -> Iterator[tuple[str, CacheControl]]:
    if isinstance(block, ToolResult) and isinstance(block.content, list):
        for index, part in enumerate(block.content):
            if part.cache_control:
                yield f"{place}.content.{index}", part.cache_control
    control = getattr(block, "cache_control", None)
    if isinstance(control, CacheControl):
        yield place, control


def check_breakpoints(prompt: Prompt) -> None:
    """At most four, none of 1 hour after one of 5 minutes."""
    found = list(breakpoints(prompt))
    if prompt.cache_control:
        found.append(("cache_control", prompt.cache_control))
    if len(found) > MAX_BREAKPOINTS:
        raise Refusal(
            400,
            f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {len(found)}.",
        )
    short = False
    for place, control in found:
        if control.ttl == "1h" and short:
            raise Refusal(
                400,
                f"{place}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m'"
                " cache_control block. Note that blocks are processed in the following order: `tools`,"
                " `system`, `messages`.",
            )
        short = short or control.ttl != "1h"


def check_sampling(request: MessagesRequest) -> None:
    """Limits between the fields that steer the answer."""
    for index, stop in enumerate(request.stop_sequences or ()):
        if not stop.strip():
            raise Refusal(400, f"stop_sequences.{index}: each stop sequence must contain non-whitespace")
    if isinstance(request.thinking, ThinkingOn) and request.thinking.budget_tokens >= request.max_tokens:
        raise Refusal(400, "`max_tokens` must be greater than `thinking.budget_tokens`.")
    if request.max_tokens == 0 and (
        request.stream or isinstance(request.tool_choice, ChooseAny | ChooseTool)
    ):
        raise Refusal(400, "max_tokens: 0 cannot be combined with `stream` or a forced `tool_choice`")


def check_places(prompt: Prompt) -> None:
    """What version 2026-10-21 refuses: documents an assistant gave, citations a user gave."""
    for index, turn in enumerate(prompt.messages):
        for place, block in enumerate(turn.content if isinstance(turn.content, list) else ()):
            where = f"messages.{index}.content.{place}"
            if turn.role == "assistant" and isinstance(block, Attachment) and block.type == "document":
                raise Refusal(400, f"{where}: `document` blocks are not allowed in `assistant` messages")
            if turn.role == "user" and isinstance(block, Text) and block.citations:
                raise Refusal(400, f"{where}.citations: not allowed on `text` blocks in `user` messages")
