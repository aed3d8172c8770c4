"""What the emulated model answers: text, tool calls and thinking, from the request and the seed alone."""

import random
import re
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from tidegate.harness.emulator.code_execution import (
    BashResultOut,
    ServerBlock,
    ServerToolUseOut,
    ViewResultOut,
)
from tidegate.harness.emulator.draws import digest, lognormal
from tidegate.harness.emulator.example import example
from tidegate.harness.emulator.profile import OutputLength
from tidegate.harness.emulator.schema import (
    ChooseAny,
    ChooseNone,
    ChooseTool,
    CustomTool,
    MessagesRequest,
    Text,
    ThinkingOn,
    ThinkingOther,
    ToolResult,
    Turn,
)
from tidegate.harness.emulator.script import Script, ToolCall, directed_text
from tidegate.harness.emulator.signing import signature
from tidegate.harness.emulator.tokens import text_tokens

_LEXICON = (
    "the gate opens when water rises and closes before it falls a small part goes first then more "
    "follow while others wait we measure each step compare both sides keep what works and return "
    "at once if something breaks clear limits make calm work every record shows what happened why "
    "it mattered who decided and how long it took plain numbers help people choose well over time"
)
_WORDS = _LEXICON.split()
_SENTENCES = 2000
_RESULT_QUOTE = 400


class TextOut(msgspec.Struct, frozen=True, tag="text", tag_field="type"):
    """A block of text."""

    text: str


class ThinkingOut(msgspec.Struct, frozen=True, tag="thinking", tag_field="type"):
    """A block of thinking, signed."""

    thinking: str
    signature: str


class ToolUseOut(msgspec.Struct, frozen=True, tag="tool_use", tag_field="type"):
    """A call of one of the client's tools."""

    id: str
    name: str
    input: dict[str, object]


BlockOut = TextOut | ThinkingOut | ToolUseOut | ServerBlock
StopReason = Literal[
    "end_turn",
    "max_tokens",
    "tool_use",
    "stop_sequence",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
]


class Answer(msgspec.Struct, frozen=True):
    """The content of one answer, why it stopped, and its length in tokens."""

    content: tuple[BlockOut, ...]
    stop_reason: str
    stop_sequence: str | None
    tokens: int


class Phrases:
    """Filler text: sentences made once from the seed, cut to any length without work per token."""

    def __init__(self, seed: int) -> None:
        draw = random.Random(seed)  # noqa: S311 # filler text, not a secret
        self._starts: list[int] = []
        parts: list[str] = []
        length = 0
        for _ in range(_SENTENCES):
            sentence = " ".join(draw.choices(_WORDS, k=draw.randint(5, 12))).capitalize() + ". "
            self._starts.append(length)
            parts.append(sentence)
            length += len(sentence)
        self._text = "".join(parts)

    def text(self, choice: int, tokens: int) -> str:
        """Text of exactly this many tokens (ASCII, four characters each), by the given choice."""
        if tokens <= 0:
            return ""
        start = self._starts[choice % len(self._starts)]
        stop = start + 4 * tokens
        source = self._text
        while len(source) < stop:
            source += self._text
        return source[start : stop - 1].rstrip().ljust(4 * tokens - 1, ".") + "."


class Author:
    """Writes answers; the same request and seed give the same content but for the ids."""

    def __init__(self, seed: int, lengths: OutputLength) -> None:
        self._seed = seed
        self._lengths = lengths
        self._phrases = Phrases(seed)

    def answer(
        self,
        request: MessagesRequest,
        script: Script,
        new_id: Callable[[str], str],
        ran: Sequence[ServerBlock] = (),
    ) -> Answer:
        """The answer to a checked request; `new_id` makes an id from its prefix; `ran` comes before the text.

        A turn that is paused after running ends with what ran: the text follows when it is continued.
        """
        if request.max_tokens == 0:
            return Answer((), "max_tokens", None, 0)
        choice = self._choice(request)
        calls = _calls(request, script)
        blocks: list[BlockOut] = []
        if _thinks(request, script):
            thinking = self._phrases.text(choice + 1, 16)
            blocks.append(ThinkingOut(thinking, signature(thinking)))
        blocks.extend(ran)
        text = self._text(request, script, calls, choice)
        if text and not (ran and script.stop_reason == "pause_turn"):
            blocks.append(TextOut(text))
        blocks.extend(ToolUseOut(new_id("toolu_"), call.name, call.input or {}) for call in calls)
        return _limited(blocks, request, script.stop_reason or ("tool_use" if calls else "end_turn"))

    def _choice(self, request: MessagesRequest) -> int:
        """Depends on what was said, not on system prompt or model: both arms of a comparison answer alike."""
        return digest(self._seed, *(_said(turn).encode() for turn in request.messages))

    def _text(self, request: MessagesRequest, script: Script, calls: Sequence[ToolCall], choice: int) -> str:
        if script.echo is not None:
            return script.echo
        if calls:
            forced = isinstance(request.tool_choice, ChooseAny | ChooseTool)
            return "" if forced else f"I will use {calls[0].name}."
        form = request.output_format or (request.output_config and request.output_config.format)
        if form:
            return msgspec.json.encode(example(form.schema_)).decode()
        if script.tokens is not None:
            return self._phrases.text(choice, script.tokens)
        return _quoted_result(request.messages[-1]) + self._phrases.text(choice, self._length(choice))

    def _length(self, choice: int) -> int:
        share = ((choice >> 11) + 0.5) / 2**53
        drawn = lognormal(self._lengths.median_tokens, self._lengths.sigma, share)
        return max(1, min(round(drawn), self._lengths.max_tokens))


def _said(turn: Turn) -> str:
    if isinstance(turn.content, str):
        return turn.content
    return "\n".join(block.text for block in turn.content if isinstance(block, Text))


def _thinks(request: MessagesRequest, script: Script) -> bool:
    """A budget always thinks; `adaptive` thinks when asked to."""
    thinking = request.thinking
    if isinstance(thinking, ThinkingOn):
        return True
    return script.think and isinstance(thinking, ThinkingOther) and thinking.type == "adaptive"


def _quoted_result(turn: Turn) -> str:
    """The beginning of each tool result, so that a test can see that it arrived."""
    if isinstance(turn.content, str):
        return ""
    results = [block for block in turn.content if isinstance(block, ToolResult)]
    texts = [block.content if isinstance(block.content, str) else _result_text(block) for block in results]
    return "".join(f"The tool answered: {text[:_RESULT_QUOTE]}\n" for text in texts)


def _result_text(block: ToolResult) -> str:
    parts = block.content if isinstance(block.content, list) else ()
    return "\n".join(part.text for part in parts if isinstance(part, Text))


def _calls(request: MessagesRequest, script: Script) -> list[ToolCall]:
    """Which tools are called, with input that conforms to their schemas unless a directive gives it."""
    offered = {tool.name: tool for tool in request.tools or () if isinstance(tool, CustomTool)}
    choice = request.tool_choice
    if not offered or isinstance(choice, ChooseNone):
        return []
    wanted = _wanted(request, script, offered)
    if isinstance(choice, ChooseTool):
        wanted = [call for call in wanted if call.name == choice.name] or [ToolCall(choice.name)]
    elif isinstance(choice, ChooseAny) and not wanted:
        wanted = [ToolCall(next(iter(offered)))]
    if choice is not None and not isinstance(choice, ChooseNone) and choice.disable_parallel_tool_use:
        wanted = wanted[:1]
    return [_filled(call, offered) for call in wanted]


def _wanted(request: MessagesRequest, script: Script, offered: dict[str, CustomTool]) -> list[ToolCall]:
    """Directives first; else every offered tool that the last user text names as a word."""
    scripted = [call for call in script.calls if call.name in offered]
    if scripted or script.calls:
        return scripted
    text = directed_text(request.messages)
    return [
        ToolCall(name)
        for name in offered
        if name in text and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)
    ]


def _filled(call: ToolCall, offered: dict[str, CustomTool]) -> ToolCall:
    tool = offered.get(call.name)
    if call.input is not None or tool is None:
        return call
    made = example(tool.input_schema.model_dump())
    return ToolCall(call.name, msgspec.convert(made, dict[str, object]))


def _limited(blocks: Sequence[BlockOut], request: MessagesRequest, stop_reason: str) -> Answer:
    """The blocks up to `max_tokens` or the first stop sequence; a call that does not fit is left out."""
    kept: list[BlockOut] = []
    used = 0
    for block in blocks:
        stopped = _stop_sequence(block, request.stop_sequences or ())
        if stopped and isinstance(block, TextOut):
            block = TextOut(block.text[: block.text.index(stopped)])  # noqa: PLW2901 # the block as it is kept
        room = request.max_tokens - used
        size = out_tokens(block)
        if size > room:
            if isinstance(block, TextOut) and room > 0:
                kept.append(TextOut(block.text.encode()[: 4 * room].decode(errors="ignore")))
            return Answer(tuple(kept), "max_tokens", None, request.max_tokens)
        kept.append(block)
        used += size
        if stopped:
            return Answer(tuple(kept), "stop_sequence", stopped, max(used, 1))
    return Answer(tuple(kept), stop_reason, None, max(used, 1))


def _stop_sequence(block: BlockOut, stops: Sequence[str]) -> str | None:
    if not isinstance(block, TextOut):
        return None
    found = [(block.text.index(stop), stop) for stop in stops if stop in block.text]
    return min(found)[1] if found else None


def out_tokens(block: BlockOut) -> int:
    """The output tokens of a block, by the same rule as input."""
    match block:
        case TextOut():
            return text_tokens(block.text)
        case ThinkingOut():
            return text_tokens(block.thinking)
        case ToolUseOut() | ServerToolUseOut():
            return text_tokens(block.name) + text_tokens(msgspec.json.encode(block.input).decode())
        case BashResultOut() | ViewResultOut():
            return 0  # the provider's tool wrote it, and the model read it: it is input
