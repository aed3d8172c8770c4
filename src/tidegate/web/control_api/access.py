"""What every route gets: who calls, and the control plane to call."""

from dataclasses import dataclass, field, replace
from typing import Annotated, cast

from fastapi import APIRouter, Depends
from starlette.requests import Request

from tidegate.control.caller import Caller
from tidegate.control.services import Services
from tidegate.control.status import Observing
from tidegate.control.switches import LocalSwitches
from tidegate.domain.errors import Forbidden, InvalidInput
from tidegate.registry.apart.here import READING_HERE
from tidegate.registry.limits import PackageLimits
from tidegate.registry.reading import Reading
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
    reading: Reading = READING_HERE

    def tried(self) -> "Control":
        """These, for a dry run."""
        services = self.services.tried()
        return replace(
            self, services=services, scan=self.scan.over(services.store.scan_exceptions), local=None
        )


DRY_RUN = "tidegate-dry-run"
"""A request's header: `true` has a change judged and told, and not kept."""


async def _control(request: Request) -> Control:
    control = cast("Control", request.app.state.control)
    wanted = request.headers.get(DRY_RUN, "false")
    if wanted not in ("true", "false"):
        raise InvalidInput(f"{DRY_RUN}: found {wanted!r}; expected true or false")
    return control.tried() if wanted == "true" else control


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
