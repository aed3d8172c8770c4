"""Which key may do what, written down a second time and apart from the gateway's table of scopes.

An audit that took the gateway's own table for the truth would not see that a row of it was loosened.
"""

from collections.abc import Mapping, Sequence

import msgspec

READERS = ("viewer", "publisher")


class Operation(msgspec.Struct, frozen=True):
    """`roles` may call beside an operator; `tenants`: a key of one tenant may, and sees its own alone."""

    method: str
    path: str
    roles: tuple[str, ...] = ()
    tenants: bool = False

    def refused(self) -> list[str]:
        """The keys that must be refused, by the names that `target` gives them."""
        others = [role for role in ("viewer", "publisher") if role not in self.roles]
        strangers = [f"{role}-b" for role in (*self.roles, "operator")]
        here = ["client-a", *others, *(f"{role}-b" for role in others)]
        return here if self.tenants else [*here, *strangers]


_SKILL = "/v1/skills/skill_audit-probe"
_VERSION = f"{_SKILL}/versions/skver_audit-probe_1"
_PUBLISHER = ("publisher",)

OPERATIONS: Sequence[Operation] = (
    Operation("GET", "/api/keys"),
    Operation("POST", "/api/keys"),
    Operation("DELETE", "/api/keys/key_x?reason=audit"),
    Operation("POST", "/api/keys/key_x/priority"),
    Operation("POST", "/api/keys/key_x/rotate"),
    Operation("GET", "/api/switches", READERS, tenants=True),
    Operation("POST", "/api/switches/off", tenants=True),
    Operation("POST", "/api/switches/on", tenants=True),
    Operation("GET", "/api/quotas", READERS, tenants=True),
    Operation("PUT", "/api/quotas/tenant/audit-a"),
    Operation("DELETE", "/api/quotas/tenant/audit-a?reason=audit"),
    Operation("GET", "/api/costs", READERS, tenants=True),
    Operation("GET", "/api/ledger/export", READERS, tenants=True),
    Operation("POST", "/api/cache/clear", tenants=True),
    Operation("POST", "/api/census", READERS, tenants=True),
    Operation("POST", "/api/tuning", READERS),
    Operation("GET", "/api/rollouts", READERS),
    Operation("POST", "/api/rollouts"),
    Operation("GET", "/api/rollouts/audit", READERS),
    Operation("GET", "/api/rollouts/audit/history", READERS),
    Operation("GET", "/api/rollouts/audit/link?key=key_x"),
    Operation("GET", "/api/rollouts/audit/verify", READERS),
    Operation("GET", "/api/rollouts/audit/replay", READERS),
    Operation("POST", "/api/rollouts/audit/revise"),
    Operation("POST", "/api/rollouts/audit/pause"),
    Operation("GET", "/api/reports/daily/audit", READERS),
    Operation("GET", "/api/reports/stage/audit", READERS),
    Operation("GET", "/api/reports/final/audit", READERS),
    Operation("GET", "/api/reports/weekly", READERS),
    Operation("GET", "/api/routes/audit-probe", READERS),
    Operation("POST", "/api/selection", READERS),
    Operation("GET", "/api/scan-exceptions", READERS),
    Operation("GET", "/api/scan-exceptions/sha256:0", READERS),
    Operation("POST", "/api/scan-exceptions?reason=audit", _PUBLISHER),
    Operation("POST", "/api/scan-exceptions/sha256:0/grant"),
    Operation("GET", "/api/skills", READERS),
    Operation("POST", "/api/skills?reason=audit", _PUBLISHER),
    Operation("GET", "/api/skills/audit-probe", READERS),
    Operation("GET", "/api/skills/audit-probe/diff?before=1&after=1", READERS),
    Operation("GET", "/api/skills/audit-probe/archive?version=1", READERS),
    Operation("GET", "/api/skills/audit-probe/capabilities?version=1", READERS),
    Operation("POST", "/api/skills/audit-probe/state", _PUBLISHER),
    Operation("POST", "/api/skills/audit-probe/card", _PUBLISHER),
    Operation("POST", "/api/skills/audit-probe/sync", _PUBLISHER),
    Operation("GET", "/v1/skills", READERS),
    Operation("POST", "/v1/skills", _PUBLISHER),
    Operation("GET", _SKILL, READERS),
    Operation("POST", _SKILL, _PUBLISHER),
    Operation("DELETE", _SKILL, _PUBLISHER),
    Operation("GET", f"{_SKILL}/versions", READERS),
    Operation("POST", f"{_SKILL}/versions", _PUBLISHER),
    Operation("GET", _VERSION, READERS),
    Operation("POST", _VERSION, _PUBLISHER),
    Operation("DELETE", _VERSION, _PUBLISHER),
    Operation("GET", f"{_VERSION}/content", READERS),
)

_SCOPES = ({"scope": "tenant", "target": "audit-a"}, {"scope": "all", "target": "*"})
OTHERS_SUMS: Sequence[tuple[str, Mapping[str, list[str]]]] = (("/api/census", {"tenants": ["audit-a"]}),)
"""What a key of tenant `audit-b` may not read either, asked by POST since the question is long."""

OTHERS_CHANGES: Sequence[tuple[str, Mapping[str, str]]] = (
    *(("/api/switches/off", scope) for scope in _SCOPES),
    *(("/api/switches/on", scope) for scope in _SCOPES),
    ("/api/cache/clear", {"tenant": "audit-a"}),
    ("/api/cache/clear", {"tenant": "*"}),
    ("/api/cache/clear", {}),
)
"""What no key of tenant `audit-b` may do, by what a tenant's key may: POST to the path, with the body."""
