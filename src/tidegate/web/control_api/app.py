"""The control API: one FastAPI app for people's tools, all of it under `/api`."""

from fastapi import FastAPI

from tidegate.control.caller import Authenticate
from tidegate.control.glimpse import Glimpse
from tidegate.control.services import Services
from tidegate.control.switches import LocalSwitches
from tidegate.registry.apart.here import READING_HERE
from tidegate.registry.limits import PackageLimits
from tidegate.registry.reading import Reading
from tidegate.registry.scan.gate import Gate as ScanGate
from tidegate.registry.scan.gate import Scan
from tidegate.registry.scan.policy import Policy
from tidegate.web.control_api import (
    approvals,
    cache,
    census,
    costs,
    keys,
    ledger,
    quotas,
    reports,
    rollouts,
    routes,
    scan_exceptions,
    selection,
    skill_versions,
    skills,
    switches,
    tuning,
)
from tidegate.web.control_api.access import Control
from tidegate.web.control_api.faults import answer_faults, refusal
from tidegate.web.gate import Gate
from tidegate.web.route_scopes import ROUTE_SCOPES, RouteScopes
from tidegate.web.upload_places import UploadPlaces

DEFAULT_POLICY = Policy()
DEFAULT_LIMITS = PackageLimits()
_NOUNS = (
    rollouts, routes, switches, keys, quotas, costs, ledger, scan_exceptions, skills, skill_versions,
    selection, cache, reports, approvals, census, tuning,
)  # fmt: skip


def create_control_api(
    services: Services,
    authenticate: Authenticate,
    local: LocalSwitches | None = None,
    *,
    scan: Scan,
    policy: Policy = DEFAULT_POLICY,
    limits: PackageLimits = DEFAULT_LIMITS,
    scopes: RouteScopes = ROUTE_SCOPES,
    second: Scan | None = None,
    places: UploadPlaces | None = None,
    reading: Reading = READING_HERE,
) -> FastAPI:
    """The app over these services; `authenticate` tells who calls (`control/caller`).

    `local` are the switches of the gateway in this process, None where none serves here. `scan` judges
    packages and `policy` says which findings keep one from being published, `limits` how large one may be,
    `scopes` who may call what; `second` is another scanner's opinion, where one is set;
    `places` are what all of the process's uploads share; `reading` tells what packages hold.
    """
    app = _bare_app()
    gate = ScanGate(policy, services.store.scan_exceptions, scan, second)
    app.state.control = Control(services, Glimpse(services.store.ledger), gate, local, limits, reading)
    for noun in _NOUNS:
        # As they are: to include a router takes each of its routes apart once more, at every start.
        app.router.routes.extend(noun.router.routes)
    app.add_middleware(
        Gate,
        authenticate=authenticate,
        scopes=scopes,
        takes_uploads=_takes_uploads,
        upload_bytes=limits.upload_bytes,
        places=places or UploadPlaces(),
        refusal=refusal,
    )
    answer_faults(app)
    return app


def _bare_app() -> FastAPI:
    return FastAPI(
        title="Tidegate control API",
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page loads scripts from a CDN
        redoc_url=None,
    )


def _takes_uploads(method: str, path: str) -> bool:
    return method == "POST" and path in ("/api/skills", "/api/scan-exceptions")
