"""What of the record is an incident of a rollout."""

import msgspec
import pytest
from reported import BEGIN, make_plan

from tidegate.control.commit import EventData, Position
from tidegate.control.reporting.course import Entry
from tidegate.control.reporting.happened import incidents
from tidegate.domain.reporting.sums import Span
from tidegate.domain.rollout import Eligible, Event, Phase

ALWAYS = Span(0.0, 2.0**40)


def event(stream: str, kind: str, data: object) -> Event:
    raw = msgspec.Raw(msgspec.json.encode(data))
    return Event(stream=stream, seq=1, at=BEGIN, actor="bob", kind=kind, reason="to be safe", data=raw)


@pytest.mark.parametrize(
    ("tenants", "target", "told"), [(("acme",), "globex", 0), (("acme",), "acme", 1), (("*",), "globex", 1)]
)
def test_a_tenants_switch_is_an_incident_of_the_rollouts_that_cover_it(
    tenants: tuple[str, ...], target: str, told: int
) -> None:
    plan = msgspec.structs.replace(make_plan(), eligible=Eligible(tenants=tenants))
    at = Position(phase=Phase.PROGRESSING, stage=0, stage_name="canary", weight=5.0, attempt=1)
    data = EventData(before=at, after=at)
    begun = Entry(event("rollout:contract-skills", "start", data), data)
    switched = event("switch", "off", {"scope": "tenant", "target": target})
    found = incidents([begun], [switched], plan, ALWAYS)
    assert [each.reason for each in found] == [f"tenant {target}: to be safe"] * told
