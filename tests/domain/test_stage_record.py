"""The record of a stage's end: to proceed, to hold or to roll back, and what that rests on."""

import msgspec
import pytest

from tidegate.domain.decision import Kind, decide
from tidegate.domain.evidence import Tally
from tidegate.domain.incident import OpenIncident, named
from tidegate.domain.observation import Evidence
from tidegate.domain.rollout import (
    Eligible,
    ErrorsGate,
    Gates,
    Move,
    Phase,
    Plan,
    Rollout,
    SamplesGate,
    SavingsGate,
    Stage,
    TripGate,
    Unit,
    Variant,
)
from tidegate.domain.schedule import Freeze, Schedule
from tidegate.domain.stage_record import StageRecord, record_of
from tidegate.domain.transition import apply
from tidegate.domain.verdict import THRESHOLD

BAKED = 5_000.0
OFF = OpenIncident(kind="switch", what="skill contracts", since=4_000.0, reason="bob: to be safe")
FINE = Evidence(
    candidate=Tally(triggered=1000, triggered_errors=8, faulted=8, up=90, down=10),
    control=Tally(triggered=9000, triggered_errors=72, faulted=72, up=700, down=70),
)


def rollout(promote: str = "manual", **changes: object) -> Rollout:
    plan = Plan(
        name="r",
        unit=Unit.REQUEST,
        eligible=Eligible(),
        baseline=Variant(),
        candidate=Variant(),
        stages=(
            Stage(name="canary", weight=500, bake_seconds=3600.0, promote=promote),
            Stage(name="full", weight=10_000, bake_seconds=3600.0, holdout=500),
        ),
        gates=Gates(
            errors=ErrorsGate(max=0.02), samples=SamplesGate(min=100), trip=TripGate(errors=0.5, over=20)
        ),
    )
    plan = msgspec.structs.replace(plan, **changes)
    return Rollout(
        name="r", plan=plan, phase=Phase.PROGRESSING, salt="0" * 32, created_at=0.0, created_by="ada"
    )


def recorded(
    of: Rollout, evidence: Evidence = FINE, now: float = BAKED, incidents: tuple[OpenIncident, ...] = ()
) -> StageRecord | None:
    return record_of(of, decide(of, evidence, now, incidents), evidence, incidents, now)


def test_where_every_criterion_passes_it_is_to_proceed() -> None:
    found = recorded(rollout())
    assert found is not None
    assert (found.stage, found.recommendation, found.baked_seconds) == ("canary", "proceed", BAKED)
    assert [(each.name, each.verdict, each.says) for each in found.criteria] == [
        ("trip", "unsure", "proceed"),
        ("errors", "pass", "proceed"),
        ("samples", "pass", "proceed"),
    ]
    assert msgspec.structs.astuple(found.votes) == (90, 10, 700, 70)


def test_what_is_unsure_or_lies_between_holds() -> None:
    high = msgspec.structs.replace(FINE, candidate=Tally(triggered=1000, triggered_errors=30, faulted=30))
    found = recorded(rollout(), high)
    assert found is not None
    assert found.recommendation == "hold"
    assert [each.says for each in found.criteria if each.name == "errors"] == ["hold"]
    between = msgspec.structs.replace(rollout().plan.gates, savings=SavingsGate(min=0.35, floor=0.3))
    found = recorded(rollout(gates=between))
    assert found is not None
    assert (found.recommendation, found.criteria[-1].name, found.criteria[-1].says) == (
        "hold",
        "savings",
        "hold",
    )


def test_a_criterion_that_fails_rolls_back_though_the_bake_is_not_over() -> None:
    found = recorded(rollout(), msgspec.structs.replace(FINE, peak=THRESHOLD), now=60.0)
    assert found is not None
    assert (found.recommendation, found.baked_seconds) == ("rollback", 60.0)
    assert [each.says for each in found.criteria if each.name == "errors"] == ["rollback"]


def test_an_open_incident_holds_what_passes_and_is_named() -> None:
    found = recorded(rollout(), incidents=(OFF,))
    assert found is not None
    assert (found.recommendation, found.incidents) == ("hold", (OFF,))
    assert "skill contracts (switched off)" in found.reason


def test_outside_its_hours_it_is_to_hold() -> None:
    frozen = Schedule(freezes=(Freeze(0.0, 9_000.0, "the fair"),))
    found = recorded(rollout("auto", schedule=frozen))
    assert found is not None
    assert found.recommendation == "hold"
    assert "the fair" in found.reason


@pytest.mark.parametrize("now", [0.0, 3_599.0])
def test_while_it_bakes_there_is_no_record(now: float) -> None:
    assert recorded(rollout(), now=now) is None


def test_paused_or_ended_there_is_none() -> None:
    assert recorded(apply(rollout(), Move.PAUSE, 1.0), now=2 * BAKED) is None
    assert recorded(apply(rollout(), Move.ABORT, 1.0), now=2 * BAKED) is None


def test_no_stage_goes_on_by_itself_beside_an_open_incident_but_people_are_asked() -> None:
    alone = decide(rollout("auto"), FINE, BAKED, (OFF,))
    assert (alone.kind, alone.move, alone.cause) == (Kind.HOLD, None, "incident")
    assert "bob" not in alone.reason
    assert decide(rollout("auto"), FINE, BAKED).move is Move.ADVANCE
    assert decide(rollout("manual"), FINE, BAKED, (OFF,)).move is Move.ASK


def test_a_fault_is_acted_on_beside_an_open_incident() -> None:
    worse = msgspec.structs.replace(FINE, peak=THRESHOLD)
    assert decide(rollout("auto"), worse, BAKED, (OFF,)).move is Move.ROLLBACK


def test_many_incidents_are_told_in_a_line() -> None:
    many = [msgspec.structs.replace(OFF, what=f"skill s{n}") for n in range(5)]
    assert named(many).endswith("skill s2 (switched off) and 2 more")
