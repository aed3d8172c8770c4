"""The course of a rollout up to a time, from its record: the stages it was in, and how each ended."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from tidegate.control.commit import EventData
from tidegate.control.recorded import record_shown
from tidegate.control.replay import moved
from tidegate.domain.errors import Conflict, TidegateError
from tidegate.domain.reporting.document import RecordShown
from tidegate.domain.rollout import ACTIVE, Event, Phase, Rollout
from tidegate.domain.verdict import Verdict

_DATA = msgspec.json.Decoder(EventData)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event of the rollout and what it says."""

    event: Event
    data: EventData


@dataclass(frozen=True, slots=True)
class Visit:
    """A stage of an attempt: `rollout` as it last stood in it, `ended` by which entry (None: it goes on)."""

    rollout: Rollout
    entered: float
    ended: Entry | None = None
    trip: Verdict | None = None
    """What the trip gate said last on record: it looks at single outcomes, which no sum keeps."""
    record: RecordShown | None = None
    """What is kept of the stage's end, the newest of it."""

    @property
    def left(self) -> float | None:
        return self.ended.event.at if self.ended else None

    @property
    def place(self) -> tuple[int, int]:
        """Attempt and stage."""
        return self.rollout.attempt, self.rollout.stage


@dataclass(frozen=True, slots=True)
class Course:
    """The rollout as it stood at the end of the time, its stages in order, and its record until then."""

    rollout: Rollout
    visits: tuple[Visit, ...]
    entries: tuple[Entry, ...]


def course(rollout: Rollout, events: Sequence[Event], until: float) -> Course:
    """Follow the record, up to `until` (epoch seconds).

    Raises Conflict where the record leads nowhere: it was changed.
    """
    now = rollout
    visits: list[Visit] = []
    entries: list[Entry] = []
    for event in events:
        if event.at >= until:
            break
        try:
            entry = Entry(event, _DATA.decode(event.data))
            after = moved(now, entry.data, event)
        except (TidegateError, msgspec.ValidationError) as error:
            raise Conflict(
                f"event {event.seq} of rollout {rollout.name!r} does not follow from those before ({error}); "
                f"`tidegate rollout verify {rollout.name}` tells whether the record was changed"
            ) from error
        entries.append(entry)
        _visit(visits, after, entry)
        now = after
    return Course(now, tuple(visits), tuple(entries))


def _visit(visits: list[Visit], after: Rollout, entry: Entry) -> None:
    """Bring the visits up to the entry."""
    place = after.attempt, after.stage
    running = after.phase in ACTIVE
    if visits and visits[-1].ended is None:
        last = replace(
            visits[-1], trip=_trip(entry) or visits[-1].trip, record=_record(entry) or visits[-1].record
        )
        same = running and last.place == place
        visits[-1] = replace(last, rollout=after) if same else replace(last, ended=entry)
        if same:
            return
    if running:
        visits.append(Visit(after, entry.event.at))


def _trip(entry: Entry) -> Verdict | None:
    said = entry.data.decision.verdicts if entry.data.decision else ()
    return next((each for each in said if each.name == "trip" and each.value is not None), None)


def _record(entry: Entry) -> RecordShown | None:
    record, event = entry.data.record, entry.event
    return None if record is None else record_shown(record, at=event.at, event=event.kind)


def held_back(course: Course) -> tuple[float, float] | None:
    """From when until when units were held back after it had completed; None where none are.

    It ends with the plan's time, or where it was taken back.
    """
    rollout, after = course.rollout, course.rollout.plan.after
    if rollout.completed_at is None or not after.holdout:
        return None
    end = rollout.completed_at + after.for_seconds
    return rollout.completed_at, end if rollout.phase is Phase.COMPLETED else min(end, rollout.phase_since)
