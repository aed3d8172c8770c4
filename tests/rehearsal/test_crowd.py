"""Whom many requests met: as if each request's user had been drawn."""

import statistics

import pytest

from tidegate.domain.exchange import Arm
from tidegate.domain.rollout import Plan
from tidegate.rehearsal.crowd import BUSIEST, Users
from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.plan import plan_of
from tidegate.rehearsal.scenario_file import read_scenario


@pytest.fixture
def users(spec_text: str) -> Users:
    plan: Plan = plan_of(spec_text.replace("unit: request", "unit: user"))
    made = Users(Draws("crowd"), read_scenario("traffic: {users: 2000}"), 20, "0" * 32, read=False)
    made.enter(plan.stages[0], 0.0)
    return made


@pytest.mark.parametrize("count", [299, 300, 3_000, 30_000])
def test_as_many_users_are_met_as_if_each_requests_user_had_been_drawn(users: Users, count: int) -> None:
    arm = users._arms[Arm.CONTROL]
    shares = [share / arm.weight for share in arm.shares]
    met = [set(arm.met(count)) for _ in range(200)]
    for first, last in ((0, BUSIEST), (BUSIEST, len(shares))):
        members = set(arm._members[first:last])
        wanted = sum(1 - (1 - share) ** count for share in shares[first:last])
        assert statistics.mean(len(each & members) for each in met) == pytest.approx(wanted, rel=0.02)


def test_of_many_requests_no_user_has_more_than_there_are(users: Users) -> None:
    arm = users._arms[Arm.CONTROL]
    for count in (0, 1, 300, 10_000):
        assert len(arm.met(count)) <= count
        assert set(arm.met(count)) <= set(arm._members)


def test_what_the_rarer_kind_happened_to_the_more_frequent_one_happened_to_too(users: Users) -> None:
    events = users.happened(Arm.CONTROL, {"slow1": 4_000, "slow2": 700, "slow3": 5, "down": 0}, 60.0)
    by_kind = {
        kind: {e.unit for e in events if e.kind == kind} for kind in ("slow1", "slow2", "slow3", "down")
    }
    assert by_kind["slow3"] <= by_kind["slow2"] <= by_kind["slow1"]
    assert (len(by_kind["down"]), 0 < len(by_kind["slow3"]) <= 5) == (0, True)
