"""Parse Python as far as it goes: one line that this version does not know must not hide the others."""

import ast
import re
from dataclasses import dataclass

from tidegate.registry.scan.pattern import pattern

MOST_LOST = 24
"""Lines that may be left out for the rest to be parsed."""
MOST_PARTS = 400
"""Of a dotted name: Python's own parser takes the square of what an import has, seven seconds for 65,000."""
_SPACE = r"(?:[ \t\f]|\\\r?\n)*+"
_DOTTED = re.compile(rf"(?<![\w.])(?:\w++{_SPACE}\.{_SPACE})++")
_COST = 524_288
"""Bytes that are parsed for one script, all attempts together."""
_ACTS = pattern(
    r"(?i)\b(?:os|sys|subprocess|socket|ssl|requests|urllib\w*|httpx|aiohttp|http|ftplib|smtplib|exec|eval|"
    r"open|compile|getattr|setattr|globals|vars|importlib|ctypes|pickle|marshal|base64|codecs|builtins|"
    r"environ|system|popen|run|call|post|put|get|send\w*|urlopen|connect)\s*[(.\[]|__\w+__|"
    r"\b(?:import|from)\s+\w"
)


@dataclass(frozen=True, slots=True)
class Read:
    """The tree without the lines that could not be parsed, None where none was left; the first error."""

    tree: ast.Module | None
    error: str = ""
    acts: bool = False
    """Whether what is not in the tree might do something."""


def read_tree(text: str) -> Read:
    """Parse the text, each time without the line that was wrong; raises nothing."""
    if any(name[0].count(".") >= MOST_PARTS for name in _DOTTED.finditer(text)):
        return Read(None, f"a name of over {MOST_PARTS} parts", acts=True)
    lines = text.split("\n")
    first, lost, cost = "", list[str](), 0
    while len(lost) <= MOST_LOST and cost <= _COST:
        cost += len(text)
        try:
            return Read(ast.parse("\n".join(lines)), first, acts=any(map(_ACTS.search, lost)))
        except SyntaxError as error:
            first = first or str(error)
            at = _leave_out(lines, error)
        except (ValueError, RecursionError, MemoryError) as error:
            return Read(None, str(error), acts=True)
        if at is None:
            break
        lost.append(at)
    return Read(None, first, acts=_ACTS.search(text) is not None)


def _leave_out(lines: list[str], error: SyntaxError) -> str | None:
    """Put `pass`, or `if 1:` where a block follows, in place of the line; that line, None if it was done."""
    at = (error.lineno or 0) - 1
    if not 0 <= at < len(lines):
        return None
    line = lines[at]
    indent = len(line) - len(line.lstrip())
    after = next((each for each in lines[at + 1 :] if each.strip()), "")
    deeper = len(after) - len(after.lstrip()) > indent
    word = "if 1:" if deeper else "pass"
    if line.strip() == word:
        return None
    lines[at] = line[:indent] + word
    return line
