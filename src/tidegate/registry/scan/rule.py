"""A rule as data: what it finds, how bad that is, why, and an example of either side."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from tidegate.registry.scan.severity import Severity


class Reach(Enum):
    """Which text the patterns of a rule are looked for in; rules by structure have none."""

    PROSE = "instructions: Markdown and plain text"
    COMMAND = "any text, also commands inside instructions"
    DESCRIPTION = "the description of SKILL.md"
    JAVASCRIPT = "JavaScript and TypeScript"
    STRUCTURE = "found by structure, not by a pattern"


class Repeated(NamedTuple):
    """A text that is long only once it is written out: whatever scans keeps all rules in memory."""

    text: str
    times: int


Example = Mapping[str, str | bytes | Repeated]
"""Files of a package by path; SKILL.md is its body alone, or all of it where it begins with a fence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing the scanner knows; `patterns` are RE2, `tags` are keys of `taxonomy.RISKS`."""

    id: str
    severity: Severity
    tags: tuple[str, ...]
    title: str
    why: str
    bad: Example
    good: Example
    reach: Reach = Reach.STRUCTURE
    patterns: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    """Patterns that, in the match's own sentence, take it back."""
    quotable: bool = True
    """Whether a quotation in a text that warns of it is no more than a note."""
