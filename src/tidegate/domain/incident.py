"""An open incident: something that is wrong with what a rollout serves, and not over yet."""

from collections.abc import Sequence

import msgspec


class OpenIncident(msgspec.Struct, frozen=True, kw_only=True):
    """`kind`: `switch` (off), `revoked` (a version of the candidate), or `breaker` (open, of the leader).

    `what` names the thing; `since` in epoch seconds, None where that is on no record.
    """

    kind: str
    what: str
    since: float | None
    reason: str


_CALLED = {"switch": "switched off", "revoked": "revoked", "breaker": "an open breaker"}
_MOST = 3


def named(incidents: Sequence[OpenIncident]) -> str:
    """For people, in one line: `an open incident: skill contract-analysis (switched off)`."""
    said = [f"{each.what} ({_CALLED.get(each.kind, each.kind)})" for each in incidents[:_MOST]]
    more = f" and {len(incidents) - _MOST} more" if len(incidents) > _MOST else ""
    return f"an open incident: {', '.join(said)}{more}"
