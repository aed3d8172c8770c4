"""What a stage's gates say, and what that recommends."""

import msgspec

from tidegate.control.reporting.course import Visit
from tidegate.domain.decision import Decision, Kind, decide
from tidegate.domain.judging import verdicts
from tidegate.domain.observation import Evidence
from tidegate.domain.reporting.document import Recommendation
from tidegate.domain.rollout import Move, Rollout
from tidegate.domain.verdict import Verdict

_SAYS = {Kind.ADVANCE: "proceed", Kind.COMPLETE: "proceed", Kind.ROLLBACK: "rollback"}
_ENDS = {
    Move.ADVANCE: "proceed",
    Move.PROMOTE: "proceed",
    Move.COMPLETE: "proceed",
    Move.ROLLBACK: "rollback",
}


def gates(visit: Visit, evidence: Evidence) -> tuple[Verdict, ...]:
    """The criteria on this evidence; what the trip gate says is what it said last on record."""
    judged = verdicts(_without_trip(visit.rollout), evidence)
    return judged if visit.trip is None else (visit.trip, *judged)


def recommend(visit: Visit, evidence: Evidence, as_of: float) -> Recommendation:
    """What was decided at the stage's end; while it goes on, what the controller would decide `as_of`."""
    if visit.ended is not None:
        return _ended(visit)
    decision = decide(_without_trip(visit.rollout), evidence, as_of)
    return Recommendation(say=_say(decision), cause=decision.cause, reason=decision.reason)


def nothing_to_decide(rollout: Rollout) -> Recommendation:
    """Of a rollout that stands still."""
    reason = f"nothing to decide: it is {rollout.phase}"
    return Recommendation(say="none", cause="inactive", reason=reason)


def _ended(visit: Visit) -> Recommendation:
    assert visit.ended is not None  # noqa: S101 -- asked for a stage that has ended alone; tells the checker
    event, data = visit.ended.event, visit.ended.data
    cause = data.decision.cause if data.decision else event.kind
    say = _ENDS.get(data.move, "none") if data.move else "none"
    return Recommendation(say=say, cause=cause, reason=event.reason)


def _say(decision: Decision) -> str:
    if decision.kind is Kind.HOLD and decision.cause == "approval":
        return "proceed"
    return _SAYS.get(decision.kind, "hold")


def _without_trip(rollout: Rollout) -> Rollout:
    """It judges the latest outcomes one by one, and those of a past day are not the latest any more."""
    spared = msgspec.structs.replace(rollout.plan.gates, trip=None)
    return msgspec.structs.replace(rollout, plan=msgspec.structs.replace(rollout.plan, gates=spared))
