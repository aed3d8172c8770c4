"""Assignment: which arm a unit belongs to, by a salted hash in integer arithmetic; same input, same arm."""

from hashlib import blake2b
from typing import Final

from tidegate.domain.exchange import Arm
from tidegate.domain.rollout import ACTIVE, After, Phase, Rollout, Stage

BUCKETS = 10_000
"""Buckets of assignment: one is a basis point of the units."""


# Bound once: before Python 3.12 each look-up of an enum's member is a call.
_CANDIDATE: Final = Arm.CANDIDATE
_CONTROL: Final = Arm.CONTROL


def bucket(salt_hex: str, tenant: str, unit: str) -> int:
    """The unit's bucket, 0 to 9,999: blake2b-64 of salt, tenant and unit, mod 10,000.

    The tenant's length is hashed with it, so no two (tenant, unit) pairs run together. 64 bits leave a
    bias below 10^-15 in the modulus.
    """
    text = f"{salt_hex}:{len(tenant)}:{tenant}:{unit}"
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % BUCKETS


def ceiling(stage: Stage) -> int:
    """Buckets below this one are candidate: the weight, less what the holdout keeps back at the top."""
    return min(stage.weight, BUCKETS - stage.holdout)


def candidate_share(stage: Stage, exposed: int = 0) -> float:
    """The share of eligible units that the design sends to the candidate (0 to 1), the tests' rho.

    Of those in buckets from `exposed` on, where the ones below have met an earlier revision.
    """
    return (ceiling(stage) - exposed) / (BUCKETS - exposed)


def judged_share(rollout: Rollout) -> float:
    """The same share among the units that its current stage judges: those that met no earlier revision."""
    return candidate_share(rollout.current, rollout.exposed)


def arm(bucket: int, stage: Stage) -> Arm:
    """The arm of an eligible unit while the stage lasts; control is everyone who is not candidate."""
    return _CANDIDATE if bucket < ceiling(stage) else _CONTROL


def arm_after(bucket: int, after: After) -> Arm:
    """The arm of an eligible unit once the rollout has completed, while its `after` lasts."""
    return _CANDIDATE if bucket < BUCKETS - after.holdout else _CONTROL


def moved_range(previous: Stage | None, stage: Stage) -> range:
    """The buckets that the step from `previous` (None: from no candidate at all) moves to the candidate."""
    return range(ceiling(previous) if previous else 0, ceiling(stage))


def weight_percent(rollout: Rollout, now: float) -> float:
    """The share of units, in percent, that the plan gives to the candidate at `now`.

    While it runs the stage's weight; once completed everybody but the holdout, as long as `after` keeps
    one; 0 once it was taken back.
    """
    if rollout.phase in ACTIVE:
        return rollout.current.weight / 100
    if rollout.phase is not Phase.COMPLETED:
        return 0.0
    after = rollout.plan.after
    kept = after.holdout if now < (rollout.completed_at or 0.0) + after.for_seconds else 0
    return (BUCKETS - kept) / 100
