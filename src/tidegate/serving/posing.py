"""What would let a skill's text pose as somebody else, as a table; each row with whom it would pose as."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from tidegate.domain.unseen import IGNORABLE

_OPEN = r"[<\uFF1C\uFE64]"
"""What a model reads as the beginning of a tag: also the wide and the small form."""


@dataclass(frozen=True, slots=True)
class Posing:
    """One way to pose: a pattern whose first character, or else the colon at its end, is escaped.

    Repetitions are possessive or bounded, so that matching takes linear time.
    """

    pattern: str
    why: str


def _tags(names: str, why: str) -> Posing:
    """Opening and closing tags of these names, in any case, with whatever attributes."""
    return Posing(rf"{_OPEN}\s*+/?\s*+(?i:{names})(?![\w-])", why)


POSING: tuple[Posing, ...] = (
    _tags(r"skill|data|tidegate", "the gateway's own elements: another skill, or a script's output"),
    _tags(
        r"system|system[_-](?:reminder|prompts?|messages?|instructions?)|developer",
        "whoever set the conversation up; applications mark such blocks by these names",
    ),
    _tags(r"human|assistant|user[_-](?:messages?|prompts?|input|query)", "a turn of the user or the model"),
    _tags(
        r"tool_(?:use|result|call|response|output)s?|function_(?:call|result|response)s?"
        r"|antml:\w{1,40}",
        "a tool's call, or its result",
    ),
    Posing(
        rf"{_OPEN}\s*+(?i:instructions?)(?=\s++[\w-]{{1,40}}\s*+=)",
        "orders that claim a rank by an attribute; without one it is how a text orders its own parts",
    ),
    Posing(
        rf"{_OPEN}[|\uFF5C][\w\u2581.:-]{{1,40}}[|\uFF5C](?:>|\uFF1E)",
        "control tokens of chat templates: ChatML, Llama 3 and 4, Phi, harmony, Command, DeepSeek",
    ),
    Posing(r"<<\s*+/?\s*+SYS\s*+>>", "the system's part of a prompt to Llama 2"),
    Posing(
        r"\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT)\]",
        "turns and tools in prompts to Llama 2 and Mistral",
    ),
    _tags(r"(?:start|end)_of_turn", "a turn's beginning or end in prompts to Gemma"),
    Posing(
        r"\n[ \t]*+\n[ \t]*+(?:Human|Assistant)[ \t]*+:",
        "a turn in prompts of text completion, after an empty line as there",
    ),
)

_ANY = re.compile("|".join(f"(?:{each.pattern})" for each in POSING))
_ENTITIES = {"<": "&lt;", "\uff1c": "&lt;", "\ufe64": "&lt;", "[": "&#91;", ":": "&#58;"}
_UNSEEN = re.compile(f"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f{IGNORABLE}]+")
"""What is not seen, and read over by a model: Unicode's default ignorable code points, and controls."""


def shielded(text: str) -> str:
    """The text with everything escaped by which it would pose as somebody else; all else as it is.

    So is what would pose but for unseen characters within it, which stay where they are.
    """
    plain = _escaped(text, _places(text))
    seen = _UNSEEN.sub("", plain)
    if len(seen) == len(plain):
        return plain
    return _escaped(plain, _within(plain, _places(seen)))


def _places(text: str) -> list[int]:
    """Where the characters stand that are to be escaped, in their order."""
    matches = _ANY.finditer(text)
    return [each.start() if each[0][0] in _ENTITIES else each.end() - 1 for each in matches]


def _within(text: str, places: list[int]) -> Iterator[int]:
    """Places in the text without its unseen characters, as places in the text."""
    unseen = ((each.start(), each.end() - each.start()) for each in _UNSEEN.finditer(text))
    runs = chain(unseen, [(len(text), 0)])
    gone, (start, length) = 0, next(runs)
    for place in places:
        while start <= place + gone:
            gone += length
            start, length = next(runs)
        yield place + gone


def _escaped(text: str, places: Iterable[int]) -> str:
    """The text with the characters at these places as entities."""
    parts: list[str] = []
    done = 0
    for place in places:
        parts += text[done:place], _ENTITIES[text[place]]
        done = place + 1
    return "".join((*parts, text[done:])) if parts else text
