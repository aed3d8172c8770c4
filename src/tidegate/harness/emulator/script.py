"""Directives in the last user text, by which a test asks for a certain answer: `[[echo: …]]` and its like."""

import re
from collections.abc import Sequence

import msgspec

from tidegate.domain.errors import InvalidInput
from tidegate.harness.emulator.faults import Fault, parse_faults
from tidegate.harness.emulator.refusal import Refusal
from tidegate.harness.emulator.schema import Text, Turn

_DIRECTIVE = re.compile(r"\[\[(echo|tokens|tool|code|think|stop|fault)\b(?:\s*:\s*(.*?))?\s*\]\]", re.DOTALL)
_THEN = "[[then]]"
_STOP_REASONS = frozenset(
    {"end_turn", "max_tokens", "pause_turn", "refusal", "model_context_window_exceeded"}
)


class ToolCall(msgspec.Struct, frozen=True):
    """A call that is asked for; without `input` one is made up from the tool's schema."""

    name: str
    input: dict[str, object] | None = None


class Script(msgspec.Struct, frozen=True):
    """What the directives of one request ask for."""

    echo: str | None = None
    tokens: int | None = None
    calls: tuple[ToolCall, ...] = ()
    commands: tuple[str, ...] = ()
    """What to run in the container."""
    think: bool = False
    stop_reason: str | None = None
    faults: tuple[Fault, ...] = ()


NO_SCRIPT = Script()


def last_user_text(turns: Sequence[Turn]) -> str:
    """The text of the last message if the user wrote it; tool results are not text."""
    turn = next((turn for turn in reversed(turns) if turn.role != "system"), None)
    if turn is None or turn.role != "user":
        return ""
    if isinstance(turn.content, str):
        return turn.content
    return "\n".join(block.text for block in turn.content if isinstance(block, Text))


def directed_text(turns: Sequence[Turn]) -> str:
    """What of the last user text steers this answer: `[[then]]` separates one answer from the next.

    Each assistant message after that text is one answer given; beyond the last part nothing is asked for.
    """
    spoken = [turn for turn in turns if turn.role != "system"]
    given = 0
    for turn in reversed(spoken):
        text = last_user_text([turn])
        if text:
            parts = text.split(_THEN)
            return parts[given] if given < len(parts) else ""
        given += turn.role == "assistant"
    return ""


def read_script(text: str) -> Script:
    """The directives in a text; raises Refusal (400) where one is malformed."""
    if "[[" not in text:
        return NO_SCRIPT
    found: dict[str, list[str]] = {}
    for name, argument in _DIRECTIVE.findall(text):
        found.setdefault(name, []).append(argument)
    return Script(
        echo=found["echo"][-1] if "echo" in found else None,
        tokens=_tokens(found["tokens"][-1]) if "tokens" in found else None,
        calls=tuple(_call(argument) for argument in found.get("tool", ())),
        commands=tuple(found.get("code", ())),
        think="think" in found,
        stop_reason=_stop_reason(found["stop"][-1]) if "stop" in found else None,
        faults=tuple(_fault(argument) for argument in found.get("fault", ())),
    )


def _tokens(argument: str) -> int:
    if not argument.isdecimal():
        raise Refusal(400, f"[[tokens: {argument}]]: give a whole number of tokens")
    return int(argument)


def _call(argument: str) -> ToolCall:
    name, _, arguments = argument.partition(" ")
    if not arguments.strip():
        return ToolCall(name)
    try:
        return ToolCall(name, msgspec.json.decode(arguments, type=dict[str, object]))
    except msgspec.DecodeError as problem:
        raise Refusal(400, f"[[tool: {name} …]]: the input is not a JSON object: {problem}") from None


def _stop_reason(argument: str) -> str:
    if argument not in _STOP_REASONS:
        raise Refusal(400, f"[[stop: {argument}]]: give one of {', '.join(sorted(_STOP_REASONS))}")
    return argument


def _fault(argument: str) -> Fault:
    try:
        return parse_faults(b'{"faults":[%s]}' % argument.encode()).faults[0]
    except (InvalidInput, IndexError) as problem:
        raise Refusal(400, f"[[fault: {argument}]]: {problem}") from None
