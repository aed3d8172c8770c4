"""Start a rollout from its spec."""

from dataclasses import dataclass
from functools import partial

from tidegate.control import spec
from tidegate.control.commit import Committed, commit
from tidegate.control.past import read_past
from tidegate.control.reason import require_reason
from tidegate.control.servable import refuse_rivals, refuse_unservable
from tidegate.control.services import Services
from tidegate.domain.errors import Conflict
from tidegate.domain.past import Past, with_past
from tidegate.domain.repricing import with_prices
from tidegate.domain.rollout import Move, Phase, Rollout
from tidegate.domain.scope import standing
from tidegate.domain.transition import apply


@dataclass(frozen=True, slots=True)
class Started:
    """The rollout as it is now stored, and what its traffic was like before."""

    committed: Committed
    past: Past


async def start_rollout(services: Services, text: str, *, actor: str, reason: str) -> Started:
    """Start a rollout from its YAML spec; raises InvalidInput for the spec, Conflict for the world."""
    why = require_reason(reason)
    parsed = spec.parse(text)
    _refuse_taken(parsed.name, await services.store.rollouts.get(parsed.name))
    today = standing(await services.store.rollouts.list(), parsed.eligible)
    plan = spec.resolve(parsed, await services.store.skills.listed(), today)
    await refuse_unservable(services, plan)
    now = services.clock.now()
    past = await read_past(services.store, plan.eligible, now, plan.unit)
    plan = with_past(plan, past)
    if services.prices is not None:
        plan = with_prices(plan, past.models, services.prices.price)
    draft = Rollout(
        name=plan.name,
        plan=plan,
        phase=Phase.DRAFT,
        salt=services.draw_salt(),
        created_at=now,
        created_by=actor,
    )
    committed = await commit(
        services,
        draft,
        apply(draft, Move.START, now),
        move=Move.START,
        actor=actor,
        reason=why,
        at=now,
        admit=partial(refuse_rivals, plan),
    )
    return Started(committed, past)


def _refuse_taken(name: str, existing: Rollout | None) -> None:
    if existing is not None:
        raise Conflict(
            f"rollout {name!r} exists already ({existing.phase}); choose another metadata.name, "
            f"or `tidegate rollout retry {name}` once it has been rolled back or aborted"
        )
