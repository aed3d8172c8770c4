"""The record of a stage's end: what each criterion says, what is still open, how users voted, what to do.

It is a function of the rollout, the decision, the evidence and the open incidents, all of which are kept with
the event: `tidegate rollout replay` makes it again.
"""

from collections.abc import Sequence

import msgspec

from tidegate.domain.decision import Decision, Kind
from tidegate.domain.incident import OpenIncident, named
from tidegate.domain.judging import holds, worse
from tidegate.domain.observation import Evidence
from tidegate.domain.rollout import ACTIVE, Phase, Rollout
from tidegate.domain.transition import baked_seconds
from tidegate.domain.verdict import Verdict

_ON = frozenset({Kind.ADVANCE, Kind.COMPLETE})


class Criterion(msgspec.Struct, frozen=True, kw_only=True):
    """One gate: its verdict, and what it asks for by that: `proceed`, `hold`, `pause` or `rollback`."""

    name: str
    verdict: str
    says: str
    reason: str


class Votes(msgspec.Struct, frozen=True, kw_only=True):
    """First votes on triggered answers of the stage, by arm."""

    candidate_up: int
    candidate_down: int
    control_up: int
    control_down: int


class StageRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a stage's end was decided on. `recommendation`: `proceed`, `hold` or `rollback`.

    It is to proceed where every criterion passes and no incident is open, to roll back where a criterion that
    does so failed, and to hold in all that lies between. `baked_seconds` leaves out time paused.
    """

    stage: str
    baked_seconds: float
    criteria: tuple[Criterion, ...]
    incidents: tuple[OpenIncident, ...]
    votes: Votes
    recommendation: str
    reason: str


def ends_stage(rollout: Rollout, decision: Decision, now: float) -> bool:
    """Whether a decision is about a stage's end: the bake is over, or is cut short by a rollback."""
    if rollout.phase not in ACTIVE:
        return False
    if decision.kind is Kind.ROLLBACK or rollout.phase is Phase.AWAITING_APPROVAL:
        return True
    over = baked_seconds(rollout, now) >= rollout.current.bake_seconds
    return over and rollout.phase is Phase.PROGRESSING


def record_of(
    rollout: Rollout, decision: Decision, evidence: Evidence, incidents: Sequence[OpenIncident], now: float
) -> StageRecord | None:
    """The record to keep with a decision at `now` (epoch seconds); None where no stage ends by it."""
    if not ends_stage(rollout, decision, now):
        return None
    recommendation, reason = _advice(decision, incidents)
    return StageRecord(
        stage=rollout.current.name,
        baked_seconds=baked_seconds(rollout, now),
        criteria=tuple(_criterion(rollout, each) for each in decision.verdicts),
        incidents=tuple(incidents),
        votes=Votes(
            candidate_up=evidence.candidate.up,
            candidate_down=evidence.candidate.down,
            control_up=evidence.control.up,
            control_down=evidence.control.down,
        ),
        recommendation=recommendation,
        reason=reason,
    )


def _criterion(rollout: Rollout, verdict: Verdict) -> Criterion:
    """What the gate says by itself at the stage's end."""
    says = worse(rollout.plan.gates, verdict.name) if verdict.verdict == "fail" else "hold"
    if not holds(verdict):
        says = "proceed"
    return Criterion(name=verdict.name, verdict=verdict.verdict, says=says, reason=verdict.reason)


def _advice(decision: Decision, incidents: Sequence[OpenIncident]) -> tuple[str, str]:
    if decision.kind is Kind.ROLLBACK:
        return "rollback", decision.reason
    if decision.kind not in _ON and decision.cause != "approval":
        return "hold", decision.reason
    if incidents:
        return "hold", f"every criterion passes, but there is {named(incidents)}"
    return "proceed", decision.reason
