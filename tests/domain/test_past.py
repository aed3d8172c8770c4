"""What a rollout's past tells: who was in scope, and the limits by which latency is compared."""

import msgspec
import numpy as np
import pytest
from exchanges import make_exchange

from tidegate.domain.past import Past, expected_cost, past_of, with_limits
from tidegate.domain.rollout import Eligible, LatencyGate

EXCHANGES = [make_exchange(n, seconds=n / 100, first_token_seconds=n / 1000) for n in range(1, 1001)]


def test_limits_are_quantiles_of_the_past_the_fixed_ones_and_the_gates_own() -> None:
    past = past_of(EXCHANGES, Eligible(), 3600.0)
    assert with_limits(LatencyGate(p95=6.0), past).limits == (5.0, 6.0, 8.0, 9.0, 9.5, 9.9)
    assert with_limits(LatencyGate(p95=5.0), past).limits == (5.0, 8.0, 9.0, 9.5, 9.9)
    first = with_limits(LatencyGate(of="first_token"), past)
    assert first.limits == (0.8, 0.9, 0.95, 0.99, 5.0, 8.0)


def test_a_past_that_is_too_short_gives_round_limits() -> None:
    assert with_limits(LatencyGate(p95=0.5), past_of(EXCHANGES[:199], Eligible(), 60.0)).limits == (
        0.5,
        1.0,
        2.0,
        3.0,
        5.0,
        8.0,
    )
    assert with_limits(LatencyGate(), Past()).limits == (1.0, 2.0, 3.0, 5.0, 8.0)


def test_expected_costs_follow_the_size_that_was_asked_as_least_squares_say() -> None:
    rng = np.random.default_rng(5)
    sizes = rng.integers(100, 10_000, 400)
    costs = 0.001 + 2e-6 * sizes + rng.normal(0, 0.0005, 400)
    past = Past(requests=400, span=60.0, costs=tuple(zip(sizes.tolist(), costs.tolist(), strict=True)))
    slope, intercept = np.polyfit(sizes, costs, 1)
    found = expected_cost(past)
    assert (found.base, found.per_byte) == (pytest.approx(intercept), pytest.approx(slope))
    assert found.cap == pytest.approx(20 * costs.mean())
    assert found.of(5000) == pytest.approx(intercept + slope * 5000)
    assert found.of(10**9) == found.cap


def test_sizes_that_tell_nothing_leave_the_mean_and_a_past_without_prices_nothing() -> None:
    flat = expected_cost(Past(costs=((0, 0.01), (0, 0.03)) * 100))
    assert (flat.base, flat.per_byte, flat.cap) == (pytest.approx(0.02), 0.0, pytest.approx(0.4))
    falling = expected_cost(Past(costs=((10, 0.03), (20, 0.01)) * 100))
    assert (falling.base, falling.per_byte) == (pytest.approx(0.02), 0.0)
    steep = expected_cost(Past(costs=((100, 0.0), (200, 0.02)) * 100))
    assert (steep.base, steep.per_byte) == (pytest.approx(0.0), pytest.approx(0.01 / 150))
    assert expected_cost(Past(costs=((1, 0.01),) * 199)) is None
    assert expected_cost(Past(costs=((1, 0.0),) * 300)) is None


def test_the_past_is_of_requests_in_scope() -> None:
    others = [msgspec.structs.replace(each, tenant="beta", task="summary") for each in EXCHANGES[:10]]
    past = past_of([*EXCHANGES[:90], *others], Eligible(tenants=("beta",), tasks=("summary",)), 50.0)
    assert (past.requests, past.units, past.per_second, past.faulted) == (10, 7, 0.2, 0)
    assert past_of(others, Eligible(tasks=("contracts",)), 50.0).requests == 0
