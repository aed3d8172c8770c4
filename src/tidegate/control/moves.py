"""What a person does to a rollout that has started: promote, pause, resume, abort, undo, retry."""

from collections.abc import Callable
from functools import partial

from tidegate.control.commit import Committed, Judged, commit
from tidegate.control.incidents import open_incidents
from tidegate.control.lookup import find_rollout
from tidegate.control.observe import Observer
from tidegate.control.overtaken import Overtaken, unless_overtaken
from tidegate.control.reason import require_reason
from tidegate.control.servable import refuse_rivals, refuse_unservable
from tidegate.control.services import Services
from tidegate.domain.decision import decide
from tidegate.domain.errors import Conflict, InvalidInput
from tidegate.domain.rollout import Move, Rollout
from tidegate.domain.transition import APPROVING, apply, approval

PERSONAL = frozenset({Move.PROMOTE, Move.PAUSE, Move.RESUME, Move.ABORT, Move.UNDO, Move.RETRY})
"""The moves that a person may ask for without more than a reason."""

Guard = Callable[[Rollout], None]
"""Raises where the move is not for the rollout as it is now."""


def _whatever(_: Rollout) -> None:
    """Any state that the table allows it in."""


async def move_rollout(
    services: Services, name: str, move: Move, *, actor: str, reason: str, only: Guard = _whatever
) -> Committed:
    """Carry out a person's move; raises NotFound, or Conflict where the table or a gate does not allow it.

    `only` is asked of the very state that the move is made on. The controller may commit between our read
    and our write: then the move is judged anew on what it left.
    """
    why = require_reason(reason)
    if move is Move.REVISE:
        raise InvalidInput("a revision needs the edited spec: POST it to /api/rollouts/NAME/revise as `spec`")
    if move not in PERSONAL:
        raise InvalidInput(f"`{move}` is the controller's; use one of {', '.join(sorted(PERSONAL))}")
    return await unless_overtaken(partial(_move_once, services, name, move, actor, why, only))


async def _move_once(  # noqa: PLR0917 (private, and called in one place)
    services: Services, name: str, move: Move, actor: str, reason: str, only: Guard
) -> Committed:
    before = await find_rollout(services, name)
    only(before)
    now = services.clock.now()
    move = approval(before, actor) if move is Move.PROMOTE else move
    after = apply(before, move, now, salt=services.draw_salt() if move is Move.RETRY else None, by=actor)
    if move is Move.RETRY:
        await refuse_unservable(services, after.plan)
    judged = await _approvable(services, before, now) if move in APPROVING else None
    try:
        return await commit(
            services,
            before,
            after,
            move=move,
            actor=actor,
            reason=reason,
            at=now,
            judged=judged,
            admit=partial(refuse_rivals, after.plan) if move is Move.RETRY else None,
        )
    except Conflict as conflict:
        raise Overtaken(str(conflict)) from conflict


async def _approvable(services: Services, rollout: Rollout, now: float) -> Judged:
    """What an approval rests on; raises Conflict unless the gates ask for nothing else at this moment."""
    evidence = await Observer(services.store.ledger).observe(rollout, now)
    incidents = await open_incidents(services, rollout)
    decision = decide(rollout, evidence, now, incidents)
    if decision.cause != "approval":
        raise Conflict(
            f"cannot promote rollout {rollout.name!r} now: {decision.reason}; "
            f"`tidegate rollout status {rollout.name}` shows more"
        )
    return Judged(decision, evidence, incidents)
