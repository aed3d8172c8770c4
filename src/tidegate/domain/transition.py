"""Transitions: one table of what may happen to a rollout in each phase, and what each move changes."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from tidegate.domain.errors import Conflict, InvalidInput
from tidegate.domain.repricing import repriced
from tidegate.domain.revision import revised, taken_up
from tidegate.domain.rollout import Left, Move, Phase, Rollout, SavingsGate, Variant

TABLE: Mapping[tuple[Phase, Move], Phase] = MappingProxyType(
    {
        (Phase.DRAFT, Move.START): Phase.PROGRESSING,
        (Phase.PROGRESSING, Move.ADVANCE): Phase.PROGRESSING,
        (Phase.PROGRESSING, Move.ASK): Phase.AWAITING_APPROVAL,
        (Phase.PROGRESSING, Move.COMPLETE): Phase.COMPLETED,
        (Phase.PROGRESSING, Move.PAUSE): Phase.PAUSED,
        (Phase.PROGRESSING, Move.ROLLBACK): Phase.ROLLED_BACK,
        (Phase.PROGRESSING, Move.ABORT): Phase.ABORTED,
        (Phase.PROGRESSING, Move.REVISE): Phase.PROGRESSING,
        (Phase.PROGRESSING, Move.REPRICE): Phase.PROGRESSING,
        (Phase.PAUSED, Move.RESUME): Phase.PROGRESSING,
        (Phase.PAUSED, Move.ROLLBACK): Phase.ROLLED_BACK,
        (Phase.PAUSED, Move.ABORT): Phase.ABORTED,
        (Phase.PAUSED, Move.REVISE): Phase.PAUSED,
        (Phase.PAUSED, Move.REPRICE): Phase.PAUSED,
        (Phase.AWAITING_APPROVAL, Move.APPROVE): Phase.AWAITING_APPROVAL,
        (Phase.AWAITING_APPROVAL, Move.PROMOTE): Phase.PROGRESSING,
        (Phase.AWAITING_APPROVAL, Move.PAUSE): Phase.PAUSED,
        (Phase.AWAITING_APPROVAL, Move.ROLLBACK): Phase.ROLLED_BACK,
        (Phase.AWAITING_APPROVAL, Move.ABORT): Phase.ABORTED,
        (Phase.AWAITING_APPROVAL, Move.REVISE): Phase.AWAITING_APPROVAL,
        (Phase.AWAITING_APPROVAL, Move.REPRICE): Phase.AWAITING_APPROVAL,
        (Phase.COMPLETED, Move.UNDO): Phase.ROLLED_BACK,
        (Phase.COMPLETED, Move.ALARM): Phase.COMPLETED,
        (Phase.COMPLETED, Move.CALM): Phase.COMPLETED,
        (Phase.ROLLED_BACK, Move.RETRY): Phase.PROGRESSING,
        (Phase.ABORTED, Move.RETRY): Phase.PROGRESSING,
    }
)
"""A pair not listed is refused. Two targets depend on the rollout: `promote` on the last stage completes,
and `resume` goes back to the phase that was paused."""

BY_PEOPLE = frozenset({Move.PROMOTE, Move.PAUSE, Move.RESUME, Move.ABORT, Move.RETRY, Move.REVISE, Move.UNDO})
"""The moves that are commands; the others are the controller's own."""

APPROVING = frozenset({Move.APPROVE, Move.PROMOTE})

UNROUTED = frozenset({Move.APPROVE, Move.ALARM, Move.CALM})
"""The moves that change nothing of what requests are served, nor since when the phase has lasted."""

_HINTS: Mapping[Move, str] = MappingProxyType(
    {
        Move.PROMOTE: "`promote` gives the approval that a finished stage asks for; wait until it asks",
        Move.RETRY: "`retry` starts again what was rolled back or aborted",
        Move.REVISE: "`revise` changes the candidate of a rollout that runs; start a new one",
        Move.UNDO: "`undo` takes back what has completed; use `abort` for one that is running",
        Move.RESUME: "`resume` goes on with what was paused",
    }
)


def allowed(phase: Phase) -> tuple[Move, ...]:
    """The moves the table has for a phase, in the order of the enumeration."""
    return tuple(move for move in Move if (phase, move) in TABLE)


def apply(
    rollout: Rollout,
    move: Move,
    now: float,
    *,
    salt: str | None = None,
    by: str = "",
    candidate: Variant | None = None,
    savings: SavingsGate | None = None,
) -> Rollout:
    """The rollout after `move` at `now` (epoch seconds); `salt` (32 hex digits) is needed for a retry.

    `by` approves or promotes, `candidate` is a revision's, `savings` the gate at new prices. Raises Conflict
    where table or stage do not allow the move, InvalidInput where what the move needs is missing.
    """
    phase = _target(rollout, move)
    if move in APPROVING:
        _refuse_approval(rollout, move, by)
    if move is Move.REVISE:
        return _revise(rollout, candidate, now)
    if move is Move.REPRICE:
        return _reprice(rollout, savings, now)
    if move in (Move.START, Move.RETRY):
        rollout = _begin(rollout, move, salt)
    if move is Move.PROMOTE and phase is Phase.PROGRESSING:
        rollout = taken_up(rollout)
    if move in (Move.START, Move.RETRY, Move.ADVANCE, Move.PROMOTE) and phase is Phase.PROGRESSING:
        rollout = _enter(rollout, 0 if move in (Move.START, Move.RETRY) else rollout.stage + 1, now)
    return msgspec.structs.replace(
        rollout,
        phase=phase,
        phase_since=rollout.phase_since if move in UNROUTED else now,
        paused_from=rollout.phase if move is Move.PAUSE else None,
        paused_seconds=paused_seconds(rollout, now),
        resumed_at=now if move is Move.RESUME else rollout.resumed_at,
        completed_at=_completed_at(rollout, phase, now),
        alarmed_at=now if move is Move.ALARM else None,
        rearmed_at=now if move is Move.CALM else rollout.rearmed_at if move is Move.ALARM else None,
        approved_by=(*rollout.approved_by, by) if move is Move.APPROVE else (),
    )


def approval(rollout: Rollout, by: str) -> Move:
    """What a person's `promote` is: an approval of several, or the last one that is needed."""
    wanted = rollout.phase is Phase.AWAITING_APPROVAL and by not in rollout.approved_by
    more = len(rollout.approved_by) + 1 < rollout.current.approvals
    return Move.APPROVE if wanted and more else Move.PROMOTE


def paused_seconds(rollout: Rollout, now: float) -> float:
    """Seconds of the current stage spent paused, up to `now`."""
    running = max(0.0, now - rollout.phase_since) if rollout.phase is Phase.PAUSED else 0.0
    return rollout.paused_seconds + running


def baked_seconds(rollout: Rollout, now: float) -> float:
    """Seconds the current stage has baked, up to `now`; time paused does not count."""
    return max(0.0, now - rollout.stage_since - paused_seconds(rollout, now))


def on_last_stage(rollout: Rollout) -> bool:
    """Whether the current stage is the plan's last."""
    return rollout.stage == len(rollout.plan.stages) - 1


def _target(rollout: Rollout, move: Move) -> Phase:
    target = TABLE.get((rollout.phase, move))
    if target is None:
        raise Conflict(_refusal(rollout, move))
    last = on_last_stage(rollout)
    if move is Move.ADVANCE and last:
        raise Conflict(f"rollout {rollout.name!r} is on its last stage {rollout.current.name!r}: complete it")
    if move is Move.COMPLETE and not last:
        raise Conflict(
            f"rollout {rollout.name!r}: stage {rollout.current.name!r} is not its last: advance it"
        )
    if move in (Move.ALARM, Move.CALM) and (rollout.alarmed_at is None) is (move is Move.CALM):
        state = "watches" if rollout.alarmed_at is None else "has raised its alarm"
        raise Conflict(f"cannot {move} rollout {rollout.name!r}: its absolute gate {state} already")
    if move is Move.PROMOTE and last:
        return Phase.COMPLETED
    if move is Move.RESUME and rollout.paused_from is not None:
        return rollout.paused_from
    return target


def _refuse_approval(rollout: Rollout, move: Move, by: str) -> None:
    """Raises Conflict for a second approval by the same person, and for a promotion that lacks some."""
    stage, given = rollout.current, rollout.approved_by
    if by in given:
        raise Conflict(
            f"{by} has approved of stage {stage.name!r} of rollout {rollout.name!r}: each of its "
            f"{stage.approvals} approvals is another person's; let somebody else promote it"
        )
    if move is Move.PROMOTE and len(given) + 1 < stage.approvals:
        raise Conflict(
            f"stage {stage.name!r} of rollout {rollout.name!r} has {len(given)} of {stage.approvals} "
            "approvals: `promote` gives one, if it is another person's"
        )


def _refusal(rollout: Rollout, move: Move) -> str:
    moves = (
        ", ".join(f"`{possible}`" for possible in allowed(rollout.phase) if possible in BY_PEOPLE) or "none"
    )
    hint = f" ({_HINTS[move]})" if move in _HINTS else ""
    return f"cannot {move} rollout {rollout.name!r}: it is {rollout.phase}, where a person may: {moves}{hint}"


def _begin(rollout: Rollout, move: Move, salt: str | None) -> Rollout:
    """Attempt 1 keeps the salt it was created with; a retry takes new evidence and a new, random salt."""
    if move is Move.START:
        return rollout
    if salt is None or salt == rollout.salt:
        raise InvalidInput(f"a retry of rollout {rollout.name!r} needs a new random salt")
    return msgspec.structs.replace(
        rollout,
        attempt=rollout.attempt + 1,
        salt=salt,
        completed_at=None,
        revisions=0,
        exposed=0,
        left=Left(),
        next_candidate=None,
        repricings=0,
    )


def _completed_at(rollout: Rollout, phase: Phase, now: float) -> float | None:
    completes = phase is Phase.COMPLETED and rollout.phase is not Phase.COMPLETED
    return now if completes else rollout.completed_at


def _revise(rollout: Rollout, candidate: Variant | None, now: float) -> Rollout:
    """Paused it stays paused, to bake anew once resumed; where approval is awaited it waits for that."""
    if candidate is None:
        raise InvalidInput(f"a revision of rollout {rollout.name!r} needs its new candidate")
    after = revised(rollout, candidate, now)
    if rollout.phase is Phase.AWAITING_APPROVAL:
        return after
    from_ = Phase.PROGRESSING if rollout.phase is Phase.PAUSED else None
    return _enter(msgspec.structs.replace(after, phase_since=now, paused_from=from_), rollout.stage, now)


def _reprice(rollout: Rollout, savings: SavingsGate | None, now: float) -> Rollout:
    if savings is None or rollout.plan.gates.savings is None:
        raise InvalidInput(f"rollout {rollout.name!r} has no savings gate that new prices could be fixed in")
    return repriced(rollout, savings, now)


def _enter(rollout: Rollout, stage: int, now: float) -> Rollout:
    return msgspec.structs.replace(
        rollout, stage=stage, stage_since=now, paused_seconds=0.0, resumed_at=None, repriced_at=None
    )
