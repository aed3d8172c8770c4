"""One call of the Skills API: who asks, in which of the API's two shapes, and why."""

from dataclasses import dataclass
from typing import Self, cast

from starlette.applications import Starlette
from starlette.requests import Request

from tidegate.control.caller import Caller
from tidegate.control.reason import require_reason
from tidegate.control.services import Services
from tidegate.control.skill_cards import find_skill
from tidegate.domain.errors import Forbidden, NotFound
from tidegate.domain.skill import ListedVersion
from tidegate.domain.skill_card import ShelfSkill
from tidegate.domain.skill_id import name_of, named, version_id
from tidegate.registry.limits import PackageLimits
from tidegate.registry.scan.gate import Gate as ScanGate
from tidegate.web.gate import CALLER

BETA = "skills-2025-10-02"
REASON_HEADER = "tidegate-reason"
NO_REASON_GIVEN = "by the Skills API"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose caller may do what it asks for; `beta`: in the shapes of `skills-2025-10-02`."""

    request: Request
    services: Services
    scan: ScanGate
    actor: str
    beta: bool
    limits: PackageLimits

    @staticmethod
    def keep(app: Starlette, services: Services, scan: ScanGate, limits: PackageLimits) -> None:
        """Let the app's requests find what they work with."""
        app.state.services, app.state.scan, app.state.limits = services, scan, limits

    @classmethod
    def by(cls, request: Request) -> Self:
        """A call that `web/gate` has let through; raises Forbidden where no row of the table has."""
        caller = cast("Caller | None", request.scope.get(CALLER))
        if caller is None:
            raise Forbidden(f"{request.method} {request.url.path}: no scope is set for this operation")
        betas = ",".join(request.headers.getlist("anthropic-beta")).split(",")
        services = cast("Services", request.app.state.services)
        scan = cast("ScanGate", request.app.state.scan)
        limits = cast("PackageLimits", request.app.state.limits)
        beta = BETA in (each.strip() for each in betas)
        return cls(request, services, scan, caller.actor, beta, limits)

    @property
    def reason(self) -> str:
        """What the header says, or that nothing was said; raises InvalidInput for what is no reason."""
        return require_reason(self.request.headers.get(REASON_HEADER) or NO_REASON_GIVEN)

    @property
    def name(self) -> str:
        """The skill's name that the path's id stands for; raises NotFound for what is no id."""
        given = cast("str", self.request.path_params["skill_id"])
        name = name_of(given)
        if name is None:
            raise _no_skill(given)
        return name

    async def skill(self) -> ShelfSkill:
        """The skill in the path; raises NotFound."""
        try:
            return await find_skill(self.services, self.name)
        except NotFound:
            raise _no_skill(self.request.path_params["skill_id"]) from None

    def version(self, skill: ShelfSkill) -> ListedVersion:
        """The version in the path: by id, by the beta's epoch, and to look at `latest` or `default`.

        Raises NotFound.
        """
        given = cast("str", self.request.path_params["version"])
        if self.request.method == "GET" and given in ("latest", "default"):
            return skill.latest if given == "latest" else skill.default
        found = named(skill.versions, given)
        if found is None:
            there = ", ".join(version_id(each) for each in reversed(skill.versions[-5:]))
            raise NotFound(f"Skill version not found: {given[:100]}; there are {there}")
        return found


def _no_skill(given: str) -> NotFound:
    return NotFound(f"Skill not found: {given[:100]}; GET /v1/skills lists what there is")
