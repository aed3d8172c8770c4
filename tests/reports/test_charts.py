"""Charts are well-formed SVG with every text escaped, also on empty and odd series."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.reports.charts import Mark, Series, line_chart

POINTS = st.lists(
    st.tuples(
        st.floats(0, 1e6, allow_nan=False),
        st.none() | st.floats(0, 1e9, allow_nan=False, allow_subnormal=False),
    ),
    max_size=30,
).map(lambda points: sorted(points, key=lambda point: point[0]))


@given(st.text(max_size=20), POINTS)
def test_any_series_gives_well_formed_svg(name: str, points: list[tuple[float, float | None]]) -> None:
    clean = "".join(letter for letter in name if letter.isprintable())
    chart = line_chart(clean, [Series(clean, points)], x_unit="s", y_unit="%", marks=[Mark(1.0, clean)])
    root = ElementTree.fromstring(chart)
    assert root.get("aria-label") == clean
    assert len(root.findall("path")) == 1


def test_a_gap_breaks_the_line() -> None:
    points = [(0.0, 1.0), (1.0, 2.0), (2.0, None), (3.0, 1.0)]
    path = ElementTree.fromstring(line_chart("t", [Series("a", points)], x_unit="s", y_unit="")).find("path")
    assert [step[0] for step in path.get("d").split()] == ["M", "L", "M"]


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"/><g onload="x', "a & b"])
def test_texts_cannot_leave_their_place(hostile: str) -> None:
    chart = line_chart(hostile, [Series(hostile, [(0, 1)])], x_unit=hostile, y_unit=hostile)
    texts = [node.text for node in ElementTree.fromstring(chart).iter("text")]
    assert texts.count(hostile) == 4
