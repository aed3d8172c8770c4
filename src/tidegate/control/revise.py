"""Revise the candidate of a running rollout by its edited spec."""

from dataclasses import dataclass
from functools import partial

import msgspec

from tidegate.control import spec
from tidegate.control.commit import Committed, commit
from tidegate.control.lookup import find_rollout
from tidegate.control.overtaken import Overtaken, unless_overtaken
from tidegate.control.reason import require_reason
from tidegate.control.servable import refuse_unservable
from tidegate.control.services import Services
from tidegate.domain.difference import Change, changes
from tidegate.domain.errors import Conflict, InvalidInput
from tidegate.domain.revision import latest_candidate
from tidegate.domain.rollout import Gates, Move, Plan, Rollout, Variant
from tidegate.domain.transition import apply


@dataclass(frozen=True, slots=True)
class Revised:
    """The rollout as it is now stored, and what the revision changes in its candidate."""

    committed: Committed
    changes: tuple[Change, ...]


async def revise_rollout(services: Services, name: str, text: str, *, actor: str, reason: str) -> Revised:
    """Take the candidate of a spec that is the rollout's own in everything else.

    Raises InvalidInput for the spec, NotFound, Conflict where the rollout cannot be revised now.
    """
    why = require_reason(reason)
    return await unless_overtaken(partial(_revise_once, services, name, text, actor, why))


async def _revise_once(services: Services, name: str, text: str, actor: str, reason: str) -> Revised:
    rollout = await find_rollout(services, name)
    plan = await _plan(services, rollout, text)
    await refuse_unservable(services, plan)
    now = services.clock.now()
    after = apply(rollout, Move.REVISE, now, by=actor, candidate=plan.candidate)
    try:
        done = await commit(services, rollout, after, move=Move.REVISE, actor=actor, reason=reason, at=now)
    except Conflict as conflict:
        raise Overtaken(str(conflict)) from conflict
    return Revised(done, changes(latest_candidate(rollout), latest_candidate(after)))


async def _plan(services: Services, rollout: Rollout, text: str) -> Plan:
    parsed = spec.parse(text)
    plan = spec.resolve(parsed, await services.store.skills.listed(), rollout.plan.baseline)
    if differing := _differing(rollout.plan, plan):
        raise InvalidInput(
            f"a revision changes the candidate alone, and this spec differs from rollout {rollout.name!r} in "
            f"{', '.join(differing)}: leave that as it was, or start a new rollout"
        )
    return plan


def _differing(old: Plan, new: Plan) -> list[str]:
    """What differs but for the candidate, and for what was fixed when the rollout started."""
    a, b = _as_written(old), _as_written(new)
    gates = [
        f"gates.{gate}"
        for gate in Gates.__struct_fields__
        if getattr(a.gates, gate) != getattr(b.gates, gate)
    ]
    others = [
        name for name in Plan.__struct_fields__ if name != "gates" and getattr(a, name) != getattr(b, name)
    ]
    return others + gates


def _as_written(plan: Plan) -> Plan:
    latency, savings = plan.gates.latency, plan.gates.savings
    gates = msgspec.structs.replace(
        plan.gates,
        latency=latency and msgspec.structs.replace(latency, limits=()),
        savings=savings and msgspec.structs.replace(savings, expected=None, prices=()),
    )
    return msgspec.structs.replace(plan, gates=gates, candidate=Variant())
