"""Reports that are made by themselves, as the settings say."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from tidegate.adapters.report_folder import ReportFolder
from tidegate.bootstrap.supervise import Supervised
from tidegate.config import Settings
from tidegate.control.loop import Controller
from tidegate.control.reporting.by_itself import ReportsByThemselves, Timing
from tidegate.control.services import Services
from tidegate.reports.render import render


def reports_by_themselves(
    settings: Settings, services: Services, controller: Controller
) -> Sequence[Supervised]:
    """The work that makes them; none where they are off, or this process may not lead."""
    given = settings.reports
    if given.minute is None or not settings.control.enabled:
        return []
    folder = ReportFolder(settings.home / given.folder) if given.folder else None
    made = ReportsByThemselves(
        services,
        Timing(given.minute, ZoneInfo(given.timezone)),
        leads=lambda: controller.leads,
        render=render,
        keep=folder.keep if folder else None,
    )
    return [Supervised("reports", made.run)]
