"""Quotas of a serving process: where they are counted, and how they are kept up."""

from contextlib import suppress
from functools import partial
from zoneinfo import ZoneInfo

from tidegate.adapters.valkey.allowances import ValkeyAllowances
from tidegate.adapters.valkey.link import ValkeyLink
from tidegate.bootstrap.supervise import Supervised
from tidegate.config import Settings
from tidegate.control.services import Services
from tidegate.domain.errors import StoreUnavailable
from tidegate.domain.quota import Amounts
from tidegate.ports import Meter
from tidegate.serving.allowances import OwnAllowances
from tidegate.serving.leases import Leases
from tidegate.serving.quota_book import QuotaSettings
from tidegate.serving.quota_upkeep import QuotaUpkeep
from tidegate.serving.quotas import Quotas
from tidegate.serving.routing import SnapshotHolder


async def open_quotas(
    settings: Settings, services: Services, holder: SnapshotHolder, meter: Meter, valkey: ValkeyLink | None
) -> tuple[Quotas, list[Supervised]]:
    """Quotas, shared through Valkey where one is configured, and the work in the background they need.

    What was spent today is known when this returns, if the store answers: a restart gives no new budget.
    """
    clock = services.clock
    own = OwnAllowances(clock.monotonic)
    leases = None if valkey is None else Leases(ValkeyAllowances(valkey), own, clock.monotonic)
    quotas = Quotas(quota_settings(settings), leases or own, clock=clock, meter=meter)
    upkeep = QuotaUpkeep(
        quotas,
        leases or own,
        costs=services.store.costs,
        routing=services.store.routing,
        holder=holder,
        clock=clock,
        refresh=settings.quotas.refresh,
        divide=partial(setattr, leases or quotas, "part"),
    )
    with suppress(StoreUnavailable):  # the work in the background tells of it, and tries again
        await upkeep.step()
    background = [Supervised("quotas", upkeep.run)]
    if leases is not None:
        background.append(Supervised("quota-leases", leases.run))
    return quotas, background


def quota_settings(settings: Settings) -> QuotaSettings:
    """What serving is told of `[quotas]`."""
    given = settings.quotas
    return QuotaSettings(
        key=Amounts(
            requests_per_minute=given.key_requests_per_minute,
            tokens_per_minute=given.key_tokens_per_minute,
            usd_per_day=given.key_usd_per_day,
        ),
        tenant=Amounts(
            requests_per_minute=given.tenant_requests_per_minute,
            tokens_per_minute=given.tenant_tokens_per_minute,
            usd_per_day=given.tenant_usd_per_day,
        ),
        burst_seconds=given.burst,
        zone=ZoneInfo(given.timezone),
    )
