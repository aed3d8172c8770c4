"""What changed between two versions of a skill: files, the frontmatter's fields, texts, what scripts use."""

from collections import Counter
from collections.abc import Mapping
from difflib import unified_diff

import msgspec

from tidegate.domain.skill import Manifest, SkillVersion
from tidegate.domain.skill_diff import SkillDiff
from tidegate.registry.archive import files_of
from tidegate.registry.capabilities.derive import capabilities_of
from tidegate.registry.capabilities.derive import changed as changed_uses

TEXT_BYTES = 65_536
"""A larger file is told as changed, without its lines."""

LINES = 2_000
"""Of all differences together; a page of them is read, a book is not. A text of more is told as changed."""

_EFFORT = 100_000_000
"""For all texts: pairs of equal lines, and lines, times lines; some two seconds of comparing."""
_POPULAR = 200
"""Lines of a text from which difflib leaves those out of which more than a hundredth are alike."""


def diff(before: SkillVersion, after: SkillVersion, archives: tuple[bytes, bytes]) -> SkillDiff:
    """Compare two versions by their canonical archives."""
    was = {file.path: file.sha256 for file in before.files}
    now = {file.path: file.sha256 for file in after.files}
    changed = sorted(path for path in was.keys() & now.keys() if was[path] != now[path])
    added, removed = sorted(now.keys() - was.keys()), sorted(was.keys() - now.keys())
    files = files_of(archives[0]), files_of(archives[1])
    texts, cut = _texts(*files, sorted([*changed, *added, *removed]))
    uses = changed_uses(*map(capabilities_of, files))
    return SkillDiff(
        name=after.name,
        before=before.number,
        after=after.number,
        added=added,
        removed=removed,
        changed=changed,
        fields=_fields(before.manifest, after.manifest),
        texts=texts,
        cut=cut,
        capabilities_added=uses[0],
        capabilities_removed=uses[1],
    )


def _fields(before: Manifest, after: Manifest) -> dict[str, tuple[object, object]]:
    one, other = (msgspec.to_builtins(each, order="sorted") for each in (before, after))
    return {
        key: (one.get(key), other.get(key))
        for key in sorted({*one, *other})
        if one.get(key) != other.get(key)
    }


def _texts(
    was: Mapping[str, bytes], now: Mapping[str, bytes], paths: list[str]
) -> tuple[dict[str, list[str]], bool]:
    texts: dict[str, list[str]] = {}
    left, effort, cut = LINES, _EFFORT, False
    for path in paths:
        one, other = _lines(was.get(path, b"")), _lines(now.get(path, b""))
        if one is None or other is None:
            continue
        effort_of_this = _effort(one, other)
        if max(len(one), len(other)) > LINES or effort_of_this > effort:
            cut = True
            continue
        effort -= effort_of_this
        lines = list(unified_diff(one, other, f"a/{path}", f"b/{path}", lineterm=""))
        if lines and left:
            texts[path] = lines[:left]
        left -= len(lines)
        if left < 0:
            return texts, True
    return texts, cut


def _effort(one: list[str], other: list[str]) -> int:
    """How many steps difflib may take: all equal pairs, once for each block that they are told apart by."""
    counts = Counter(other)
    most = len(other) // 100 + 1 if len(other) >= _POPULAR else len(other)
    pairs = sum(counts[line] for line in one if counts[line] <= most)
    return (pairs + len(one) + len(other)) * min(len(one), len(other))


def _lines(content: bytes) -> list[str] | None:
    """The lines of a text; None for what is none, or too long to be compared."""
    if len(content) > TEXT_BYTES or b"\0" in content:
        return None
    try:
        return content.decode().splitlines()
    except UnicodeDecodeError:
        return None
