"""`retry-after` as seconds or as a date."""

import pytest

from tidegate.serving.headers import seconds_of

DATE = b"Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        (None, None, None),
        (b"3", None, 3.0),
        (b"0.25", DATE, 0.25),
        (b"-1", None, 0.0),
        (b"Wed, 21 Oct 2026 07:28:07 GMT", DATE, 7.0),
        (b"Wed, 21 Oct 2026 07:27:00 GMT", DATE, 0.0),
        (b"Wed, 21 Oct 2026 07:28:07 GMT", None, None),
        (b"soon", DATE, None),
        (b"", DATE, None),
    ],
)
def test_it_is_read_in_both_forms(value: bytes | None, date: bytes | None, seconds: float | None) -> None:
    assert seconds_of(value, date) == seconds
