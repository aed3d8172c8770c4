"""What a month would cost either way, and what holding units back costs."""

from tidegate.domain.reporting.document import ArmFigures, BothArms, Interval, Projection

MONTH_SECONDS = 30 * 86_400.0
LEAST_SECONDS = 3600.0
"""A pace of less than an hour says nothing of a month."""


def projection(arms: BothArms, savings: Interval, seconds: float) -> Projection | None:
    """Thirty days at the pace of these `seconds`; None where costs, savings or the pace are not known."""
    baseline = arms.control.cost_per_request_usd
    if baseline is None or savings.point is None or seconds < LEAST_SECONDS:
        return None
    requests = (arms.candidate.triggered + arms.control.triggered) * MONTH_SECONDS / seconds
    whole = requests * baseline
    return Projection(
        requests=round(requests),
        baseline_usd=whole,
        candidate_usd=whole * (1 - savings.point),
        saved_usd=whole * savings.point,
        saved_low_usd=None if savings.low is None else whole * savings.low,
        saved_high_usd=None if savings.high is None else whole * savings.high,
    )


def holdout_cost(candidate: ArmFigures, control: ArmFigures) -> float | None:
    """What control's triggered requests cost beyond what the candidate's would have; may be negative."""
    if candidate.cost_per_request_usd is None or control.cost_usd is None:
        return None
    return control.cost_usd - control.priced * candidate.cost_per_request_usd
