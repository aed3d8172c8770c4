"""`/api/quotas`: how much keys and tenants may use."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, StrictFloat, StrictInt
from starlette.responses import Response

from tidegate.control.quotas import amount_a_day, amount_a_minute, clear_quota, set_quota, visible_quotas
from tidegate.control.timestamp import rfc3339
from tidegate.domain.quota import NO_LIMIT, Amounts, Quota
from tidegate.web.control_api.access import Plane, Who, router_under
from tidegate.web.control_api.answers import answer, carried

router = router_under("quotas", "quotas")

NONE = "none"


class AmountsBody(BaseModel):
    """Limits: numbers, `"none"` for no limit, absent to leave as it is."""

    model_config = ConfigDict(extra="forbid")
    requests_per_minute: StrictInt | Literal["none"] | None = None
    tokens_per_minute: StrictInt | Literal["none"] | None = None
    usd_per_day: StrictInt | StrictFloat | Literal["none"] | None = None


class QuotaBody(AmountsBody):
    """Why, beside the limits."""

    reason: str


@router.get("")
async def list_quotas(control: Plane, who: Who) -> Response:
    """Every quota that was set; a tenant's key sees its tenant's alone."""
    quotas = await visible_quotas(control.services, who)
    return answer({"quotas": [describe(each) for each in quotas]})


@router.put("/{scope}/{target}")
async def put(scope: str, target: str, body: QuotaBody, control: Plane, who: Who) -> Response:
    """Change the limits that are named, keep the others; answers when every live process holds them."""
    services = control.services
    quota, revision = await set_quota(
        services, scope, target, amounts_of(body), actor=who.actor, reason=body.reason
    )
    return await carried(services, revision, describe(quota))


@router.delete("/{scope}/{target}")
async def delete(scope: str, target: str, reason: str, control: Plane, who: Who) -> Response:
    """Say nothing of it any more: the configuration's defaults hold."""
    services = control.services
    revision = await clear_quota(services, scope, target, actor=who.actor, reason=reason)
    return await carried(services, revision, {"scope": scope, "target": target, "state": "cleared"})


def amounts_of(body: AmountsBody) -> Amounts:
    """The amounts of a body; raises InvalidInput."""
    return Amounts(
        requests_per_minute=amount_a_minute("requests_per_minute", body.requests_per_minute),
        tokens_per_minute=amount_a_minute("tokens_per_minute", body.tokens_per_minute),
        usd_per_day=amount_a_day("usd_per_day", body.usd_per_day),
    )


def describe(quota: Quota) -> dict[str, object]:
    """A quota as JSON shows it: null says nothing, `none` is no limit."""
    amounts = quota.amounts
    return {
        "scope": quota.scope,
        "target": quota.target,
        "requests_per_minute": _shown(amounts.requests_per_minute),
        "tokens_per_minute": _shown(amounts.tokens_per_minute),
        "usd_per_day": _shown(amounts.usd_per_day),
        "by": quota.by,
        "reason": quota.reason,
        "at": rfc3339(quota.at),
    }


def _shown(amount: float | None) -> float | str | None:
    return NONE if amount == NO_LIMIT else amount
