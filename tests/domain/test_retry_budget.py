"""The retry budget: single faults are healed, an outage is not multiplied."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.retry_budget import MEMORY_SECONDS, RetryBudget, RetryPolicy, first_budget, spent

POLICY = RetryPolicy(share=0.2, floor=10.0)


def granted(rate: float, seconds: float, failing: float, policy: RetryPolicy = POLICY) -> tuple[int, int]:
    """Requests, and retries granted, where a share of them asks for one."""
    budget, owed, requests, retries, since = first_budget(policy, 0.0), 0.0, int(rate * seconds), 0, 0
    for number in range(requests):
        since += 1
        owed += failing
        while owed >= 1:
            owed -= 1
            may, budget = spent(budget, policy, since, number / rate)
            since = 0
            retries += may
    return requests, retries


def test_a_failing_percent_is_retried_every_time() -> None:
    requests, retries = granted(200, 60, 0.01)
    assert retries == pytest.approx(0.01 * requests, abs=1)


def test_an_outage_is_retried_for_a_fifth_of_the_requests_and_ten_a_second() -> None:
    requests, retries = granted(200, 60, 1.0)
    assert retries <= 0.2 * requests + 10 * 60 + (0.2 * 200 + 10) * MEMORY_SECONDS
    assert retries >= 0.2 * requests


def test_few_requests_live_by_the_floor() -> None:
    requests, retries = granted(2, 60, 1.0)
    assert retries == requests


def test_a_quiet_hour_pays_for_no_storm() -> None:
    _, budget = spent(first_budget(POLICY, 0.0), POLICY, 0, 3600.0)
    assert budget.left <= POLICY.floor * MEMORY_SECONDS


def test_nothing_is_retried_by_a_policy_of_nothing() -> None:
    assert granted(200, 5, 1.0, RetryPolicy(share=0.0, floor=0.0)) == (1000, 0)


@given(st.lists(st.tuples(st.integers(0, 1000), st.floats(0, 100)), max_size=50))
def test_it_is_never_overdrawn(steps: list[tuple[int, float]]) -> None:
    budget, now = RetryBudget(10.0, 0.0), 0.0
    for requests, passed in steps:
        now += passed
        _, budget = spent(budget, POLICY, requests, now)
        assert budget.left >= 0.0
