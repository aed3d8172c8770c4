"""What every route gets: who calls, and the control plane to call."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import Request

from tidegate.control.caller import Caller
from tidegate.control.services import Services
from tidegate.control.status import Observing
from tidegate.control.switches import LocalSwitches
from tidegate.registry.scan.gate import Gate as ScanGate
from tidegate.web.gate import CALLER


@dataclass(frozen=True, slots=True)
class Control:
    """The parts a control API works with, kept on its app."""

    services: Services
    observer: Observing
    scan: ScanGate
    local: LocalSwitches | None = None


async def _control(request: Request) -> Control:
    return cast("Control", request.app.state.control)


async def _caller(request: Request) -> Caller:
    return cast("Caller", request.scope[CALLER])


Plane = Annotated[Control, Depends(_control)]
Who = Annotated[Caller, Depends(_caller)]
