"""The tests that a stage's evidence is fed to: which there are, and one step of any of them."""

import math
from collections.abc import Mapping, Sequence

from tidegate.domain.evidence import ArmBucket, UnitEvent
from tidegate.domain.measure import ERRORS, FEEDBACK, Measure, latency
from tidegate.domain.rollout import Plan, Rollout, Unit
from tidegate.domain.sample_ratio import RatioProcess, RatioState, ratio_process
from tidegate.domain.savings import (
    ALPHA_CERTIFICATE,
    ALPHA_FLOOR,
    CERTIFICATE,
    FLOOR,
    SavingsProcess,
    SavingsState,
    stage_bound,
)
from tidegate.domain.sequential import ErrorsProcess, ErrorsState, request_process
from tidegate.domain.slo import SloProcess, SloState, slo_process
from tidegate.domain.sticky import StickyProcess, StickyState, sticky_process
from tidegate.domain.unit_savings import PARTS, UNIT_BETS

Process = ErrorsProcess | StickyProcess | SloProcess | RatioProcess | SavingsProcess
State = ErrorsState | StickyState | SloState | RatioState | SavingsState


def processes(rollout: Rollout) -> Mapping[str, Process]:
    """The tests of the rollout's current stage by the name of their gate; that of errors is always there."""
    gates = rollout.plan.gates
    tests: dict[str, Process] = {"errors": _comparing(rollout, ERRORS, gates.errors and gates.errors.worse)}
    if gates.latency:
        tests["latency"] = _comparing(rollout, latency(len(gates.latency.limits)), gates.latency.worse)
    if gates.slo:
        tests["slo"] = slo_process(rollout, gates.slo, rollout.resumed_at)
    if gates.feedback:
        tests["feedback"] = _comparing(rollout, FEEDBACK, gates.feedback.worse)
    if gates.ratio:
        tests["ratio"] = ratio_process(rollout, rollout.resumed_at)
    if gates.savings and certifies(rollout.plan):
        resumed = None if gates.savings.worse == "rollback" else rollout.resumed_at
        restarts = [each for each in (resumed, rollout.repriced_at) if each is not None]
        tests |= {
            CERTIFICATE: _saving(rollout, CERTIFICATE, rollout.repriced_at),
            FLOOR: _saving(rollout, FLOOR, max(restarts, default=None)),
        }
    return tests


def advance(
    test: Process, state: State | None, buckets: Sequence[ArmBucket], events: Sequence[UnitEvent]
) -> tuple[State, float, float]:
    """The state after more evidence, E now and at its highest; raises TypeError for another test's state."""
    match test, state:
        case ErrorsProcess(), ErrorsState():
            errors = test.fold(state, buckets)
            return errors, *test.e_values(errors)
        case StickyProcess(), StickyState():
            sticky = test.fold(state, buckets, events)
            return sticky, *test.e_values(sticky)
        case SloProcess(), SloState():
            slo = test.fold(state, buckets)
            return slo, *test.e_values(slo)
        case RatioProcess(), RatioState():
            ratio = test.fold(state, buckets)
            return ratio, *test.e_values(ratio)
        case SavingsProcess(), SavingsState():
            savings = test.fold(state, buckets)
            return savings, *test.e_values(savings)
        case _:
            raise TypeError("the state of one test was given to the other: begin anew for this rollout")


def certifies(plan: Plan) -> bool:
    """Whether savings are certified: the past tells what requests cost."""
    savings = plan.gates.savings
    return savings is not None and savings.expected is not None


def part_left(rollout: Rollout, test: str) -> float:
    """What earlier revisions left of this test's alpha; sample ratios, which roll nothing back, have all."""
    if test == "ratio":
        return 1.0
    return rollout.left.saving if test in (CERTIFICATE, FLOOR) else rollout.left.comparing


def _saving(rollout: Rollout, name: str, restart: float | None) -> SavingsProcess:
    """By sticky unit, after a change of prices in the stage, units are read at their first request alone: who
    comes to a later milestone may have paid for a part of it at the prices of before.
    """
    enough = _enough(rollout, name)
    if rollout.plan.unit is Unit.REQUEST:
        return SavingsProcess(name=name, enough=enough, restart=restart)
    parts = PARTS if rollout.repriced_at is None else PARTS[:1]
    return SavingsProcess(name=name, enough=enough, restart=restart, parts=parts, width=len(UNIT_BETS))


def _enough(rollout: Rollout, name: str) -> float:
    """The stage's bound, of what earlier revisions left of alpha."""
    alpha, left = ALPHA_CERTIFICATE if name == CERTIFICATE else ALPHA_FLOOR, part_left(rollout, name)
    return stage_bound(alpha, rollout.stage, len(rollout.plan.stages)) / left if left else math.inf


def _comparing(rollout: Rollout, measure: Measure, worse: str | None) -> ErrorsProcess | StickyProcess:
    """By the rollout's unit.

    A gate that only pauses or holds would do so again for ever after a person resumed: it judges anew.
    """
    restart = rollout.resumed_at if worse not in (None, "rollback") else None
    if rollout.plan.unit is Unit.REQUEST:
        return request_process(rollout, measure, restart)
    return sticky_process(rollout, restart, measure)
