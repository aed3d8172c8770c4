"""When a rehearsal looks: exactly after a change, seldom where nothing is near."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.observation import Evidence, Found
from tidegate.domain.savings import CERTIFICATE
from tidegate.rehearsal.pace import CALM_LONGEST, LONGEST, next_look
from tidegate.rehearsal.run import CALM, is_calm
from tidegate.rehearsal.scenario import Fault, Scenario


@pytest.mark.parametrize(
    ("age", "calm", "wait"),
    [
        (0.0, False, 0.25),
        (100.0, False, 1.0),
        (1000.0, False, 10.0),
        (100_000.0, False, 300.0),
        (0.0, True, 0.25),
        (1000.0, True, 50.0),
        (100_000.0, True, 900.0),
    ],
)
def test_a_look_comes_by_a_part_of_the_age(age: float, calm: bool, wait: float) -> None:
    assert next_look(50_000.0 + age, 50_000.0, (), calm=calm) == 50_000.0 + age + wait


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.lists(st.floats(0, 2e6), max_size=5), st.booleans())
def test_time_goes_on_and_no_edge_is_passed_over(
    changed: float, age: float, edges: list[float], calm: bool
) -> None:
    now = changed + age
    at = next_look(now, changed, edges, calm=calm)
    assert now < at <= now + (CALM_LONGEST if calm else LONGEST)
    assert not [edge for edge in edges if now < edge < at]


@pytest.mark.parametrize(
    ("evidence", "calm"),
    [
        (Evidence(), True),
        (Evidence(e_value=CALM), False),
        (Evidence(tests={"latency": Found(CALM, CALM)}), False),
        (Evidence(tests={CERTIFICATE: Found(CALM, CALM)}), False),
        (Evidence(tests={CERTIFICATE: Found(CALM, 1e7)}), True),
        (Evidence(e_value=1.0, peak=500.0, tests={"floor": Found(0.0, 0.0)}), True),
    ],
)
def test_it_is_calm_where_no_test_is_near_what_it_acts_on(evidence: Evidence, calm: bool) -> None:
    assert is_calm(evidence) is calm


def test_a_fault_that_goes_on_and_any_time_after_one_of_the_candidates_is_trouble() -> None:
    outage = Scenario(faults=(Fault(arm="both", at=100.0, lasts=50.0, errors=1.0),))
    assert [outage.troubled(at) for at in (99.0, 100.0, 149.0, 150.0)] == [False, True, True, False]
    own = Scenario(faults=(Fault(arm="candidate", at=100.0, lasts=50.0, errors=0.5),))
    assert [own.troubled(at) for at in (99.0, 100.0, 1000.0)] == [False, True, True]
