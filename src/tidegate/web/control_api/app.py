"""The control API: one FastAPI app for people's tools, all of it under `/api`."""

from fastapi import APIRouter, FastAPI

from tidegate.control.caller import Authenticate
from tidegate.control.glimpse import Glimpse
from tidegate.control.services import Services
from tidegate.control.switches import LocalSwitches
from tidegate.registry.scan.gate import Gate as ScanGate
from tidegate.registry.scan.policy import Policy
from tidegate.web.control_api import (
    cache,
    costs,
    keys,
    ledger,
    quotas,
    rollouts,
    routes,
    scan_exceptions,
    selection,
    skill_versions,
    skills,
    switches,
)
from tidegate.web.control_api.access import Control
from tidegate.web.control_api.faults import answer_faults, refusal
from tidegate.web.gate import Gate

DEFAULT_POLICY = Policy()
_NOUNS = (
    rollouts, routes, switches, keys, quotas, costs, ledger, scan_exceptions, skills, skill_versions,
    selection, cache,
)  # fmt: skip


def create_control_api(
    services: Services,
    authenticate: Authenticate,
    local: LocalSwitches | None = None,
    *,
    policy: Policy = DEFAULT_POLICY,
) -> FastAPI:
    """The app over these services; `authenticate` tells who calls (`control/caller`).

    `local` are the switches of the gateway in this process, None where none serves here. `policy` says which
    findings keep a skill from being published.
    """
    app = FastAPI(
        title="Tidegate control API",
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page loads scripts from a CDN
        redoc_url=None,
    )
    app.state.control = Control(
        services, Glimpse(services.store.ledger), ScanGate(policy, services.store.scan_exceptions), local
    )
    api = APIRouter(prefix="/api")
    for noun in _NOUNS:
        api.include_router(noun.router)
    app.include_router(api)
    app.add_middleware(Gate, authenticate=authenticate, takes_uploads=_takes_uploads, refusal=refusal)
    answer_faults(app)
    return app


def _takes_uploads(method: str, path: str) -> bool:
    del method  # what else is asked there has no body
    return path == "/api/skills"
