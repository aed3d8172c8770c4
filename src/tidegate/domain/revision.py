"""A revised candidate in a rollout that goes on: when it takes effect, on whom it is judged, at what price.

What the tests have seen is of the old candidate, so a revision is a new attempt: evidence starts anew, units
keep their arms. Where each request is a unit of its own, none has met an earlier candidate: a revision takes
effect at once, and its stage begins anew. Units that stay (users, conversations) carry what the old candidate
did to them, and at a stage's weight all of the candidate's have met it. So there it takes effect with the
next stage, which is judged on the buckets that it adds alone, with rho = (w - w_old) / (10000 - w_old).

Over all its revisions a rollout is still rolled back falsely with probability at most alpha: what is left is
spent, never more. A stage's tests have spent their start's mass and what its time has cost (`domain/prior`);
at a stage's end nothing of the later ones is spent. For savings each stage spends its part as it begins
(`domain/savings`): the k-th revision in mid-stage has the later stages' parts and 2^-k of a reserve. A change
of prices counts as one there (`domain/repricing`).
"""

import msgspec

from tidegate.domain.assignment import ceiling
from tidegate.domain.errors import Conflict
from tidegate.domain.evidence import BUCKET_SECONDS
from tidegate.domain.prior import StagePrior, stage_prior
from tidegate.domain.rollout import Left, Phase, Plan, Rollout, Unit, Variant
from tidegate.domain.savings import RESERVE, stage_part

LEAST_LEFT = 0.05
"""With less than this of alpha the tests need twenty times the evidence's odds, which is a guard no more."""


def revised(rollout: Rollout, candidate: Variant, now: float) -> Rollout:
    """The rollout with a new candidate: from now on, or from the next stage on where a finished one is asked
    for; raises Conflict where it could not be judged.
    """
    if candidate == latest_candidate(rollout):
        raise Conflict(
            f"rollout {rollout.name!r} has this candidate already: change something under `candidate`, "
            "or leave it as it is"
        )
    if rollout.phase is Phase.AWAITING_APPROVAL:
        return _noted(rollout, candidate)
    if rollout.plan.unit is not Unit.REQUEST:
        raise Conflict(
            f"a rollout by {rollout.plan.unit} judges a revision on units that have not met the candidate "
            f"before, and at the weight of stage {rollout.current.name!r} none are left: revise "
            f"{rollout.name!r} when the stage awaits approval, for the next one, or `abort` it and start a "
            "new rollout"
        )
    left = left_after(rollout, now)
    if left.comparing < LEAST_LEFT:
        raise Conflict(
            f"the tests of rollout {rollout.name!r} would have {left.comparing:.1%} of their false-alarm "
            "budget left, too little to see a fault soon: promote what there is, or `abort` it and start a "
            "new rollout"
        )
    return msgspec.structs.replace(_with(rollout, candidate), left=left)


def latest_candidate(rollout: Rollout) -> Variant:
    """The candidate that is served, or the one that is noted for the next stage."""
    return rollout.next_candidate or rollout.plan.candidate


def taken_up(rollout: Rollout) -> Rollout:
    """The rollout on its way to the next stage, with the revision that was noted for it, if there is one."""
    if rollout.next_candidate is None:
        return rollout
    exposed = 0
    if rollout.plan.unit is not Unit.REQUEST:
        exposed = max(rollout.exposed, ceiling(rollout.current))
    return msgspec.structs.replace(_with(rollout, rollout.next_candidate), exposed=exposed)


def left_after(rollout: Rollout, now: float) -> Left:
    """What a revision at `now`, in mid-stage, leaves to the attempts from then on."""
    plan, stage = rollout.plan, rollout.stage
    priors = [stage_prior(plan, each) for each in range(stage, len(plan.stages))]
    spent = priors[0].start + priors[0].spent(now - rollout.stage_since + BUCKET_SECONDS)
    comparing = max(0.0, 1.0 - spent / sum(map(_whole, priors)))
    parts = [stage_part(each, len(plan.stages)) for each in range(stage, len(plan.stages))]
    renewed = rollout.revisions + rollout.repricings + 1
    later = rollout.left.saving * sum(parts[1:]) + RESERVE / 2**renewed
    return Left(rollout.left.comparing * comparing, later / sum(parts))


def _noted(rollout: Rollout, candidate: Variant) -> Rollout:
    if rollout.stage == len(rollout.plan.stages) - 1:
        raise Conflict(
            f"rollout {rollout.name!r} has finished its last stage, and no other would judge a revision: "
            "`promote` it as it is, or `abort` it and start a new rollout"
        )
    _refuse_without_units(rollout.plan, rollout.stage)
    noted = None if candidate == rollout.plan.candidate else candidate
    return msgspec.structs.replace(rollout, next_candidate=noted, approved_by=())


def _refuse_without_units(plan: Plan, stage: int) -> None:
    """Raises Conflict where the next stage adds no unit to the candidate that has not met it before."""
    here, there = plan.stages[stage], plan.stages[stage + 1]
    if plan.unit is not Unit.REQUEST and ceiling(there) <= ceiling(here):
        raise Conflict(
            f"stage {there.name!r} has no more weight than {here.name!r}, so nobody is left in it who has "
            "not met the candidate before; `abort` the rollout and start a new one"
        )


def _with(rollout: Rollout, candidate: Variant) -> Rollout:
    return msgspec.structs.replace(
        rollout,
        plan=msgspec.structs.replace(rollout.plan, candidate=candidate),
        attempt=rollout.attempt + 1,
        revisions=rollout.revisions + 1,
        next_candidate=None,
    )


def _whole(prior: StagePrior) -> float:
    return prior.start + prior.planned + prior.extension
