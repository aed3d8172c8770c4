"""Scenario files: every key has its default, what nobody knows is refused with its place."""

import math

import pytest

from tidegate.domain.errors import InvalidInput
from tidegate.rehearsal.named import NAMED
from tidegate.rehearsal.scenario import Cost, Fault, Latency, Scenario, Traffic, Variant
from tidegate.rehearsal.scenario_file import read_scenario

WHOLE = """\
traffic: {per_minute: 1000, users: 20000, zipf: 1.1, diurnal: 0.0, triggered: 100%}
control:
  errors: 0.8%
  latency: {median: 1.5s, sigma: 0.42}
  cost: {mean: 0.02, sigma: 1.2, input_corr: 0.8, user_spread: 0.0}
  votes: 3%
  down: 15%
  user_spread: 0.0
  daily_drift: 0.0
candidate: {cost: {mean: 0.012}, usage: 1.0}
"""
FAULTS = """\
faults:
  - {arm: candidate, at: 30h, errors: 5%}
  - {arm: both, at: 50h, for: 10m, errors: 100%}
  - {arm: candidate, at: 0h, ramp: 2h, share: 50%, latency: {factor: 1.3}}
"""


def test_what_is_not_given_is_the_default() -> None:
    assert read_scenario("{}") == read_scenario(WHOLE) == Scenario()
    assert read_scenario("faults: []").faults == ()


def test_faults_have_kind_onset_ramp_and_share() -> None:
    assert read_scenario(FAULTS).faults == (
        Fault(arm="candidate", at=108_000.0, errors=0.05),
        Fault(arm="both", at=180_000.0, lasts=600.0, errors=1.0),
        Fault(arm="candidate", at=0.0, ramp=7200.0, share=0.5, slower=1.3),
    )


def test_the_candidate_is_as_control_where_nothing_else_is_said() -> None:
    found = read_scenario("control: {errors: 2%, cost: {mean: 0.1, sigma: 0.5}}\ncandidate: {usage: 1.5}")
    assert found.control.cost == Cost(mean=0.1, sigma=0.5)
    assert found.candidate == Variant(errors=0.02, cost=Cost(mean=0.012, sigma=0.5), usage=1.5)


def test_how_users_costs_differ_is_as_in_control_up_to_the_candidates_own_sigma() -> None:
    control = "control: {cost: {sigma: 1.0, user_spread: 0.8}}\n"
    found = read_scenario(control)
    assert found.control.cost.user_spread == found.candidate.cost.user_spread == 0.8
    narrow = read_scenario(control + "candidate: {cost: {sigma: 0.5}}")
    assert (narrow.candidate.cost.sigma, narrow.candidate.cost.user_spread) == (0.5, 0.5)
    assert read_scenario(control + "candidate: {cost: {user_spread: 0.1}}").candidate.cost.user_spread == 0.1


def test_other_latency_and_traffic() -> None:
    found = read_scenario("traffic: {per_minute: 40, trace: a.csv}\ncontrol: {latency: {median: 900ms}}")
    assert found.traffic == Traffic(per_minute=40.0, trace="a.csv")
    assert found.candidate.latency == Latency(median=0.9)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trafic: {}", "line 1, column 1: trafic: is no key of a scenario (did you mean 'traffic'?)"),
        ("traffic: {rate: 3}", "traffic.rate: is no key of a scenario"),
        ("control: {usage: 2}", "control.usage: is no key"),
        ("control: {errors: 0.8}", "control.errors: found '0.8'; expected a percentage"),
        ("control: {cost: {sigma: 0.5, user_spread: 0.6}}", "control.cost.user_spread: found '0.6'"),
        ("control: {cost: {user_spread: -0.1}}", "control.cost.user_spread: found '-0.1'"),
        ("candidate: {cost: {user_spread: wide}}", "candidate.cost.user_spread: found 'wide'"),
        ("candidate: {cost: {mean: free}}", "candidate.cost.mean: found 'free'"),
        ("faults: [{at: 1h, errors: 5%}]", "faults[0].arm: is missing"),
        ("faults: [{arm: candidate, errors: 5%}]", "faults[0].at: is missing"),
        ("faults: [{arm: canary, at: 1h, errors: 5%}]", "faults[0].arm: found 'canary'"),
        ("faults: [{arm: both, at: 1h}]", "faults[0]: does nothing"),
        ("faults: [{arm: both, at: 1h, latency: {median: 2s}}]", "faults[0].latency.median: is no key"),
        ("faults: {arm: both}", "faults: found a map; expected a list"),
        ("traffic: {trace: a.csv, diurnal: 0.5}", "traffic.diurnal: has no place beside `trace`"),
        ("traffic: {triggered: 0.2}", "traffic.triggered: found '0.2'; expected a percentage"),
        ("", "the scenario is empty"),
        ("traffic: &a {}", "the scenario is refused:\nline 1: sets the anchor"),
        ("{", "the scenario is no valid YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_scenario(text)
    assert said in str(refused.value)


@pytest.mark.parametrize("name", NAMED)
def test_each_named_scenario_is_a_scenario(name: str) -> None:
    assert (read_scenario(NAMED[name]) == Scenario()) == (name in ("aa", "savings-40"))


def test_a_ramp_rises_evenly_and_ends_with_its_fault() -> None:
    fault = Fault(arm="candidate", at=100.0, lasts=50.0, ramp=20.0, share=0.5)
    assert [fault.hits("candidate", at) for at in (99.0, 100.0, 110.0, 120.0, 149.0, 150.0)] == [
        0.0,
        0.0,
        0.25,
        0.5,
        0.5,
        0.0,
    ]
    assert fault.hits("control", 130.0) == 0.0
    assert Scenario(faults=(fault, Fault(arm="both", at=7.0))).edges() == (7.0, 100.0, 120.0, 150.0)
    assert math.isinf(Fault(arm="both", at=7.0).lasts)
