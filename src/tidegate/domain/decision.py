"""The decision on a rollout: guardrails first, always; then baking, samples, limits; approval is last."""

from enum import StrEnum

import msgspec

from tidegate.domain.observation import Evidence
from tidegate.domain.rollout import ACTIVE, Move, Phase, Rollout
from tidegate.domain.transition import baked_seconds, on_last_stage
from tidegate.domain.verdict import Verdict, verdicts


class Kind(StrEnum):
    """What a decision does."""

    ADVANCE = "advance"
    HOLD = "hold"
    PAUSE = "pause"
    ROLLBACK = "rollback"
    COMPLETE = "complete"


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to do and why; `move` is the transition to commit, None where nothing changes.

    `cause` is the reason's class: a gate's name, or inactive, paused, baking, no-data, approval, stage-done.
    """

    kind: Kind
    move: Move | None = None
    cause: str
    reason: str
    verdicts: tuple[Verdict, ...] = ()


def decide(rollout: Rollout, evidence: Evidence, now: float) -> Decision:
    """What to do with the rollout at `now` (epoch seconds), given its current stage's evidence."""
    if rollout.phase not in ACTIVE:
        return Decision(kind=Kind.HOLD, cause="inactive", reason=f"nothing to decide: it is {rollout.phase}")
    judged = verdicts(rollout, evidence)
    decision = (
        _guardrails(rollout, judged)
        or _waiting(rollout, now)
        or _evidence(evidence, judged)
        or _stage_end(rollout)
    )
    return msgspec.structs.replace(decision, verdicts=judged)


def _guardrails(rollout: Rollout, judged: tuple[Verdict, ...]) -> Decision | None:
    for verdict in judged:
        if verdict.verdict != "fail" or verdict.name not in ("trip", "errors"):
            continue
        gate = rollout.plan.gates.errors
        worse = gate.worse if verdict.name == "errors" and gate is not None else "rollback"
        if worse == "rollback":
            return _decision(Kind.ROLLBACK, Move.ROLLBACK, verdict.name, _said(verdict))
        if worse == "pause" and rollout.phase is not Phase.PAUSED:
            return _decision(Kind.PAUSE, Move.PAUSE, verdict.name, _said(verdict))
        return _decision(Kind.HOLD, None, verdict.name, _said(verdict))
    return None


def _waiting(rollout: Rollout, now: float) -> Decision | None:
    stage = rollout.current
    if rollout.phase is Phase.PAUSED:
        return _decision(Kind.HOLD, None, "paused", f"paused in stage {stage.name!r}; `resume` goes on")
    left = stage.bake_seconds - baked_seconds(rollout, now)
    if rollout.phase is Phase.PROGRESSING and left > 0:
        reason = f"stage {stage.name!r} bakes for another {duration_text(left)}"
        return _decision(Kind.HOLD, None, "baking", reason)
    return None


def _evidence(evidence: Evidence, judged: tuple[Verdict, ...]) -> Decision | None:
    """No data, or unsure, holds."""
    by_name = {verdict.name: verdict for verdict in judged}
    for name in ("samples", "errors", "savings"):
        verdict = by_name.get(name)
        if verdict is not None and verdict.verdict != "pass":
            return _decision(Kind.HOLD, None, name, _said(verdict))
    if evidence.candidate.triggered == 0:
        return _decision(Kind.HOLD, None, "no-data", "no triggered request has reached the candidate yet")
    return None


def _stage_end(rollout: Rollout) -> Decision:
    stage = rollout.current
    if rollout.phase is Phase.AWAITING_APPROVAL or stage.promote == "manual":
        move = None if rollout.phase is Phase.AWAITING_APPROVAL else Move.ASK
        reason = f"stage {stage.name!r} has passed every gate: awaiting approval (`promote`)"
        return _decision(Kind.HOLD, move, "approval", reason)
    reason = f"stage {stage.name!r} has baked and passed every gate"
    if on_last_stage(rollout):
        return _decision(Kind.COMPLETE, Move.COMPLETE, "stage-done", reason)
    return _decision(Kind.ADVANCE, Move.ADVANCE, "stage-done", reason)


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
