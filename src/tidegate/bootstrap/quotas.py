"""Quotas of a serving process: where they are counted, and how they are kept up."""

from zoneinfo import ZoneInfo

from tidegate.config import Settings
from tidegate.domain.quota import Amounts
from tidegate.ports import Clock, Meter
from tidegate.serving.allowances import OwnAllowances
from tidegate.serving.quota_book import QuotaSettings
from tidegate.serving.quotas import Quotas


def open_quotas(settings: Settings, *, clock: Clock, meter: Meter) -> Quotas:
    """Quotas counted in this process."""
    return Quotas(quota_settings(settings), OwnAllowances(clock.monotonic), clock=clock, meter=meter)


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
