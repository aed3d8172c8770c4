"""`/api/census`: what past traffic was like, as sums that a scenario is fitted from."""

from typing import Annotated

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from tidegate.control.sampled import sampled_for
from tidegate.web.control_api.access import Plane, Who, router_under
from tidegate.web.control_api.answers import answer

router = router_under("census", "ledger")

_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Names = Annotated[list[_Name], Field(min_length=1, max_length=1000)]


class CensusBody(BaseModel):
    """`since` (a time, or a length such as 7d), `until` (else now); whose requests, and for which tasks."""

    model_config = ConfigDict(extra="forbid")
    since: str | None = None
    until: str | None = None
    tenants: _Names = ["*"]
    tasks: _Names = ["*"]


@router.post("")
async def post_census(body: CensusBody, control: Plane, who: Who) -> Response:
    """The sums of a period; it changes nothing. A tenant's key sees its tenant's alone."""
    services = control.services
    sampled = sampled_for(
        who, body.since, body.until, services.clock.now(), tenants=body.tenants, tasks=body.tasks
    )
    census = await services.store.samples.census(sampled)
    return answer({**msgspec.structs.asdict(sampled), "census": census})
