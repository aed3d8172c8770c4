"""When keys are read anew."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.credential import EARLY_SECONDS, may_read_early, next_reading, without_keys

refreshes = st.floats(5, 1e6)


@given(refreshes)
def test_a_key_that_ends_is_read_anew_before_it_does(refresh: float) -> None:
    wait = next_reading(refresh, 0)
    assert wait is not None
    assert 0 < wait < refresh


def test_a_key_that_does_not_end_waits_for_its_source() -> None:
    assert next_reading(None, 0) is None


@given(st.none() | refreshes, st.integers(1, 10_000))
def test_failures_are_tried_again_ever_later_within_a_minute(refresh: float | None, failures: int) -> None:
    wait, after = next_reading(refresh, failures), next_reading(refresh, failures + 1)
    assert wait is not None
    assert after is not None
    assert 0 < wait <= after <= 60


@given(st.floats(0, 1e9), st.floats(0, 1e4))
def test_refusals_cause_one_reading_in_a_while(now: float, later: float) -> None:
    assert may_read_early(now, None)
    assert may_read_early(now + later, now) == (now + later - now >= EARLY_SECONDS)


def test_a_key_is_taken_out_of_a_text_in_whichever_header_it_was_shown() -> None:
    said = "keys k-1 and k-2 are unknown, k-1 most of all"
    told = "keys (the key) and (the key) are unknown, (the key) most of all"
    assert without_keys(said, (b"k-1", b"Bearer k-2")) == told
    assert without_keys("nothing", (b"", b"Bearer ")) == "nothing"
