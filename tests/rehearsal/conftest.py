"""A short plan to rehearse."""

import pytest

from tidegate.domain.rollout import Plan
from tidegate.rehearsal.plan import plan_of

SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {{name: short}}
spec:
  unit: {unit}
  candidate:
    skills: {{contract-analysis: latest}}
  stages:
    - {{name: canary, weight: 5,   bake: 20m, promote: manual}}
    - {{name: full,   weight: 100, bake: 20m, promote: auto, holdout: 5}}
  gates:
    errors:  {{max: 2%, worse: rollback}}
    trip:    {{errors: 50%, over: 20}}
    samples: {{min: 100}}
    savings: {{min: 5%}}
"""
EVERY_GATE = """\
    errors:   {max: 2%}
    latency:  {p95: 5s}
    feedback: {min: 70%, worse: pause}
    slo:      {errors: 2%, slow: 5%}
    ratio:    {worse: pause}
    trip:     {errors: 50%, over: 20}
    samples:  {min: 100}
"""


@pytest.fixture(params=["request", "user"])
def plan(request: pytest.FixtureRequest) -> Plan:
    """Two stages of twenty minutes, by either unit."""
    return plan_of(SPEC.format(unit=request.param))


@pytest.fixture(params=["request", "user"])
def every_gate(request: pytest.FixtureRequest) -> Plan:
    """The same stages, with every gate but savings."""
    head, _, _ = SPEC.format(unit=request.param).partition("    errors:")
    return plan_of(head + EVERY_GATE)


@pytest.fixture
def by_request() -> Plan:
    return plan_of(SPEC.format(unit="request"))


@pytest.fixture
def spec_text() -> str:
    return SPEC.format(unit="request")
