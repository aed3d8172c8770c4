"""Reports that are made by themselves: once, by whoever leads, over restarts; one fault keeps none back."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from reported import NAME, Past, reported

from tidegate.adapters.report_folder import ReportFolder
from tidegate.control.reporting import by_itself
from tidegate.control.reporting.by_itself import RETRY_SECONDS, ReportsByThemselves, Timing
from tidegate.domain.errors import StoreUnavailable
from tidegate.ports import Notice
from tidegate.reports.render import render

UTC = ZoneInfo("UTC")
SEVEN = Timing(7 * 60, UTC)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@dataclass
class Kept:
    pages: dict[str, Mapping[str, bytes]] = field(default_factory=dict)

    async def keep(self, name: str, pages: Mapping[str, bytes]) -> None:
        self.pages[name] = pages


@pytest.fixture
async def past(tmp_path: Path) -> AsyncIterator[Past]:
    made = await reported(tmp_path / "tidegate.db", running=True)
    yield made
    await made.store.close()


def maker(past: Past, *, leads: bool = True, keep=None) -> ReportsByThemselves:
    return ReportsByThemselves(past.services, SEVEN, leads=lambda: leads, render=render, keep=keep)


async def notices(past: Past) -> list[Notice]:
    return [each for each in await past.store.outbox.pending(100) if each.kind.startswith("report.")]


async def test_at_the_hour_the_day_before_is_reported_as_markdown(past: Past) -> None:
    reports = maker(past)
    past.services.clock.at = at("2025-11-27 06:59:59")
    await reports.look()
    before = [each.id for each in await notices(past)]
    past.services.clock.at = at("2025-11-27 07:00:00")
    await reports.look()
    made = [each for each in await notices(past) if each.id not in before]
    (notice,) = made
    assert before == []  # of the 25th, when it had not begun
    assert (notice.id, notice.kind) == (f"report:daily:2025-11-26:{NAME}", "report.daily")
    said = msgspec.json.decode(notice.data)
    assert (said["report"], said["label"], said["timezone"]) == ("daily", "2025-11-26", "UTC")
    assert said["markdown"].startswith(f"# {NAME}: daily report, 2025-11-26")


async def test_each_is_made_once_by_one_process_after_another(past: Past, monkeypatch) -> None:
    past.services.clock.at = at("2025-11-27 07:00:00")
    made = []
    whole = by_itself.daily

    async def counted(*arguments):
        made.append(arguments[1])
        return await whole(*arguments)

    monkeypatch.setattr(by_itself, "daily", counted)
    first = maker(past)
    for _ in range(3):
        await first.look()
        past.services.clock.at += 3600
    await maker(past).look()
    await past.store.outbox.delivered(f"report:daily:2025-11-26:{NAME}", past.services.clock.at)
    await maker(past).look()
    assert made == [NAME]
    assert await notices(past) == []


async def test_of_two_that_make_it_at_once_one_notice_is_kept(past: Past) -> None:
    past.services.clock.at = at("2025-11-27 07:00:00")
    one, other = maker(past), maker(past)

    async def unseen(_: str) -> bool:
        return False

    past.store.outbox.has, seen = unseen, past.store.outbox.has
    await one.look()
    await other.look()
    past.store.outbox.has = seen
    assert len(await notices(past)) == 1


async def test_who_does_not_lead_makes_none(past: Past) -> None:
    past.services.clock.at = at("2025-11-27 07:00:00")
    await maker(past, leads=False).look()
    assert await notices(past) == []


async def test_on_monday_the_week_is_reported_as_well(past: Past) -> None:
    past.services.clock.at = at("2025-12-01 07:30:00")
    await maker(past).look()
    assert {each.id for each in await notices(past)} == {
        f"report:daily:2025-11-30:{NAME}",
        "report:weekly:2025-W48",
    }
    week = next(each for each in await notices(past) if each.kind == "report.weekly")
    assert "2025-W48" in msgspec.json.decode(week.data)["markdown"]


async def test_a_day_that_was_missed_is_made_up_for_until_the_next_hour(past: Past) -> None:
    past.services.clock.at = at("2025-11-28 06:59:00")
    await maker(past).look()
    assert [each.id for each in await notices(past)] == [f"report:daily:2025-11-26:{NAME}"]


async def test_one_that_fails_keeps_no_other_back_and_is_tried_again(past: Past, monkeypatch) -> None:
    past.services.clock.at = at("2025-12-01 08:00:00")
    whole = by_itself.daily

    async def broken(*_):
        raise ValueError("a row that cannot be read")

    monkeypatch.setattr(by_itself, "daily", broken)
    reports = maker(past)
    await reports.look()
    assert [each.kind for each in await notices(past)] == ["report.weekly"]
    monkeypatch.setattr(by_itself, "daily", whole)
    await reports.look()
    assert len(await notices(past)) == 1
    past.services.clock.at += RETRY_SECONDS
    await reports.look()
    assert {each.kind for each in await notices(past)} == {"report.daily", "report.weekly"}


async def test_a_store_that_is_away_is_waited_for(past: Past, monkeypatch) -> None:
    past.services.clock.at = at("2025-11-27 08:00:00")

    async def away(*_):
        raise StoreUnavailable("no route to it")

    reports = maker(past)
    with monkeypatch.context() as patched:
        patched.setattr(past.store.outbox, "has", away)
        await reports.look()
    await reports.look()
    assert len(await notices(past)) == 1


async def test_pages_are_kept_in_every_format_before_the_notice_goes_out(past: Past) -> None:
    past.services.clock.at = at("2025-11-27 08:00:00")
    kept = Kept()
    await maker(past, keep=kept.keep).look()
    assert {name: sorted(pages) for name, pages in kept.pages.items()} == {
        f"{NAME}-daily-2025-11-26": ["html", "json", "md"]
    }


async def test_a_folder_has_whole_pages_and_is_made_where_it_is_missing(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path / "a" / "reports")
    for content in (b"first", b"second"):
        await folder.keep("r-daily-2025-11-26", {"md": content})
    assert [each.name for each in folder.path.iterdir()] == ["r-daily-2025-11-26.md"]
    assert (folder.path / "r-daily-2025-11-26.md").read_bytes() == b"second"


async def test_a_folder_that_cannot_be_written_keeps_no_notice_back(
    past: Past, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    past.services.clock.at = at("2025-11-27 08:00:00")
    (tmp_path / "file").write_text("in the way")
    await maker(past, keep=ReportFolder(tmp_path / "file").keep).look()
    assert len(await notices(past)) == 1
    assert "could not be kept in its folder" in caplog.text
