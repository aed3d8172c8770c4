"""Whether a completed rollout is watched, and what the latest hour was like."""

import msgspec

from tidegate.control.services import Services
from tidegate.control.timestamp import rfc3339
from tidegate.control.watching import lately
from tidegate.domain.compared import slo
from tidegate.domain.rollout import Rollout
from tidegate.domain.watch import watch, watch_until


class WatchStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The absolute gate after completion. `state`: `watching`, `alarm` (a limit has been broken) or `off`.

    `since` when, and `until` when it watches (RFC 3339 UTC). Requests and figures are the candidate's of the
    latest hour, triggered ones.
    """

    state: str
    since: str
    until: str | None
    requests: int
    measure: str
    value: float | None
    bound: float | None
    reason: str


async def watch_status(services: Services, rollout: Rollout, now: float) -> WatchStatus:
    """What is told of a completed rollout, whether or not anything watches it; raises StoreUnavailable."""
    gate, until = rollout.plan.gates.slo, watch_until(rollout)
    if gate is None or until is None or now >= until:
        return _unwatched(rollout, until)
    evidence = await lately(services.store.ledger, rollout, now)
    shown = slo(gate, evidence)
    alarmed = rollout.alarmed_at is not None
    return WatchStatus(
        state="alarm" if alarmed else "watching",
        since=rfc3339(rollout.alarmed_at or rollout.rearmed_at or rollout.completed_at or now),
        until=rfc3339(until),
        requests=evidence.candidate.triggered,
        measure=shown.measure,
        value=shown.value,
        bound=shown.bound,
        reason=watch(rollout, evidence, now).reason,
    )


def _unwatched(rollout: Rollout, until: float | None) -> WatchStatus:
    why = "the plan has no gate `slo`" if rollout.plan.gates.slo is None else "`after` holds nobody back"
    if until is not None:
        why = "the time of `after` is over"
    return WatchStatus(
        state="off",
        since=rfc3339(until or rollout.completed_at or rollout.phase_since),
        until=None,
        requests=0,
        measure="",
        value=None,
        bound=None,
        reason=why,
    )
