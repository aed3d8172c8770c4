"""Rollouts and buckets for tests of the gates."""

from tidegate.domain.evidence import ArmBucket, StageEvidence, Tally, UnitEvent
from tidegate.domain.exchange import Arm
from tidegate.domain.rollout import Eligible, Gates, Phase, Plan, Rollout, Stage, Unit, Variant

SINCE = 1_000_000.0
HOUR = 3600.0


def make_rollout(
    gates: Gates, unit: Unit = Unit.REQUEST, *, weight: int = 500, bake: float = 72 * HOUR
) -> Rollout:
    """A rollout in its first stage of two, begun at SINCE."""
    plan = Plan(
        name="r",
        unit=unit,
        eligible=Eligible(),
        baseline=Variant(),
        candidate=Variant(),
        stages=(
            Stage(name="canary", weight=weight, bake_seconds=bake, promote="auto"),
            Stage(name="full", weight=10_000, bake_seconds=bake, promote="auto", holdout=500),
        ),
        gates=gates,
    )
    return Rollout(
        name="r",
        plan=plan,
        phase=Phase.PROGRESSING,
        salt="0" * 32,
        created_at=SINCE,
        created_by="ada",
        stage_since=SINCE,
        phase_since=SINCE,
    )


def pair(at: int, candidate: Tally, control: Tally) -> list[ArmBucket]:
    """Both arms' buckets that begin `at` seconds into the stage."""
    start = int(SINCE) + at
    return [ArmBucket(start, Arm.CANDIDATE, candidate), ArmBucket(start, Arm.CONTROL, control)]


def make_event(unit: str, arm: Arm, kind: str, at: float) -> UnitEvent:
    """A unit's event `at` seconds into the stage."""
    return UnitEvent(unit=unit, arm=arm, kind=kind, step=int(at // (3 * HOUR)), at=SINCE + at)


def make_evidence(buckets: list[ArmBucket], events: list[UnitEvent] | None = None) -> StageEvidence:
    """The evidence of the first stage."""
    ordered = tuple(sorted(buckets, key=lambda each: (each.start, each.arm)))
    happened = tuple(sorted(events or [], key=lambda each: (each.at, each.unit)))
    return StageEvidence(rollout="r", attempt=1, stage=0, buckets=ordered, events=happened)
