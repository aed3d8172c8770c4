"""A period is asked for by a length or by times, and never reaches into what has not come."""

import pytest

from tidegate.control.asked_period import asked_period
from tidegate.domain.errors import InvalidInput

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (None, None, (NOW - 7 * 86_400, NOW)),
        ("12h", None, (NOW - 43_200, NOW)),
        ("2027-01-01", None, (1_798_761_600.0, NOW)),
        ("1d", "2027-01-02", (1_798_761_600.0, 1_798_848_000.0)),
        ("1d", "2030-01-01", (NOW - 86_400, NOW)),
        ("1700000000", None, (1_700_000_000.0, NOW)),
    ],
)
def test_a_period_is_half_open_and_ends_by_now(since, until, found):
    assert asked_period(since, until, NOW) == found


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2027-01-02", "2027-01-01", "since 2027-01-02 is not before until 2027-01-01"),
        ("2031-01-01", None, "is not before until now"),
        ("a week", None, "'a week' is no time"),
        ("7d", "soon", "until: 'soon' is no time"),
    ],
)
def test_what_is_no_period_is_refused_with_what_to_write(since, until, said):
    with pytest.raises(InvalidInput, match=said):
        asked_period(since, until, NOW)
