"""Whether a plan can be served now, beside all else that runs."""

from tidegate.control.services import Services
from tidegate.domain.errors import Conflict
from tidegate.domain.rollout import Plan, Rollout
from tidegate.domain.scope import rival
from tidegate.domain.skill import VersionState


async def refuse_unservable(services: Services, plan: Plan) -> None:
    """Raises Conflict for a revoked version, or for another active rollout of one of the same skills."""
    revoked = {v.digest for v in await services.store.skills.list() if v.state is VersionState.REVOKED}
    for ref in plan.candidate.skills + plan.baseline.skills:
        if ref.digest in revoked:
            raise Conflict(
                f"skill {ref.name!r} version {ref.version} was revoked and is never served again; "
                "name another version"
            )
    other = rival(plan, await services.store.rollouts.list())
    if other is not None:
        raise rivalry(plan, other)


def rivalry(plan: Plan, other: Rollout) -> Conflict:
    """The refusal of a plan whose skills `other` is rolling out already."""
    shared = {s.name for s in plan.candidate.skills} & {s.name for s in other.plan.candidate.skills}
    return Conflict(
        f"rollout {other.name!r} is {other.phase} with {', '.join(sorted(shared))} for some of the same "
        f"requests; let it end, `tidegate rollout abort {other.name}`, or narrow `eligible`"
    )
