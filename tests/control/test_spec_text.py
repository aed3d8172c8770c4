"""A plan that is written is the plan that is read."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.control.spec_text import duration_text, write_spec
from tidegate.control.spec_value import duration
from tidegate.domain.rollout import Stage
from tidegate.rehearsal.plan import plan_of

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial" / "first-rollout.yaml"
SMALL = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: small}
spec:
  candidate: {}
  stages: [{name: all, weight: 100, bake: 1h}]
"""
EVERYTHING = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: everything}
spec:
  unit: conversation
  eligible: {tenants: [acme, "007", "yes"], tasks: [review, "a: b"]}
  baseline: {skills: {drafting: 2}, system: replace, cache: {ttl: 90s, when: always}}
  candidate:
    skills: {contract-analysis: 12, drafting: latest}
    select: {lexical: off, threshold: 2.25}
    model: claude-haiku-4-5
    timeout: 1500ms
    deadline: 2m
    route: {small: claude-haiku-4-5, middle: claude-sonnet-4-5, thresholds: [0.85, 0.5]}
    cache: {ttl: 36h}
  stages:
    - {name: tiny, weight: 0.25, bake: 90m, promote: auto, report: none}
    - {name: half, weight: 50,   bake: 3d,  approvals: 2}
    - {name: full, weight: 100,  bake: 1d,  holdout: 2.5}
  schedule:
    hours: [Mon-Fri 09:00-17:00, Sat 10:00-24:00]
    timezone: Europe/Berlin
    freeze:
      - {from: 2026-12-19, until: 2027-01-04 18:30, why: "the end: of the year"}
  gates:
    errors:   {max: 2.5%, worse: pause}
    latency:  {p95: 4s, of: first_token, worse: hold}
    slo:      {errors: 3%, slow: 0.125%, over: 2500ms, worse: hold}
    savings:  {min: 35%, floor: -5%, worse: rollback}
    feedback: {min: 70%}
    samples:  {min: 1000, extend: 4h, quiet: 9h}
    ratio:    {worse: hold}
    trip:     {errors: 50%, over: 20}
  after: {holdout: 1.5, for: 90d}
"""


@pytest.mark.parametrize("text", [SMALL, EVERYTHING, TUTORIAL.read_text()], ids=["small", "all", "tutorial"])
def test_a_plan_written_and_read_is_the_same(text: str) -> None:
    plan = plan_of(text)
    written = write_spec(plan)
    assert plan_of(written) == plan
    assert write_spec(plan_of(written)) == written


@pytest.mark.parametrize("hours", ["Sat-Mon 09:00-17:00", "Sun 00:00-24:00", "Tue-Wed 23:59-24:00"])
def test_days_round_the_weeks_end_stay_the_same_days(hours: str) -> None:
    text = SMALL + f"  schedule: {{hours: [{hours}]}}\n"
    days = {(day, h.since, h.until) for h in plan_of(text).schedule.hours for day in h.days}
    again = plan_of(write_spec(plan_of(text))).schedule.hours
    assert {(day, h.since, h.until) for h in again for day in h.days} == days


def test_what_a_start_fixes_by_the_past_is_not_written() -> None:
    written = write_spec(plan_of(EVERYTHING))
    assert "limits" not in written
    assert "expected" not in written


@given(st.integers(1, 366 * 86_400_000))
def test_every_duration_is_read_again(milliseconds: int) -> None:
    assert duration().read(duration_text(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


def test_texts_that_yaml_would_take_for_something_else_stay_texts() -> None:
    plan = plan_of(EVERYTHING)
    assert plan_of(write_spec(plan)).eligible.tenants == ("acme", "007", "yes")
    assert plan.stages[0] == Stage(
        name="tiny", weight=25, bake_seconds=5400.0, promote="auto", report="none", holdout=0
    )
