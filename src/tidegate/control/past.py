"""Read what the requests in a rollout's scope were like lately."""

from tidegate.domain.past import Past, past_of
from tidegate.domain.rollout import Eligible
from tidegate.ports import Ledger, LedgerQuery

SPANS = (7 * 86_400.0, 86_400.0, 6 * 3600.0, 3600.0, 600.0)
"""The past is the longest of these in which there are not too many requests to read them, in seconds."""

AT_MOST = 20_000


async def read_past(ledger: Ledger, scope: Eligible, now: float) -> Past:
    """The past up to `now`; raises StoreUnavailable."""
    tenant = scope.tenants[0] if len(scope.tenants) == 1 and scope.tenants != ("*",) else None
    span = SPANS[0]
    for span in SPANS:
        if await ledger.count(_lately(span, tenant, now)) <= AT_MOST:
            break
    else:
        span *= AT_MOST / await ledger.count(_lately(span, tenant, now))
    return past_of([each async for each in ledger.export(_lately(span, tenant, now))], scope, span)


def _lately(span: float, tenant: str | None, now: float) -> LedgerQuery:
    return LedgerQuery(since=now - span, until=now, tenant=tenant)
