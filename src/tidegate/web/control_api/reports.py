"""`/api/reports`: what a day, a stage, a rollout or a week came to."""

from starlette.responses import Response

from tidegate.control.reporting import rollouts
from tidegate.control.reporting.zone import zone_of
from tidegate.web.control_api.access import Plane, router_under
from tidegate.web.control_api.answers import answer

router = router_under("reports", "reports")


@router.get("/daily/{name}")
async def get_daily(*, control: Plane, name: str, day: str = "today", timezone: str = "UTC") -> Response:
    """One day of a rollout: a date, `today` or `yesterday`."""
    return answer(await rollouts.daily(control.services, name, day, zone_of(timezone)))


@router.get("/stage/{name}")
async def get_stage(
    *, control: Plane, name: str, stage: str | None = None, timezone: str = "UTC"
) -> Response:
    """The newest visit of a rollout's stage, of the one it was in last where none is named."""
    return answer(await rollouts.stage(control.services, name, stage, zone_of(timezone)))


@router.get("/final/{name}")
async def get_final(*, control: Plane, name: str, timezone: str = "UTC") -> Response:
    """All of a rollout, with what was saved after it."""
    return answer(await rollouts.final(control.services, name, zone_of(timezone)))
