"""Which reports are to be made by themselves at a time: once a day, and on Mondays of the week before."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from tidegate.domain.reporting.period import Period, day_period, week_period
from tidegate.domain.rollout import ACTIVE, Phase, Rollout

_DAILY = "daily"


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """The day that has ended, and where that was a Sunday the week that ended with it."""

    day: Period
    week: Period | None


def due(minute: int, zone: ZoneInfo, now: float) -> Due:
    """What was to be reported when clocks in `zone` last showed that minute of the day, up to `now`.

    So what a time without a leader has kept from being made is made up for within a day, and no later.
    """
    local = datetime.fromtimestamp(now, zone)
    shown = local.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0, fold=0)
    late = shown.timestamp() > now
    made_on = local.date() - timedelta(days=int(late))
    ended = made_on - timedelta(days=1)
    iso = ended.isocalendar()
    week = f"{iso.year}-W{iso.week:02d}" if made_on.weekday() == 0 else None
    return Due(
        day=day_period(ended.isoformat(), now, zone, zone.key),
        week=week_period(week, now, zone, zone.key) if week else None,
    )


def is_reported(rollout: Rollout, day: Period) -> bool:
    """Whether it ran at some time of the day, and its stage asks for daily reports."""
    if rollout.phase is Phase.DRAFT or rollout.current.report != _DAILY:
        return False
    began = rollout.created_at < day.until
    return began and (rollout.phase in ACTIVE or rollout.phase_since >= day.since)
