"""`/api/cache`: the result cache."""

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from tidegate.control.clearing import EVERYBODY, clear_cache
from tidegate.web.control_api.access import Plane, Who, router_under
from tidegate.web.control_api.answers import carried

router = router_under("cache", "cache")


class ClearBody(BaseModel):
    """Whose kept answers to clear (`*`: everybody's), and why."""

    model_config = ConfigDict(extra="forbid")
    tenant: str = EVERYBODY
    reason: str


@router.post("/clear")
async def clear(body: ClearBody, control: Plane, who: Who) -> Response:
    """Clear kept answers; answers when no live process gives any of them any more."""
    if body.tenant != who.tenant:
        who.require_everywhere()
    revision = await clear_cache(control.services, body.tenant, actor=who.actor, reason=body.reason)
    return await carried(control.services, revision, {"tenant": body.tenant, "state": "cleared"})
