"""When a fault may begin: the prior mass that one stage's sequential tests spend, and on which seconds."""

import math

import msgspec

from tidegate.domain.rollout import Plan

DAY_SECONDS = 86_400.0


class StagePrior(msgspec.Struct, frozen=True, kw_only=True):
    """One stage's share of the rollout's total mass of 1; times in seconds since the stage began.

    `start` is spent as the stage begins, `planned` evenly over its bake, `extension` on the days after it:
    day d gets extension/(d(d+1)), evenly over the day. Summed over the stages the three come to .5, .4, .1.
    """

    start: float
    planned: float
    extension: float
    bake_seconds: float

    def spent(self, elapsed: float) -> float:
        """Mass spent on beginnings after the stage's start and up to `elapsed`; rises, never above 1."""
        if elapsed <= 0:
            return 0.0
        planned = self.planned * min(1.0, elapsed / self.bake_seconds)
        days = max(0.0, elapsed - self.bake_seconds) / DAY_SECONDS
        whole = math.floor(days)
        before = 1 - 1 / (whole + 1)
        return planned + self.extension * (before + (days - whole) / ((whole + 1) * (whole + 2)))


def stage_prior(plan: Plan, stage: int) -> StagePrior:
    """The mass that stage number `stage` may spend.

    The union over stages stays within alpha because each stage's process starts from nothing and spends at
    most its own part of a total of 1: E plus the mass not yet spent is a non-negative supermartingale that
    begins at 1 with the first stage, and a new stage only drops wealth (Ville's inequality).
    """
    total = sum(each.bake_seconds for each in plan.stages)
    bake = plan.stages[stage].bake_seconds
    return StagePrior(
        start=0.5 / len(plan.stages),
        planned=0.4 * bake / total,
        extension=0.1 / len(plan.stages),
        bake_seconds=bake,
    )
