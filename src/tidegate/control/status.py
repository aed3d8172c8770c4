"""The status of a rollout as people and programs read it."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from tidegate.control.commit import stream
from tidegate.control.decided import Decided, last_decided
from tidegate.control.incidents import open_incidents
from tidegate.control.lookup import find_rollout
from tidegate.control.recorded import incidents_shown, record_shown
from tidegate.control.services import Services
from tidegate.control.timestamp import rfc3339, rfc3339_or_none
from tidegate.control.variant_text import variant_text
from tidegate.control.watch_status import WatchStatus, watch_status
from tidegate.domain.assignment import weight_percent
from tidegate.domain.decision import Decision, Kind, decide
from tidegate.domain.evidence import Tally, p95
from tidegate.domain.judging import verdicts
from tidegate.domain.observation import Evidence
from tidegate.domain.reporting.document import IncidentShown, RecordShown
from tidegate.domain.rollout import ACTIVE, Event, Phase, Rollout
from tidegate.domain.savings import CERTIFICATE
from tidegate.domain.scatter import saved_so_far


class ArmStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What an arm did in the stage; `faulted` is what the arms are compared on, cost in US dollars over
    priced, triggered requests."""

    requests: int
    errors: int
    triggered: int
    triggered_errors: int
    faulted: int
    p95_seconds: float | None
    cost_usd: float


class Arms(msgspec.Struct, frozen=True, kw_only=True):
    """Both arms of the stage."""

    candidate: ArmStatus
    control: ArmStatus


class GateStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What one gate says now, and the numbers that rests on, of what `measure` says; None: it has none."""

    name: str
    verdict: str
    measure: str
    value: float | None
    bound: float | None
    e_value: float | None
    reason: str


class SavingsStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The candidate's savings in this stage against concurrent control, as ratios; None: cannot be told.

    `low` and `high` are a 95 % interval that may be looked at at any time; None under 30 units an arm, after
    prices changed in mid-stage, and where sums lack something (`domain/scatter`). `certified_since` (RFC 3339
    UTC): from then on savings of the gate's `min` are sure.
    """

    point: float | None
    low: float | None = None
    high: float | None = None
    certified_since: str | None = None


class LastDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What the controller decided last, and `at` which time (RFC 3339 UTC) that was recorded; `cause` is the
    reason's class. While it holds, `cause` and `reason` are those of now."""

    kind: Kind
    cause: str
    reason: str
    at: str


class LastEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The last thing that happened to the rollout, by whoever; `at` RFC 3339 UTC."""

    kind: str
    actor: str
    reason: str
    at: str


class Approvals(msgspec.Struct, frozen=True, kw_only=True):
    """How many people must promote the current stage (0: it advances by itself), and who of them has."""

    needed: int
    given_by: tuple[str, ...]


class RolloutSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Where a rollout stands; weight in percent of units, `since` when it came to this state or stage."""

    name: str
    state: Phase
    stage: str
    weight: float
    since: str
    attempt: int
    created_at: str
    created_by: str


class RolloutStatus(RolloutSummary, frozen=True, kw_only=True):
    """A summary with the evidence of the stage it is in, or ended in.

    `incidents` are open now, but for breakers: those are of the process that leads. `record` is what is kept
    of this stage's end, None before it has come.
    """

    revisions: int
    """How often the candidate was revised in this attempt at the whole."""
    revision_noted: bool
    """Whether a revision takes effect with the next stage."""
    unit: str
    baseline: str = ""
    candidate: str = ""
    stages: tuple[str, ...]
    approvals: Approvals
    arms: Arms
    gates: tuple[GateStatus, ...]
    savings: SavingsStatus
    watch: WatchStatus | None
    incidents: tuple[IncidentShown, ...]
    record: RecordShown | None
    last_decision: LastDecision | None
    last_event: LastEvent | None


class Observing(Protocol):
    """Gives the evidence of a rollout's current stage at a time in epoch seconds."""

    async def observe(self, rollout: Rollout, now: float) -> Evidence: ...


async def summaries(services: Services) -> list[RolloutSummary]:
    """Every rollout, newest first."""
    rollouts = sorted(await services.store.rollouts.list(), key=lambda r: r.created_at, reverse=True)
    now = services.clock.now()
    return [_summary(rollout, now) for rollout in rollouts]


async def status(services: Services, observer: Observing, name: str) -> RolloutStatus:
    """The status of one rollout now; raises NotFound."""
    return await status_of(services, observer, await find_rollout(services, name))


async def status_of(services: Services, observer: Observing, rollout: Rollout) -> RolloutStatus:
    """The status of this rollout now, be it kept or not."""
    decided = await last_decided(services.store.rollouts, rollout.name)
    events = await services.store.rollouts.newest_events(stream(rollout.name), limit=1)
    now = services.clock.now()
    evidence = await observer.observe(rollout, now)
    incidents = await open_incidents(services, rollout) if rollout.phase in ACTIVE else ()
    return RolloutStatus(
        **msgspec.structs.asdict(_summary(rollout, now)),
        revisions=rollout.revisions,
        revision_noted=rollout.next_candidate is not None,
        unit=rollout.plan.unit,
        baseline=variant_text(rollout.plan.baseline),
        candidate=variant_text(rollout.plan.candidate),
        stages=tuple(stage.name for stage in rollout.plan.stages),
        approvals=Approvals(
            needed=rollout.current.approvals if rollout.current.promote == "manual" else 0,
            given_by=rollout.approved_by,
        ),
        arms=Arms(candidate=_arm(evidence.candidate), control=_arm(evidence.control)),
        gates=_gates(rollout, evidence),
        savings=_savings(evidence),
        watch=await watch_status(services, rollout, now) if rollout.phase is Phase.COMPLETED else None,
        incidents=incidents_shown(incidents),
        record=_record(rollout, decided),
        last_decision=_last_decision(rollout, decided, decide(rollout, evidence, now, incidents)),
        last_event=_last_event(events),
    )


def _summary(rollout: Rollout, now: float) -> RolloutSummary:
    return RolloutSummary(
        name=rollout.name,
        state=rollout.phase,
        stage=rollout.current.name,
        weight=weight_percent(rollout, now),
        since=rfc3339(max(rollout.phase_since, rollout.stage_since)),
        attempt=rollout.attempt,
        created_at=rfc3339(rollout.created_at),
        created_by=rollout.created_by,
    )


def _arm(tally: Tally) -> ArmStatus:
    return ArmStatus(
        requests=tally.requests,
        errors=tally.errors,
        triggered=tally.triggered,
        triggered_errors=tally.triggered_errors,
        faulted=tally.faulted,
        p95_seconds=p95(tally.seconds),
        cost_usd=tally.cost_usd,
    )


def _savings(evidence: Evidence) -> SavingsStatus:
    found = saved_so_far(evidence.candidate, evidence.control)
    return SavingsStatus(
        point=found.point if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        certified_since=rfc3339_or_none(evidence.test(CERTIFICATE).since),
    )


def _gates(rollout: Rollout, evidence: Evidence) -> tuple[GateStatus, ...]:
    return tuple(GateStatus(**msgspec.structs.asdict(each)) for each in verdicts(rollout, evidence))


def _last_decision(rollout: Rollout, last: Decided | None, present: Decision) -> LastDecision | None:
    if last is None:
        return None
    place = last.before.attempt, last.before.stage
    holds_on = (
        rollout.phase in ACTIVE
        and place == (rollout.attempt, rollout.stage)
        and (last.decision.kind, present.kind) == (Kind.HOLD, Kind.HOLD)
        and present.move is None
    )
    told = present if holds_on else last.decision
    return LastDecision(kind=told.kind, cause=told.cause, reason=told.reason, at=rfc3339(last.at))


def _record(rollout: Rollout, last: Decided | None) -> RecordShown | None:
    """Every decision after a bake has one, so the newest decision's is the newest record."""
    if last is None or last.record is None:
        return None
    place = last.before.attempt, last.before.stage
    if place != (rollout.attempt, rollout.stage):
        return None
    return record_shown(last.record, at=last.at, event=last.kind)


def _last_event(events: Sequence[Event]) -> LastEvent | None:
    if not events:
        return None
    last = events[0]
    return LastEvent(kind=last.kind, actor=last.actor, reason=last.reason, at=rfc3339(last.at))
