"""Clear kept answers: of a tenant, or of all."""

from tidegate.control.keys import require_tenant
from tidegate.control.reason import require_reason
from tidegate.control.services import Services

EVERYBODY = "*"


async def clear_cache(services: Services, tenant: str, *, actor: str, reason: str) -> int:
    """Clear a tenant's kept answers (`*`: all); returns the revision that carries it. Raises InvalidInput."""
    if tenant != EVERYBODY:
        require_tenant(tenant)
    return await services.store.clearings.clear(
        tenant, by=actor, reason=require_reason(reason), at=services.clock.now()
    )
