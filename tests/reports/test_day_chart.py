"""Charts by day: well-formed whatever the values, every value inside, gaps and negatives told apart."""

import math
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.reports.day_chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, DaySeries, Point, day_chart

VALUES = st.none() | st.floats(-1e6, 1e6, allow_subnormal=False)
POINTS = st.lists(st.builds(Point, VALUES, VALUES, VALUES), max_size=40)


@given(POINTS, st.none() | st.floats(-100, 100, allow_subnormal=False), st.text(max_size=20))
def test_any_days_give_well_formed_svg_with_every_point_inside(points, least, name) -> None:
    clean = "".join(letter for letter in name if letter.isprintable())
    days = [f"2026-11-{place % 30 + 1:02d}" for place in range(len(points))]
    root = ElementTree.fromstring(day_chart(clean, days, [DaySeries(clean, points)], unit="%", least=least))
    assert root.get("aria-label") == clean
    legend, *circles = root.findall("circle")
    assert legend.get("cy") == "30"
    assert len(circles) == sum(point.value is not None for point in points)
    for node in circles:
        assert LEFT <= float(node.get("cx")) <= WIDTH - RIGHT
        assert TOP - 0.1 <= float(node.get("cy")) <= HEIGHT - BOTTOM + 0.1
    for line in root.iter("line"):
        assert TOP - 0.1 <= float(line.get("y1")) <= HEIGHT - BOTTOM + 0.1


def test_savings_below_zero_are_drawn_below_the_line_of_zero() -> None:
    root = ElementTree.fromstring(
        day_chart("t", ["2026-11-25", "2026-11-26"], [DaySeries("a", [Point(-10.0), Point(20.0)])], unit="%")
    )
    below, above = (float(node.get("cy")) for node in root.findall("circle")[1:])
    zero = next(
        float(node.get("y1"))
        for node, text in zip(root.findall("line"), root.findall("text")[2:], strict=False)
        if text.text == "0"
    )
    assert above < zero < below


def test_an_interval_that_is_far_wider_than_the_values_is_cut_at_the_edge() -> None:
    points = [Point(30.0, -4000.0, 90.0), Point(40.0, 35.0, 45.0)]
    root = ElementTree.fromstring(day_chart("t", ["d-000-1", "d-000-2"], [DaySeries("a", points)], unit="%"))
    wide, narrow = (node for node in root.findall("line") if node.get("class") == "whisker a")
    assert float(wide.get("y1")) == pytest.approx(HEIGHT - BOTTOM)
    assert float(narrow.get("y1")) - float(narrow.get("y2")) > 10, "the others stay readable"


def test_a_long_time_names_some_of_its_days() -> None:
    days = [f"2026-10-{day:02d}" for day in range(1, 31)]
    root = ElementTree.fromstring(day_chart("t", days, [DaySeries("a", [Point(1.0)] * 30)], unit="$"))
    named = [node.text for node in root.findall("text") if node.get("text-anchor") == "middle"]
    assert named == ["10-01", "10-05", "10-09", "10-13", "10-17", "10-21", "10-25", "10-29"]


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"/><g onload="x', "a & b"])
def test_texts_cannot_leave_their_place(hostile: str) -> None:
    chart = day_chart(hostile, ["x-000" + hostile], [DaySeries(hostile, [Point(1.0)])], unit=hostile)
    texts = [node.text for node in ElementTree.fromstring(chart).iter("text")]
    assert texts.count(hostile) == 4


@given(st.floats(1e-9, 1e9))
def test_ticks_are_few_and_reach_the_value(value: float) -> None:
    root = ElementTree.fromstring(day_chart("t", ["2026-11-25"], [DaySeries("a", [Point(value)])], unit=""))
    ticks = [
        float(n.text)
        for n in root.findall("text")
        if n.get("class") == "tick" and n.get("text-anchor") == "end"
    ]
    assert 2 <= len(ticks) <= 7
    assert ticks[0] == 0
    assert ticks[-1] >= value or math.isclose(ticks[-1], value, rel_tol=1e-5)
