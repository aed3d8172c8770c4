"""`/api/keys`: create, list, rotate and revoke access keys."""

from pydantic import BaseModel, ConfigDict, StrictFloat, StrictInt
from starlette.responses import Response

from tidegate.control.caller import HOME_TENANT
from tidegate.control.keys import create_key, namesakes, prioritise_key, revoke_key, rotate_key
from tidegate.control.timestamp import rfc3339, rfc3339_or_none
from tidegate.domain.access import KeyRecord, Priority
from tidegate.web.control_api.access import Plane, Who, router_under
from tidegate.web.control_api.answers import answer, carried
from tidegate.web.control_api.quotas import AmountsBody, amounts_of

router = router_under("keys", "keys")


class KeyBody(BaseModel):
    """A key to create; its secret is in the answer and nowhere else."""

    model_config = ConfigDict(extra="forbid")
    role: str
    name: str
    tenant: str = HOME_TENANT
    priority: str = Priority.NORMAL
    quota: AmountsBody = AmountsBody()
    expires_in: StrictInt | StrictFloat | None = None
    """Seconds; it never expires where none are given."""
    reason: str


class RotateBody(BaseModel):
    """For how many seconds the present secret is still taken, and why."""

    model_config = ConfigDict(extra="forbid")
    overlap: StrictInt | StrictFloat = 86_400
    reason: str


class PriorityBody(BaseModel):
    """Whose turn comes first under load: `high`, `normal` or `low`."""

    model_config = ConfigDict(extra="forbid")
    priority: str
    reason: str


@router.get("")
async def list_keys(control: Plane) -> Response:
    """Every key ever created, without secrets or hashes."""
    store = control.services.store
    used = await store.costs.last_used()
    listed = [
        {**describe(key), "last_used_at": rfc3339_or_none(used.get(key.id) or key.last_used_at)}
        for key in await store.keys.list()
    ]
    return answer({"keys": listed})


@router.post("", status_code=201)
async def create(body: KeyBody, control: Plane, who: Who) -> Response:
    """Create a key."""
    record, secret, revision = await create_key(
        control.services,
        role=body.role,
        name=body.name,
        tenant=body.tenant,
        priority=body.priority,
        amounts=amounts_of(body.quota),
        lifetime=body.expires_in,
        actor=who.actor,
        reason=body.reason,
    )
    warnings = [
        f"the {record.role} key {other} of tenant {record.tenant} is named {record.name!r} too, and is still "
        f"taken: to replace it, revoke it, or `tidegate keys rotate {other}` in place of a new key"
        for other in await namesakes(control.services, record)
    ]
    document = {**describe(record), "key": secret, "warnings": warnings}
    return await carried(control.services, revision, document, 201)


@router.delete("/{key_id}")
async def revoke(key_id: str, reason: str, control: Plane, who: Who) -> Response:
    """Revoke a key; answers when every live process refuses it."""
    revision = await revoke_key(control.services, key_id, actor=who.actor, reason=reason)
    return await carried(control.services, revision, {"id": key_id, "state": "revoked"})


@router.post("/{key_id}/rotate")
async def rotate(key_id: str, body: RotateBody, control: Plane, who: Who) -> Response:
    """Give a key a new secret; it is in the answer and nowhere else."""
    secret, until, revision = await rotate_key(
        control.services, key_id, overlap=body.overlap, actor=who.actor, reason=body.reason
    )
    document: dict[str, object] = {"id": key_id, "key": secret, "previous_until": rfc3339(until)}
    return await carried(control.services, revision, document)


@router.post("/{key_id}/priority")
async def prioritise(key_id: str, body: PriorityBody, control: Plane, who: Who) -> Response:
    """Change a key's priority."""
    services = control.services
    revision = await prioritise_key(services, key_id, body.priority, actor=who.actor, reason=body.reason)
    return await carried(services, revision, {"id": key_id, "priority": body.priority})


def describe(key: KeyRecord) -> dict[str, object]:
    """A key as JSON shows it."""
    return {
        "id": key.id,
        "name": key.name,
        "role": key.role,
        "tenant": key.tenant,
        "priority": key.priority,
        "created_at": rfc3339(key.created_at),
        "revoked_at": rfc3339_or_none(key.revoked_at),
        "expires_at": rfc3339_or_none(key.expires_at),
        "previous_until": rfc3339_or_none(key.previous_until),
    }
