"""Sums of sparse rows: the large integers add up to what a loop adds up to."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.lexical import WORDS_AT_MOST
from tidegate.domain.sums import LARGEST, Sums

PLACES = 40
ROWS = st.lists(
    st.dictionaries(st.integers(0, PLACES - 1), st.integers(1, 220), max_size=PLACES).map(
        lambda row: tuple(row.items())
    ),
    min_size=1,
    max_size=12,
)


@given(ROWS, st.data())
def test_sums_are_those_of_a_loop(rows: list[tuple[tuple[int, int], ...]], data: st.DataObject) -> None:
    chosen = data.draw(st.sets(st.integers(0, len(rows) - 1)))
    expected = [0] * PLACES
    for row in chosen:
        for place, value in rows[row]:
            expected[place] += value
    assert list(Sums(PLACES, rows).of(chosen)) == expected


def test_no_places_have_no_sums() -> None:
    assert list(Sums(0, [()]).of([0])) == []


def test_a_place_holds_what_the_most_words_can_add_up_to() -> None:
    rows = [tuple((place, 220) for place in range(PLACES))] * WORDS_AT_MOST
    assert list(Sums(PLACES, rows).of(range(WORDS_AT_MOST))) == [220 * WORDS_AT_MOST] * PLACES
    assert 220 * WORDS_AT_MOST <= LARGEST


@given(ROWS)
def test_a_row_can_be_read_at_a_place(rows: list[tuple[tuple[int, int], ...]]) -> None:
    sums = Sums(PLACES, rows)
    assert [dict(rows[0]).get(place, 0) for place in range(PLACES)] == [
        sums.at(0, place) for place in range(PLACES)
    ]


@given(ROWS, st.integers(1, 600), st.data())
def test_the_places_that_reach_a_least_value_are_those_of_a_loop(
    rows: list[tuple[tuple[int, int], ...]], least: int, data: st.DataObject
) -> None:
    chosen = data.draw(st.sets(st.integers(0, len(rows) - 1)))
    sums = Sums(PLACES, rows)
    expected = {place: value for place, value in enumerate(sums.of(chosen)) if value >= least}
    assert sums.reaching(chosen, least=least) == expected


@given(ROWS, st.integers(1, 600), st.floats(0.0, 1.0), st.data())
def test_near_the_best_only_those_far_from_it_are_left_out(
    rows: list[tuple[tuple[int, int], ...]], least: int, near_best: float, data: st.DataObject
) -> None:
    chosen = data.draw(st.sets(st.integers(0, len(rows) - 1)))
    sums = Sums(PLACES, rows)
    found = sums.reaching(chosen, least=least, near_best=near_best)
    every = sums.reaching(chosen, least=least)
    enough = max(every.values(), default=0) * near_best
    assert {place: each for place, each in every.items() if each >= enough}.items() <= found.items()
    assert found.items() <= every.items()


def test_of_many_places_only_those_near_the_best_are_taken() -> None:
    rows = [tuple((place, 100 + place) for place in range(PLACES))]
    assert Sums(PLACES, rows).reaching([0], least=100, near_best=0.99) == {37: 137, 38: 138, 39: 139}
    assert len(Sums(PLACES, rows).reaching([0], least=100)) == PLACES
