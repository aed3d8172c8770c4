"""`/api/switches`: the kill switch."""

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from tidegate.control.caller import Caller
from tidegate.control.switches import switch_here, switch_off, switch_on, unknown_tenant
from tidegate.control.timestamp import rfc3339
from tidegate.domain.access import Switch
from tidegate.web.control_api.access import Control, Plane, Who, router_under
from tidegate.web.control_api.answers import answer, carried

router = router_under("switches", "switches")


class SwitchBody(BaseModel):
    """Scope `all` (target `*`), `skill` or `tenant`, and why; `local`: in this process alone."""

    model_config = ConfigDict(extra="forbid")
    scope: str
    target: str = "*"
    reason: str
    local: bool = False


@router.get("")
async def list_switches(control: Plane, who: Who) -> Response:
    """Every switch that is off."""
    switches = await control.services.store.switches.list()
    return answer({"switches": [describe(one) for one in switches if _sees(who, one)]})


@router.post("/off")
async def off(body: SwitchBody, control: Plane, who: Who) -> Response:
    """Turn skills off; answers when every live process has taken it."""
    _may_switch(who, body)
    if body.local:
        return _here(control, who, "off", body)
    services = control.services
    revision = await switch_off(services, body.scope, body.target, actor=who.actor, reason=body.reason)
    warning = await unknown_tenant(services, body.scope, body.target)
    done: dict[str, object] = {
        "scope": body.scope,
        "target": body.target,
        "state": "off",
        "warnings": [warning] if warning else [],
    }
    return await carried(services, revision, done)


@router.post("/on")
async def on(body: SwitchBody, control: Plane, who: Who) -> Response:
    """Turn skills on again."""
    _may_switch(who, body)
    if body.local:
        return _here(control, who, "on", body)
    services = control.services
    revision = await switch_on(services, body.scope, body.target, actor=who.actor, reason=body.reason)
    return await carried(services, revision, {"scope": body.scope, "target": body.target, "state": "on"})


def describe(switch: Switch) -> dict[str, object]:
    """A switch as JSON shows it."""
    return {
        "scope": switch.scope,
        "target": switch.target,
        "by": switch.by,
        "reason": switch.reason,
        "at": rfc3339(switch.at),
    }


def _here(control: Control, who: Caller, way: str, body: SwitchBody) -> Response:
    switch_here(control.local, way, body.scope, body.target, actor=who.actor, reason=body.reason)
    return answer({"scope": body.scope, "target": body.target, "state": way, "local": True})


def _may_switch(who: Caller, body: SwitchBody) -> None:
    if not (body.scope == "tenant" and body.target == who.tenant):
        who.require_everywhere()


def _sees(who: Caller, switch: Switch) -> bool:
    return who.everywhere or switch.scope != "tenant" or switch.target == who.tenant
