"""Answers of the control API, in one serialisation."""

import msgspec
from starlette.responses import Response

from tidegate.control.services import Services

UNCACHED = {"cache-control": "no-store"}
"""Keys are shown once and status is of this moment: no cache on the way may keep either."""


def answer(value: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(msgspec.json.encode(value), status, UNCACHED, media_type="application/json")


def changed(services: Services, document: dict[str, object], status: int = 200) -> Response:
    """Answer a change that no process has to take; of a dry run it says so."""
    return answer({**document, "dry_run": True}) if services.dry else answer(document, status)


async def carried(
    services: Services, revision: int, document: dict[str, object], status: int = 200
) -> Response:
    """Answer a change once every live process serves it, or name those that do not yet (`laggards`).

    A dry run is answered at once: there is nothing to serve.
    """
    if services.dry:
        return changed(services, document)
    result = await services.acknowledgements.of(revision)
    now = services.clock.now()
    laggards = [
        {"id": p.id, "revision": p.revision, "seen_seconds_ago": round(now - p.seen_at, 3)}
        for p in result.laggards
    ]
    return answer(
        {**document, "revision": revision, "processes": result.processes, "laggards": laggards}, status
    )
