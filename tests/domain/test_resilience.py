"""What follows a failed attempt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.resilience import (
    MAX_ATTEMPTS,
    PATIENCE_SECONDS,
    Cause,
    Failure,
    Step,
    is_fault,
    next_step,
)


def status(code: int, **more: object) -> Failure:
    return Failure(cause=Cause.STATUS, status=code, **more)


def step(failure: Failure, *, composed: bool = False, attempts: int = 1, left: float = 60.0) -> Step:
    return next_step(failure, composed=composed, attempts=attempts, spread=0.5, left=left).step


@pytest.mark.parametrize("code", [500, 502, 503, 504, 529])
def test_a_passing_trouble_is_tried_again_at_most_twice(code: int) -> None:
    assert [step(status(code), attempts=made) for made in (1, 2, 3)] == [Step.RETRY, Step.RETRY, Step.RELAY]


@pytest.mark.parametrize("code", [400, 401, 403, 404, 413, 429, 501])
def test_other_refusals_are_passed_back(code: int) -> None:
    assert step(status(code)) is Step.RELAY


@pytest.mark.parametrize("code", [400, 404, 413, 422])
def test_a_refused_composed_request_goes_out_once_more_unmodified(code: int) -> None:
    assert step(status(code), composed=True) is Step.FALLBACK


@pytest.mark.parametrize("code", [401, 403, 429])
def test_refusals_that_are_not_about_the_body_are_passed_back(code: int) -> None:
    assert step(status(code), composed=True) is Step.RELAY


def test_a_composed_request_is_retried_once_and_then_falls_back() -> None:
    assert step(status(500), composed=True) is Step.RETRY
    assert step(status(500), composed=True, attempts=2) is Step.FALLBACK


def test_no_retry_where_its_wait_would_outlast_the_time_left() -> None:
    assert step(status(500), left=0.1) is Step.RELAY
    assert step(status(500), composed=True, left=0.1) is Step.FALLBACK


def test_the_upstreams_word_counts() -> None:
    assert step(status(503, should_retry=False)) is Step.RELAY
    assert step(status(503, retry_after=PATIENCE_SECONDS + 1)) is Step.RELAY
    waited = next_step(status(503, retry_after=1.5), composed=False, attempts=1, spread=0.5, left=60)
    assert (waited.step, waited.wait) == (Step.RETRY, 1.5)


@pytest.mark.parametrize("cause", [Cause.TIMEOUT, Cause.RESET, Cause.PROTOCOL])
def test_work_that_may_have_begun_is_not_repeated(cause: Cause) -> None:
    assert step(Failure(cause=cause)) is Step.RELAY
    assert step(Failure(cause=cause), composed=True) is Step.FALLBACK


@pytest.mark.parametrize(
    "failure", [Failure(cause=Cause.CONNECT), Failure(cause=Cause.RESET, replayable=True)]
)
def test_work_that_cannot_have_begun_is_repeated(failure: Failure) -> None:
    assert step(failure) is Step.RETRY


def test_a_skill_timeout_falls_back_at_once() -> None:
    verdict = next_step(Failure(cause=Cause.SKILL_TIMEOUT), composed=True, attempts=1, spread=0.9, left=0.0)
    assert (verdict.step, verdict.wait) == (Step.FALLBACK, 0.0)


def test_a_refusal_is_no_fault_of_the_serving_side() -> None:
    assert [is_fault(status(code)) for code in (400, 429, 500, 529)] == [False, False, True, True]
    assert is_fault(Failure(cause=Cause.SKILL_TIMEOUT))


FAILURES = st.builds(
    Failure,
    cause=st.sampled_from(Cause),
    status=st.sampled_from([0, 400, 401, 429, 500, 503, 529]),
    replayable=st.booleans(),
    retry_after=st.none() | st.floats(0, 100),
    should_retry=st.none() | st.booleans(),
)


@given(FAILURES, st.booleans(), st.integers(1, 5), st.floats(0, 1), st.floats(-1, 100))
def test_attempts_end_and_waits_fit(
    failure: Failure, composed: bool, attempts: int, spread: float, left: float
) -> None:
    verdict = next_step(failure, composed=composed, attempts=attempts, spread=spread, left=left)
    if verdict.step is Step.RETRY:
        assert attempts < MAX_ATTEMPTS - composed
        assert 0 < verdict.wait < left
    else:
        assert verdict.wait == 0
    assert composed or verdict.step is not Step.FALLBACK
