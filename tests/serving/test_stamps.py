"""What an exchange is stamped with for its gates: limits exceeded, and by what its cost is judged."""

import msgspec
import pytest
from gateway_parts import key, rollout, skill, variant

from tidegate.domain.exchange import Exchange, Outcome, Stakes
from tidegate.domain.rollout import ExpectedCost, Gates, LatencyGate, SavingsGate, Stage, Unit
from tidegate.serving.assign import Assignment
from tidegate.serving.metering import Draft

LIMITS = (1.0, 2.0, 5.0)


def recorded(gate: LatencyGate | None, took: float, answered: float | None = None) -> Exchange:
    plan = rollout(variant(skill("contracts")))
    gates = msgspec.structs.replace(plan.plan.gates, latency=gate)
    governing = msgspec.structs.replace(plan, plan=msgspec.structs.replace(plan.plan, gates=gates))
    draft = Draft(id="x", at=50.0, started=10.0, key=key(), assignment=Assignment(rollout=governing, stage=0))
    draft.answered_at = None if answered is None else 10.0 + answered
    return draft.exchange(Outcome.OK, 200, 50.0 + took, 10.0 + took)


@pytest.mark.parametrize(("took", "slow"), [(0.5, 0), (1.0, 0), (1.25, 1), (2.5, 2), (5.0, 2), (60.0, 3)])
def test_limits_exceeded_are_counted(took: float, slow: int) -> None:
    assert recorded(LatencyGate(limits=LIMITS), took).slow == slow


def test_the_first_token_counts_where_the_gate_says_so_and_the_end_where_none_came() -> None:
    gate = LatencyGate(of="first_token", limits=LIMITS)
    assert recorded(gate, 60.0, answered=1.5).slow == 1
    assert recorded(gate, 60.0).slow == 3
    assert recorded(LatencyGate(limits=LIMITS), 60.0, answered=1.5).slow == 3


def test_without_the_gate_nothing_is_counted() -> None:
    assert recorded(None, 60.0).slow == 0
    assert Gates().latency is None


def staked(unit: Unit, *, stage: int | None = 0, exposed: int = 0, triggered: bool = True) -> Exchange:
    expected = ExpectedCost(base=0.01, per_byte=1e-5, cap=0.4)
    gates = Gates(savings=SavingsGate(min=0.35, floor=0.3, expected=expected))
    stages = (
        Stage(name="canary", weight=500, bake_seconds=60),
        Stage(name="all", weight=10_000, bake_seconds=60),
    )
    made = rollout(variant(skill("contracts")), unit=unit, stages=stages)
    plan = msgspec.structs.replace(made.plan, gates=gates)
    governing = msgspec.structs.replace(made, plan=plan, stage=stage or 0, exposed=exposed)
    seen = Assignment(rollout=governing, stage=stage, triggered=triggered)
    draft = Draft(id="x", at=50.0, started=10.0, key=key(), assignment=seen, asked_bytes=2000)
    return draft.exchange(Outcome.OK, 200, 51.0, 11.0)


def test_a_request_of_its_own_is_stamped_with_what_it_was_expected_to_cost() -> None:
    found = staked(Unit.REQUEST)
    assert (found.asked_bytes, found.stakes) == (2000, Stakes(pytest.approx(0.03), 0.4, 0.05, 0.35, 0.3))


def test_a_sticky_units_every_request_is_stamped_since_one_that_has_triggered_counts_with_all() -> None:
    assert staked(Unit.USER).stakes == staked(Unit.REQUEST).stakes
    assert staked(Unit.CONVERSATION, triggered=False).stakes == staked(Unit.REQUEST).stakes


def test_after_a_revision_the_share_is_that_of_the_units_that_are_judged() -> None:
    found = staked(Unit.USER, exposed=100)
    assert found.stakes is not None
    assert found.stakes.share == pytest.approx(400 / 9900)


def test_plain_requests_of_their_own_and_a_stage_without_control_stake_nothing() -> None:
    assert staked(Unit.REQUEST, triggered=False).stakes is None
    assert staked(Unit.USER, stage=1).stakes is None
    assert staked(Unit.REQUEST, stage=1).stakes is None
    assert staked(Unit.REQUEST, stage=None).stakes is None
