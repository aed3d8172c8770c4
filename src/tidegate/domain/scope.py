"""Which rollouts meet: scopes that overlap, and the variant that users in a scope have today."""

from collections.abc import Iterable, Sequence

from tidegate.domain.rollout import ACTIVE, Eligible, Phase, Plan, Rollout, Variant


def overlaps(one: Eligible, other: Eligible) -> bool:
    """True where some request would be in both scopes."""
    return _meet(one.tenants, other.tenants) and _meet(one.tasks, other.tasks)


def covers(outer: Eligible, inner: Eligible) -> bool:
    """True where every request in `inner` is in `outer` too."""
    return _contain(outer.tenants, inner.tenants) and _contain(outer.tasks, inner.tasks)


def rival(plan: Plan, others: Iterable[Rollout]) -> Rollout | None:
    """An active rollout of another name whose candidate has a skill of this plan's, in a scope that meets it.

    Two such rollouts would each decide the same users' version of the skill, and neither could be judged.
    """
    skills = {skill.name for skill in plan.candidate.skills}
    for other in others:
        named = {skill.name for skill in other.plan.candidate.skills}
        if (
            other.name != plan.name
            and other.phase in ACTIVE
            and skills & named
            and overlaps(plan.eligible, other.plan.eligible)
        ):
            return other
    return None


def standing(rollouts: Sequence[Rollout], scope: Eligible) -> Variant | None:
    """What users in `scope` have today: the candidate of the newest completed rollout that covers it.

    The empty variant where none was completed there. None where a newer one covers it only in part: those
    users do not all have the same today, so the spec must name its baseline.
    """
    completed = (r for r in rollouts if r.phase is Phase.COMPLETED and overlaps(r.plan.eligible, scope))
    newest = max(completed, key=lambda r: (r.completed_at or 0.0, r.name), default=None)
    if newest is None:
        return Variant()
    return newest.plan.candidate if covers(newest.plan.eligible, scope) else None


def serving(rollouts: Sequence[Rollout], digest: str) -> list[Rollout]:
    """Rollouts by which a skill's version of this digest is served now, to a candidate's or baseline's users.

    Those in progress, and completed ones that no newer completed one covers.
    """
    completed = [each for each in rollouts if each.phase is Phase.COMPLETED]
    standing_now = [
        each
        for each in completed
        if not any(
            (other.completed_at or 0.0) > (each.completed_at or 0.0)
            and covers(other.plan.eligible, each.plan.eligible)
            for other in completed
        )
    ]
    active = [each for each in rollouts if each.phase in ACTIVE]
    return [
        each
        for each in (*active, *standing_now)
        if any(ref.digest == digest for ref in each.plan.candidate.skills + each.plan.baseline.skills)
    ]


def _meet(one: Sequence[str], other: Sequence[str]) -> bool:
    return "*" in one or "*" in other or not set(one).isdisjoint(other)


def _contain(outer: Sequence[str], inner: Sequence[str]) -> bool:
    return "*" in outer or ("*" not in inner and set(inner) <= set(outer))
