"""Days and weeks of reports: their ends in any zone, and what is no day."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tidegate.domain.errors import InvalidInput
from tidegate.domain.reporting.period import day_period, overlap, spanned, week_period, within

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("text", "day"),
    [("today", "2026-11-29"), ("yesterday", "2026-11-28"), ("2026-11-05", "2026-11-05")],
)
def test_a_day_is_named_by_its_date_or_from_today(text: str, day: str) -> None:
    found = day_period(text, NOW, UTC, "UTC")
    assert (found.label, found.days) == (day, (day,))
    assert found.edges == (at(f"{day}T00:00Z"), at(f"{day}T00:00Z") + 86_400)


def test_today_is_the_zones_own() -> None:
    late = at("2026-11-29T23:30Z")
    assert day_period("today", late, BERLIN, "Europe/Berlin").label == "2026-11-30"
    assert day_period("2026-11-30", late, BERLIN, "Europe/Berlin").since == at("2026-11-29T23:00Z")
    with pytest.raises(InvalidInput, match="it is 2026-11-29 in UTC"):
        day_period("2026-11-30", late, UTC, "UTC")


def test_a_day_on_which_clocks_change_is_shorter_or_longer() -> None:
    spring = day_period("2026-03-29", NOW, BERLIN, "Europe/Berlin")
    autumn = day_period("2026-10-25", NOW, BERLIN, "Europe/Berlin")
    assert (spring.until - spring.since, autumn.until - autumn.since) == (23 * 3600, 25 * 3600)


def test_a_day_that_begins_at_one_is_still_a_day() -> None:
    cairo = ZoneInfo("Africa/Cairo")  # clocks go forward at midnight there
    found = day_period("2026-04-24", NOW, cairo, "Africa/Cairo")
    before = day_period("2026-04-23", NOW, cairo, "Africa/Cairo")
    assert before.until == found.since
    assert found.until - found.since == 23 * 3600


@pytest.mark.parametrize(
    ("week", "monday"),
    [
        ("2026-W48", "2026-11-23"),
        ("2026-W01", "2025-12-29"),
        ("2020-W53", "2020-12-28"),
        (None, "2026-11-23"),
    ],
)
def test_a_week_is_monday_to_sunday(week: str | None, monday: str) -> None:
    found = week_period(week, NOW, UTC, "UTC")
    assert (found.days[0], len(found.days), len(found.edges)) == (monday, 7, 8)
    assert found.label == (week or "2026-W48")


@pytest.mark.parametrize("week", ["2026-48", "2025-W53", "2026-W00", "2026-W48 ", "W48", "0000-W01"])
def test_what_is_no_week_is_refused(week: str) -> None:
    with pytest.raises(InvalidInput, match="write it as 2026-W48"):
        week_period(week, NOW, UTC, "UTC")


def test_a_week_to_come_is_refused() -> None:
    with pytest.raises(InvalidInput, match="has not begun"):
        week_period("2026-W49", NOW, UTC, "UTC")


@pytest.mark.parametrize("day", ["", "tomorrow", "2026-13-01", "11/28/2026", "2026-11-28T00:00", "20261128x"])
def test_what_is_no_day_is_refused(day: str) -> None:
    with pytest.raises(InvalidInput, match="write 2026-11-28, today or yesterday"):
        day_period(day, NOW, UTC, "UTC")


def test_days_are_whole_from_that_of_the_first_to_that_of_the_last_moment() -> None:
    found = spanned(at("2026-11-27T23:59Z"), at("2026-11-29T00:00Z"), UTC, "UTC", "x")
    assert found.days == ("2026-11-27", "2026-11-28", "2026-11-29")
    assert spanned(at("2026-11-27T23:59Z"), 0.0, UTC, "UTC", "x").days == ("2026-11-27",)


def test_days_that_overlap_a_time_are_kept_and_at_least_one() -> None:
    week = week_period("2026-W48", NOW, UTC, "UTC")
    kept = within(week, at("2026-11-25T12:00Z"), at("2026-11-26T00:00Z"))
    assert kept.days == ("2026-11-25", "2026-11-26")
    assert kept.edges == week.edges[2:5]
    assert within(week, at("2027-01-01T00:00Z"), at("2027-01-02T00:00Z")).days == ("2026-11-23",)
    assert overlap(week.edges, week.since - 9, week.since + 5) == 5
    assert overlap(week.edges, 0.0, 1.0) == 0.0
