"""What follows a failed attempt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.resilience import (
    PATIENCE_SECONDS,
    Cause,
    Failure,
    Path,
    Situation,
    Step,
    Verdict,
    is_fault,
    may_go_on,
    next_step,
    retries_of,
)


def status(code: int, **more: object) -> Failure:
    return Failure(cause=Cause.STATUS, status=code, **more)


def judge(failure: Failure, path: Path = Path.PLAIN, **more: object) -> Verdict:
    at = {"tries": 1, "further": False, "spread": 0.5, "left": 60.0, **more}
    at.setdefault("retries", retries_of(path, rescues=False, further=bool(at["further"])))
    return next_step(failure, Situation(path=path, **at))


def step(failure: Failure, path: Path = Path.PLAIN, **more: object) -> Step:
    return judge(failure, path, **more).step


@pytest.mark.parametrize("code", [500, 502, 503, 504, 529])
def test_a_passing_trouble_is_tried_again_at_most_twice(code: int) -> None:
    assert [step(status(code), tries=made) for made in (1, 2, 3)] == [Step.RETRY, Step.RETRY, Step.RELAY]


@pytest.mark.parametrize("code", [400, 401, 403, 404, 413, 429, 501])
def test_other_refusals_are_passed_back(code: int) -> None:
    assert step(status(code)) is Step.RELAY


@pytest.mark.parametrize("code", [400, 404, 413, 422])
def test_a_refused_composed_request_goes_out_once_more_unmodified(code: int) -> None:
    assert step(status(code), Path.COMPOSED) is Step.FALLBACK


@pytest.mark.parametrize("code", [401, 403, 429])
def test_refusals_that_are_not_about_the_body_are_passed_back(code: int) -> None:
    assert step(status(code), Path.COMPOSED) is Step.RELAY


@pytest.mark.parametrize("code", [401, 403, 429])
def test_what_another_model_or_upstream_refuses_the_plain_request_may_still_get(code: int) -> None:
    assert step(status(code), Path.COMPOSED, elsewhere=True) is Step.FALLBACK
    assert step(status(code), Path.PLAIN, elsewhere=True) is Step.RELAY


def test_a_composed_request_is_retried_once_and_then_falls_back() -> None:
    assert step(status(500), Path.COMPOSED) is Step.RETRY
    assert step(status(500), Path.COMPOSED, tries=2) is Step.FALLBACK


def test_the_plain_request_that_has_to_save_another_is_retried_once() -> None:
    retries = retries_of(Path.PLAIN, rescues=True, further=False)
    assert [step(status(500), tries=made, retries=retries) for made in (1, 2)] == [Step.RETRY, Step.RELAY]


@pytest.mark.parametrize(
    ("failure", "waits"),
    [
        (status(503), (0.05, 0.1)),
        (status(503, retry_after=1.0), (1.0, 1.0)),
        (status(503, retry_after=0.0), (0.05, 0.1)),
    ],
)
def test_waits_double_and_respect_retry_after(failure: Failure, waits: tuple[float, float]) -> None:
    assert tuple(judge(failure, tries=made).wait for made in (1, 2)) == waits


@pytest.mark.parametrize(
    "failure", [status(503, retry_after=PATIENCE_SECONDS + 1), status(503, should_retry=False)]
)
def test_what_the_upstream_wants_left_alone_is_passed_back(failure: Failure) -> None:
    assert step(failure) is Step.RELAY


@pytest.mark.parametrize(("code", "then"), [(409, Step.RETRY), (520, Step.RETRY), (429, Step.RELAY)])
def test_what_the_upstream_wants_asked_again_is_but_a_429_is_the_clients_to_wait_for(
    code: int, then: Step
) -> None:
    assert step(status(code, should_retry=True)) is then


def test_a_retry_that_would_miss_the_deadline_is_not_waited_for() -> None:
    assert step(status(503), left=0.05) is Step.RELAY
    assert step(status(503), Path.COMPOSED, left=0.05) is Step.FALLBACK


@pytest.mark.parametrize("cause", [Cause.TIMEOUT, Cause.RESET, Cause.PROTOCOL])
def test_work_that_may_have_begun_is_not_repeated(cause: Cause) -> None:
    assert step(Failure(cause=cause)) is Step.RELAY
    assert step(Failure(cause=cause), Path.COMPOSED) is Step.FALLBACK


@pytest.mark.parametrize(
    "failure", [Failure(cause=Cause.CONNECT), Failure(cause=Cause.RESET, replayable=True)]
)
def test_work_that_cannot_have_begun_is_repeated(failure: Failure) -> None:
    assert step(failure) is Step.RETRY


@pytest.mark.parametrize("cause", [Cause.SKILL_TIMEOUT, Cause.BREAKER])
def test_a_skill_that_is_late_or_barred_is_left_at_once(cause: Cause) -> None:
    assert judge(Failure(cause=cause), Path.COMPOSED, left=0.0) == Verdict(Step.FALLBACK)


@pytest.mark.parametrize(
    "failure",
    [status(529, should_retry=False), status(429), *(Failure(cause=cause) for cause in ("reset", "breaker"))],
)
def test_the_next_of_the_chain_is_asked_where_a_provider_fails(failure: Failure) -> None:
    assert step(failure, further=True, tries=2) is Step.NEXT
    assert step(failure, further=False, tries=2) is Step.RELAY


def test_a_key_of_the_gateways_that_is_refused_is_no_doing_of_the_client() -> None:
    for path in (Path.PLAIN, Path.COMPOSED):
        assert step(status(401), path, further=True) is Step.NEXT
        assert step(status(401), path) is Step.RELAY


@pytest.mark.parametrize("code", [400, 403, 404, 413])
def test_what_the_client_did_wrong_is_no_reason_to_ask_another_provider(code: int) -> None:
    assert step(status(code), further=True) is Step.RELAY
    assert not may_go_on(status(code))


@pytest.mark.parametrize("code", [400, 404, 500])
def test_a_stand_in_that_refuses_is_followed_by_the_next_whatever_it_says(code: int) -> None:
    assert step(status(code), Path.FURTHER, further=True) is Step.NEXT
    assert step(status(code), Path.FURTHER) is Step.RELAY


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
SITUATIONS = st.builds(
    Situation,
    path=st.sampled_from(Path),
    tries=st.integers(1, 5),
    retries=st.integers(0, 2),
    further=st.booleans(),
    spread=st.floats(0, 1),
    left=st.floats(-1, 100),
)


@given(FAILURES, SITUATIONS)
def test_attempts_end_and_waits_fit(failure: Failure, at: Situation) -> None:
    verdict = next_step(failure, at)
    if verdict.step is Step.RETRY:
        assert at.tries <= at.retries
        assert 0 < verdict.wait < at.left
    else:
        assert verdict.wait == 0
    assert at.path is Path.COMPOSED or verdict.step is not Step.FALLBACK
    assert at.further or verdict.step is not Step.NEXT
