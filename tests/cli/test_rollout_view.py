"""How a rollout's gates look: each figure with what it is of."""

import msgspec
import pytest

from tidegate.cli.paper import paper
from tidegate.cli.rollout_view import picture
from tidegate.control.status import (
    Approvals,
    Arms,
    ArmStatus,
    GateStatus,
    LastDecision,
    LastEvent,
    RolloutStatus,
    SavingsStatus,
)
from tidegate.domain.decision import Kind
from tidegate.domain.rollout import Phase

ARM = ArmStatus(
    requests=1, errors=0, triggered=1, triggered_errors=0, faulted=1, p95_seconds=None, cost_usd=0.0
)
WHY = "worse than control (E reached 900 of 200): " + "candidate, control; " * 20


def shown(*gates: GateStatus) -> RolloutStatus:
    return RolloutStatus(
        name="reports",
        state=Phase.ROLLED_BACK,
        stage="canary",
        weight=0.0,
        since="2026-01-01T00:00:00Z",
        attempt=1,
        created_at="2026-01-01T00:00:00Z",
        created_by="ann",
        revisions=0,
        revision_noted=False,
        unit="user",
        baseline="no skill; the model asked for",
        candidate="reports@3; the model asked for",
        stages=("canary",),
        approvals=Approvals(needed=1, given_by=()),
        arms=Arms(candidate=ARM, control=ARM),
        gates=gates,
        savings=SavingsStatus(point=None, low=None, high=None, certified_since=None),
        watch=None,
        incidents=(),
        record=None,
        last_decision=None,
        last_event=None,
    )


def test_a_failing_gate_shows_what_it_looked_at_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    failed = GateStatus(
        name="errors", verdict="fail", measure="faults", value=0.4, bound=0.01, e_value=900.0, reason=WHY
    )
    few = GateStatus(
        name="samples",
        verdict="unsure",
        measure="requests",
        value=1200,
        bound=5000,
        e_value=None,
        reason="few",
    )
    paper().print(picture(shown(failed, few)))
    lines = capsys.readouterr().out.splitlines()
    (errors,) = [line for line in lines if "errors" in line and "fail" in line]
    assert errors.replace("│", " ").split()[2:8] == ["faults", "40", "%", "1", "%", "900"]
    assert WHY.strip() in errors
    (samples,) = [line for line in lines if "samples" in line]
    assert samples.replace("│", " ").split()[2:5] == ["requests", "1,200", "5,000"]


@pytest.mark.parametrize(
    ("savings", "said"),
    [
        (SavingsStatus(point=0.41, low=None, high=None, certified_since=None), ["savings 41.0% against"]),
        (
            SavingsStatus(point=0.41, low=0.38, high=0.44, certified_since=None),
            ["between 38.0% and 44.0% (95 % at any time)"],
        ),
        (
            SavingsStatus(point=0.41, low=0.38, high=0.44, certified_since="2026-11-30T08:00:05Z"),
            ["(95 % at any time); certified since 2026-11-30T08:00:05Z"],
        ),
        (SavingsStatus(point=None, low=None, high=None, certified_since=None), []),
    ],
)
def test_savings_are_told_with_their_interval_and_since_when_they_are_sure(
    capsys: pytest.CaptureFixture[str], savings: SavingsStatus, said: list[str]
) -> None:
    paper().print(picture(msgspec.structs.replace(shown(), savings=savings)))
    out = " ".join(capsys.readouterr().out.split())
    assert all(each in out for each in said)
    assert ("savings" in out) == bool(said)


def test_it_says_what_is_rolled_out(capsys: pytest.CaptureFixture[str]) -> None:
    paper().print(picture(shown()))
    out = " ".join(capsys.readouterr().out.split())
    assert "candidate: reports@3; the model asked for (by user); baseline: no skill; the model asked" in out


@pytest.mark.parametrize(
    ("state", "ended_at", "told"),
    [
        (Phase.ABORTED, "2026-01-01T00:00:09Z", False),
        (Phase.ROLLED_BACK, "2026-01-01T00:00:05Z", True),
        (Phase.PAUSED, "2026-01-01T00:00:09Z", True),
    ],
)
def test_a_decision_is_not_told_any_more_once_somebody_ended_the_rollout(
    *, capsys: pytest.CaptureFixture[str], state: Phase, ended_at: str, told: bool
) -> None:
    decided = LastDecision(
        kind=Kind.HOLD, cause="paused", reason="`resume` goes on", at="2026-01-01T00:00:05Z"
    )
    event = LastEvent(kind="abort", actor="ann", reason="of no use", at=ended_at)
    paper().print(
        picture(msgspec.structs.replace(shown(), state=state, last_decision=decided, last_event=event))
    )
    out = " ".join(capsys.readouterr().out.split())
    assert ("`resume` goes on" in out) is told
    assert "last event: abort" in out


def test_a_brief_view_has_gates_without_why(capsys: pytest.CaptureFixture[str]) -> None:
    gate = GateStatus(
        name="errors", verdict="fail", measure="faults", value=0.4, bound=0.01, e_value=900.0, reason=WHY
    )
    paper().print(picture(shown(gate), brief=True))
    out = capsys.readouterr().out
    assert "errors" in out
    assert "worse than control" not in out
