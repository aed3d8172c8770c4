"""The Skills API: one Starlette app for `/v1/skills` and what lies below."""

from starlette.applications import Starlette
from starlette.routing import Route

from tidegate.control.caller import Authenticate
from tidegate.control.services import Services
from tidegate.registry.limits import PackageLimits
from tidegate.registry.scan.gate import Gate as ScanGate
from tidegate.registry.scan.gate import Scan
from tidegate.registry.scan.policy import Policy
from tidegate.web.gate import Gate
from tidegate.web.route_scopes import ROUTE_SCOPES, RouteScopes
from tidegate.web.skills_api import skills, versions
from tidegate.web.skills_api.asked import Asked
from tidegate.web.skills_api.faults import answer_faults, refusal_of
from tidegate.web.upload_places import UploadPlaces

DEFAULT_POLICY = Policy()
DEFAULT_LIMITS = PackageLimits()
_SKILL = "/v1/skills/{skill_id}"
_VERSION = _SKILL + "/versions/{version}"


def create_skills_api(
    services: Services,
    authenticate: Authenticate,
    policy: Policy = DEFAULT_POLICY,
    *,
    scan: Scan,
    limits: PackageLimits = DEFAULT_LIMITS,
    scopes: RouteScopes = ROUTE_SCOPES,
    second: Scan | None = None,
    places: UploadPlaces | None = None,
) -> Starlette:
    """The app over these services; `authenticate` tells who calls (`control/caller`), `scan` judges
    packages and `policy` says which findings keep one from being published, `limits` how large one may be,
    `scopes` who may call what; `second` is another scanner's opinion, where one is set;
    `places` are what all of the process's uploads share.
    """
    app = Starlette(routes=_routes())
    app.router.redirect_slashes = False
    Asked.keep(app, services, ScanGate(policy, services.store.scan_exceptions, scan, second), limits)
    refuse = refusal_of(services.clock)
    app.add_middleware(
        Gate,
        authenticate=authenticate,
        scopes=scopes,
        takes_uploads=_takes_uploads,
        upload_bytes=limits.upload_bytes,
        places=places or UploadPlaces(),
        refusal=refuse,
    )
    answer_faults(app, refuse)
    return app


def _routes() -> list[Route]:
    return [
        Route("/v1/skills", skills.list_skills, methods=["GET"]),
        Route("/v1/skills", skills.create_skill, methods=["POST"]),
        Route(_SKILL, skills.retrieve_skill, methods=["GET"]),
        Route(_SKILL, skills.change_skill, methods=["POST"]),
        Route(_SKILL, skills.delete_skill, methods=["DELETE"]),
        Route(f"{_SKILL}/versions", versions.list_versions, methods=["GET"]),
        Route(f"{_SKILL}/versions", versions.create_version, methods=["POST"]),
        Route(_VERSION, versions.retrieve_version, methods=["GET"]),
        Route(_VERSION, versions.change_version, methods=["POST"]),
        Route(_VERSION, versions.delete_version, methods=["DELETE"]),
        Route(f"{_VERSION}/content", versions.download_version, methods=["GET"]),
    ]


def _takes_uploads(method: str, path: str) -> bool:
    return method == "POST" and (path == "/v1/skills" or path.endswith("/versions"))
