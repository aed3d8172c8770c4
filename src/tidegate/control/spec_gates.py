"""Gates of a rollout spec."""

from tidegate.control.spec_node import Block, Problems
from tidegate.control.spec_value import choice, count, ratio
from tidegate.domain.assignment import candidate_share
from tidegate.domain.rollout import ErrorsGate, Gates, SamplesGate, SavingsGate, Stage, TripGate

GATES = ("errors", "savings", "samples", "trip")
_UNAVAILABLE = {
    gate: f"gate `{gate}` is not available in this version; remove it (available: {', '.join(GATES)})"
    for gate in ("latency", "slo", "feedback", "ratio")
}
_WORSE = choice("rollback", "pause", "hold")
_UNSURE = choice("hold")


def read_gates(body: Block) -> Gates:
    """The gates the spec asks for."""
    block = body.block("gates")
    if block is None:
        return Gates()
    block.only(*GATES, unavailable=_UNAVAILABLE)
    errors, savings = block.block("errors"), block.block("savings")
    samples, trip = block.block("samples"), block.block("trip")
    return Gates(
        errors=_errors(errors) if errors else None,
        savings=_savings(savings) if savings else None,
        samples=_samples(samples) if samples else None,
        trip=_trip(trip) if trip else None,
    )


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


def kept_only(gates: Gates) -> tuple[str, ...]:
    """Warnings of what the plan keeps but this version does not act on."""
    savings = gates.savings
    if savings is None or savings.worse == "hold":
        return ()
    return (
        f"savings.worse: {savings.worse} is kept in the plan, but a point value of savings only holds "
        "in this version",
    )


def _errors(block: Block) -> ErrorsGate:
    block.only("max", "worse")
    return ErrorsGate(
        max=block.read("max", ratio("0", "100"), None) if "max" in block else None,
        worse=block.read("worse", _WORSE, "rollback"),
    )


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
    block.only("min", "unsure")
    return SamplesGate(
        min=block.read("min", count(1, 1_000_000_000), 1, required=True),
        unsure=block.read("unsure", _UNSURE, "hold"),
    )


def _trip(block: Block) -> TripGate:
    block.only("errors", "over")
    return TripGate(
        errors=block.read("errors", ratio("1", "100"), 1.0, required=True),
        over=block.read("over", count(2, 1000), 20, required=True),
    )
