"""`/api/scan-exceptions`: ask to publish what the scanner blocks, and agree to it."""

import msgspec
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tidegate.control.reason import require_reason
from tidegate.control.timestamp import rfc3339
from tidegate.domain.errors import NotFound
from tidegate.domain.scan_exception import ScanException
from tidegate.registry.request_exception import request_exception
from tidegate.registry.validate import validate_zip
from tidegate.web.control_api.access import Plane, Who, router_under
from tidegate.web.control_api.answers import answer, changed

router = router_under("scan-exceptions", "skills")


class GrantBody(BaseModel):
    """Why the package may be published all the same."""

    model_config = ConfigDict(extra="forbid")
    reason: str


@router.get("")
async def list_exceptions(control: Plane) -> Response:
    """Every exception that was asked for, and those that were granted."""
    known = await control.services.store.scan_exceptions.list()
    return answer({"exceptions": [describe(each) for each in known]})


@router.get("/{digest}")
async def get_exception(digest: str, control: Plane) -> Response:
    """One of them, with what was found in the package and what its scripts make use of."""
    known = await control.services.store.scan_exceptions.get(digest)
    if known is None:
        raise NotFound(f"no exception was requested for {digest}; `tidegate skill exception list` shows them")
    return answer(describe_whole(known))


@router.post("", status_code=201)
async def post_exception(request: Request, reason: str, control: Plane, who: Who) -> Response:
    """Ask for one: the body is the zip that is blocked."""
    why = require_reason(reason)
    package = await run_in_threadpool(validate_zip, await request.body(), control.limits)
    asked, _ = await request_exception(
        control.scan, control.reading, package, by=who.actor, reason=why, at=control.services.clock.now()
    )
    return changed(control.services, describe_whole(asked), 201)


@router.post("/{digest}/grant")
async def post_grant(digest: str, body: GrantBody, control: Plane, who: Who) -> Response:
    """Agree to one: the package of this digest may be published from now on."""
    granted, _ = await control.services.store.scan_exceptions.grant(
        digest, by=who.actor, reason=require_reason(body.reason), at=control.services.clock.now()
    )
    return changed(control.services, describe_whole(granted))


def describe_whole(exception: ScanException) -> dict[str, object]:
    """An exception as JSON shows it to whoever is to decide."""
    findings = [{**msgspec.structs.asdict(each), "line": each.line or None} for each in exception.findings]
    return describe(exception) | {
        "findings": findings,
        "capabilities": [msgspec.to_builtins(use) for use in exception.uses],
        "capabilities_in_all": exception.uses_in_all,
    }


def describe(exception: ScanException) -> dict[str, object]:
    """An exception as JSON shows it among others."""
    granted = exception.granted_at
    return {
        "digest": exception.digest,
        "name": exception.name,
        "rules": list(exception.rules),
        "findings_in_all": exception.findings_in_all,
        "uses": sorted({use.capability for use in exception.uses}),
        "state": "granted" if exception.granted else "requested",
        "requested_by": exception.asked_by,
        "request_reason": exception.asked_because,
        "requested_at": rfc3339(exception.asked_at),
        "granted_by": exception.granted_by or None,
        "grant_reason": exception.granted_because or None,
        "granted_at": None if granted is None else rfc3339(granted),
    }
