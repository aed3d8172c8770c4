"""`/api/ledger`: the exchanges, for other programs."""

from starlette.responses import StreamingResponse

from tidegate.control.export import export, require_format
from tidegate.control.timestamp import epoch
from tidegate.ports import LedgerQuery
from tidegate.web.control_api.access import Plane, Who, router_under
from tidegate.web.control_api.answers import UNCACHED

router = router_under("ledger", "ledger")

_MEDIA = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}


@router.get("/export")
async def get_export(
    *,
    control: Plane,
    who: Who,
    format: str = "jsonl",
    since: str | None = None,
    until: str | None = None,
    rollout: str | None = None,
) -> StreamingResponse:
    """Exchanges by time, streamed; a tenant's key sees its tenant's alone."""
    query = LedgerQuery(
        since=None if since is None else epoch(since, name="since"),
        until=None if until is None else epoch(until, name="until"),
        rollout=rollout,
        tenant=None if who.everywhere else who.tenant,
    )
    media = _MEDIA[require_format(format)]
    lines = export(control.services.store.ledger, query, format)
    return StreamingResponse(lines, headers=UNCACHED, media_type=media)
