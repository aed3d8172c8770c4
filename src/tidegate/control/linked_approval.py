"""Approve of a stage by a signed link: make one, open it, and promote by it."""

from dataclasses import dataclass
from functools import partial

import msgspec

from tidegate.control.approval_links import ApprovalLinks
from tidegate.control.caller import HOME_TENANT
from tidegate.control.commit import CONTROLLER, Committed
from tidegate.control.lookup import find_rollout
from tidegate.control.moves import move_rollout
from tidegate.control.services import Services
from tidegate.control.timestamp import rfc3339
from tidegate.domain.access import KeyRecord, Role
from tidegate.domain.approval_link import LinkedApproval, unseal
from tidegate.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from tidegate.domain.rollout import Move, Phase, Rollout

NO_REASON = "promoted by a link"


class LinkShown(msgspec.Struct, frozen=True, kw_only=True):
    """A link that was made: for whom, of what, and until when (RFC 3339 UTC).

    Without `[approvals] url` it is a path.
    """

    rollout: str
    stage: str
    key: str
    approver: str
    expires_at: str
    link: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that is good: what it says, the rollout that asks, and whose approval it is."""

    approval: LinkedApproval
    rollout: Rollout
    approver: str


async def make_link(services: Services, name: str, key_id: str, *, made_by: str) -> LinkShown:
    """A link for the holder of a key.

    Raises NotFound, Forbidden for a key that may not promote, Conflict where nothing is asked.
    """
    rollout = await find_rollout(services, name)
    key = await _operators(services, key_id)
    if rollout.phase is not Phase.AWAITING_APPROVAL:
        raise Conflict(f"rollout {name!r} is {rollout.phase}: a link is made while it awaits approval")
    link, until = _links(services).make(rollout, key_id, made_by=made_by, now=services.clock.now())
    return LinkShown(
        rollout=name,
        stage=rollout.current.name,
        key=key_id,
        approver=_actor(key),
        expires_at=rfc3339(until),
        link=link,
    )


async def open_link(services: Services, token: str) -> Opened:
    """What a link leads to.

    Raises Forbidden for one that is no good, Conflict where what it is for is not asked any more.
    """
    approval = unseal(_links(services).secret(), token, services.clock.now())
    key = await _operators(services, approval.key_id)
    rollout = await find_rollout(services, approval.rollout)
    _require_asked(approval, rollout)
    return Opened(approval, rollout, _actor(key))


async def approve_by_link(services: Services, token: str, reason: str) -> Committed:
    """Promote in the name of the key that the link is for; the record says who made the link."""
    opened = await open_link(services, token)
    _refuse_borrowed(opened)
    said = f"{reason.strip() or NO_REASON} (by a link that {opened.approval.made_by} made)"
    return await move_rollout(
        services,
        opened.rollout.name,
        Move.PROMOTE,
        actor=opened.approver,
        reason=said,
        only=partial(_require_asked, opened.approval),
    )


def _refuse_borrowed(opened: Opened) -> None:
    """Where several people are asked, a link counts that its own approver or the controller made."""
    made_by = opened.approval.made_by
    if opened.rollout.current.approvals > 1 and made_by not in (CONTROLLER, opened.approver):
        raise Forbidden(
            f"{made_by} made this link for {opened.approver}, and stage "
            f"{opened.rollout.current.name!r} asks for {opened.rollout.current.approvals} people: let "
            f"{opened.approver} make one, or promote by their key"
        )


def _require_asked(approval: LinkedApproval, rollout: Rollout) -> None:
    if not approval.is_asked(rollout):
        raise Conflict(
            f"this link was for an asking of rollout {rollout.name!r} that is over: it is {rollout.phase} in "
            f"stage {rollout.current.name!r}; `tidegate rollout status {rollout.name}` shows more"
        )


async def _operators(services: Services, key_id: str) -> KeyRecord:
    """The key, if it may promote now: what a link is worth is what its key is worth."""
    known = {key.id: key for key in await services.store.keys.list()}
    key = known.get(key_id)
    if key is None:
        raise NotFound(f"there is no key {key_id!r}; `tidegate keys list` shows them")
    now = services.clock.now()
    gone = key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now)
    if gone or key.role is not Role.OPERATOR or key.tenant != HOME_TENANT:
        why = "was revoked or has expired" if gone else "is no operator's of the whole installation"
        raise Forbidden(f"key {key_id} {why}, so no link for it promotes")
    return key


def _links(services: Services) -> ApprovalLinks:
    if services.links is None:
        raise InvalidInput("no links are made or opened here: this control plane has no secret to sign them")
    return services.links


def _actor(key: KeyRecord) -> str:
    """As `control/caller.by_key` has it: by key or by link, it is one person."""
    return f"{key.name} ({key.id})"
