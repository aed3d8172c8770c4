"""`/api/reports`: what a day, a stage, a rollout or a week came to."""

from starlette.responses import Response

from tidegate.control.reporting import rollouts
from tidegate.control.reporting.weekly import weekly
from tidegate.control.reporting.zone import zone_of
from tidegate.domain.reporting.week import Report
from tidegate.reports.render import FORMATS, render, require_format
from tidegate.web.control_api.access import Plane, router_under
from tidegate.web.control_api.answers import UNCACHED

router = router_under("reports", "reports")


@router.get("/daily/{name}")
async def get_daily(
    *, control: Plane, name: str, day: str = "today", timezone: str = "UTC", format: str = "json"
) -> Response:
    """One day of a rollout: a date, `today` or `yesterday`; as `json`, `md` or `html`."""
    require_format(format)
    return await _page(await rollouts.daily(control.services, name, day, zone_of(timezone)), format)


@router.get("/stage/{name}")
async def get_stage(
    *, control: Plane, name: str, stage: str | None = None, timezone: str = "UTC", format: str = "json"
) -> Response:
    """The newest visit of a rollout's stage, of the one it was in last where none is named."""
    require_format(format)
    return await _page(await rollouts.stage(control.services, name, stage, zone_of(timezone)), format)


@router.get("/final/{name}")
async def get_final(*, control: Plane, name: str, timezone: str = "UTC", format: str = "json") -> Response:
    """All of a rollout, with what was saved after it."""
    require_format(format)
    return await _page(await rollouts.final(control.services, name, zone_of(timezone)), format)


@router.get("/weekly")
async def get_weekly(
    *, control: Plane, week: str | None = None, timezone: str = "UTC", format: str = "json"
) -> Response:
    """All rollouts and skills of an ISO week, of this one where none is named."""
    require_format(format)
    return await _page(await weekly(control.services, week, zone_of(timezone)), format)


async def _page(report: Report, form: str) -> Response:
    return Response(await render(report, form), headers=UNCACHED, media_type=FORMATS[form])
