"""What a rollout's candidate has left in the ledger, for settings to be proposed from."""

from collections.abc import Sequence

import msgspec

from tidegate.control.asked_period import asked_period
from tidegate.control.lookup import find_rollout
from tidegate.control.services import Services
from tidegate.domain.errors import NotFound
from tidegate.domain.rollout import Phase, Plan, Rollout
from tidegate.domain.scope import overlaps
from tidegate.domain.skill import ListedVersion
from tidegate.domain.tuning.answers import Answers, Tuned


class Tunable(msgspec.Struct, frozen=True, kw_only=True):
    """The evidence on a candidate, its plan, and where it stands."""

    tuned: Tuned
    plan: Plan
    phase: Phase
    answers: Answers


async def tunable(
    services: Services, name: str | None, skill: str | None, since: str | None, until: str | None
) -> Tunable:
    """Of the rollout of that name, or of the newest that is completed; raises NotFound, InvalidInput."""
    begin, end = asked_period(since, until, services.clock.now())
    rollout = await _rollout(services, name, skill)
    candidate = rollout.plan.candidate
    tuned = Tuned(
        since=begin,
        until=end,
        rollout=rollout.name,
        attempt=rollout.attempt,
        standing_since=_standing_since(rollout, await services.store.rollouts.list()),
        tenants=rollout.plan.eligible.tenants,
        tasks=rollout.plan.eligible.tasks,
        skill=skill,
        without=_own_timeouts(rollout, await services.store.skills.listed()),
        kept_seconds=candidate.cache.ttl_seconds if candidate.cache else None,
    )
    answers = await services.store.samples.answers(tuned)
    return Tunable(tuned=tuned, plan=rollout.plan, phase=rollout.phase, answers=answers)


async def _rollout(services: Services, name: str | None, skill: str | None) -> Rollout:
    if name is not None:
        found = await find_rollout(services, name)
        if skill is not None and not _serves(found, skill):
            raise NotFound(f"the candidate of rollout {name!r} has no skill {skill!r}")
        return found
    completed = [
        each
        for each in await services.store.rollouts.list()
        if each.phase is Phase.COMPLETED and (skill is None or _serves(each, skill))
    ]
    if not completed:
        of = "" if skill is None else f" that serves {skill!r}"
        raise NotFound(f"no completed rollout{of}; name one with --rollout to look at its candidate")
    return max(completed, key=lambda each: (each.completed_at or 0.0, each.name))


def _standing_since(rollout: Rollout, rollouts: Sequence[Rollout]) -> float | None:
    """Since when its candidate is what everybody in its scope has, no newer one having any of them."""
    if rollout.phase is not Phase.COMPLETED or rollout.completed_at is None:
        return None
    newer = (
        each.phase is Phase.COMPLETED
        and (each.completed_at or 0.0) > rollout.completed_at
        and overlaps(each.plan.eligible, rollout.plan.eligible)
        for each in rollouts
    )
    return None if any(newer) else rollout.completed_at


def _serves(rollout: Rollout, skill: str) -> bool:
    return any(ref.name == skill for ref in rollout.plan.candidate.skills)


def _own_timeouts(rollout: Rollout, versions: Sequence[ListedVersion]) -> tuple[str, ...]:
    """The candidate's skills whose package names a timeout that is shorter than the variant's."""
    candidate = rollout.plan.candidate
    digests = {ref.digest for ref in candidate.skills}
    served = [
        (version.name, version.manifest.timeout_seconds) for version in versions if version.digest in digests
    ]
    return tuple(sorted(name for name, own in served if own is not None and own < candidate.timeout_seconds))
