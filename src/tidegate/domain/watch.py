"""After completion: the absolute gate goes on watching for as long as `after` holds units back.

It is the same recursion as in a stage (`domain/slo`), with an alpha of its own: while no triggered request of
the candidate is bad with a probability above the limit, given what came before, an alarm is raised with a
probability of at most ALPHA_SLO in all the time of `after`, however often it is looked at. Half of the prior
mass is spent at completion, half evenly over that time. After an alarm the wealth is dropped and only mass
not yet spent follows, so that arming it again adds nothing to alpha.
"""

from tidegate.domain.compared import slo
from tidegate.domain.decision import Decision, Kind
from tidegate.domain.evidence import Tally
from tidegate.domain.observation import Evidence
from tidegate.domain.prior import StagePrior
from tidegate.domain.rollout import Move, Phase, Rollout, SloGate
from tidegate.domain.slo import SloProcess, limits_of, share_of
from tidegate.domain.verdict import percent

LATELY_SECONDS = 3600.0
"""Figures are those of so long. An alarm is over once the limits were kept for so long, and not before."""


def watch_until(rollout: Rollout) -> float | None:
    """When the watch ends (epoch seconds); None where there is none: no gate `slo`, or nobody held back."""
    after = rollout.plan.after
    if rollout.phase is not Phase.COMPLETED or rollout.completed_at is None:
        return None
    if rollout.plan.gates.slo is None or not after.holdout:
        return None
    return rollout.completed_at + after.for_seconds


def is_watched(rollout: Rollout, now: float) -> bool:
    """Whether the absolute gate is armed though the rollout has completed."""
    until = watch_until(rollout)
    return until is not None and now < until


def watch_process(rollout: Rollout, gate: SloGate) -> SloProcess:
    """The process of the time after completion."""
    prior = StagePrior(start=0.5, planned=0.5, extension=0.0, bake_seconds=rollout.plan.after.for_seconds)
    return SloProcess(prior=prior, since=rollout.completed_at or 0.0, gate=gate, restart=rollout.rearmed_at)


def watch(rollout: Rollout, evidence: Evidence, now: float) -> Decision:
    """What to do about a completed rollout: raise an alarm, end it, or nothing.

    `evidence` has the sums of the latest LATELY_SECONDS before `now` (epoch seconds) and what the gate's test
    has found. One incident is one alarm, however long it lasts.
    """
    gate = rollout.plan.gates.slo
    if gate is None or not is_watched(rollout, now):
        return Decision(kind=Kind.HOLD, cause="inactive", reason=f"nothing to decide: it is {rollout.phase}")
    verdict = slo(gate, evidence)
    said = f"slo, in the latest hour: {verdict.reason}; {_held_back(gate, evidence.control, verdict.measure)}"
    move, cause = None, "watching"
    if rollout.alarmed_at is None and verdict.verdict == "fail":
        move, cause = Move.ALARM, "slo"
        said = f"{said}; it has completed, so nothing is done by itself: `undo` takes the candidate back"
    elif rollout.alarmed_at is not None and keeps(gate, evidence.candidate):
        move = Move.CALM if now - rollout.alarmed_at >= LATELY_SECONDS else None
        cause = "slo-kept"
    elif rollout.alarmed_at is not None:
        cause = "alarm"
    return Decision(kind=Kind.HOLD, move=move, cause=cause, reason=said, verdicts=(verdict,))


def keeps(gate: SloGate, lately: Tally) -> bool:
    """Whether every limit was kept by these sums; without a request that is not known."""
    shares = {name: share_of(gate, name, lately) for name in limits_of(gate)}
    return lately.triggered > 0 and all(shares[name] <= limit for name, limit in limits_of(gate).items())


def _held_back(gate: SloGate, control: Tally, measure: str) -> str:
    """What tells a fault of the candidate from one of everybody."""
    if not control.triggered:
        return "no request of those held back"
    share = percent(share_of(gate, measure, control))
    return f"of those held back {share} of {control.triggered:,}"
