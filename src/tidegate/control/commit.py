"""One commit: the new state, its event with what was judged, and the notice, in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from tidegate.control.approval_links import link_notices
from tidegate.control.services import Services
from tidegate.domain.assignment import weight_percent
from tidegate.domain.decision import FOR_PEOPLE, Decision
from tidegate.domain.difference import Change, changes
from tidegate.domain.incident import OpenIncident
from tidegate.domain.observation import Evidence
from tidegate.domain.revision import latest_candidate
from tidegate.domain.rollout import Move, Phase, Plan, Rollout, SavingsGate, Variant
from tidegate.domain.stage_record import StageRecord, record_of
from tidegate.domain.transition import UNROUTED
from tidegate.ports import Lease, NewEvent, Notice

CONTROLLER = "controller"
"""The actor of every decision that no person made."""

HOLD = "hold"
"""Kind of an event that records a decision without a move."""


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Where a rollout stood: weight in percent of units that got the candidate, 0 where it did not run."""

    phase: Phase
    stage: int
    stage_name: str
    weight: float
    attempt: int


class EventData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data of a rollout's event: before and after, and for a decision all that it was made from.

    `domain/decision.decide` of the rollout before, `evidence`, the event's time and the record's incidents
    gives `decision` again, and `domain/stage_record.record_of` the `record` of a stage's end.
    """

    before: Position
    after: Position
    move: Move | None = None
    decision: Decision | None = None
    evidence: Evidence | None = None
    record: StageRecord | None = None
    plan: Plan | None = None
    candidate: Variant | None = None
    """A revision's."""
    savings: SavingsGate | None = None
    """The gate as it was fixed anew, where prices changed."""
    changes: tuple[Change, ...] = ()
    """What a revision changes in the candidate that is served, or in the one that was noted before."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision, and the evidence and open incidents that it was made from."""

    decision: Decision
    evidence: Evidence
    incidents: tuple[OpenIncident, ...] = ()


@dataclass(frozen=True, slots=True)
class Committed:
    """The rollout as it is now stored, and the revision that carries it to every process."""

    rollout: Rollout
    revision: int


def stream(name: str) -> str:
    """The event stream of a rollout."""
    return f"rollout:{name}"


async def commit(
    services: Services,
    before: Rollout,
    after: Rollout,
    *,
    move: Move | None,
    actor: str,
    reason: str,
    at: float,
    judged: Judged | None = None,
    lease: Lease | None = None,
    admit: Callable[[Sequence[Rollout]], None] | None = None,
) -> Committed:
    """Write it all or nothing; raises Conflict where the rollout or the leadership has moved on.

    `admit` may refuse it beside the rollouts there are at that instant. A decision without a move changes
    nothing that requests are routed by, so no process has to take a new snapshot for it.
    """
    event, notices = entry(before, after, move=move, actor=actor, reason=reason, at=at, judged=judged)
    asks = after.phase is Phase.AWAITING_APPROVAL and (before.phase is not after.phase or move is Move.REVISE)
    if asks and services.links:
        notices += link_notices(services.links, after, before.version, at)
    done = await services.store.rollouts.commit(
        after, event, notices, lease=lease, admit=admit, routed=move is not None and move not in UNROUTED
    )
    return Committed(*done)


def entry(
    before: Rollout,
    after: Rollout,
    *,
    move: Move | None,
    actor: str,
    reason: str,
    at: float,
    judged: Judged | None = None,
) -> tuple[NewEvent, list[Notice]]:
    """What a commit adds to the record, and whom it tells: a move has a notice, a hold has none."""
    record = record_of(before, judged.decision, judged.evidence, judged.incidents, at) if judged else None
    data = EventData(
        before=_position(before, at),
        after=_position(after, at),
        move=move,
        decision=judged.decision if judged else None,
        evidence=judged.evidence if judged else None,
        record=record,
        plan=after.plan if move is Move.START else None,
        candidate=latest_candidate(after) if move is Move.REVISE else None,
        savings=after.plan.gates.savings if move is Move.REPRICE else None,
        changes=changes(latest_candidate(before), latest_candidate(after)) if move is Move.REVISE else (),
    )
    event = NewEvent(
        stream=stream(after.name),
        at=at,
        actor=actor,
        kind=move or HOLD,
        reason=reason,
        data=msgspec.Raw(msgspec.json.encode(data)),
    )
    if move is None and judged and judged.decision.cause in FOR_PEOPLE:
        return event, [_alert(after, judged.decision.cause, event)]
    return event, [_notice(before, after, move, event, record)] if move else []


def _position(rollout: Rollout, at: float) -> Position:
    stage = rollout.current
    return Position(
        phase=rollout.phase,
        stage=rollout.stage,
        stage_name=stage.name,
        weight=weight_percent(rollout, at),
        attempt=rollout.attempt,
    )


def _alert(rollout: Rollout, cause: str, event: NewEvent) -> Notice:
    """Of a hold that waits for people."""
    data = {"rollout": rollout.name, "at": _position(rollout, event.at), "reason": event.reason}
    return Notice(
        id=f"{event.stream}:{rollout.version}:{cause}",
        kind=f"rollout.{cause}",
        subject=f"rollout {rollout.name} holds: {event.reason}",
        data=msgspec.Raw(msgspec.json.encode(data)),
        at=event.at,
    )


def _notice(
    before: Rollout, after: Rollout, move: Move, event: NewEvent, record: StageRecord | None
) -> Notice:
    """Its id names the state it was committed on, so that delivering it twice is seen to be the same."""
    now = _position(after, event.at)
    told = {} if record is None else {"record": record}
    subject = f"{move} → {after.phase} ({now.stage_name}, {now.weight:g} %)"
    if move in (Move.ALARM, Move.CALM, Move.REPRICE):
        subject = f"{move}: {event.reason}"
    return Notice(
        id=f"{event.stream}:{before.version}:{move}",
        kind=f"rollout.{move}",
        subject=f"rollout {after.name}: {subject}",
        data=msgspec.Raw(
            msgspec.json.encode(
                {
                    "rollout": after.name,
                    "move": move,
                    "before": _position(before, event.at),
                    "after": now,
                    "actor": event.actor,
                    "reason": event.reason,
                    **told,
                }
            )
        ),
        at=event.at,
    )
