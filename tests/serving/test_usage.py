"""A `usage` object put together over a stream's events, with the mark of one that nobody has reported."""

import pytest

from tidegate.serving.usage import merged

UNREPORTED = {"input_tokens": 0, "output_tokens": 0, "tidegate_unreported": True}
REPORTED = {"input_tokens": 5, "output_tokens": 7}


@pytest.mark.parametrize(
    ("before", "later", "told"),
    [
        ({}, REPORTED, REPORTED),
        (UNREPORTED, {}, UNREPORTED),
        (UNREPORTED, {"output_tokens": None}, UNREPORTED),
        (UNREPORTED, REPORTED, REPORTED),
        (UNREPORTED, UNREPORTED, UNREPORTED),
        (
            {**REPORTED, "of_tomorrow": 1},
            {"output_tokens": 9},
            {**REPORTED, "of_tomorrow": 1, "output_tokens": 9},
        ),
    ],
)
def test_the_last_word_counts_and_ends_the_silence(before: dict, later: dict, told: dict) -> None:
    assert merged(before, later) == told
