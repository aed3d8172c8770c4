"""What is wrong now with what a rollout serves: switches that are off, revoked versions, open breakers."""

from collections.abc import Container, Iterable, Sequence

from tidegate.control.services import Breaking, Services
from tidegate.domain.access import Switch
from tidegate.domain.incident import OpenIncident
from tidegate.domain.revision import latest_candidate
from tidegate.domain.rollout import Plan, Rollout, Variant
from tidegate.domain.skill import VersionState


async def open_incidents(
    services: Services, rollout: Rollout, breaking: Breaking | None = None
) -> tuple[OpenIncident, ...]:
    """What is open now; breakers are this process's own. Raises StoreUnavailable."""
    switches = await services.store.switches.list()
    return (
        *_switched_off(rollout, switches),
        *await _revoked(services, rollout),
        *_breakers(rollout, (breaking or services.breaking)()),
    )


def _candidates(rollout: Rollout) -> tuple[Variant, ...]:
    """The one that is served, and one that a revision has noted for the next stage."""
    return rollout.plan.candidate, latest_candidate(rollout)


def _switched_off(rollout: Rollout, switches: Iterable[Switch]) -> Iterable[OpenIncident]:
    variants = (rollout.plan.baseline, *_candidates(rollout))
    skills = {ref.name for variant in variants for ref in variant.skills}
    for each in switches:
        if reaches(each.scope, each.target, rollout.plan, skills):
            what = "everything" if each.scope == "all" else f"{each.scope} {each.target}"
            reason = f"{each.by}: {each.reason}"
            yield OpenIncident(kind="switch", what=what, since=each.at, reason=reason)


def reaches(scope: str, target: str, plan: Plan, skills: Container[str]) -> bool:
    """Whether a switch of that scope and target touches anything of the plan, which serves these skills."""
    if scope == "skill":
        return target in skills
    if scope == "tenant":
        return "*" in plan.eligible.tenants or target in plan.eligible.tenants
    return True


async def _revoked(services: Services, rollout: Rollout) -> Sequence[OpenIncident]:
    found: list[OpenIncident] = []
    refs = [ref for variant in _candidates(rollout) for ref in variant.skills]
    for ref in dict.fromkeys(refs):
        version = await services.store.skills.get(ref.name, ref.version)
        if version is not None and version.state is VersionState.REVOKED:
            what = f"skill {ref.name}@{ref.version}"
            found.append(
                OpenIncident(kind="revoked", what=what, since=None, reason="it is served to nobody any more")
            )
    return found


def _breakers(rollout: Rollout, breaking: Iterable[tuple[str, str]]) -> Iterable[OpenIncident]:
    """Of the skills that the candidate serves, and of the models that the plan names.

    Other models' do not count: clients name models freely, and the breaker of one that nobody asks for any
    more stays open for ever.
    """
    candidates = _candidates(rollout)
    skills = {f"{ref.name}@{ref.version}" for variant in candidates for ref in variant.skills}
    models = {model for variant in (rollout.plan.baseline, *candidates) for model in _models(variant)}
    for kind, name in breaking:
        if name in skills if kind == "skill" else name.partition("/")[2] in models:
            reason = "too many of the latest attempts failed, in the process that tells this"
            yield OpenIncident(kind="breaker", what=f"{kind} {name}", since=None, reason=reason)


def _models(variant: Variant) -> Iterable[str]:
    route = variant.route
    named = (variant.model, route.small if route else None, route.middle if route else None)
    return (model for model in named if model is not None)
