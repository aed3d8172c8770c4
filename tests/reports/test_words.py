"""Numbers and texts as reports write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.reports import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "$0.00"),
        (1234.5, "$1,234.50"),
        (-1234.5, "-$1,234.50"),
        (0.00512345, "$0.00512"),
        (-0.25, "-$0.25"),
        (0.0000004321, "$0.000000432"),
        (1.0, "$1.00"),
    ],
)
def test_dollars_keep_the_figures_that_count(value: float | None, text: str) -> None:
    assert words.usd(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.123, "12.3 %"), (-0.5, "-50.0 %"), (-0.00001, "0.0 %"), (1.0, "100.0 %")],
)
def test_ratios_are_percent(value: float | None, text: str) -> None:
    assert words.percent(value) == text


def test_the_rest() -> None:
    assert (words.count(1234567), words.count(None)) == ("1,234,567", "–")
    assert [words.seconds(each) for each in (1.234, 0.00421, 1234.5, None)] == [
        "1.23 s",
        "0.00421 s",
        "1,234 s",
        "–",
    ]
    assert (words.number(0.031746), words.number(13467288370.0), words.number(None)) == (
        "0.03175",
        "1.347e+10",
        "–",
    )
    assert words.moment("2026-11-28T06:00:05.123Z") == "2026-11-28 06:00:05 UTC"
    assert words.moment(None) == "–"
    assert (words.minute("2026-11-28T06:00:05.123Z"), words.minute(None)) == ("2026-11-28 06:00", "–")
    assert (words.span(0.1, 0.2), words.span(None, 0.2)) == ("10.0 % to 20.0 %", "–")


@given(st.text())
def test_a_cell_is_one_line_in_which_nothing_has_a_meaning(text: str) -> None:
    told = words.cell(text)
    assert len(told.splitlines()) <= 1
    place = 0
    while place < len(told):
        if told[place] == "\\":
            place += 2
            continue
        assert told[place] not in "\\`*_[]<>|~!#&"
        place += 1
