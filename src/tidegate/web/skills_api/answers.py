"""Answers of the Skills API, in one serialisation."""

import msgspec
from starlette.responses import Response

from tidegate.web.skills_api.asked import Asked
from tidegate.web.skills_api.pages import Shown

_UNCONFIRMED = "tidegate-unconfirmed"


def answer(asked: Asked, shown: Shown) -> Response:
    """A JSON answer."""
    del asked
    return Response(msgspec.json.encode(shown), media_type="application/json")


async def carried(asked: Asked, revision: int, shown: Shown) -> Response:
    """Answer a change once every live process serves it; a header counts those that have not confirmed it."""
    result = await asked.services.acknowledgements.of(revision)
    response = answer(asked, shown)
    if result.laggards:
        response.headers[_UNCONFIRMED] = str(len(result.laggards))
    return response
