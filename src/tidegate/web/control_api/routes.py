"""`/api/routes`: how effective skills are, and which model that makes routes choose."""

from fastapi import APIRouter
from starlette.responses import Response

from tidegate.control.explain_route import explain_route
from tidegate.domain.access import Role
from tidegate.web.control_api.access import Plane, Who
from tidegate.web.control_api.answers import answer

router = APIRouter(prefix="/routes", tags=["routes"])


@router.get("/{skill}")
async def get_route(skill: str, control: Plane, who: Who) -> Response:
    """A skill's scores by version, what they are made of, and what each route does with them."""
    who.require(Role.VIEWER, Role.PUBLISHER)
    who.require_everywhere()
    return answer(await explain_route(control.services, skill))
