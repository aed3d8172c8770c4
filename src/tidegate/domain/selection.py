"""Which skills a transcript calls for: a pure, append-only fold over what its users wrote."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from tidegate.domain.exchange import SkillUse
from tidegate.domain.lexical import Ranked, looked_at

SKILLS_AT_MOST = 8
"""Skills of one request; further matches are not served."""

MATCHED_IN_ALL = 131_072
"""Of a transcript so many characters are matched, oldest text first: matching keeps a process busy.

Of each text, patterns and words look at its opening and its end (`lexical.looked_at`).
"""

RANKED_IN_ALL = 8_192
"""Of a transcript so many characters are ranked, oldest text first, for the same reason."""

Match = Callable[[str], Mapping[str, int]]
"""A text's matching skills, each with how many of its patterns match."""

Rank = Callable[[str], Sequence[Ranked]]
"""The skills that a text's words choose, best first."""


class Selectable(msgspec.Struct, frozen=True):
    """What selection needs of a skill version: its number, what it needs beside it, what it excludes."""

    name: str
    version: int
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


class View(msgspec.Struct, frozen=True):
    """What selection looks at of one text: `matched` by patterns, `ranked` by its words."""

    place: int
    matched: str
    ranked: str


class Step(msgspec.Struct, frozen=True):
    """One skill that came up: `uses` are what it added (what it requires, then itself), or why it added none.

    `place` is the text's in the transcript, None where the skill was asked for by name.
    """

    place: int | None
    name: str
    reason: str
    score: float
    uses: tuple[SkillUse, ...] = ()
    refusal: str = ""


def select(
    catalogue: Mapping[str, Selectable],
    explicit: Iterable[str],
    texts: Sequence[str],
    match: Match,
    rank: Rank | None = None,
) -> tuple[SkillUse, ...]:
    """The skills for a transcript, in serving order, each with its reason and score.

    Explicit names come first (score 1); then text by text pattern matches, the skill with more matching
    patterns first and names breaking ties, and what the text's words choose, best first (None: nothing). A
    skill comes with what it requires (reason `required`, score 0) or not at all; one that excludes, or is
    excluded by, a skill already chosen stays out. A longer transcript only ever appends: what lies beyond
    MATCHED_IN_ALL or RANKED_IN_ALL is looked at on no turn. Names outside the catalogue are not live and are
    passed over.
    """
    return tuple(use for step in steps(catalogue, explicit, texts, match, rank) for use in step.uses)


def steps(
    catalogue: Mapping[str, Selectable],
    explicit: Iterable[str],
    texts: Sequence[str],
    match: Match,
    rank: Rank | None = None,
) -> Iterator[Step]:
    """Every skill that comes up for a transcript, in order, with what became of it."""
    choice = _Choice(catalogue)
    for name in explicit:
        yield choice.step(None, name, "explicit", 1.0)
    for view in views(texts):
        if len(choice.chosen) >= SKILLS_AT_MOST:
            break
        found = match(view.matched)
        for name in _best_first(found):
            yield choice.step(view.place, name, "pattern", float(found[name]))
        for each in rank(view.ranked) if rank and view.ranked else ():
            yield choice.step(view.place, each.name, "lexical", each.score)


def _best_first(found: Mapping[str, int]) -> Iterable[str]:
    """Names by how many patterns match, then by themselves."""
    return sorted(found, key=lambda name: (-found[name], name)) if len(found) > 1 else found


def views(texts: Sequence[str]) -> Iterator[View]:
    """What is looked at of each text until the patterns' budget is spent; later texts change nothing."""
    matching, ranking = MATCHED_IN_ALL, RANKED_IN_ALL
    for place, text in enumerate(texts):
        if matching <= 0:
            break
        seen = looked_at(text)
        matched = seen[:matching]
        ranked = seen[:ranking]
        matching -= len(matched)
        ranking -= len(ranked)
        yield View(place, matched, ranked)


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


class _Choice:
    """What is chosen so far."""

    def __init__(self, catalogue: Mapping[str, Selectable]) -> None:
        self.chosen: dict[str, SkillUse] = {}
        self._catalogue = catalogue

    def step(self, place: int | None, name: str, reason: str, score: float) -> Step:
        """Add a skill after what it requires, or leave everything as it was and say why."""
        if name in self.chosen:
            return Step(place, name, reason, score, refusal="chosen already")
        known = self._catalogue.get(name)
        if known is not None and not self.chosen and not known.requires and not known.excludes:
            return self._first(place, known, reason, score)
        needed, missing = self._needed(name)
        fresh = [each for each in needed if each not in self.chosen]
        refusal = _not_live(name, missing) if missing else self._refusal(fresh)
        if refusal:
            return Step(place, name, reason, score, refusal=refusal)
        uses = tuple(
            SkillUse(each, self._catalogue[each].version, reason, score)
            if each == name
            else SkillUse(each, self._catalogue[each].version, "required", 0.0)
            for each in fresh
        )
        self.chosen.update((use.name, use) for use in uses)
        return Step(place, name, reason, score, uses)

    def _first(self, place: int | None, known: Selectable, reason: str, score: float) -> Step:
        """As `step`, for the usual case: nothing is chosen yet, and the skill stands for itself."""
        use = self.chosen[known.name] = SkillUse(known.name, known.version, reason, score)
        return Step(place, known.name, reason, score, (use,))

    def _needed(self, name: str) -> tuple[list[str], str]:
        """Most skills require nothing."""
        known = self._catalogue.get(name)
        if known is not None and not known.requires:
            return [name], ""
        return _closure(self._catalogue, name)

    def _refusal(self, fresh: Sequence[str]) -> str:
        if len(self.chosen) + len(fresh) > SKILLS_AT_MOST:
            return f"with what it requires there would be more than {SKILLS_AT_MOST} skills"
        return _clash(self._catalogue, [*self.chosen, *fresh])


def _not_live(name: str, missing: str) -> str:
    if name == missing:
        return "not among the skills that are live here"
    return f"requires {missing}, which is not among the skills that are live here"


def _closure(catalogue: Mapping[str, Selectable], name: str) -> tuple[list[str], str]:
    """The skill and all it requires, requirements first; and the first of them that is not live, if any."""
    ordered: list[str] = []
    seen: set[str] = set()
    open_names = [(name, False)]
    while open_names:
        current, settled = open_names.pop()
        if settled:
            ordered.append(current)
        elif current not in seen:
            if current not in catalogue:
                return [], current
            seen.add(current)
            open_names.append((current, True))
            open_names.extend((each, False) for each in reversed(catalogue[current].requires))
    return ordered, ""


def _clash(catalogue: Mapping[str, Selectable], names: Sequence[str]) -> str:
    """The first exclusion among these skills, in words; empty where there is none."""
    if not any(catalogue[name].excludes for name in names):
        return ""
    together = set(names)
    for name in names:
        if not together.isdisjoint(catalogue[name].excludes):
            other = next(each for each in catalogue[name].excludes if each in together)
            return f"{name} excludes {other}"
    return ""
