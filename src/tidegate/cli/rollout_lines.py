"""What the control API answers about rollouts, and one of them on a line."""

import msgspec

from tidegate.control.status import RolloutStatus, RolloutSummary


class SummariesDocument(msgspec.Struct):
    """What `GET /api/rollouts` answers."""

    rollouts: list[RolloutSummary]


class EventDocument(msgspec.Struct):
    """One event as the history answers it, without its data."""

    seq: int
    at: str
    kind: str
    actor: str
    reason: str


class HistoryDocument(msgspec.Struct):
    """What `GET /api/rollouts/NAME/history` answers."""

    events: list[EventDocument]


def rolls_out(status: RolloutStatus) -> str:
    """One line: what users of the candidate get, and what the others have."""
    return f"candidate: {status.candidate} (by {status.unit}); baseline: {status.baseline}"


def headline(status: RolloutStatus) -> str:
    """One line: where the rollout stands."""
    return f"{status.name}: {status.state}, stage {status.stage}, {status.weight:g} % since {status.since}"
