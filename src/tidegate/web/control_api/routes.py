"""`/api/routes`: how effective skills are, and which model that makes routes choose."""

from starlette.responses import Response

from tidegate.control.explain_route import explain_route
from tidegate.web.control_api.access import Plane, router_under
from tidegate.web.control_api.answers import answer

router = router_under("routes", "routes")


@router.get("/{skill}")
async def get_route(skill: str, control: Plane) -> Response:
    """A skill's scores by version, what they are made of, and what each route does with them."""
    return answer(await explain_route(control.services, skill))
