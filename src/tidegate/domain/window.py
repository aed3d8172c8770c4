"""Windows of the sticky processes: when each opens, how long it lives, and its part of alpha."""

import math
from collections.abc import Iterator

import msgspec

from tidegate.domain.evidence import LONG_WINDOW_SECONDS, SHORT_WINDOW_SECONDS
from tidegate.domain.prior import DAY_SECONDS
from tidegate.domain.rollout import Plan

START_MASS = 0.5
"""A window's prior mass on a fault that is there as it opens; as much again is spread over its life."""


class Span(msgspec.Struct, frozen=True):
    """One length of window: one opens every `step` seconds and lives `life` seconds."""

    step: int
    life: int


LONG = Span(LONG_WINDOW_SECONDS, 72 * 3600)
SHORT = Span(SHORT_WINDOW_SECONDS, 6 * 3600)
SPANS = (LONG, SHORT)

KIND_SHARES = (("bad", 0.7), ("streak", 0.2))
"""Each kind of unit event of the errors gate with its part of alpha; the last tenth is for extensions."""

PLANNED = 0.9
"""The part of alpha that all kinds of a gate share over the planned time."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One process: `opens` in seconds since the stage began, `spread` is how long its prior reaches."""

    kind: str
    span: Span
    opens: float
    spread: float
    alpha_share: float
    """Its part of the gate's alpha."""

    @property
    def first_step(self) -> int:
        return round(self.opens) // SHORT_WINDOW_SECONDS

    def spent(self, elapsed: float) -> float:
        """Mass spent on beginnings after the opening, up to `elapsed` seconds of the stage."""
        return (1 - START_MASS) * min(1.0, max(0.0, elapsed - self.opens) / self.spread)


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """All windows of one stage. Over a rollout the parts of alpha sum to .9 planned and .1 for extensions."""

    bake_seconds: float
    stages: int
    counts: tuple[int, ...]
    """Planned windows of each span in the whole rollout."""
    kinds: tuple[tuple[str, float], ...] = KIND_SHARES

    def opening(self, after: float, upto: float) -> Iterator[Window]:
        """The windows that open in (after, upto], in seconds since the stage began."""
        if after >= 0 and after // SHORT.step == upto // SHORT.step:
            return
        for span, count in zip(SPANS, self.counts, strict=True):
            for n in range(max(0, math.floor(after / span.step) + 1), math.floor(upto / span.step) + 1):
                if n < math.ceil(self.bake_seconds / span.step):
                    yield from self._planned(span, count, n)
            base = self.extension_opens
            for n in range(
                max(0, math.floor((after - base) / span.step) + 1), math.floor((upto - base) / span.step) + 1
            ):
                yield from self._extension(span, base, n)

    @property
    def extension_opens(self) -> int:
        """Where extensions begin: at the first short step that starts at or after the planned end."""
        return math.ceil(self.bake_seconds / SHORT.step) * SHORT.step

    def _planned(self, span: Span, count: int, n: int) -> Iterator[Window]:
        opens = n * span.step
        for kind, part in self.kinds:
            yield Window(
                kind=kind,
                span=span,
                opens=opens,
                spread=min(span.life, self.bake_seconds - opens),
                alpha_share=part / len(SPANS) / count,
            )

    def _extension(self, span: Span, base: int, n: int) -> Iterator[Window]:
        day = n * span.step // int(DAY_SECONDS) + 1
        parts = sum(part for _, part in self.kinds)
        a_day = 0.1 / self.stages / (day * (day + 1)) * span.step / DAY_SECONDS
        for kind, part in self.kinds:
            yield Window(
                kind=kind,
                span=span,
                opens=base + n * span.step,
                spread=span.life,
                alpha_share=a_day * part / parts / len(SPANS),
            )


def calendar(plan: Plan, stage: int, kinds: tuple[tuple[str, float], ...] = KIND_SHARES) -> Calendar:
    """The windows of stage number `stage`; a stage shorter than a window's step still has one of it."""
    return Calendar(
        bake_seconds=plan.stages[stage].bake_seconds,
        stages=len(plan.stages),
        counts=tuple(sum(math.ceil(each.bake_seconds / span.step) for each in plan.stages) for span in SPANS),
        kinds=kinds,
    )
