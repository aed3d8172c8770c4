"""A proposal is a rollout from what is served to the same with other settings, on the traffic as it was."""

import msgspec
import pytest

from tidegate.domain.rollout import CachePolicy, Plan, SavingsGate, Variant
from tidegate.domain.tuning.advice import Advice
from tidegate.rehearsal.fitting.figure import fitted
from tidegate.rehearsal.fitting.fit import Fit
from tidegate.rehearsal.proposal import proposed_plan, proposed_scenario

AT = 1_764_504_000.0
"""A moment of 2025-11-30, UTC."""


def advice(setting: str, proposed: float, spared: float = 0.0) -> Advice:
    return Advice(setting=setting, present=1.0, proposed=proposed, n=1, evidence="", spared=spared)


ALL = (advice("select.threshold", 2.2), advice("cache.ttl", 3600.0), advice("timeout", 9.0))


def test_the_candidate_becomes_the_baseline_and_gets_the_settings(by_request: Plan) -> None:
    served = msgspec.structs.replace(by_request.candidate, cache=CachePolicy(ttl_seconds=60.0, when="always"))
    plan = msgspec.structs.replace(by_request, candidate=served)
    found = proposed_plan(plan, ALL, AT)
    assert found.baseline == served
    assert found.candidate == msgspec.structs.replace(
        served, threshold=2.2, timeout_seconds=9.0, cache=CachePolicy(ttl_seconds=3600.0, when="always")
    )
    assert (found.stages, found.unit, found.name) == (plan.stages, plan.unit, "short-tuned-2025-11-30")


def test_what_is_not_proposed_stays(by_request: Plan) -> None:
    found = proposed_plan(by_request, ALL[:1], AT)
    assert found.candidate == msgspec.structs.replace(by_request.candidate, threshold=2.2)


def test_all_gates_but_savings_stay(by_request: Plan) -> None:
    assert isinstance(by_request.gates.savings, SavingsGate)
    gates = proposed_plan(by_request, ALL, AT).gates
    assert gates == msgspec.structs.replace(by_request.gates, savings=None)


def test_a_timeout_is_no_longer_than_the_deadline(by_request: Plan) -> None:
    plan = msgspec.structs.replace(by_request, candidate=Variant(deadline_seconds=6.0))
    assert proposed_plan(plan, ALL, AT).candidate.timeout_seconds == 6.0


@pytest.mark.parametrize("length", [1, 47, 63])
def test_its_name_is_one_that_a_spec_takes(by_request: Plan, length: int) -> None:
    name = proposed_plan(msgspec.structs.replace(by_request, name="n" * length), ALL, AT).name
    assert len(name) <= 63
    assert name.endswith("-tuned-2025-11-30")


@pytest.mark.parametrize(("spared", "mean"), [(0.0, 0.05), (0.25, 0.0375), (-0.1, 0.055)])
def test_the_candidate_costs_what_control_does_less_what_is_spared(spared: float, mean: float) -> None:
    past = Fit(
        0.0, 1.0, 9, 9, (fitted("control.cost.mean", 0.05, ""), fitted("candidate.cost.mean", 0.03, ""))
    )
    found = proposed_scenario(past, [advice("cache.ttl", 60.0, spared), advice("timeout", 2.0)])
    assert found.value("candidate.cost.mean") == pytest.approx(mean)
    assert found.value("control.cost.mean") == 0.05
