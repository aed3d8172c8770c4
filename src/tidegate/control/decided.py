"""The newest decision on a rollout's record."""

import msgspec

from tidegate.control.commit import Position, stream
from tidegate.domain.decision import Decision
from tidegate.domain.stage_record import StageRecord
from tidegate.ports import Rollouts

_PAGE = 20


class Decided(msgspec.Struct, frozen=True):
    """A decision on record: where the rollout stood, when, on what kind of event, and what a stage's end
    was decided on."""

    decision: Decision
    before: Position
    at: float
    kind: str
    record: StageRecord | None = None


class _Data(msgspec.Struct, frozen=True):
    """The part of an event's data that tells what a decision made of the rollout."""

    before: Position
    decision: Decision | None = None
    record: StageRecord | None = None


async def last_decided(rollouts: Rollouts, name: str) -> Decided | None:
    """The newest decision on the rollout, searched from the record's end; None where there is none yet."""
    before: int | None = None
    while page := await rollouts.newest_events(stream(name), limit=_PAGE, before=before):
        for event in page:
            data = msgspec.json.decode(event.data, type=_Data)
            if data.decision is not None:
                return Decided(data.decision, data.before, event.at, event.kind, data.record)
        before = page[-1].seq
    return None
