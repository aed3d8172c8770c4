"""`/api/tuning`: what a candidate's answers were like, as sums that settings are proposed from."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from tidegate.control.tuning import tunable
from tidegate.web.control_api.access import Plane, router_under
from tidegate.web.control_api.answers import answer

router = router_under("tuning", "rollouts")

_Name = Annotated[str, Field(min_length=1, max_length=64)]


class TuningBody(BaseModel):
    """`rollout` (else the newest completed one), `skill`, and the period as a census has it."""

    model_config = ConfigDict(extra="forbid")
    rollout: _Name | None = None
    skill: _Name | None = None
    since: str | None = None
    until: str | None = None


@router.post("")
async def post_tuning(body: TuningBody, control: Plane) -> Response:
    """The evidence on a candidate's settings; it changes nothing."""
    return answer(await tunable(control.services, body.rollout, body.skill, body.since, body.until))
