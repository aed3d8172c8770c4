"""Start a rollout from its spec."""

from tidegate.control import spec
from tidegate.control.commit import CONTROLLER, Committed, commit
from tidegate.control.moves import move_rollout
from tidegate.control.reason import require_reason
from tidegate.control.servable import refuse_unservable, rivalry
from tidegate.control.services import Services
from tidegate.domain.errors import Conflict
from tidegate.domain.rollout import Move, Phase, Rollout
from tidegate.domain.scope import rival, standing
from tidegate.domain.transition import apply


async def start_rollout(services: Services, text: str, *, actor: str, reason: str) -> Committed:
    """Start a rollout from its YAML spec; raises InvalidInput for the spec, Conflict for the world."""
    why = require_reason(reason)
    parsed = spec.parse(text)
    _refuse_taken(parsed.name, await services.store.rollouts.get(parsed.name))
    today = standing(await services.store.rollouts.list(), parsed.eligible)
    plan = spec.resolve(parsed, await services.store.skills.list(), today)
    await refuse_unservable(services, plan)
    now = services.clock.now()
    draft = Rollout(
        name=plan.name,
        plan=plan,
        phase=Phase.DRAFT,
        salt=services.draw_salt(),
        created_at=now,
        created_by=actor,
    )
    started = apply(draft, Move.START, now)
    done = await commit(services, draft, started, move=Move.START, actor=actor, reason=why, at=now)
    await _yield_to_elder(services, done.rollout)
    return done


def _refuse_taken(name: str, existing: Rollout | None) -> None:
    if existing is not None:
        raise Conflict(
            f"rollout {name!r} exists already ({existing.phase}); choose another metadata.name, "
            f"or `tidegate rollout retry {name}` once it has been rolled back or aborted"
        )


async def _yield_to_elder(services: Services, mine: Rollout) -> None:
    """Two starts at the same instant cannot see each other: the younger one aborts itself and says so."""
    age = (mine.created_at, mine.name)
    elders = [r for r in await services.store.rollouts.list() if (r.created_at, r.name) < age]
    elder = rival(mine.plan, elders)
    if elder is not None:
        reason = f"rollout {elder.name!r} of the same skills was started at the same time"
        await move_rollout(services, mine.name, Move.ABORT, actor=CONTROLLER, reason=reason)
        raise rivalry(mine.plan, elder)
