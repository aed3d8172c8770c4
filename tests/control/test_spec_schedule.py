"""A spec's schedule: what is read, and what is refused with what to write."""

import pytest

from tidegate.control.spec import parse
from tidegate.control.spec_schedule import hours_of
from tidegate.domain.errors import InvalidInput
from tidegate.domain.schedule import ALWAYS, Freeze, Hours, Schedule

SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {{name: r}}
spec:
  candidate: {{skills: {{contract-analysis: latest}}}}
  stages:
    - {{name: full, weight: 100, bake: 1h}}
{schedule}"""
SCHEDULE = """\
  schedule:
    hours: [Mon-Fri 09:00-17:00, Sat 10:00-24:00]
    timezone: Europe/Berlin
    freeze:
      - {from: 2026-12-19, until: 2027-01-04 06:00, why: the end of the year}
"""


def read(schedule: str) -> Schedule:
    return parse(SPEC.format(schedule=schedule)).schedule


def test_hours_and_freezes_are_read_in_their_zone() -> None:
    assert read(SCHEDULE) == Schedule(
        hours=(Hours((0, 1, 2, 3, 4), 540, 1020), Hours((5,), 600, 1440)),
        freezes=(Freeze(1797634800.0, 1799038800.0, "the end of the year"),),
        timezone="Europe/Berlin",
    )


def test_without_one_it_is_always() -> None:
    assert read("") == ALWAYS


def test_a_week_may_be_gone_round() -> None:
    assert hours_of("Sat-Mon 00:00-24:00") == Hours((0, 5, 6), 0, 1440)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Mon-Fri 09:00-17:00", "Mon-Fri 17:00-09:00", "Mon-Fri 09:00-17:00"),
        ("Mon-Fri 09:00-17:00", "weekdays", "days and hours"),
        ("Mon-Fri 09:00-17:00", "Mon-Fry 09:00-17:00", "days and hours"),
        ("Mon-Fri 09:00-17:00", "Mon-Fri 09:00-24:30", "days and hours"),
        ("Europe/Berlin", "Europe/Berlyn", "IANA"),
        ("Europe/Berlin", "../../etc/passwd", "IANA"),
        ("2026-12-19,", "19.12.2026,", "2026-12-19"),
        ("2026-12-19,", "2026-13-19,", "a day or a minute"),
        ("2027-01-04 06:00", "9999-12-31", "a day or a minute"),
        ("from: 2026-12-19, ", "", "spec.schedule.freeze[0].from"),
        ("2027-01-04 06:00", "2026-12-19", "is not after `from`"),
        ("timezone:", "zone:", "spec.schedule.zone"),
        ("why:", "because:", "because"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_write(old: str, new: str, says: str) -> None:
    assert old in SCHEDULE
    with pytest.raises(InvalidInput) as refused:
        read(SCHEDULE.replace(old, new))
    assert says in str(refused.value)


def test_more_hours_than_anybody_needs_are_refused() -> None:
    many = ", ".join(f"Mon {n // 60:02}:{n % 60:02}-24:00" for n in range(51))
    with pytest.raises(InvalidInput, match="at most 50"):
        read(f"  schedule: {{hours: [{many}]}}\n")


def test_more_freezes_than_a_year_has_weeks_twice_are_refused() -> None:
    many = SCHEDULE + "      - {from: 2026-12-19, until: 2026-12-20}\n" * 100
    with pytest.raises(InvalidInput, match="at most 100"):
        read(many)
