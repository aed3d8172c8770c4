"""Native skills of a plan that a provider does not have yet: they are served hosted meanwhile."""

from tidegate.control.services import Services
from tidegate.domain.rollout import Plan
from tidegate.domain.skill import NATIVE, ListedVersion


async def unsynced(services: Services, plan: Plan) -> list[str]:
    """A sentence for each native skill and workspace that are not synced; of tenants those in the scope."""
    refs = {ref.digest: ref for ref in (*plan.baseline.skills, *plan.candidate.skills)}
    native = [
        version
        for version in await services.store.skills.listed()
        if version.digest in refs and version.manifest.mode == NATIVE
    ]
    if not native:
        return []
    synced = {(each.digest, each.upstream, each.tenant) for each in await services.store.syncs.list()}
    scope = plan.eligible.tenants
    return [
        _sentence(version, upstream, tenant)
        for version in native
        for upstream, tenant in services.hosts.places
        if (version.digest, upstream, tenant) not in synced
        and (not tenant or "*" in scope or tenant in scope)
    ]


def _sentence(version: ListedVersion, upstream: str, tenant: str) -> str:
    where = f"the workspace of the tenant {tenant!r} at the upstream" if tenant else "the upstream"
    option = f" --tenant {tenant}" if tenant else ""
    return (
        f"{version.name} version {version.number} is native, but {where} {upstream!r} does not have it: "
        f"it is served hosted there; sync it before units move, `tidegate skill sync {version.name} "
        f"--version {version.number} --upstream {upstream}{option}`"
    )
