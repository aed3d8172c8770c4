"""Whether a plan can be served now, beside all else that runs."""

from collections.abc import Sequence

from tidegate.control.services import Services
from tidegate.domain.errors import Conflict
from tidegate.domain.rollout import Plan, Rollout
from tidegate.domain.scope import rival
from tidegate.domain.skill import VersionState


async def refuse_unservable(services: Services, plan: Plan) -> None:
    """Raises Conflict for a revoked version, or for another active rollout of one of the same skills."""
    revoked = {v.digest for v in await services.store.skills.listed() if v.state is VersionState.REVOKED}
    for ref in plan.candidate.skills + plan.baseline.skills:
        if ref.digest in revoked:
            raise Conflict(
                f"skill {ref.name!r} version {ref.version} was revoked and is never served again; "
                "name another version"
            )
    refuse_rivals(plan, await services.store.rollouts.list())


def refuse_rivals(plan: Plan, others: Sequence[Rollout]) -> None:
    """Raises Conflict where one of `others` is rolling out a skill of this plan already."""
    other = rival(plan, others)
    if other is None:
        return
    shared = {s.name for s in plan.candidate.skills} & {s.name for s in other.plan.candidate.skills}
    raise Conflict(
        f"rollout {other.name!r} is {other.phase} with {', '.join(sorted(shared))} for some of the same "
        f"requests; let it end, `tidegate rollout abort {other.name}`, or narrow `eligible`"
    )
