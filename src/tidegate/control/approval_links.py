"""How this installation makes links that approve of a stage, and the notices that carry them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from tidegate.domain.approval_link import LinkedApproval, candidate_mark, seal
from tidegate.domain.rollout import Rollout
from tidegate.domain.state import Notice

PATH = "/api/approvals/"
"""Where links lead, below the gateway's URL."""

LINK_NOTICE = "rollout.approval-link"
"""The kind of a notice that is for one approver alone: whoever has its link may promote in their name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalLinks:
    """`secret` is asked for where a link is made or opened; `url` (empty: not known) is the gateway's for
    people; `keys` are sent a link when a stage asks; a link is good for `seconds`."""

    secret: Callable[[], bytes]
    url: str = ""
    keys: tuple[str, ...] = ()
    seconds: float = 86_400.0

    def make(self, rollout: Rollout, key_id: str, *, made_by: str, now: float) -> tuple[str, float]:
        """The link for one key to what the rollout asks for, and until when it is good (epoch seconds)."""
        approval = LinkedApproval(
            rollout.name,
            rollout.attempt,
            rollout.stage,
            rollout.phase_since,
            key_id,
            now + self.seconds,
            made_by,
            candidate_mark(rollout),
        )
        return f"{self.url}{PATH}{seal(self.secret(), approval)}", approval.expires_at


def link_notices(links: ApprovalLinks, after: Rollout, version: int, at: float) -> Sequence[Notice]:
    """One for each approver that the settings name; `version` is the state's that was asked on."""
    return [_notice(links, after, key_id, version, at) for key_id in dict.fromkeys(links.keys)]


def _notice(links: ApprovalLinks, rollout: Rollout, key_id: str, version: int, at: float) -> Notice:
    link, until = links.make(rollout, key_id, made_by="controller", now=at)
    said = {
        "rollout": rollout.name,
        "stage": rollout.current.name,
        "key": key_id,
        "expires_at": until,
        "link": link,
    }
    return Notice(
        id=f"rollout:{rollout.name}:{version}:link:{key_id}",
        kind=LINK_NOTICE,
        subject=f"rollout {rollout.name}: stage {rollout.current.name} asks for approval by {key_id}",
        data=msgspec.Raw(msgspec.json.encode(said)),
        at=at,
    )
