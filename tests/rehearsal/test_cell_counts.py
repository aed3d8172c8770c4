"""Running counts tell of every stretch what counting it one by one tells."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.rehearsal.cell_counts import STEP, CellCounts

RING = st.lists(st.integers(0, 40), min_size=1, max_size=5 * STEP)


@given(RING, st.data())
def test_a_stretch_is_counted_as_one_by_one(ring: list[int], data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(ring) - 1))
    end = begin + data.draw(st.integers(0, len(ring)))
    assert CellCounts(ring).between(begin, end) == Counter((ring + ring)[begin:end])


@pytest.mark.parametrize("begin", [0, 1, STEP - 1, STEP, STEP + 1])
@pytest.mark.parametrize("count", [0, 1, STEP - 1, STEP, STEP + 1, 3 * STEP])
def test_stretches_about_the_places_of_running_counts(begin: int, count: int) -> None:
    ring = [place % 7 for place in range(4 * STEP)]
    found = CellCounts(ring).between(begin, begin + count)
    assert found == Counter((ring + ring)[begin : begin + count])
    assert sum(found.values()) == count
