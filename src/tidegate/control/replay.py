"""Decide again what was decided: every decision on a rollout's record, from the evidence kept with it."""

from collections.abc import Iterator, Sequence

import msgspec

from tidegate.control.commit import EventData, stream
from tidegate.control.lookup import find_rollout
from tidegate.control.services import Services
from tidegate.control.timestamp import rfc3339
from tidegate.domain.decision import decide
from tidegate.domain.errors import TidegateError
from tidegate.domain.rollout import Event, Move, Phase, Rollout
from tidegate.domain.transition import apply

_DATA = msgspec.json.Decoder(EventData)
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NO_SALT = "0" * 32
"""No decision depends on who is in which arm; a salt is on no record."""


class Replayed(msgspec.Struct, frozen=True):
    """One decision, as JSON: as it is on record, and as it comes out now."""

    event: Event
    stored: bytes
    again: bytes

    @property
    def same(self) -> bool:
        return self.stored == self.again


async def replay(services: Services, name: str) -> dict[str, object]:
    """How many decisions there are, and those that come out otherwise than stored; raises NotFound."""
    rollout = await find_rollout(services, name)
    events = await services.store.rollouts.events(stream(name))
    decided = list(replayed(rollout, events))
    return {
        "rollout": name,
        "events": len(events),
        "decisions": len(decided),
        "same": sum(each.same for each in decided),
        "differing": [_described(each) for each in decided if not each.same],
    }


def replayed(rollout: Rollout, events: Sequence[Event]) -> Iterator[Replayed]:
    """Each decision on the record, oldest first, made again on the rollout that the record leads to.

    A record that leads nowhere (a move that the table does not have, data of another shape) yields the error
    as what comes out, and what follows is judged no more.
    """
    now = rollout
    for event in events:
        members = _MEMBERS.decode(event.data)
        stored = bytes(members.get("decision", b""))
        try:
            data = _DATA.decode(event.data)
            if stored and data.evidence is not None:
                yield Replayed(event, stored, msgspec.json.encode(decide(now, data.evidence, event.at)))
            now = moved(now, data, event)
        except (TidegateError, msgspec.ValidationError) as error:
            yield Replayed(event, stored, msgspec.json.encode({"error": str(error)}))
            return


def moved(rollout: Rollout, data: EventData, event: Event) -> Rollout:
    """The rollout after the event; its start brings the plan that all that follows is judged by."""
    if data.move is Move.START and data.plan is not None:
        rollout = Rollout(
            name=rollout.name,
            plan=data.plan,
            phase=Phase.DRAFT,
            salt=_NO_SALT,
            created_at=event.at,
            created_by=event.actor,
        )
    if data.move is None:
        return rollout
    salt = f"{rollout.attempt:032x}" if data.move is Move.RETRY else None
    return apply(rollout, data.move, event.at, salt=salt, by=event.actor, candidate=data.candidate)


def _described(differing: Replayed) -> dict[str, object]:
    return {
        "seq": differing.event.seq,
        "at": rfc3339(differing.event.at),
        "kind": differing.event.kind,
        "stored": msgspec.Raw(differing.stored or b"null"),
        "again": msgspec.Raw(differing.again),
    }
