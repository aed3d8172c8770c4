"""What every route gets: who calls, and the control plane to call."""

from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import APIRouter, Depends
from starlette.requests import Request

from tidegate.control.caller import Caller
from tidegate.control.services import Services
from tidegate.control.status import Observing
from tidegate.control.switches import LocalSwitches
from tidegate.domain.errors import Forbidden
from tidegate.registry.limits import PackageLimits
from tidegate.registry.scan.gate import Gate as ScanGate
from tidegate.web.gate import CALLER


@dataclass(frozen=True, slots=True)
class Control:
    """The parts a control API works with, kept on its app."""

    services: Services
    observer: Observing
    scan: ScanGate
    local: LocalSwitches | None = None
    limits: PackageLimits = field(default_factory=PackageLimits)


async def _control(request: Request) -> Control:
    return cast("Control", request.app.state.control)


async def known_caller(request: Request) -> Caller:
    """Who calls, once `web/gate` has let them through; raises Forbidden where no row of the table has."""
    caller = cast("Caller | None", request.scope.get(CALLER))
    if caller is None:
        raise Forbidden(
            f"{request.method} {request.url.path}: no scope is set for this operation, so nobody may call it"
        )
    return caller


Plane = Annotated[Control, Depends(_control)]
Who = Annotated[Caller, Depends(known_caller)]


def router_under(path: str, tag: str) -> APIRouter:
    """A router of one noun's operations, each for a known caller alone; `path` is what is below `/api`."""
    return APIRouter(prefix=f"/api/{path}", tags=[tag], dependencies=[Depends(known_caller)])
