"""Hash-chained events: each event's hash covers it and the hash of the event before it."""

import hashlib
from collections.abc import Iterable
from typing import Protocol

import msgspec

from tidegate.domain.rollout import Event


class Unchained(Protocol):
    """What happened, before it has a place in its stream."""

    @property
    def stream(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def actor(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def data(self) -> msgspec.Raw: ...


class Head(msgspec.Struct, frozen=True):
    """The last event of a stream: kept apart from the events, it shows when their end is cut off."""

    seq: int
    hash: str


def link(previous: Head | None, new: Unchained) -> Event:
    """The event that follows `previous` (None: the stream's first, seq 1) and carries `new`."""
    unsealed = Event(
        stream=new.stream,
        seq=previous.seq + 1 if previous else 1,
        at=new.at,
        actor=new.actor,
        kind=new.kind,
        reason=new.reason,
        data=new.data,
        previous_hash=previous.hash if previous else "",
    )
    return msgspec.structs.replace(unsealed, hash=digest(unsealed))


def digest(event: Event) -> str:
    """sha256 hex over a JSON array of the event's fields but `hash`; `data` as the text it is."""
    fields = (
        event.stream,
        event.seq,
        event.at,
        event.actor,
        event.kind,
        event.reason,
        bytes(event.data).decode(),
        event.previous_hash,
    )
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()


def verify(events: Iterable[Event], head: Head | None = None) -> int | None:
    """The first `seq` of a stream at which an event is changed, missing or added; None where all is whole.

    `events` in order of `seq`. With `head`, a cut-off or added end is found as well.
    """
    expected, previous_hash = 1, ""
    for event in events:
        whole = event.seq == expected and event.previous_hash == previous_hash and event.hash == digest(event)
        if not whole:
            return expected
        expected, previous_hash = expected + 1, event.hash
    if head is None or (head.seq, head.hash) == (expected - 1, previous_hash):
        return None
    return expected if head.seq >= expected else min(head.seq + 1, expected - 1)
