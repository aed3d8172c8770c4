"""Take a text apart into sentences, each with the classes of words it has; linear in the text."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import islice

from tidegate.registry.scan.markdown import Context
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.rules.act_words import NEEDS_CASE, OF_PROSE, WORDS
from tidegate.registry.scan.rules.acts import Act
from tidegate.registry.scan.rules.scheme_words import CASED
from tidegate.registry.scan.rules.scheme_words import WORDS as SCHEME_WORDS

MAX_OF_A_CLASS = 4_096
"""Words of one class that are looked at in one text; ordinary texts have a hundredth."""


_CASED = NEEDS_CASE | frozenset(CASED)


def _far(words: str) -> str:
    """Within a sentence is up to a full stop, but not the one of a file name."""
    return words.replace(r"[^.\n]*", r"(?:[^.\n]|\.\w)*")


_CLASSES = tuple(
    (act, pattern(_far(words) if act in _CASED else f"(?im){_far(words)}"))
    for act, words in (WORDS | SCHEME_WORDS).items()
)
_END = pattern(r"\n+[ \t]*(?:\d{1,2}[.)][ \t]+)?|[.!?][\"')\]*_]*\s+(?:\d{1,2}[.)][ \t]+)?")
_HEADING = b"#"
_NO_SENTENCE = (b"```", b"~~~")
"""What begins where a sentence may, and is none."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """`starts` are byte offsets, `bits` the acts that each sentence has, `sections` grow at each heading."""

    starts: tuple[int, ...]
    bits: tuple[int, ...]
    sections: tuple[int, ...]
    exhausted: bool

    def near(self, number: int, reach: int) -> Act:
        """The classes of the sentence and of `reach` others on either side, in its section."""
        return Act(self.bits_near(number, reach))

    def bits_near(self, number: int, reach: int) -> int:
        """The same as bits, which are quicker to compare than flags."""
        first, last = max(0, number - reach), min(len(self.bits), number + reach + 1)
        bits, section = 0, self.sections[number]
        for other in range(first, last):
            if self.sections[other] == section:
                bits |= self.bits[other]
        return bits


def read_sentences(context: Context) -> Sentences:
    """The sentences of a text; words that are quoted with a warning, or forbidden, do not count."""
    text = context.text.flowing
    starts = (0, *(end.end() for end in _END.finditer(text) if not text.startswith(_NO_SENTENCE, end.end())))
    bits = [0] * len(starts)
    exhausted = False
    for act, words in _CLASSES:
        seen, own = 0, int(act)
        for match in islice(words.finditer(text), MAX_OF_A_CLASS):
            seen += 1
            if act in OF_PROSE and context.in_script(match.start()):
                continue
            number = bisect_right(starts, match.start()) - 1
            if not bits[number] & own and not _disowned(context, match.start(), match.end()):
                bits[number] |= own
        exhausted |= seen >= MAX_OF_A_CLASS
    return Sentences(starts, tuple(bits), _sections(text, starts), exhausted)


def _disowned(context: Context, begin: int, end: int) -> bool:
    return context.quoted(begin, end) or context.reported(begin)


def _sections(text: bytes, starts: tuple[int, ...]) -> tuple[int, ...]:
    sections: list[int] = []
    section = 0
    for start in starts:
        section += text[start : start + 1] == _HEADING
        sections.append(section)
    return tuple(sections)
