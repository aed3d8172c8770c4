"""`/api/keys`: create, list and revoke access keys."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from tidegate.control.caller import HOME_TENANT
from tidegate.control.keys import create_key, prioritise_key, revoke_key
from tidegate.control.timestamp import rfc3339, rfc3339_or_none
from tidegate.domain.access import KeyRecord, Priority
from tidegate.web.control_api.access import Plane, Who
from tidegate.web.control_api.answers import answer, carried
from tidegate.web.control_api.quotas import AmountsBody, amounts_of

router = APIRouter(prefix="/keys", tags=["keys"])


class KeyBody(BaseModel):
    """A key to create; its secret is in the answer and nowhere else."""

    model_config = ConfigDict(extra="forbid")
    role: str
    name: str
    tenant: str = HOME_TENANT
    priority: str = Priority.NORMAL
    quota: AmountsBody = AmountsBody()
    reason: str


class PriorityBody(BaseModel):
    """Whose turn comes first under load: `high`, `normal` or `low`."""

    model_config = ConfigDict(extra="forbid")
    priority: str
    reason: str


@router.get("")
async def list_keys(control: Plane, who: Who) -> Response:
    """Every key ever created, without secrets or hashes."""
    who.require()
    who.require_everywhere()
    return answer({"keys": [describe(key) for key in await control.services.store.keys.list()]})


@router.post("", status_code=201)
async def create(body: KeyBody, control: Plane, who: Who) -> Response:
    """Create a key."""
    who.require()
    who.require_everywhere()
    record, secret, revision = await create_key(
        control.services,
        role=body.role,
        name=body.name,
        tenant=body.tenant,
        priority=body.priority,
        amounts=amounts_of(body.quota),
        actor=who.actor,
        reason=body.reason,
    )
    return await carried(control.services, revision, {**describe(record), "key": secret}, 201)


@router.delete("/{key_id}")
async def revoke(key_id: str, reason: str, control: Plane, who: Who) -> Response:
    """Revoke a key; answers when every live process refuses it."""
    who.require()
    who.require_everywhere()
    revision = await revoke_key(control.services, key_id, actor=who.actor, reason=reason)
    return await carried(control.services, revision, {"id": key_id, "state": "revoked"})


@router.post("/{key_id}/priority")
async def prioritise(key_id: str, body: PriorityBody, control: Plane, who: Who) -> Response:
    """Change a key's priority."""
    who.require()
    who.require_everywhere()
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
    }
