"""Why a transcript gets the skills it gets: each skill that came near, by text, and what became of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from tidegate.domain.exchange import SkillUse
from tidegate.domain.lexical import AT_MOST, Ranked, TermScore
from tidegate.domain.ranking import Ranking
from tidegate.domain.selection import SKILLS_AT_MOST, Selectable, Step, View, steps, views

SHOWN = 20
"""Skills of one text, best first: what is further down is far from being chosen."""

Matching = Callable[[str], Mapping[str, Sequence[str]]]
"""A text's matching skills, each with its matching patterns."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A skill as one text has it; `text` counts from 1, None where the skill was asked for by name.

    `score` is that of its words, of which `terms` are the parts; `outcome` says in words what became of it.
    """

    text: int | None
    name: str
    patterns: Sequence[str] = ()
    score: float = 0.0
    terms: Sequence[TermScore] = ()
    chosen: bool
    outcome: str


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen, in serving order, and all that came near; `threshold` None: words choose nothing."""

    threshold: float | None
    chosen: tuple[SkillUse, ...]
    candidates: tuple[Candidate, ...]


def explain(
    catalogue: Mapping[str, Selectable],
    explicit: Sequence[str],
    texts: Sequence[str],
    matching: Matching,
    index: Ranking | None,
) -> Explanation:
    """The same selection as `select`, step by step."""

    def counted(text: str) -> Mapping[str, int]:
        return {name: len(patterns) for name, patterns in matching(text).items()}

    taken = list(steps(catalogue, explicit, texts, counted, index.choose if index else None))
    by_text: dict[int | None, list[Step]] = {}
    for step in taken:
        by_text.setdefault(step.place, []).append(step)
    candidates = [_asked(step) for step in by_text.get(None, [])]
    for view in views(texts):
        ranked = index.rank(view.ranked)[:SHOWN] if index and view.ranked else ()
        candidates += _of_text(view, by_text.get(view.place, []), matching(view.matched), ranked, index)
    return Explanation(
        threshold=index.threshold if index else None,
        chosen=tuple(use for step in taken for use in step.uses),
        candidates=tuple(candidates),
    )


def _asked(step: Step) -> Candidate:
    return Candidate(text=None, name=step.name, chosen=bool(step.uses), outcome=_outcome([step], step.name))


def _of_text(
    view: View,
    taken: Sequence[Step],
    patterns: Mapping[str, Sequence[str]],
    ranked: Sequence[Ranked],
    index: Ranking | None,
) -> Iterable[Candidate]:
    """Matched skills and ranked ones, in the order in which the text brings them up."""
    scores = {each.name: each.score for each in ranked}
    order = dict.fromkeys([*(step.name for step in taken), *patterns, *scores])
    for name in order:
        own = [step for step in taken if step.name == name]
        yield Candidate(
            text=view.place + 1,
            name=name,
            patterns=tuple(patterns.get(name, ())),
            score=scores.get(name, 0.0),
            terms=index.explain(view.ranked, name) if index and name in scores else (),
            chosen=any(step.uses for step in own),
            outcome=_outcome(own, name) if own else _not_reached(name, ranked, index),
        )


def _outcome(own: Sequence[Step], name: str) -> str:
    """What became of a skill that came up, at best."""
    best = next((step for step in own if step.uses), own[0])
    if not best.uses:
        return f"left out: {best.refusal}"
    needed = [use.name for use in best.uses if use.name != name]
    return f"chosen ({best.reason})" + (f", with {', '.join(needed)}, which it requires" if needed else "")


def _not_reached(name: str, ranked: Sequence[Ranked], index: Ranking | None) -> str:
    """Why a skill with a score, or with patterns in a text past the limit, did not come up."""
    score = next((each.score for each in ranked if each.name == name), None)
    if score is None or index is None:
        return f"left out: {SKILLS_AT_MOST} skills are chosen already"
    if score < index.threshold:
        return f"below the threshold of {index.threshold:g}"
    if score < ranked[0].score * index.near_best:
        return f"below {index.near_best:.0%} of the text's best score, {ranked[0].score:g}"
    if all(each.name != name for each in index.chosen(ranked)):
        return f"not among the text's {AT_MOST} best"
    return f"left out: {SKILLS_AT_MOST} skills are chosen already"
