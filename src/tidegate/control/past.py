"""Read what the requests in a rollout's scope were like lately."""

from collections.abc import Iterable

from tidegate.control.services import Store
from tidegate.domain.census import Sampled
from tidegate.domain.past import Past, in_scope, over, past_of
from tidegate.domain.rollout import Eligible, Unit
from tidegate.ports import LedgerQuery

SPANS = (7 * 86_400.0, 86_400.0, 6 * 3600.0, 3600.0, 600.0)
"""The past is the longest of these in which there are not too many requests, in seconds."""

MOST_READ = 20_000
"""Requests that are read one by one."""

MOST_COUNTED = 2_000_000
"""Requests that the store counts by unit: a few seconds' work for it."""

SHORTEST = 60.0
"""Requests of a few seconds are taken for those of a minute: nothing says that they go on so."""

SLICES = 24
"""Of a past with more requests than are read, so many pieces are: a day has its hours."""


async def read_past(store: Store, scope: Eligible, now: float, unit: Unit = Unit.USER) -> Past:
    """The past up to `now`, as a rollout by `unit` sees it; raises StoreUnavailable.

    Where there are too many requests to read them all, how many there were of how many units is counted over
    the whole time, and what they took and cost is that of pieces spread over it.
    """
    tenant = scope.tenants[0] if len(scope.tenants) == 1 and scope.tenants != ("*",) else None
    span, count = await _span(store, tenant, now)
    slices = [(now - span, now)] if count <= MOST_READ else list(_slices(now, span, MOST_READ / count))
    read = [
        each
        for since, until in slices
        async for each in store.ledger.export(LedgerQuery(since=since, until=until, tenant=tenant))
    ]
    if count <= MOST_READ:
        first = min((each.at for each in read if in_scope(each, scope)), default=now)
        return past_of(read, scope, _lived(span, first, now), unit)
    found = past_of(read, scope, sum(until - since for since, until in slices), unit)
    sampled = Sampled(since=now - span, until=now, tenants=scope.tenants, tasks=scope.tasks)
    activity = await store.samples.activity(sampled, unit)
    return over(found, activity, _lived(span, activity.first_at, now))


def _lived(span: float, first: float, now: float) -> float:
    """Of the time that was looked at, that since the first request: what is young is not quiet."""
    return min(span, max(SHORTEST, now - first))


async def _span(store: Store, tenant: str | None, now: float) -> tuple[float, int]:
    """The longest time with few enough requests for the store to count them, and how many those are."""
    span, count = SPANS[-1], 0
    for span in SPANS:
        count = await store.ledger.count(LedgerQuery(since=now - span, until=now, tenant=tenant))
        if count <= MOST_COUNTED:
            break
    return span, count


def _slices(now: float, span: float, part: float) -> Iterable[tuple[float, float]]:
    """The end of each piece of the time, so long that all of them are this part of it."""
    whole = span / SLICES
    for number in range(SLICES):
        until = now - (SLICES - 1 - number) * whole
        yield until - part * whole, until
