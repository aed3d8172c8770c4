"""Native skills of a plan that a provider does not have yet: they are served hosted meanwhile."""

from tidegate.control.services import Services
from tidegate.domain.rollout import Plan
from tidegate.domain.skill import NATIVE


async def unsynced(services: Services, plan: Plan) -> list[str]:
    """A sentence for each native skill and upstream that are not synced."""
    refs = {ref.digest: ref for ref in (*plan.baseline.skills, *plan.candidate.skills)}
    native = [
        version
        for version in await services.store.skills.list()
        if version.digest in refs and version.manifest.mode == NATIVE
    ]
    if not native:
        return []
    synced = {(each.digest, each.upstream) for each in await services.store.syncs.list()}
    return [
        f"{version.name} version {version.number} is native, but the upstream {upstream!r} does not have it: "
        f"it is served hosted there; sync it before units move, `tidegate skill sync {version.name} "
        f"--version {version.number} --upstream {upstream}`"
        for version in native
        for upstream in services.hosts.names
        if (version.digest, upstream) not in synced
    ]
