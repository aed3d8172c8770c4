"""What the ledger says of the demonstration: stages, arms, savings, the rollback."""

import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec


class Line(msgspec.Struct, frozen=True):
    """One exported exchange, as far as the demonstration reads it."""

    id: str
    at: str
    rollout: str | None
    stage: str | None
    arm: str
    outcome: str
    skill_outcome: str | None
    seconds: float
    attempts: int

    @property
    def moment(self) -> float:
        """Epoch seconds."""
        return datetime.fromisoformat(self.at).timestamp()


class ArmSummary(msgspec.Struct, frozen=True):
    """One arm of one stage: requests, user-visible errors, p95 in seconds.

    `rescued` counts answers that a retry or a fallback saved.
    """

    requests: int
    errors: int
    rescued: int
    p95_seconds: float | None


class StageSummary(msgspec.Struct, frozen=True):
    """One stage of one rollout: the summary's line and the table's row."""

    name: str
    weight: float
    candidate_requests: int
    control_requests: int
    candidate: ArmSummary
    control: ArmSummary
    savings: float | None


def read_ledger(path: Path) -> list[Line]:
    """The exported ledger, one exchange a line."""
    decoder = msgspec.json.Decoder(Line)
    return [decoder.decode(line) for line in path.read_bytes().splitlines()]


def summarize_stage(
    lines: Sequence[Line], rollout: str, stage: str, weight: float, savings: float | None
) -> StageSummary:
    """Both arms of a stage, counted from the ledger; `savings` is the point that its gate judged."""
    here = [line for line in lines if line.rollout == rollout and line.stage == stage]
    candidate, control = (
        _arm([line for line in here if line.arm == arm]) for arm in ("candidate", "control")
    )
    return StageSummary(stage, weight, candidate.requests, control.requests, candidate, control, savings)


def _arm(lines: Sequence[Line]) -> ArmSummary:
    errors = [line for line in lines if line.outcome not in {"ok", "client_error", "client_closed"}]
    return ArmSummary(
        requests=len(lines),
        errors=len(errors),
        rescued=sum(line.attempts > 1 and line.outcome == "ok" for line in lines),
        p95_seconds=_p95([line.seconds for line in lines]),
    )


def _p95(values: list[float]) -> float | None:
    """The nearest-rank 95th percentile."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1] if values else None


def candidate_requests_between(lines: Sequence[Line], rollout: str, since: float, until: float) -> int:
    """Candidate requests that arrived in [since, until], epoch seconds."""
    return sum(
        line.rollout == rollout and line.arm == "candidate" and since <= line.moment <= until
        for line in lines
    )
