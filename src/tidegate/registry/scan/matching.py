"""Rules by pattern, on one text: linear in its length, whatever it holds.

Most patterns say "this word, and not far from it that word". Counting the distance takes an automaton that
hostile text can make enormous. So each pattern is first looked for without its distances, which takes a small
automaton and finds nearly nothing; the exact one sees only the places so found, and no more of them than a
budget allows.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.markdown import Context
from tidegate.registry.scan.pattern import Pattern, pattern
from tidegate.registry.scan.rule import Reach, Rule
from tidegate.registry.scan.rules.binaries import WORN_OUT
from tidegate.registry.scan.severity import Severity

MAX_OF_A_RULE = 3
"""Findings that one rule may have in one file, of each severity: notes on quotations displace no order."""

BUDGET = 1_048_576
"""Bytes of one text that exact patterns may look at, all together; ordinary texts take a hundredth."""

_WINDOW, _LAP = 3_072, 1_024
_SENTENCE = 80
_MEMORY = 1 << 21
_DISTANCE = re.compile(r"(\[\^[^\]]*\]|\\S|\.)\{\d,(?:[2-9]\d|\d{3})\}\??")


@dataclass(frozen=True, slots=True)
class _Line:
    rule: Rule
    loose: Pattern
    exact: Pattern
    unless: tuple[Pattern, ...]


@dataclass(slots=True)
class _Progress:
    """What was told of one text so far, and what it has cost."""

    told: Counter[tuple[str, Severity]] = field(default_factory=Counter[tuple[str, Severity]])
    looked_at: int = 0

    def full(self, rule: Rule) -> bool:
        """Whether nothing worse than what was told can come of the rule."""
        return self.told[rule.id, rule.severity] >= MAX_OF_A_RULE

    def tells(self, finding: Found) -> bool:
        """Whether there is room for it, which it then takes."""
        kind = finding.rule, finding.severity
        self.told[kind] += 1
        return self.told[kind] <= MAX_OF_A_RULE


class Matcher:
    """The patterns of all rules of one reach."""

    def __init__(self, rules: Sequence[Rule], reach: Reach) -> None:
        self._lines = [
            _Line(
                rule,
                pattern(f"(?im){_DISTANCE.sub(_any_distance, written)}", _MEMORY),
                pattern(f"(?im){written}"),
                tuple(pattern(f"(?im){each}") for each in rule.unless),
            )
            for rule in rules
            if rule.reach is reach
            for written in rule.patterns
        ]

    def find(self, path: str, context: Context, *, first_line: int = 1) -> Iterator[Found]:
        """Each rule's first findings; `first_line` is where the text begins in its file."""
        progress = _Progress()
        for line in self._lines:
            if progress.full(line.rule):
                continue
            for span in _places(line, context.text.flowing, progress):
                if _taken_back(line, context, span):
                    continue
                finding = _finding(line.rule, path, context, span, first_line)
                if progress.tells(finding):
                    yield finding
                if progress.full(line.rule):
                    break
            if progress.looked_at > BUDGET:
                yield found(WORN_OUT, path, 0, f"at the rule {line.rule.id}")
                return


def _any_distance(gap: re.Match[str]) -> str:
    return f"{gap[1]}*?"


def _places(line: _Line, text: bytes, progress: _Progress) -> Iterator[tuple[int, int]]:
    """Where the exact pattern is: windows of a line at most, from where the loose one begins."""
    at = 0
    while progress.looked_at <= BUDGET:
        near = line.loose.search(text, at)
        if near is None:
            return
        start, end = near.span()
        stop = text.find(b"\n", end)
        stop = len(text) if stop < 0 else stop
        cut = start + _WINDOW < stop
        stop = start + _WINDOW if cut else stop
        progress.looked_at += stop - start
        at = max(stop - _LAP if cut else stop, start + 1)
        for match in line.exact.finditer(text[start:stop]):
            begin, end = match.span()
            yield start + begin, start + end
            at = max(at, start + end)


def _taken_back(line: _Line, context: Context, span: tuple[int, int]) -> bool:
    if not line.unless:
        return False
    around = context.text.flowing[max(0, span[0] - _SENTENCE) : span[1] + _SENTENCE]
    return any(each.search(around) for each in line.unless)


def _finding(rule: Rule, path: str, context: Context, span: tuple[int, int], first_line: int) -> Found:
    start, end = span
    quoted = rule.quotable and (
        context.quoted(start, end)
        or context.reported(start)
        or (rule.reach is Reach.COMMAND and context.negated(start))
    )
    seen = context.text.flowing[start : min(end, start + 400)].decode(errors="replace")
    return found(rule, path, context.text.line(start) + first_line - 1, seen, quoted=quoted)
