"""The timeout of skill work, by how long good answers took."""

import math
from collections.abc import Mapping

from tidegate.domain.tuning.advice import Advice
from tidegate.domain.tuning.answers import Waits
from tidegate.domain.tuning.binomial import most_allowed, needed, surely_more

CUT = 0.005
"""The share of good answers that a timeout may cut, with 95 % confidence."""

WORTH = 0.8
"""A shorter timeout is proposed from this share of the present one on."""

LONGER = 2.0
"""How many times as long a step is, where too much is cut and nobody knows how long it would have taken."""

_SETTING = "timeout"


def advise_timeout(waits: Waits, present: float) -> Advice:
    """By the distribution of waits alone: an order statistic bounds its quantile whatever its shape.

    What was cut counts as if it would have been good: nobody knows.
    """
    good = sum(waits.good.values())
    count, least = good + waits.cut, needed(CUT)
    evidence = f"{good:,} good answers with skills, {waits.cut:,} cut at {present:g}s"
    if count < least:
        return _none(present, count, evidence, f"{least - count} more answers are needed", least - count)
    allowed = most_allowed(count, CUT)
    if waits.cut > allowed:
        return _too_short(waits, present, count, evidence)
    seconds, beyond = _shortest(waits.good, allowed - waits.cut)
    if seconds > WORTH * present:
        said = f"by the evidence at most {100 * CUT:g} % of good answers would be cut from {seconds:g}s on"
        return _none(present, count, evidence, f"the present one fits: {said}")
    kept = f"{beyond:,} of {good:,} good answers would have been cut"
    return Advice(
        setting=_SETTING,
        present=present,
        proposed=seconds,
        n=count,
        evidence=evidence,
        effect=f"{kept}; {_sooner(waits.cut, present - seconds)}",
    )


def _sooner(cut: int, seconds: float) -> str:
    if not cut:
        return "none was cut in the period"
    return f"the {cut:,} that were cut would have been answered without skills {seconds:.3g}s earlier"


def _too_short(waits: Waits, present: float, count: int, evidence: str) -> Advice:
    if not surely_more(waits.cut, count, CUT):
        why = f"{waits.cut:,} of {count:,} cut may be more than {100 * CUT:g} % or not; a longer period tells"
        return _none(present, count, evidence, why)
    return Advice(
        setting=_SETTING,
        present=present,
        proposed=LONGER * present,
        n=count,
        evidence=evidence,
        effect=f"{waits.cut:,} answers would have had {LONGER * present - present:g}s more; how many of them "
        "would have come is not on record: a step, to be looked at again",
    )


def _none(present: float, count: int, evidence: str, why: str, missing: int = 0) -> Advice:
    return Advice(setting=_SETTING, present=present, n=count, evidence=evidence, why=why, missing=missing)


def _shortest(good: Mapping[int, int], allowed: int) -> tuple[float, int]:
    """Seconds beyond which at most so many took, rounded up to a tenth; and how many really took longer."""
    beyond = 0
    at = 0
    for at in sorted(good, reverse=True):
        if beyond + good[at] > allowed:
            break
        beyond += good[at]
    seconds = max(0.1, math.ceil(at / 100) / 10)
    return seconds, sum(count for ms, count in good.items() if ms > seconds * 1000)
