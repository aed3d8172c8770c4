"""Which reports are due: the day that ended before the hour was shown last, and on Mondays the week."""

import zoneinfo
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.reporting.due import due, is_reported
from tidegate.domain.rollout import (
    Eligible,
    Gates,
    Move,
    Phase,
    Plan,
    Rollout,
    Stage,
    Unit,
    Variant,
)
from tidegate.domain.transition import apply

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
SEVEN = 7 * 60


def at(text: str, zone: ZoneInfo = UTC) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@pytest.mark.parametrize(
    ("now", "day", "week"),
    [
        ("2025-11-26 06:59:59", "2025-11-24", None),
        ("2025-11-26 07:00:00", "2025-11-25", None),
        ("2025-11-26 23:59:59", "2025-11-25", None),
        ("2025-12-01 06:59:59", "2025-11-29", None),
        ("2025-12-01 07:00:00", "2025-11-30", "2025-W48"),
        ("2025-12-02 06:59:59", "2025-11-30", "2025-W48"),
        ("2025-12-02 07:00:00", "2025-12-01", None),
        ("2026-01-05 07:00:00", "2026-01-04", "2026-W01"),
    ],
)
def test_the_last_hour_shown_says_what_is_due(now: str, day: str, week: str | None) -> None:
    found = due(SEVEN, UTC, at(now))
    assert (found.day.label, found.week and found.week.label) == (day, week)


def test_the_hour_and_the_days_are_those_of_the_zone() -> None:
    found = due(SEVEN, BERLIN, at("2025-11-26 07:00", BERLIN))
    assert (found.day.label, found.day.since) == ("2025-11-25", at("2025-11-25 00:00", BERLIN))
    assert due(SEVEN, BERLIN, at("2025-11-26 06:59", BERLIN)).day.label == "2025-11-24"


@pytest.mark.parametrize(
    ("minute", "now", "day"),
    [
        (150, "2026-03-29 00:59:59+00:00", "2026-03-27"),  # 01:59 in Berlin; 02:30 is not shown that day
        (150, "2026-03-29 02:00:00+00:00", "2026-03-28"),
        (150, "2026-10-25 00:30:00+00:00", "2026-10-24"),  # 02:30, the first of two
        (150, "2026-10-25 01:30:00+00:00", "2026-10-24"),
    ],
)
def test_where_clocks_change_it_is_due_once(minute: int, now: str, day: str) -> None:
    assert due(minute, BERLIN, datetime.fromisoformat(now).timestamp()).day.label == day


@given(
    st.floats(1.7e9, 1.9e9),
    st.integers(0, 1439),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe"]),
)
def test_every_day_is_due_at_some_time_and_has_ended_by_then(now: float, minute: int, name: str) -> None:
    found = due(minute, ZoneInfo(name), now)
    assert found.day.until <= now
    assert now - found.day.until <= 2 * 86_400 + 2 * 3_600
    assert found.week is None or found.week.until == found.day.until


def test_zones_are_known_without_the_systems_data() -> None:
    """A slim container has none: the package `tzdata` does."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=())
    try:
        assert ZoneInfo.no_cache("Europe/Berlin").key == "Europe/Berlin"
    finally:
        zoneinfo.reset_tzpath(to=before)


def rollout(report: str = "daily") -> Rollout:
    plan = Plan(
        name="r",
        unit=Unit.USER,
        eligible=Eligible(),
        baseline=Variant(),
        candidate=Variant(),
        stages=(Stage(name="full", weight=10_000, bake_seconds=60, report=report),),
        gates=Gates(),
    )
    began = at("2025-11-24 12:00")
    draft = Rollout(name="r", plan=plan, phase=Phase.DRAFT, salt="0" * 32, created_at=began, created_by="ada")
    return apply(draft, Move.START, began)


def test_a_rollout_is_reported_of_days_in_which_it_ran() -> None:
    running = rollout()
    before, day, later = (due(SEVEN, UTC, at(f"2025-11-{n} 08:00")).day for n in (24, 25, 27))
    assert [is_reported(running, each) for each in (before, day, later)] == [False, True, True]
    ended = apply(running, Move.ABORT, at("2025-11-24 23:00"))
    assert [is_reported(ended, each) for each in (day, later)] == [True, False]


def test_a_stage_that_asks_for_no_report_gets_none() -> None:
    day = due(SEVEN, UTC, at("2025-11-26 08:00")).day
    assert not is_reported(rollout("none"), day)
    assert not is_reported(msgspec.structs.replace(rollout(), phase=Phase.DRAFT), day)
