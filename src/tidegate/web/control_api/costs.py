"""`/api/costs`: what was used and what it cost."""

from starlette.responses import Response

from tidegate.control.costs import costs, visible
from tidegate.control.timestamp import epoch, rfc3339_or_none
from tidegate.domain.errors import InvalidInput
from tidegate.ports import LedgerQuery
from tidegate.web.control_api.access import Plane, Who, router_under
from tidegate.web.control_api.answers import answer

router = router_under("costs", "costs")


@router.get("")
async def get_costs(
    *,
    control: Plane,
    who: Who,
    by: str = "tenant",
    since: str | None = None,
    until: str | None = None,
    rollout: str | None = None,
) -> Response:
    """Sums by tenant, key, skill or model; a tenant's key sees its tenant's alone."""
    query = LedgerQuery(
        since=None if since is None else epoch(since, name="since"),
        until=None if until is None else epoch(until, name="until"),
        rollout=rollout,
    )
    if query.since is not None and query.until is not None and query.since > query.until:
        raise InvalidInput(f"since {since} is after until {until}; swap them")
    document = await costs(control.services, by, visible(query, who))
    asked = {"since": rfc3339_or_none(query.since), "until": rfc3339_or_none(query.until), "rollout": rollout}
    return answer({**asked, **document})
