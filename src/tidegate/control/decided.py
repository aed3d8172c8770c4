"""The newest decision on a rollout's record."""

import msgspec

from tidegate.control.commit import Position, stream
from tidegate.domain.decision import Decision
from tidegate.ports import Rollouts

_PAGE = 20


class Decided(msgspec.Struct, frozen=True):
    """A decision on record: where the rollout stood, and when."""

    decision: Decision
    before: Position
    at: float


class _Data(msgspec.Struct, frozen=True):
    """The part of an event's data that tells what a decision made of the rollout."""

    before: Position
    decision: Decision | None = None


async def last_decided(rollouts: Rollouts, name: str) -> Decided | None:
    """The newest decision on the rollout, searched from the record's end; None where there is none yet."""
    before: int | None = None
    while page := await rollouts.newest_events(stream(name), limit=_PAGE, before=before):
        for event in page:
            data = msgspec.json.decode(event.data, type=_Data)
            if data.decision is not None:
                return Decided(data.decision, data.before, event.at)
        before = page[-1].seq
    return None
