"""Gates of a rollout spec."""

from collections.abc import Callable
from typing import TypeVar

from tidegate.control.spec_node import Block, Problems
from tidegate.control.spec_value import choice, count, duration, ratio
from tidegate.domain.assignment import candidate_share
from tidegate.domain.past import Past, with_limits
from tidegate.domain.processes import certifies
from tidegate.domain.rollout import (
    ErrorsGate,
    FeedbackGate,
    Gates,
    LatencyGate,
    Plan,
    RatioGate,
    SamplesGate,
    SavingsGate,
    SloGate,
    Stage,
    TripGate,
)

T = TypeVar("T")

GATES = ("errors", "latency", "slo", "savings", "feedback", "samples", "ratio", "trip")
_WORSE = choice("rollback", "pause", "hold")
_GENTLE = choice("pause", "hold")
"""What gates may do that cannot tell the candidate's fault from one of both arms."""
_UNSURE = choice("hold")


def read_gates(body: Block, problems: Problems) -> Gates:
    """The gates the spec asks for."""
    block = body.block("gates")
    if block is None:
        return Gates()
    block.only(*GATES)
    slo = block.block("slo")
    return Gates(
        errors=_read(block, "errors", _errors),
        latency=_read(block, "latency", _latency),
        slo=_slo(slo, problems) if slo else None,
        savings=_read(block, "savings", _savings),
        feedback=_read(block, "feedback", _feedback),
        samples=_read(block, "samples", _samples),
        ratio=_read(block, "ratio", _ratio),
        trip=_read(block, "trip", _trip),
    )


def _read(block: Block, name: str, read: Callable[[Block], T]) -> T | None:
    gate = block.block(name)
    return read(gate) if gate else None


def refuse_unjudgeable(stages: tuple[Stage, ...], gates: Gates, body: Block, problems: Problems) -> None:
    """A stage that leaves no control could never pass a gate that compares: it would hold for ever."""
    alone = next((stage for stage in stages if candidate_share(stage) >= 1), None)
    if alone is None:
        return
    without = f"cannot be judged in stage {alone.name!r}, which leaves no control"
    if gates.savings:
        problems.add(body.where("gates"), f"savings {without}; give that stage a holdout")
    if gates.errors and gates.errors.max is None:
        problems.add(body.where("gates"), f"errors {without}; give that stage a holdout, or the gate a max")
    if gates.latency and gates.latency.p95 is None:
        problems.add(body.where("gates"), f"latency {without}; give that stage a holdout, or the gate a p95")


def kept_only(plan: Plan) -> tuple[str, ...]:
    """Warnings of what the plan keeps but cannot be acted on."""
    savings = plan.gates.savings
    if savings is None or savings.worse == "hold" or certifies(plan):
        return ()
    why = "without past requests that have a price"
    said = f"savings.worse: {savings.worse} is kept in the plan, but {why} savings are a point value"
    return (f"{said}, which only holds",)


def unwatched(plan: Plan) -> tuple[str, ...]:
    """Warnings of what none of the plan's gates would tell people."""
    if plan.gates.slo is not None or (plan.gates.errors is None and plan.gates.latency is None):
        return ()
    limit = plan.gates.errors.max if plan.gates.errors else None
    asked = f"slo: {{errors: {100 * (0.02 if limit is None else limit):g}%}}"
    return (
        "gates.slo: the plan has none, and what both arms share (an outage of the provider) is no fault of "
        f"the candidate: it neither pauses the rollout nor tells anybody; add `{asked}`",
    )


def _errors(block: Block) -> ErrorsGate:
    block.only("max", "worse")
    return ErrorsGate(
        max=block.read("max", ratio("0", "100"), None) if "max" in block else None,
        worse=block.read("worse", _WORSE, "rollback"),
    )


def _latency(block: Block) -> LatencyGate:
    """With the limits of a rollout that has no past; its start knows better."""
    block.only("p95", "of", "worse")
    gate = LatencyGate(
        p95=block.read("p95", duration(), None) if "p95" in block else None,
        of=block.read("of", choice("total", "first_token"), "total"),
        worse=block.read("worse", _WORSE, "rollback"),
    )
    return with_limits(gate, Past())


def _slo(block: Block, problems: Problems) -> SloGate:
    block.only("errors", "slow", "over", "worse")
    if "errors" not in block and "slow" not in block:
        problems.add(block.place, "limits nothing; expected `errors`, `slow` or both, such as {errors: 2%}")
    share = ratio("0.001", "99")
    return SloGate(
        errors=block.read("errors", share, None) if "errors" in block else None,
        slow=block.read("slow", share, None) if "slow" in block else None,
        over=block.read("over", duration(), SloGate().over),
        worse=block.read("worse", _GENTLE, "pause"),
    )


def _feedback(block: Block) -> FeedbackGate:
    block.only("min", "worse")
    return FeedbackGate(
        min=block.read("min", ratio("0", "100"), None) if "min" in block else None,
        worse=block.read("worse", _WORSE, "pause"),
    )


def _ratio(block: Block) -> RatioGate:
    block.only("worse")
    return RatioGate(worse=block.read("worse", _GENTLE, "pause"))


def _savings(block: Block) -> SavingsGate:
    block.only("min", "floor", "worse", "unsure")
    least = block.read("min", ratio("-1000", "100"), 0.0, required=True)
    below = ratio("-1000", f"{100 * least:g}")
    return SavingsGate(
        min=least,
        floor=block.read("floor", below, None) if "floor" in block else None,
        worse=block.read("worse", _WORSE, "hold"),
        unsure=block.read("unsure", _UNSURE, "hold"),
    )


def _samples(block: Block) -> SamplesGate:
    block.only("min", "unsure", "extend", "quiet")
    return SamplesGate(
        min=block.read("min", count(1, 1_000_000_000), 1, required=True),
        unsure=block.read("unsure", _UNSURE, "hold"),
        extend_seconds=block.read("extend", duration(), None) if "extend" in block else None,
        quiet_seconds=block.read("quiet", duration("1m"), None) if "quiet" in block else None,
    )


def _trip(block: Block) -> TripGate:
    block.only("errors", "over")
    return TripGate(
        errors=block.read("errors", ratio("1", "100"), 1.0, required=True),
        over=block.read("over", count(2, 1000), 20, required=True),
    )
