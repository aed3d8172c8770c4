"""Who may call which operation of the APIs for people's tools: one table, and nothing is open that it lacks
but the description and what a signed link leads to (`web/gate`).

An operator may call all of them. Clients' keys call `/v1` alone and are turned away before.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tidegate.control.caller import Caller
from tidegate.domain.access import Role


@dataclass(frozen=True, slots=True)
class RouteScope:
    """The roles beside the operator's that may call, and whether a key of one tenant may: `everywhere` says
    no; else the operation itself keeps to the tenant's own.
    """

    roles: frozenset[Role] = frozenset()
    everywhere: bool = True

    def check(self, caller: Caller) -> None:
        """Raises Forbidden."""
        caller.require(*self.roles)
        if self.everywhere:
            caller.require_everywhere()


RouteScopes = Mapping[str, RouteScope]
"""By `METHOD /path/{parameter}`."""

_OPERATE = RouteScope()
_OPERATE_OWN = RouteScope(everywhere=False)
_PUBLISH = RouteScope(frozenset({Role.PUBLISHER}))
_READ = RouteScope(frozenset({Role.VIEWER, Role.PUBLISHER}))
_READ_OWN = RouteScope(_READ.roles, everywhere=False)

ROUTE_SCOPES: RouteScopes = MappingProxyType(
    {
        "GET /api/keys": _OPERATE,
        "POST /api/keys": _OPERATE,
        "DELETE /api/keys/{key_id}": _OPERATE,
        "POST /api/keys/{key_id}/priority": _OPERATE,
        "POST /api/keys/{key_id}/rotate": _OPERATE,
        "GET /api/switches": _READ_OWN,
        "POST /api/switches/off": _OPERATE_OWN,
        "POST /api/switches/on": _OPERATE_OWN,
        "GET /api/quotas": _READ_OWN,
        "PUT /api/quotas/{scope}/{target}": _OPERATE,
        "DELETE /api/quotas/{scope}/{target}": _OPERATE,
        "GET /api/costs": _READ_OWN,
        "GET /api/ledger/export": _READ_OWN,
        "POST /api/census": _READ_OWN,
        "POST /api/cache/clear": _OPERATE_OWN,
        "GET /api/rollouts": _READ,
        "POST /api/rollouts": _OPERATE,
        "GET /api/rollouts/{name}": _READ,
        "GET /api/rollouts/{name}/history": _READ,
        "GET /api/rollouts/{name}/link": _OPERATE,
        "GET /api/rollouts/{name}/verify": _READ,
        "GET /api/rollouts/{name}/replay": _READ,
        "POST /api/rollouts/{name}/revise": _OPERATE,
        "POST /api/rollouts/{name}/{move}": _OPERATE,
        "GET /api/reports/daily/{name}": _READ,
        "GET /api/reports/stage/{name}": _READ,
        "GET /api/reports/final/{name}": _READ,
        "GET /api/reports/weekly": _READ,
        "POST /api/tuning": _READ,
        "GET /api/routes/{skill}": _READ,
        "POST /api/selection": _READ,
        "GET /api/scan-exceptions": _READ,
        "GET /api/scan-exceptions/{digest}": _READ,
        "POST /api/scan-exceptions": _PUBLISH,
        "POST /api/scan-exceptions/{digest}/grant": _OPERATE,
        "GET /api/skills": _READ,
        "POST /api/skills": _PUBLISH,
        "GET /api/skills/{name}": _READ,
        "GET /api/skills/{name}/diff": _READ,
        "GET /api/skills/{name}/capabilities": _READ,
        "GET /api/skills/{name}/archive": _READ,
        "POST /api/skills/{name}/state": _PUBLISH,
        "POST /api/skills/{name}/card": _PUBLISH,
        "POST /api/skills/{name}/sync": _PUBLISH,
        "GET /v1/skills": _READ,
        "POST /v1/skills": _PUBLISH,
        "GET /v1/skills/{skill_id}": _READ,
        "POST /v1/skills/{skill_id}": _PUBLISH,
        "DELETE /v1/skills/{skill_id}": _PUBLISH,
        "GET /v1/skills/{skill_id}/versions": _READ,
        "POST /v1/skills/{skill_id}/versions": _PUBLISH,
        "GET /v1/skills/{skill_id}/versions/{version}": _READ,
        "POST /v1/skills/{skill_id}/versions/{version}": _PUBLISH,
        "DELETE /v1/skills/{skill_id}/versions/{version}": _PUBLISH,
        "GET /v1/skills/{skill_id}/versions/{version}/content": _READ,
    }
)


class ScopeTable:
    """The table as paths are looked up in it."""

    def __init__(self, scopes: RouteScopes) -> None:
        self._rows = [(*key.split(" ", 1), scope) for key, scope in scopes.items()]
        self._patterns = [
            (method, re.compile(_PARAMETER.sub("[^/]+", template)), scope)
            for method, template, scope in self._rows
        ]

    def find(self, method: str, path: str) -> RouteScope | None:
        """The row of an operation; None where the table has none."""
        wanted = "GET" if method == "HEAD" else method
        found = (
            scope
            for known, pattern, scope in self._patterns
            if known == wanted and pattern.fullmatch(path) is not None
        )
        return next(found, None)


_PARAMETER = re.compile(r"\{\w+\}")
