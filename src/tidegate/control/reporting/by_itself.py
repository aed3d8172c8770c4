"""Reports that are made by themselves: while this process leads, each once, as a notice with its Markdown."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import msgspec

from tidegate.control.reporting.rollouts import daily
from tidegate.control.reporting.weekly import weekly
from tidegate.control.services import Services
from tidegate.domain.errors import StoreUnavailable
from tidegate.domain.reporting.due import Due, due, is_reported
from tidegate.domain.reporting.week import Report
from tidegate.ports import Notice

LOOK_SECONDS = 10.0
"""How often it is asked whether a report is due."""

RETRY_SECONDS = 600.0
"""A report that could not be made is tried again after so long, until the next day's are due."""

Keep = Callable[[str, Mapping[str, bytes]], Awaitable[None]]
"""Keeps the pages of a report, by their format, under a name."""

_log = logging.getLogger("tidegate.reports")


@dataclass(frozen=True, slots=True)
class Timing:
    """At which minute of the day, by whose clock."""

    minute: int
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class _Asked:
    """One report: the id of its notice, what it is called, and how it is made."""

    id: str
    name: str
    make: Callable[[], Awaitable[Report]]


class ReportsByThemselves:
    """Makes what is due, beside the controller so that no decision waits for it.

    A notice's id names the report: one that is in the store already is not made again, whoever leads.
    """

    def __init__(
        self,
        services: Services,
        timing: Timing,
        *,
        leads: Callable[[], bool],
        render: Callable[[Report, str], Awaitable[bytes]],
        keep: Keep | None = None,
    ) -> None:
        self._services = services
        self._timing = timing
        self._leads = leads
        self._render = render
        self._keep = keep
        self._done: set[str] = set()
        self._tried: dict[str, float] = {}

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Make what is due and not there yet; a store that is away is waited for."""
        if not self._leads():
            return
        try:
            now = self._services.clock.now()
            asked = await self._asked(due(self._timing.minute, self._timing.zone, now))
            self._done &= {each.id for each in asked}
            for each in asked:
                if each.id not in self._done and self._leads():
                    await self._see_to(each, now)
        except StoreUnavailable as away:
            _log.warning("no report is made until the store is back", extra={"error": str(away)})

    async def _asked(self, found: Due) -> list[_Asked]:
        rollouts = await self._services.store.rollouts.list()
        asked = [self._of(each.name, found.day.label) for each in rollouts if is_reported(each, found.day)]
        return [*asked, *([self._of_week(found.week.label)] if found.week else [])]

    def _of(self, name: str, day: str) -> _Asked:
        async def make() -> Report:
            return await daily(self._services, name, day, self._timing.zone)

        return _Asked(f"report:daily:{day}:{name}", f"{name}-daily-{day}", make)

    def _of_week(self, week: str) -> _Asked:
        async def make() -> Report:
            return await weekly(self._services, week, self._timing.zone)

        return _Asked(f"report:weekly:{week}", f"tidegate-weekly-{week}", make)

    async def _see_to(self, asked: _Asked, now: float) -> None:
        """One that cannot be made keeps no other from being made."""
        if now - self._tried.get(asked.id, -RETRY_SECONDS) < RETRY_SECONDS:
            return
        self._tried = {name: at for name, at in self._tried.items() if now - at < RETRY_SECONDS}
        try:
            if not await self._services.store.outbox.has(asked.id):
                await self._make(asked, now)
            self._done.add(asked.id)
        except StoreUnavailable:
            raise
        except Exception:
            self._tried[asked.id] = now
            _log.exception("a report could not be made; it is tried again", extra={"report": asked.id})

    async def _make(self, asked: _Asked, now: float) -> None:
        report = await asked.make()
        text = await self._render(report, "md")
        if self._keep is not None:
            try:
                await self._keep(asked.name, {"md": text, **await self._further(report)})
            except OSError:  # who reads notices is not to wait for a disk
                _log.exception("a report could not be kept in its folder", extra={"report": asked.id})
        await self._services.store.outbox.put([_notice(asked, report, text, now)])

    async def _further(self, report: Report) -> Mapping[str, bytes]:
        return {form: await self._render(report, form) for form in ("html", "json")}


def _notice(asked: _Asked, report: Report, text: bytes, now: float) -> Notice:
    said = {
        "report": report.report,
        "label": report.period.label,
        "timezone": report.period.timezone,
        "markdown": text.decode(),
    }
    return Notice(
        id=asked.id,
        kind=f"report.{report.report}",
        subject=f"{report.report} report: {asked.name}",
        data=msgspec.Raw(msgspec.json.encode(said)),
        at=now,
    )
