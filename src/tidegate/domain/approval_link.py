"""Links that approve of a stage: who may by it, of what, and until when, under a signature.

A link is bound to one asking: a rollout, an attempt, a stage, since when it has asked, and the candidate that
the next stage would serve. So the state machine makes it good for once: after the promotion, a pause, a
rollback or a revision there is no such asking any more.
"""

import base64
import binascii
import hmac
from hashlib import blake2b

import msgspec

from tidegate.domain.errors import Forbidden
from tidegate.domain.revision import latest_candidate
from tidegate.domain.rollout import Phase, Rollout

LONGEST = 2_000
"""Characters of a token."""

_SIGNATURE_BYTES = 32


class LinkedApproval(msgspec.Struct, frozen=True, array_like=True):
    """One person's approval of one asking: `key_id` is the approver's key, `made_by` who made the link.

    `asked_at` and `expires_at` are epoch seconds, `candidate` tells the one that would be served from others.
    """

    rollout: str
    attempt: int
    stage: int
    asked_at: float
    key_id: str
    expires_at: float
    made_by: str
    candidate: str

    def is_asked(self, rollout: Rollout) -> bool:
        """Whether the rollout still asks for what the link approves of."""
        asks = rollout.phase is Phase.AWAITING_APPROVAL
        place = rollout.name, rollout.attempt, rollout.stage, rollout.phase_since, candidate_mark(rollout)
        mine = self.rollout, self.attempt, self.stage, self.asked_at, self.candidate
        return asks and place == mine


def candidate_mark(rollout: Rollout) -> str:
    """Tells candidates apart: a revision that is noted for the next stage is another thing to approve of."""
    return blake2b(msgspec.json.encode(latest_candidate(rollout)), digest_size=8).hexdigest()


_DECODER = msgspec.json.Decoder(LinkedApproval)


def seal(secret: bytes, approval: LinkedApproval) -> str:
    """The token of a link: what it says, and its signature under the fleet's secret."""
    said = msgspec.json.encode(approval)
    return f"{_text(said)}.{_text(_signature(secret, said))}"


def unseal(secret: bytes, token: str, now: float) -> LinkedApproval:
    """What a token says; raises Forbidden for one that was not made under this secret, or has expired."""
    said, _, signature = token.partition(".")
    try:
        content, given = _bytes(said), _bytes(signature)
    except (binascii.Error, ValueError):
        content, given = b"", b""
    if len(token) > LONGEST or not hmac.compare_digest(given, _signature(secret, content)):
        raise Forbidden("this link is not one of this installation's, or was cut off; copy it as a whole")
    try:
        approval = _DECODER.decode(content)
    except msgspec.DecodeError:  # of a version with other members
        raise Forbidden("this link was made by another version; have a new one made") from None
    if now >= approval.expires_at:
        raise Forbidden(
            f"this link has expired; promote by `tidegate rollout promote {approval.rollout}`, or have a new "
            "link made"
        )
    return approval


def _signature(secret: bytes, said: bytes) -> bytes:
    key = blake2b(b"tidegate approval 1", key=secret[:64], digest_size=_SIGNATURE_BYTES).digest()
    return blake2b(said, key=key, digest_size=_SIGNATURE_BYTES).digest()


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
