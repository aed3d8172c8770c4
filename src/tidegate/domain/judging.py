"""What the plan's gates say of a stage, and what each may do about it."""

from tidegate.domain import compared
from tidegate.domain.assignment import judged_share
from tidegate.domain.observation import Evidence
from tidegate.domain.rollout import Gates, Rollout
from tidegate.domain.saved import savings
from tidegate.domain.verdict import Verdict, errors, samples, trip

GUARDRAILS = ("trip", "errors", "latency", "savings", "feedback", "slo", "ratio")
"""The gates that act at any time, in the order in which they are named as the cause."""

STAGE_END = ("samples", "trip", "errors", "latency", "slo", "feedback", "ratio", "savings")
"""The gates that are asked at a stage's end, in the order in which they are named as the cause."""


def verdicts(rollout: Rollout, evidence: Evidence) -> tuple[Verdict, ...]:
    """The verdicts of the plan's gates, in the order they are judged in."""
    gates, share = rollout.plan.gates, judged_share(rollout)
    asked = (
        trip(gates.trip, evidence, share) if gates.trip else None,
        errors(gates.errors, evidence, share) if gates.errors else None,
        compared.latency(gates.latency, evidence, share) if gates.latency else None,
        compared.feedback(gates.feedback, evidence) if gates.feedback else None,
        compared.slo(gates.slo, evidence) if gates.slo else None,
        compared.ratio(gates.ratio, evidence, share) if gates.ratio else None,
        samples(gates.samples, evidence) if gates.samples else None,
        savings(gates.savings, evidence, rollout, share) if gates.savings else None,
    )
    return tuple(each for each in asked if each is not None)


def holds(verdict: Verdict) -> bool:
    """Whether no stage ends beside this verdict: what is asked there must pass.

    `trip` may have seen too few units; it holds where what it saw did fail, whoever's fault that was. Neither
    arm shows anything then of how the candidate does, and one that was not served cannot have passed.
    """
    if verdict.name == "trip" and verdict.verdict == "unsure":
        return verdict.value is not None and verdict.bound is not None and verdict.value >= verdict.bound
    return verdict.verdict != "pass"


def worse(gates: Gates, name: str) -> str:
    """What a guardrail does once it has failed: rollback, pause or hold."""
    asked = {
        "errors": gates.errors,
        "latency": gates.latency,
        "savings": gates.savings,
        "feedback": gates.feedback,
        "slo": gates.slo,
        "ratio": gates.ratio,
    }.get(name)
    return asked.worse if asked else "rollback"
