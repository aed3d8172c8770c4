"""The decision on a rollout: guardrails first, always; then baking, samples, limits; approval is last."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from tidegate.domain.incident import OpenIncident, named
from tidegate.domain.judging import GUARDRAILS, STAGE_END, holds, verdicts, worse
from tidegate.domain.observation import Evidence
from tidegate.domain.rollout import ACTIVE, Move, Phase, Rollout
from tidegate.domain.schedule import closed_reason
from tidegate.domain.transition import baked_seconds, on_last_stage
from tidegate.domain.verdict import Verdict


class Kind(StrEnum):
    """What a decision does."""

    ADVANCE = "advance"
    HOLD = "hold"
    PAUSE = "pause"
    ROLLBACK = "rollback"
    COMPLETE = "complete"


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to do and why; `move` is the transition to commit, None where nothing changes.

    `cause` is the reason's class: a gate's name, or inactive, paused, no-traffic, no-trigger, baking,
    samples-missing, no-data, schedule, incident, approval, stage-done.
    """

    kind: Kind
    move: Move | None = None
    cause: str
    reason: str
    verdicts: tuple[Verdict, ...] = ()


QUIET_SECONDS = 3600.0
"""A rollout without a request for so long is no rollout: people are told. A plan may name another time."""

FOR_PEOPLE = frozenset({"no-traffic", "no-trigger", "no-data", "samples-missing"})
"""Causes of a hold that time alone will not end: a notice goes out."""


def decide(
    rollout: Rollout, evidence: Evidence, now: float, incidents: Sequence[OpenIncident] = ()
) -> Decision:
    """What to do with the rollout at `now` (epoch seconds), given its current stage's evidence.

    `incidents` are those that are open: no stage goes on by itself beside one. People may, and are told.
    """
    if rollout.phase not in ACTIVE:
        return Decision(kind=Kind.HOLD, cause="inactive", reason=f"nothing to decide: it is {rollout.phase}")
    judged = verdicts(rollout, evidence)
    decision = (
        _guardrails(rollout, judged)
        or _waiting(rollout, evidence, now)
        or _evidence(rollout, evidence, judged, now)
        or _stage_end(rollout, now, incidents)
    )
    return msgspec.structs.replace(decision, verdicts=judged)


def _guardrails(rollout: Rollout, judged: tuple[Verdict, ...]) -> Decision | None:
    """What the failed guardrails do: the strongest of it, so that a pause never keeps a rollback waiting."""
    failed = {each.name: each for each in judged if each.verdict == "fail"}
    by_act: dict[str, Verdict] = {}
    for name in GUARDRAILS:
        if name in failed:
            by_act.setdefault(worse(rollout.plan.gates, name), failed[name])
    if verdict := by_act.get("rollback"):
        return _decision(Kind.ROLLBACK, Move.ROLLBACK, verdict.name, _said(verdict))
    verdict = by_act.get("pause")
    if verdict and rollout.phase is not Phase.PAUSED:
        return _decision(Kind.PAUSE, Move.PAUSE, verdict.name, _said(verdict))
    verdict = verdict or by_act.get("hold")
    return _decision(Kind.HOLD, None, verdict.name, _said(verdict)) if verdict else None


def _waiting(rollout: Rollout, evidence: Evidence, now: float) -> Decision | None:
    stage = rollout.current
    if rollout.phase is Phase.PAUSED:
        return _decision(Kind.HOLD, None, "paused", f"paused in stage {stage.name!r}; `resume` goes on")
    if rollout.phase is Phase.PROGRESSING and (unseen := _unseen(rollout, evidence, now)):
        return unseen
    left = stage.bake_seconds - baked_seconds(rollout, now)
    if rollout.phase is Phase.PROGRESSING and left > 0:
        reason = f"stage {stage.name!r} bakes for another {duration_text(left)}"
        return _decision(Kind.HOLD, None, "baking", reason)
    return None


def _unseen(rollout: Rollout, evidence: Evidence, now: float) -> Decision | None:
    """What nothing can be learned from: no request for long, or none that the candidate's skills are for.

    A stage that has its evidence and waits for approval is not asked: people work when users sleep.
    """
    begun, gate = max(rollout.stage_since, rollout.resumed_at or 0.0), rollout.plan.gates.samples
    most = QUIET_SECONDS if gate is None or gate.quiet_seconds is None else gate.quiet_seconds
    quiet = now - max(evidence.last_at or 0.0, begun)
    if quiet > most and (evidence.last_at is not None or not _seen(evidence)):
        reason = (
            f"no request of either arm for {duration_text(quiet)}; see whether the traffic that the rollout "
            "covers still comes here, or `pause` it"
        )
        return _decision(Kind.HOLD, None, "no-traffic", reason)
    requests = evidence.candidate.requests + evidence.control.requests
    triggered = evidence.candidate.triggered + evidence.control.triggered
    if requests and not triggered and now - begun > QUIET_SECONDS:
        reason = (
            f"the candidate's skills were chosen for none of {requests:,} requests in "
            f"{duration_text(now - begun)}; see with `tidegate skill match` what they are chosen for, and "
            "`abort` to start with others"
        )
        return _decision(Kind.HOLD, None, "no-trigger", reason)
    return None


def _evidence(
    rollout: Rollout, evidence: Evidence, judged: tuple[Verdict, ...], now: float
) -> Decision | None:
    """No data, or unsure, holds."""
    by_name = {verdict.name: verdict for verdict in judged}
    for name in STAGE_END:
        verdict = by_name.get(name)
        if verdict is None or not holds(verdict):
            continue
        if name == "samples" and rollout.phase is Phase.PROGRESSING:
            return _extension(rollout, evidence, _said(verdict), now)
        return _decision(Kind.HOLD, None, name, _said(verdict))
    if evidence.candidate.triggered == 0:
        return _decision(Kind.HOLD, None, "no-data", "no triggered request has reached the candidate yet")
    return None


def _extension(rollout: Rollout, evidence: Evidence, said: str, now: float) -> Decision:
    """A stage goes on until it has its samples, up to a limit; then people must see to it."""
    gate, stage = rollout.plan.gates.samples, rollout.current
    most = stage.bake_seconds if gate is None or gate.extend_seconds is None else gate.extend_seconds
    baked = baked_seconds(rollout, now)
    left = stage.bake_seconds + most - baked
    if left > 0:
        count, wanted = evidence.candidate.triggered, gate.min if gate else 0
        pace = f", at this pace in {duration_text((wanted - count) * baked / count)}" if count else ""
        reason = (
            f"{said}{pace}; stage {stage.name!r} extends itself for at most another {duration_text(left)}"
        )
        return _decision(Kind.HOLD, None, "samples", reason)
    reason = (
        f"{said}, though stage {stage.name!r} lasts {duration_text(most)} longer than planned; abort, and "
        "start with more weight or a smaller samples.min, or wait on"
    )
    return _decision(Kind.HOLD, None, "samples-missing", reason)


def _seen(evidence: Evidence) -> bool:
    tallies = evidence.candidate, evidence.control
    return any(each.requests or each.triggered for each in tallies)


def _stage_end(rollout: Rollout, now: float, incidents: Sequence[OpenIncident]) -> Decision:
    """People are asked at any time; only to go on there are hours."""
    stage = rollout.current
    asked = rollout.phase is Phase.AWAITING_APPROVAL
    closed = closed_reason(rollout.plan.schedule, now)
    if closed and (asked or stage.promote == "auto"):
        reason = f"stage {stage.name!r} has passed every gate, but {closed}"
        return _decision(Kind.HOLD, None, "schedule", reason)
    if asked or stage.promote == "manual":
        move = None if asked else Move.ASK
        reason = f"stage {stage.name!r} has passed every gate: awaiting {_wanted(rollout)} (`promote`)"
        return _decision(Kind.HOLD, move, "approval", reason)
    if incidents:
        reason = (
            f"stage {stage.name!r} has passed every gate, but there is {named(incidents)}; it goes on when "
            "that is over"
        )
        return _decision(Kind.HOLD, None, "incident", reason)
    reason = f"stage {stage.name!r} has baked and passed every gate"
    if on_last_stage(rollout):
        return _decision(Kind.COMPLETE, Move.COMPLETE, "stage-done", reason)
    return _decision(Kind.ADVANCE, Move.ADVANCE, "stage-done", reason)


def _wanted(rollout: Rollout) -> str:
    needed, given = rollout.current.approvals, len(rollout.approved_by)
    if needed == 1:
        return "approval"
    return f"{needed} approvals" if not given else f"approval {given + 1} of {needed}, by another person"


def duration_text(seconds: float) -> str:
    """A duration for people in its two largest parts, rounded up to whole seconds: `2d 3h`, `45s`."""
    left = int(-(-seconds // 1))
    parts: list[str] = []
    for name, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{name}")
    return " ".join(parts[:2]) or "0s"


def _said(verdict: Verdict) -> str:
    return f"{verdict.name}: {verdict.reason}"


def _decision(kind: Kind, move: Move | None, cause: str, reason: str) -> Decision:
    return Decision(kind=kind, move=move, cause=cause, reason=reason)
