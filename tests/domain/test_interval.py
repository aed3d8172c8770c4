"""The interval of savings: exact sums, an oracle, and that it holds at every look."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.account import PICOS
from tidegate.domain.exchange import Arm
from tidegate.domain.interval import LEAST_UNITS, ArmSpending, half_width, saved
from tidegate.domain.reporting.spending import spending_by_day
from tidegate.domain.reporting.sums import UnitSpending

ONE = ArmSpending(units=1, requests=1, cost_picos=2)


def spending(costs: np.ndarray, requests: np.ndarray) -> ArmSpending:
    """The sums of units with these costs (US dollars) and numbers of requests."""
    picos = [round(cost * PICOS) for cost in costs]
    counts = [int(count) for count in requests]
    return ArmSpending(
        units=len(picos),
        requests=sum(counts),
        cost_picos=sum(picos),
        costs_squared=sum(cost**2 for cost in picos),
        requests_squared=sum(count**2 for count in counts),
        cost_by_requests=sum(a * b for a, b in zip(picos, counts, strict=True)),
    )


def test_the_interval_is_the_delta_methods_around_the_point() -> None:
    draw = np.random.default_rng(3)
    arms = []
    variance = 0.0
    for mean, units in ((0.01, 400), (0.02, 900)):
        requests = draw.integers(1, 9, units)
        costs = draw.lognormal(math.log(mean), 0.8, units) * requests
        ratio = costs.sum() / requests.sum()
        variance += ((costs - ratio * requests) ** 2).sum() / costs.sum() ** 2
        arms.append((spending(costs, requests), ratio))
    found = saved(arms[0][0], arms[1][0])
    reach = half_width(variance, 1300)
    quotient = arms[0][1] / arms[1][1]
    assert found.point == pytest.approx(1 - quotient, rel=1e-9)
    assert found.low == pytest.approx(1 - quotient * math.exp(reach), rel=1e-6)
    assert found.high == pytest.approx(1 - quotient * math.exp(-reach), rel=1e-6)
    assert reach > 1.96 * math.sqrt(variance), "looking at any time costs width"


def test_the_true_savings_are_inside_at_every_look_where_a_fixed_interval_would_miss_them() -> None:
    """Users of very unequal weight, ten looks; a fixed interval is 1.96 standard errors wide."""
    draw = np.random.default_rng(5)
    runs, missed, fixed_missed = 200, 0, 0
    for _ in range(runs):
        arms = [_growing(draw, mean, units) for mean, units in ((0.012, 80), (0.02, 240))]
        inside, fixed_inside = True, True
        for look in range(10):
            found = saved(*(spending(costs[:, look], counts[:, look]) for costs, counts in arms))
            reach = math.log((1 - found.low) / (1 - found.point))
            off = abs(math.log((1 - 0.4) / (1 - found.point)))
            inside &= off <= reach
            fixed_inside &= off <= 1.96 * reach / half_width(1.0, 320)
        missed += not inside
        fixed_missed += not fixed_inside
    assert missed <= 5
    assert fixed_missed > 15


def _growing(draw: np.random.Generator, mean: float, units: int) -> tuple[np.ndarray, np.ndarray]:
    """Costs and requests of each unit by look, so far."""
    more = draw.poisson((draw.pareto(2.5, units) + 1)[:, None], (units, 10))
    level = draw.lognormal(math.log(mean) - 0.32, 0.8, units)
    return (level[:, None] * more).cumsum(axis=1), more.cumsum(axis=1)


@pytest.mark.parametrize(
    ("candidate", "control", "point"),
    [
        (ArmSpending(), ArmSpending(), None),
        (ArmSpending(units=1, requests=1, cost_picos=5), ArmSpending(), None),
        (ArmSpending(), ArmSpending(units=1, requests=1, cost_picos=5), None),
        (ArmSpending(units=1, requests=1), ArmSpending(units=1, requests=1), None),
        (ArmSpending(units=99, requests=99), ArmSpending(units=99, requests=99, cost_picos=9), 1.0),
        (
            ArmSpending(units=1, requests=2, cost_picos=3),
            ArmSpending(units=1, requests=1, cost_picos=2),
            0.25,
        ),
    ],
)
def test_too_little_gives_no_interval_and_nothing_no_point(candidate, control, point) -> None:
    found = saved(candidate, control)
    assert (found and found.point) == point
    assert found is None or (found.low, found.high) == (None, None)


def test_thirty_units_an_arm_give_an_interval() -> None:
    costs = np.linspace(0.01, 0.02, LEAST_UNITS)
    enough = spending(costs, np.ones(LEAST_UNITS))
    assert saved(enough, enough).low < 0 < saved(enough, enough).high
    assert saved(enough, spending(costs[1:], np.ones(LEAST_UNITS - 1))).low is None


ROWS = st.lists(
    st.builds(
        UnitSpending,
        day=st.integers(0, 3),
        arm=st.sampled_from([Arm.CANDIDATE, Arm.CONTROL]),
        unit=st.sampled_from(["a", "b", "c"]),
        units=st.just(1),
        requests=st.integers(1, 9),
        cost_picos=st.integers(0, 10**13),
        squares=st.just(0.0),
    ),
    max_size=20,
    unique_by=lambda row: (row.day, row.arm, row.unit),
)


@given(ROWS)
def test_a_unit_of_many_days_is_one_unit_in_the_sums_so_far(rows) -> None:
    days = spending_by_day(rows, 4)
    for day, told in enumerate(days):
        for arm, alone, so_far in (
            (Arm.CANDIDATE, told.candidate, told.candidate_so_far),
            (Arm.CONTROL, told.control, told.control_so_far),
        ):
            mine = [row for row in rows if row.arm is arm]
            assert alone == _by_hand([row for row in mine if row.day == day])
            assert so_far == _by_hand([row for row in mine if row.day <= day])


def test_units_of_one_request_come_as_one_row() -> None:
    rows = [
        UnitSpending(day, Arm.CANDIDATE, "", 2, 2, 3 * PICOS // 100, 0.0005) for day in (0, 1)
    ]  # of 1 and 2 cents
    told = spending_by_day(rows, 2)[1]
    two = spending(np.array([0.01, 0.02]), np.ones(2))
    assert told.candidate == two
    assert told.candidate_so_far == spending(np.array([0.01, 0.02] * 2), np.ones(4))
    assert told.control_so_far == ArmSpending()


def _by_hand(rows) -> ArmSpending:
    units: dict[str, list[int]] = {}
    for row in rows:
        known = units.setdefault(row.unit, [0, 0])
        known[0] += row.requests
        known[1] += row.cost_picos
    return ArmSpending(
        units=len(units),
        requests=sum(n for n, _ in units.values()),
        cost_picos=sum(y for _, y in units.values()),
        costs_squared=sum(y * y for _, y in units.values()),
        requests_squared=sum(n * n for n, _ in units.values()),
        cost_by_requests=sum(n * y for n, y in units.values()),
    )
