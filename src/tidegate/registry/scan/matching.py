"""Rules by pattern, on one text: linear in its length, whatever it holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import re2

from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.markdown import Context
from tidegate.registry.scan.pattern import Pattern, options, pattern
from tidegate.registry.scan.rule import Reach, Rule

MAX_OF_A_RULE = 3
"""Findings that one rule may have in one file."""

_SET_MEMORY = 1 << 26
_END = b"\x01tidegate-end\x01"
_SENTENCE = 200
_SLICE = 65_536
_LAP = 2_048
"""Patterns look at slices that overlap by more than the longest match: a hit costs one slice's search."""


@dataclass(frozen=True, slots=True)
class _Line:
    rule: Rule
    written: str
    pattern: Pattern
    unless: tuple[Pattern, ...]


class Matcher:
    """The patterns of all rules of one reach: one automaton says which of them are in a text at all."""

    def __init__(self, rules: Sequence[Rule], reach: Reach) -> None:
        self._lines = [
            _Line(
                rule,
                written,
                pattern(f"(?im){written}"),
                tuple(pattern(f"(?im){each}") for each in rule.unless),
            )
            for rule in rules
            if rule.reach is reach
            for written in rule.patterns
        ]
        every = re2.Set.SearchSet(options(_SET_MEMORY))
        for line in self._lines:
            every.Add(f"(?im){line.written}")
        every.Add(_END.decode())
        every.Compile()
        self._every = every

    def find(self, path: str, context: Context, *, first_line: int = 1) -> Iterator[Found]:
        """Each rule's first findings; `first_line` is where the text begins in its file."""
        seen: dict[str, int] = {}
        for begin, piece in _slices(context.text.flowing):
            for line in self._present(piece):
                for match in line.pattern.finditer(piece):
                    start, end = (begin + at for at in match.span())
                    if seen.get(line.rule.id, 0) >= MAX_OF_A_RULE:
                        break
                    if _taken_back(line, context, start, end):
                        continue
                    seen[line.rule.id] = seen.get(line.rule.id, 0) + 1
                    yield _finding(line.rule, path, context, (start, end), first_line)

    def _present(self, piece: bytes) -> Sequence[_Line]:
        """The patterns that are in the text; all of them where the automaton ran out of memory.

        It gives up without a word, so it is asked to find one thing more, which is always there.
        """
        numbers = self._every.Match(piece + b"\n" + _END) or ()
        if len(self._lines) not in numbers:
            return self._lines
        return [self._lines[number] for number in sorted(numbers) if number < len(self._lines)]


def _slices(text: bytes) -> Iterator[tuple[int, bytes]]:
    for begin in range(0, max(1, len(text)), _SLICE - _LAP):
        yield begin, text[begin : begin + _SLICE]
        if begin + _SLICE >= len(text):
            return


def _taken_back(line: _Line, context: Context, start: int, end: int) -> bool:
    if not line.unless:
        return False
    flowing = context.text.flowing
    around = flowing[max(0, start - _SENTENCE // 4) : end + _SENTENCE // 4]
    return any(each.search(around) for each in line.unless)


def _finding(rule: Rule, path: str, context: Context, span: tuple[int, int], first_line: int) -> Found:
    start, end = span
    quoted = rule.quotable and (
        context.quoted(start, end) or (rule.reach is Reach.COMMAND and context.negated(start))
    )
    flowing = context.text.flowing
    seen = flowing[start : min(end, start + 400)].decode(errors="replace")
    return found(rule, path, context.text.line(start) + first_line - 1, seen, quoted=quoted)
