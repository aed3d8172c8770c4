"""Keeping quotas up in the background: what was spent today by the ledger, and how many share the work."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence

from tidegate.domain.account import Spent
from tidegate.domain.errors import StoreUnavailable
from tidegate.domain.quota import NOTHING_SAID, Kind, Limit, Scope
from tidegate.ports import Clock, Costs, Routing
from tidegate.serving.allowances import Allowances
from tidegate.serving.quota_book import claim_of
from tidegate.serving.quotas import Quotas
from tidegate.serving.routing import SnapshotHolder

ALIVE_SECONDS = 75.0
"""A process that was silent for longer does not count: as long as a change waits for one."""

_LATE_SECONDS = 3600.0
"""A request of yesterday may still be charged to yesterday's budget for so long."""

_log = logging.getLogger("tidegate.quotas")


class QuotaUpkeep:
    """Reads the store every `refresh` seconds; `divide` takes the part of a minute's limit that is ours."""

    def __init__(
        self,
        quotas: Quotas,
        allowances: Allowances,
        *,
        costs: Costs,
        routing: Routing,
        holder: SnapshotHolder,
        clock: Clock,
        refresh: float,
        divide: Callable[[float], None],
    ) -> None:
        self._quotas = quotas
        self._allowances = allowances
        self._costs = costs
        self._routing = routing
        self._holder = holder
        self._clock = clock
        self._refresh = refresh
        self._divide = divide

    async def run(self) -> None:
        """Keep up until cancelled; with the store away what is known goes on."""
        while True:
            try:
                await self.step()
            except StoreUnavailable as away:
                _log.warning("what was spent today is not read: the store is away", extra={"why": str(away)})
            await asyncio.sleep(self._refresh)

    async def step(self) -> None:
        """One look; raises StoreUnavailable."""
        now = self._clock.now()
        since = now - ALIVE_SECONDS
        alive = sum(each.seen_at >= since for each in await self._routing.processes())
        self._divide(1.0 / max(1, alive))
        self._allowances.forget_ended(now - _LATE_SECONDS)
        if self._budgets():
            day = self._quotas.today()
            self._raise(await self._costs.spent(day.start, day.end))

    def _budgets(self) -> bool:
        settings, quotas = self._quotas.settings, self._holder.current().quotas
        said = (settings.key, settings.tenant, *quotas.values())
        return any(each.usd_per_day for each in said)

    def _raise(self, spent: Sequence[Spent]) -> None:
        """What the ledger has was spent, also by other processes and by this one's predecessors."""
        tenants: defaultdict[str, float] = defaultdict(float)
        for each in spent:
            tenants[each.tenant] += each.usd
            self._raise_one(Scope.KEY, each.key_id, each.tenant, each.usd)
        for tenant, usd in tenants.items():
            self._raise_one(Scope.TENANT, tenant, tenant, usd)

    def _raise_one(self, scope: Scope, target: str, tenant: str, usd: float) -> None:
        settings = self._quotas.settings
        default = settings.key if scope is Scope.KEY else settings.tenant
        said = self._holder.current().quotas.get((scope, target), NOTHING_SAID).over(default)
        if said.usd_per_day:
            limit = Limit(scope, target, Kind.USD, said.usd_per_day)
            self._allowances.raise_to(claim_of(limit, tenant, settings, day=self._quotas.day), usd)
