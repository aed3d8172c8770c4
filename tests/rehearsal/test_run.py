"""One rehearsal: the real decisions on simulated traffic."""

import msgspec
import pytest

from tidegate.domain.rollout import Plan, SavingsGate, SloGate, Unit
from tidegate.rehearsal import crowd
from tidegate.rehearsal.course import Course
from tidegate.rehearsal.plan import plan_of
from tidegate.rehearsal.run import rehearse
from tidegate.rehearsal.scenario_file import read_scenario

STICKY = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: sticky}
spec:
  unit: user
  candidate: {skills: {contract-analysis: latest}}
  stages:
    - {name: canary, weight: 25, bake: 190m, promote: auto}
    - {name: full, weight: 100, bake: 20m, promote: auto, holdout: 5}
  gates:
    latency: {worse: rollback}
    feedback: {min: 50%, worse: rollback}
"""
SLOW = (
    "traffic: {per_minute: 60, users: 300}\ncontrol: {votes: 30%%}\n"
    "faults: [{arm: candidate, at: %sm, latency: {factor: %s}}]"
)
BROKEN = "faults: [{arm: candidate, at: %s, errors: %s}]"


def course(plan: Plan, text: str, **options: object) -> Course:
    return rehearse(plan, read_scenario(text), **options)


def kinds(found: Course) -> list[str]:
    return [each.kind for each in found.timeline if each.kind != "hold"]


def test_a_harmless_candidate_goes_through_every_stage(plan: Plan) -> None:
    found = course(plan, "{}")
    assert (found.outcome, found.gate, found.false_rollback) == ("completed", None, False)
    assert kinds(found) == ["start", "ask", "promote", "complete"]
    assert found.whole == found.seconds
    assert 2400.0 <= found.whole <= (2400.0 if plan.unit is Unit.REQUEST else 4800.0)  # until it is certified
    assert found.savings == pytest.approx(0.4, abs=0.05)
    assert found.requests == pytest.approx(20_000, rel=0.5)  # .05 and .95 of 20 minutes, of users by chance
    assert msgspec.to_builtins(found.harm) == {"users": 0, "errors": 0, "usd": 0.0}


def test_a_total_failure_is_rolled_back_within_a_few_requests(plan: Plan) -> None:
    found = course(plan, BROKEN % ("5m", "100%"))
    assert (found.outcome, found.false_rollback, found.before_fault) == ("rolled-back", False, False)
    assert found.gate in ("errors", "trip")
    assert 1 <= found.harm.errors <= found.requests <= 40
    assert found.whole == pytest.approx(300.0 + found.seconds)
    assert found.timeline[-1].said.startswith("rollout short: rollback → rolled-back (canary, 0 %)")


def test_an_outage_of_both_arms_rolls_nobody_back(plan: Plan) -> None:
    found = course(plan, "faults: [{arm: both, at: 5m, for: 2m, errors: 100%}]")
    assert found.outcome != "rolled-back"
    assert found.harm.errors == 0


def test_without_approval_it_waits_with_its_guardrails_armed(by_request: Plan) -> None:
    waiting = course(by_request, "{}", approve=False)
    assert (waiting.outcome, kinds(waiting), waiting.whole) == ("unfinished", ["start", "ask"], 2400.0)
    broken = course(by_request, BROKEN % ("30m", "50%"), approve=False)
    assert (broken.outcome, kinds(broken)) == ("rolled-back", ["start", "ask", "rollback"])


def test_without_traffic_nothing_advances(by_request: Plan) -> None:
    found = course(by_request, "traffic: {per_minute: 0}")
    assert (found.outcome, kinds(found), found.savings) == ("unfinished", ["start"], None)
    assert found.timeline[-1].cause == "no-traffic"


def test_a_rollback_without_a_fault_of_the_candidate_is_false(by_request: Plan) -> None:
    worse = course(by_request, "candidate: {errors: 60%}")
    assert (worse.outcome, worse.false_rollback, worse.before_fault) == ("rolled-back", True, False)
    early = course(by_request, "candidate: {errors: 60%}\n" + BROKEN % ("39m", "90%"))
    assert (early.outcome, early.false_rollback, early.before_fault) == ("rolled-back", True, True)


def test_the_same_seed_and_number_take_the_same_course(plan: Plan) -> None:
    text = BROKEN % ("0h", "20%")
    assert course(plan, text, seed=3, number=2) == course(plan, text, seed=3, number=2)
    assert course(plan, text, seed=3, number=2) != course(plan, text, seed=3, number=1)


def test_late_evidence_of_replicas_is_judged_when_it_comes(plan: Plan) -> None:
    found = course(plan, "traffic: {replica_lag: 20s, users: 2000}\n" + BROKEN % ("1m", "100%"))
    assert found.outcome == "rolled-back"
    assert found.seconds < 40.0


def test_what_a_dearer_candidate_costs_is_harm(by_request: Plan) -> None:
    found = course(by_request, "faults: [{arm: candidate, at: 0h, cost: {factor: 2}}]", approve=False)
    assert found.savings == pytest.approx(-0.2, abs=0.15)
    assert found.harm.usd == pytest.approx(found.requests * 0.012, rel=0.01)


@pytest.mark.parametrize(
    ("text", "outcome", "gate"),
    [
        ("{}", "completed", None),
        ("faults: [{arm: candidate, at: 0h, latency: {factor: 2}}]", "rolled-back", "latency"),
        ("control: {votes: 100%}\nfaults: [{arm: candidate, at: 0h, down: 90%}]", "paused", "feedback"),
        ("control: {votes: 100%}\ncandidate: {usage: 2}", "completed", None),
    ],
)
def test_gates_see_what_they_are_for(every_gate: Plan, text: str, outcome: str, gate: str | None) -> None:
    found = course(every_gate, text)
    assert (found.outcome, found.gate) == (outcome, gate)


def test_savings_are_certified_or_found_too_small(plan: Plan) -> None:
    """The certificate comes from a test, the rollback from its mirror."""
    found = course(plan, "{}")
    assert found.certified is not None
    assert 0 < found.certified < (2_000 if plan.unit is Unit.REQUEST else 20_000)
    gate = SavingsGate(min=0.35, floor=0.3, worse="rollback")
    asks_more = msgspec.structs.replace(plan, gates=msgspec.structs.replace(plan.gates, savings=gate))
    dear = course(asks_more, "faults: [{arm: candidate, at: 0h, cost: {factor: 3}}]")
    assert (dear.outcome, dear.gate, dear.certified) == ("rolled-back", "savings", None)


def test_a_paused_rollout_is_still_guarded(by_request: Plan) -> None:
    gates = msgspec.structs.replace(by_request.gates, slo=SloGate(slow=0.01, over=1.0))
    paused = msgspec.structs.replace(by_request, gates=gates)
    assert (course(paused, "{}").outcome, course(paused, "{}").gate) == ("paused", "slo")
    broken = course(paused, BROKEN % ("20m", "50%"))
    assert kinds(broken) == ["start", "pause", "rollback"]
    assert (broken.gate, broken.false_rollback) == ("errors", False)


def test_arrivals_of_a_trace_are_repeated(by_request: Plan) -> None:
    found = course(by_request, "traffic: {per_minute: 600}", times=(0.0, 1.0, 1.5, 9.0), approve=False)
    assert found.requests == pytest.approx(600 * 40 * 0.05, rel=0.15)


def test_counted_events_are_judged_as_single_ones_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calm and broken: the same courses, to the last word of their timelines."""
    plan = plan_of(STICKY)
    texts = [SLOW % (number // 2, "1.1" if number % 2 else "1.5") for number in range(6)]
    counted = [course(plan, text, number=number) for number, text in enumerate(texts)]
    monkeypatch.setattr(crowd, "counts_alike", lambda _scenario: False)
    assert counted == [course(plan, text, number=number) for number, text in enumerate(texts)]
    assert {each.outcome for each in counted} >= {"completed", "rolled-back"}


def test_a_revision_that_is_refused_is_on_the_timeline(by_request: Plan) -> None:
    """So late that too little of alpha is left; the rehearsal goes on."""
    found = course(by_request, "{}", revisions=(600.0, *(1200.0 + 60 * n for n in range(20))))
    assert found.outcome == "completed"
    assert "refused" in kinds(found)
    assert any("false-alarm budget left" in each.said for each in found.timeline)
