"""The score from which words choose a skill, by votes on answers and by labelled prompts."""

from collections.abc import Sequence
from typing import NamedTuple

from tidegate.domain.evaluation import Case
from tidegate.domain.tuning.advice import Advice
from tidegate.domain.tuning.answers import Band
from tidegate.domain.tuning.binomial import by_luck, more_often

VOTES = 20
"""On either side of a comparison."""

ALPHA = 0.05
PROMPTS = 30
_HIGHEST_TENTHS = 100

_SETTING = "select.threshold"


class _Votes(NamedTuple):
    up: int
    down: int

    @property
    def number(self) -> int:
        return self.up + self.down


def advise_by_votes(bands: Sequence[Band], present: float, *, lexical: bool = True) -> Advice:
    """A higher threshold, where answers with a skill of a low score get more thumbs down than those without.

    Without: control's answers to requests that would have got it by such a score. Where they have too few
    votes, answers with a skill of a higher score. Lower scores than the present one are on no record.
    Fisher's test for each threshold, at 5 % for all together (Bonferroni).
    """
    served = _of(bands, present, None, served=True)
    evidence = _evidence(served)
    if not lexical:
        return _none(present, 0, "words choose no skills", "`select.lexical` is off")
    if served.number < 2 * VOTES:
        short = 2 * VOTES - served.number
        return _none(present, served.number, evidence, f"{short} more votes are needed", short)
    begin = round(present * 10)
    tried = [
        (tenths, low, other)
        for tenths in range(begin + 1, _HIGHEST_TENTHS)
        if (low := _of(bands, present, tenths / 10, served=True)).number >= VOTES
        and (other := _compared(bands, present, tenths / 10)).number >= VOTES
    ]
    if not tried:
        why = (
            f"no score divides them into {VOTES} votes below it and {VOTES} to compare with; more are needed"
        )
        return _none(present, served.number, evidence, why, VOTES)
    chance, tenths, low, other = min(
        (more_often(low.down, low.number, other.down, other.number), tenths, low, other)
        for tenths, low, other in tried
    )
    if chance * len(tried) >= ALPHA:
        why = f"no score is found below which answers are voted down more often (of {len(tried)} tried)"
        return _none(present, served.number, evidence, why)
    return _raised(present, tenths / 10, served, low, other)


def _raised(present: float, proposed: float, served: _Votes, low: _Votes, other: _Votes) -> Advice:
    kept = _Votes(served.up - low.up, served.down - low.down)
    before, after = _ratio(served.up, served.number), _ratio(kept.up, kept.number)
    recall = _ratio(kept.up, served.up)
    below = f"below {proposed:g} {low.down:,} of {low.number:,} were down"
    return Advice(
        setting=_SETTING,
        present=present,
        proposed=proposed,
        n=served.number,
        evidence=f"{_evidence(served)}; {below}, beside {other.down:,} of {other.number:,}",
        effect=f"precision by votes {before} to {after}; {recall} of the thumbs up keep their skill",
    )


def _evidence(served: _Votes) -> str:
    return f"{served.number:,} votes on answers with a skill that words chose, {served.down:,} down"


def _of(bands: Sequence[Band], low: float, high: float | None, *, served: bool) -> _Votes:
    """Votes in [low, high)."""
    begin, end = round(low * 10), None if high is None else round(high * 10)
    found = [
        each
        for each in bands
        if each.served is served and each.tenths >= begin and (end is None or each.tenths < end)
    ]
    return _Votes(sum(each.up for each in found), sum(each.down for each in found))


def _compared(bands: Sequence[Band], present: float, threshold: float) -> _Votes:
    without = _of(bands, present, threshold, served=False)
    return without if without.number >= VOTES else _of(bands, threshold, None, served=True)


class Judged(NamedTuple):
    """What a threshold made of each labelled prompt: the skills it chose."""

    threshold: float
    chosen: Sequence[Sequence[str]]


def advise_by_labels(cases: Sequence[Case], judged: Sequence[Judged], present: float) -> Advice:
    """The threshold with the best balance of precision and recall (F1) on labelled prompts.

    Proposed where it is right on more of the prompts that the two treat differently than chance explains: a
    sign test, at 5 % for all thresholds together. `judged` has the present threshold too.
    """
    if len(cases) < PROMPTS:
        short = PROMPTS - len(cases)
        return _none(present, len(cases), f"{len(cases)} labelled prompts", f"{short} more are needed", short)
    figures = {each.threshold: _figures(cases, each.chosen) for each in judged}
    rights = {each.threshold: _rights(cases, each.chosen) for each in judged}
    best = max(figures, key=lambda at: (figures[at].f1, -abs(at - present)))
    better, worse = _changed(rights[best], rights[present])
    evidence = f"{len(cases):,} labelled prompts: " + "; ".join(
        f"at {at:g} {_told(figures[at])}" for at in dict.fromkeys((present, best))
    )
    if best == present or by_luck(better, worse) * len(judged) >= ALPHA:
        why = f"none of {len(judged)} thresholds is surely better ({better} prompts better, {worse} worse)"
        return _none(present, len(cases), evidence, why)
    return Advice(
        setting=_SETTING,
        present=present,
        proposed=best,
        n=len(cases),
        evidence=evidence,
        effect=f"{better} prompts would have got the right skills that did not, {worse} no longer",
    )


class _Figures(NamedTuple):
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def _figures(cases: Sequence[Case], chosen: Sequence[Sequence[str]]) -> _Figures:
    right = wanted = given = 0
    for case, names in zip(cases, chosen, strict=True):
        needs, got = {*case.skills}, {*names}
        right += len(needs & got)
        wanted += len(needs)
        given += len(got - ({*case.acceptable} - needs))
    return _Figures(right / given if given else 1.0, right / wanted if wanted else 1.0)


def _rights(cases: Sequence[Case], chosen: Sequence[Sequence[str]]) -> Sequence[bool]:
    """Whether each prompt got all it needs, and nothing that is neither needed nor acceptable."""
    return [
        {*case.skills} <= {*names} <= {*case.skills, *case.acceptable}
        for case, names in zip(cases, chosen, strict=True)
    ]


def _changed(now: Sequence[bool], before: Sequence[bool]) -> tuple[int, int]:
    pairs = list(zip(now, before, strict=True))
    return sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)


def _none(present: float, n: int, evidence: str, why: str, missing: int = 0) -> Advice:
    return Advice(setting=_SETTING, present=present, n=n, evidence=evidence, why=why, missing=missing)


def _told(figures: _Figures) -> str:
    return f"precision {100 * figures.precision:.1f} %, recall {100 * figures.recall:.1f} %"


def _ratio(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"
