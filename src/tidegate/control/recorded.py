"""The record of a stage's end as people and programs read it."""

from collections.abc import Iterable

from tidegate.control.timestamp import rfc3339, rfc3339_or_none
from tidegate.domain.incident import OpenIncident
from tidegate.domain.reporting.document import IncidentShown, RecordShown
from tidegate.domain.stage_record import StageRecord


def record_shown(record: StageRecord, *, at: float, event: str) -> RecordShown:
    """The record kept with an event of that kind and time (epoch seconds)."""
    return RecordShown(
        at=rfc3339(at),
        event=event,
        stage=record.stage,
        baked_seconds=record.baked_seconds,
        recommendation=record.recommendation,
        reason=record.reason,
        criteria=record.criteria,
        incidents=incidents_shown(record.incidents),
        votes=record.votes,
    )


def incidents_shown(incidents: Iterable[OpenIncident]) -> tuple[IncidentShown, ...]:
    """With times as text."""
    return tuple(
        IncidentShown(kind=each.kind, what=each.what, since=rfc3339_or_none(each.since), reason=each.reason)
        for each in incidents
    )
