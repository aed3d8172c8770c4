"""Decide again what was decided: every decision on a rollout's record, from the evidence kept with it.

With a decision that ended a stage its record is made again too, and both must be the same.
"""

from collections.abc import Iterator, Sequence

import msgspec

from tidegate.control.commit import EventData, stream
from tidegate.control.lookup import find_rollout
from tidegate.control.services import Services
from tidegate.control.timestamp import rfc3339
from tidegate.domain.decision import decide
from tidegate.domain.errors import TidegateError
from tidegate.domain.observation import Evidence
from tidegate.domain.rollout import Event, Move, Phase, Rollout
from tidegate.domain.stage_record import record_of
from tidegate.domain.transition import apply
from tidegate.domain.watch import watch

_DATA = msgspec.json.Decoder(EventData)
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NO_SALT = "0" * 32
"""No decision depends on who is in which arm; a salt is on no record."""


class Replayed(msgspec.Struct, frozen=True):
    """One decision, as JSON: as it is on record, and as it comes out now; beside it the record of a stage's
    end, empty where the event has none."""

    event: Event
    stored: bytes
    again: bytes
    record: bytes = b""
    record_again: bytes = b""

    @property
    def same(self) -> bool:
        return (self.stored, self.record) == (self.again, self.record_again)


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
        record = bytes(members.get("record", b""))
        try:
            data = _DATA.decode(event.data)
            if stored and data.evidence is not None:
                again, record_again = _again(now, data, data.evidence, event.at)
                yield Replayed(event, stored, again, record, record_again)
            now = moved(now, data, event)
        except (TidegateError, msgspec.ValidationError) as error:
            yield Replayed(event, stored, msgspec.json.encode({"error": str(error)}))
            return


def _again(rollout: Rollout, data: EventData, evidence: Evidence, at: float) -> tuple[bytes, bytes]:
    """The decision, and the record where the event has one: older events have none to compare with."""
    incidents = data.record.incidents if data.record else ()
    decision = (
        watch(rollout, evidence, at)
        if rollout.phase is Phase.COMPLETED
        else decide(rollout, evidence, at, incidents)
    )
    if data.record is None:
        return msgspec.json.encode(decision), b""
    record = record_of(rollout, decision, evidence, incidents, at)
    return msgspec.json.encode(decision), msgspec.json.encode(record)


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
    return apply(
        rollout,
        data.move,
        event.at,
        salt=salt,
        by=event.actor,
        candidate=data.candidate,
        savings=data.savings,
    )


def _described(differing: Replayed) -> dict[str, object]:
    record = {"stored": msgspec.Raw(differing.record), "again": msgspec.Raw(differing.record_again)}
    return {
        "seq": differing.event.seq,
        "at": rfc3339(differing.event.at),
        "kind": differing.event.kind,
        "stored": msgspec.Raw(differing.stored or b"null"),
        "again": msgspec.Raw(differing.again),
        **({"record": record} if differing.record != differing.record_again else {}),
    }
