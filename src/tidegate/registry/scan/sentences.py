"""Take a text apart into sentences, each with the classes of words it has; linear in the text."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import islice

from tidegate.registry.scan.markdown import Context
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.rules.act_words import NEEDS_CASE, OF_PROSE, WORDS
from tidegate.registry.scan.rules.acts import Act

MAX_OF_A_CLASS = 4_096
"""Words of one class that are looked at in one text; ordinary texts have a hundredth."""

_CLASSES = tuple(
    (act, pattern(words if act in NEEDS_CASE else f"(?im){words}")) for act, words in WORDS.items()
)
_END = pattern(r"[.!?][\"')\]*_]*\s+|\n+")
_HEADING = b"#"


@dataclass(frozen=True, slots=True)
class Sentences:
    """`starts` are byte offsets, `acts` what each sentence has, `sections` grow at each heading."""

    starts: tuple[int, ...]
    acts: tuple[Act, ...]
    sections: tuple[int, ...]
    exhausted: bool

    def near(self, number: int, reach: int) -> Act:
        """The classes of the sentence and of `reach` others on either side, in its section."""
        first, last = max(0, number - reach), min(len(self.acts), number + reach + 1)
        acts = Act(0)
        for other in range(first, last):
            if self.sections[other] == self.sections[number]:
                acts |= self.acts[other]
        return acts


def read_sentences(context: Context) -> Sentences:
    """The sentences of a text; words that are quoted with a warning, or forbidden, do not count."""
    text = context.text.flowing
    starts = (0, *(end.end() for end in _END.finditer(text)))
    acts = [Act(0)] * len(starts)
    exhausted = False
    for act, words in _CLASSES:
        seen = 0
        for match in islice(words.finditer(text), MAX_OF_A_CLASS):
            seen += 1
            if act in OF_PROSE and context.in_script(match.start()):
                continue
            number = bisect_right(starts, match.start()) - 1
            if not acts[number] & act and not _disowned(context, match.start(), match.end()):
                acts[number] |= act
        exhausted |= seen >= MAX_OF_A_CLASS
    return Sentences(starts, tuple(acts), _sections(text, starts), exhausted)


def _disowned(context: Context, begin: int, end: int) -> bool:
    return context.quoted(begin, end) or context.reported(begin)


def _sections(text: bytes, starts: tuple[int, ...]) -> tuple[int, ...]:
    sections: list[int] = []
    section = 0
    for start in starts:
        section += text[start : start + 1] == _HEADING
        sections.append(section)
    return tuple(sections)
