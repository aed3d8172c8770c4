"""Schedules: when they are open, and when a closed one opens."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.schedule import ALWAYS, Freeze, Hours, Schedule, closed_reason, opens

BERLIN = ZoneInfo("Europe/Berlin")
WORK = Hours((0, 1, 2, 3, 4), 9 * 60, 17 * 60)


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def berlin(*hours: Hours, freezes: tuple[Freeze, ...] = ()) -> Schedule:
    return Schedule(hours=hours, freezes=freezes, timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-27 16:59:59", None),  # a Friday
        ("2026-11-27 17:00", "2026-11-30 09:00"),
        ("2026-11-28 12:00", "2026-11-30 09:00"),
        ("2026-11-30 08:59:59", "2026-11-30 09:00"),
        ("2026-11-30 09:00", None),
        ("2026-03-28 12:00", "2026-03-30 09:00"),  # clocks go forward on the 29th
        ("2026-10-24 12:00", "2026-10-26 09:00"),  # and back on the 25th
    ],
)
def test_working_hours_open_by_the_clock_on_the_wall(now: str, then: str | None) -> None:
    assert opens(berlin(WORK), at(now)) == (None if then is None else at(then))


def test_without_hours_and_freezes_it_is_always_open() -> None:
    assert opens(ALWAYS, 0.0) is None
    assert closed_reason(ALWAYS, 1e9) is None


def test_a_day_to_its_end_and_the_next_from_its_beginning_are_one_window() -> None:
    weekend = berlin(Hours((5,), 600, 1440), Hours((6,), 0, 60))
    assert opens(weekend, at("2026-11-28 23:59:59")) is None
    assert opens(weekend, at("2026-11-29 00:30")) is None
    assert opens(weekend, at("2026-11-29 01:00")) == at("2026-12-05 10:00")


def test_a_freeze_closes_working_hours_and_says_why() -> None:
    freeze = Freeze(at("2026-12-19"), at("2027-01-04"), "year's end")
    frozen = berlin(WORK, freezes=(freeze,))
    assert opens(frozen, at("2026-12-18 16:00")) is None
    assert opens(frozen, at("2026-12-18 18:00")) == at("2027-01-04 09:00")
    assert closed_reason(frozen, at("2026-12-22 10:00")) == (
        "changes are frozen: year's end; it opens on Mon 2027-01-04 09:00 Europe/Berlin"
    )
    assert closed_reason(frozen, at("2026-12-18 18:00")) == (
        "it is outside the plan's hours; it opens on Mon 2027-01-04 09:00 Europe/Berlin"
    )


def test_freezes_that_follow_on_each_other_are_one() -> None:
    freezes = (Freeze(100.0, 200.0), Freeze(200.0, 300.0), Freeze(150.0, 260.0))
    assert opens(Schedule(freezes=freezes), 120.0) == 300.0
    assert opens(Schedule(freezes=freezes), 300.0) is None


hours = st.builds(
    lambda days, since, length: Hours(tuple(sorted(days)), since, min(1440, since + length)),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 1380),
    st.integers(60, 600),
)
freezes = st.builds(lambda since, length: Freeze(since, since + length), st.floats(0, 3e6), st.floats(1, 1e6))
schedules = st.builds(
    lambda hours, freezes, zone: Schedule(hours=tuple(hours), freezes=tuple(freezes), timezone=zone),
    st.lists(hours, max_size=3),
    st.lists(freezes, max_size=3),
    st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)


@given(schedules, st.floats(0, 4e6), st.lists(st.floats(0, 1), max_size=5))
def test_it_is_open_when_it_opens_and_never_before(
    schedule: Schedule, now: float, parts: list[float]
) -> None:
    until = opens(schedule, now)
    if until is None:
        assert closed_reason(schedule, now) is None
        return
    assert until > now
    assert opens(schedule, until) is None
    for part in parts:
        between = now + part * (until - now)
        assert between >= until or opens(schedule, between) == until


@given(schedules, st.floats(0, 4e6).map(round), st.integers(0, 2_000_000))
def test_a_clock_that_begins_at_its_origin_finds_the_same(
    schedule: Schedule, elapsed: int, origin: int
) -> None:
    shifted = msgspec.structs.replace(schedule, origin=float(origin))
    until = opens(schedule, origin + elapsed)
    assert opens(shifted, elapsed) == (None if until is None else until - origin)
    assert closed_reason(shifted, elapsed) == closed_reason(schedule, origin + elapsed)
