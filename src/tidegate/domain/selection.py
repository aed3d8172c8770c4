"""Which skills a transcript calls for: a pure, append-only fold over what its users wrote."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from tidegate.domain.exchange import SkillUse

SKILLS_AT_MOST = 8
"""Skills of one request; further matches are not served."""

MATCHED_CHARACTERS = 32_768
"""Of each text so many characters are matched: a pasted book costs no more than its opening."""

MATCHED_IN_ALL = 131_072
"""Of a transcript so many characters are matched, oldest text first: matching keeps a process busy."""

Match = Callable[[str], Mapping[str, int]]
"""A text's matching skills, each with how many of its patterns match."""


class Selectable(msgspec.Struct, frozen=True):
    """What selection needs of a skill version: its number, what it needs beside it, what it excludes."""

    name: str
    version: int
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


def select(
    catalogue: Mapping[str, Selectable], explicit: Iterable[str], texts: Sequence[str], match: Match
) -> tuple[SkillUse, ...]:
    """The skills for a transcript, in serving order, each with its reason and score.

    Explicit names come first (score 1), then pattern matches text by text, the skill with more matching
    patterns first and names breaking ties. A skill comes with what it requires (reason `required`, score 0)
    or not at all; one that excludes, or is excluded by, a skill already chosen stays out. A longer
    transcript only ever appends: what lies beyond MATCHED_IN_ALL is not matched on any turn. Names outside
    the catalogue are not live and are passed over.
    """
    chosen: dict[str, SkillUse] = {}
    room = MATCHED_IN_ALL
    for name in explicit:
        _choose(catalogue, chosen, name, "explicit", 1.0)
    for text in texts:
        if len(chosen) >= SKILLS_AT_MOST or not room:
            break
        opening = text[: min(room, MATCHED_CHARACTERS)]
        room -= len(opening)
        found = match(opening)
        for name in sorted(found, key=lambda name: (-found[name], name)):
            _choose(catalogue, chosen, name, "pattern", float(found[name]))
    return tuple(chosen.values())


def without(
    catalogue: Mapping[str, Selectable], uses: Sequence[SkillUse], off: Collection[str]
) -> tuple[SkillUse, ...]:
    """The chosen skills less those that are off and all that require one of them, in the same order."""
    kept = [use for use in uses if use.name not in off]
    names: set[str] = set()
    while len(names) != len(kept):  # until a pass drops none: what was dropped may be required in turn
        names = {use.name for use in kept}
        kept = [use for use in kept if names.issuperset(catalogue[use.name].requires)]
    return tuple(kept)


def _choose(
    catalogue: Mapping[str, Selectable], chosen: dict[str, SkillUse], name: str, reason: str, score: float
) -> None:
    """Add a skill after what it requires, or leave everything as it was."""
    if name in chosen or name not in catalogue:
        return
    needed = _closure(catalogue, name)
    if needed is None:
        return
    fresh = [each for each in needed if each not in chosen]
    if len(chosen) + len(fresh) > SKILLS_AT_MOST or _clash(catalogue, [*chosen, *fresh]):
        return
    for each in fresh:
        own = each == name
        chosen[each] = SkillUse(
            each, catalogue[each].version, reason if own else "required", score if own else 0.0
        )


def _closure(catalogue: Mapping[str, Selectable], name: str) -> list[str] | None:
    """The skill and all it requires, requirements first; None where one of them is not live."""
    ordered: list[str] = []
    seen: set[str] = set()
    open_names = [(name, False)]
    while open_names:
        current, settled = open_names.pop()
        if settled:
            ordered.append(current)
        elif current not in seen:
            if current not in catalogue:
                return None
            seen.add(current)
            open_names.append((current, True))
            open_names.extend((each, False) for each in reversed(catalogue[current].requires))
    return ordered


def _clash(catalogue: Mapping[str, Selectable], names: Sequence[str]) -> bool:
    together = set(names)
    return any(not together.isdisjoint(catalogue[name].excludes) for name in names)
