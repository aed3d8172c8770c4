"""How a rollout's gates look: each figure with what it is of."""

import pytest

from tidegate.cli.paper import paper
from tidegate.cli.rollout_view import picture
from tidegate.control.status import Approvals, Arms, ArmStatus, GateStatus, RolloutStatus, SavingsStatus
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
        stages=("canary",),
        approvals=Approvals(needed=1, given_by=()),
        arms=Arms(candidate=ARM, control=ARM),
        gates=gates,
        savings=SavingsStatus(point=None),
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
