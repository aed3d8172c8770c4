"""Verdicts of the gates latency, slo, feedback and ratio."""

from tidegate.domain.evidence import Tally, p95
from tidegate.domain.measure import ALPHA_FEEDBACK, ALPHA_LATENCY
from tidegate.domain.observation import Evidence
from tidegate.domain.rollout import FeedbackGate, LatencyGate, RatioGate, SloGate
from tidegate.domain.sample_ratio import ALPHA_RATIO
from tidegate.domain.slo import ALPHA_SLO, limits_of, share_of
from tidegate.domain.verdict import Verdict, percent

SLOW_SHARE = 0.05
"""Of the requests so many may be slower than the 95th percentile that a gate allows."""


def latency(gate: LatencyGate, evidence: Evidence, share: float) -> Verdict:
    """Fail where the test found more of the candidate's requests beyond the limits than of control's.

    Unsure without data, or while more than 5 % of the candidate's requests are slower than `p95`; else pass.
    """
    candidate, control = evidence.candidate, evidence.control
    found = evidence.test("latency")
    slow = _share(_beyond(gate, candidate), candidate.triggered)
    seen = f"candidate {_slow(gate, candidate)}, control {_slow(gate, control)}"
    verdict, reason = "pass", f"not slower than control so far: {seen}"
    if found.peak >= 1 / ALPHA_LATENCY:
        verdict, reason = "fail", f"slower than control ({_reached(found.peak, ALPHA_LATENCY)}): {seen}"
    elif not candidate.triggered or (share < 1 and not control.triggered):
        verdict, reason = "unsure", f"no data to compare: {seen}"
    elif slow is not None and slow > SLOW_SHARE:
        verdict = "unsure"
        reason = f"the 95th percentile is above {gate.p95:g} s, which both arms may share: {seen}"
    elif share >= 1:
        verdict = "unsure" if gate.p95 is None else "pass"
        reason = f"no control at weight 100 % without a holdout, so nothing to compare with: {seen}"
    return Verdict(
        name="latency",
        verdict=verdict,
        measure="slow",
        value=slow,
        bound=None if gate.p95 is None else SLOW_SHARE,
        e_value=found.e_value,
        reason=reason,
    )


def slo(gate: SloGate, evidence: Evidence) -> Verdict:
    """Fail where the candidate surely breaks a limit, whatever control does; shown is the worst limit."""
    found, candidate = evidence.test("slo"), evidence.candidate
    shares = {name: (share_of(gate, name, candidate), limit) for name, limit in limits_of(gate).items()}
    worst = max(shares, key=lambda name: shares[name][0] / shares[name][1])
    value, bound = shares[worst]
    what = "errors" if worst == "errors" else f"slower than {gate.over:g} s"
    seen = f"{percent(value)} {what} of {candidate.triggered:,} requests; {percent(bound)} are allowed"
    failed = found.peak >= 1 / ALPHA_SLO
    return Verdict(
        name="slo",
        verdict="fail" if failed else "pass",
        measure=worst,
        value=value if candidate.triggered else None,
        bound=bound,
        e_value=found.e_value,
        reason=f"the limit is broken ({_reached(found.peak, ALPHA_SLO)}): {seen}" if failed else seen,
    )


def feedback(gate: FeedbackGate, evidence: Evidence) -> Verdict:
    """Fail where the test found more thumbs down; unsure below `min`, or without a vote; else pass."""
    found = evidence.test("feedback")
    up = _up(evidence.candidate)
    seen = f"candidate {_votes(evidence.candidate)}, control {_votes(evidence.control)}"
    verdict, reason = "pass", f"not worse than control so far: {seen}"
    if found.peak >= 1 / ALPHA_FEEDBACK:
        verdict, reason = "fail", f"more thumbs down ({_reached(found.peak, ALPHA_FEEDBACK)}): {seen}"
    elif gate.min is not None and up is None:
        verdict, reason = "unsure", f"nobody has voted on the candidate: {seen}"
    elif gate.min is not None and up is not None and up < gate.min:
        verdict, reason = "unsure", f"below the least share of thumbs up, {percent(gate.min)}: {seen}"
    return Verdict(
        name="feedback",
        verdict=verdict,
        measure="votes",
        value=up,
        bound=gate.min,
        e_value=found.e_value,
        reason=reason,
    )


def ratio(gate: RatioGate, evidence: Evidence, share: float) -> Verdict:
    """Fail where units do not fall to the arms as the stage's weight says."""
    found = evidence.test("ratio")
    candidate, both = evidence.candidate.units, evidence.candidate.units + evidence.control.units
    value = _share(candidate, both)
    seen = f"{candidate:,} of {both:,} new units are the candidate's; the stage gives it {percent(share)}"
    failed = found.peak >= 1 / ALPHA_RATIO
    said = f"the split is not what it should be ({_reached(found.peak, ALPHA_RATIO)}), so no comparison holds"
    return Verdict(
        name="ratio",
        verdict="fail" if failed else "pass",
        measure="units",
        value=value,
        bound=share,
        e_value=found.e_value,
        reason=f"{said}: {seen}" if failed else seen,
    )


def _beyond(gate: LatencyGate, tally: Tally) -> int | None:
    return None if gate.p95 is None else tally.beyond(gate.limits.index(gate.p95))


def _share(count: int | None, of: int) -> float | None:
    return count / of if count is not None and of else None


def _slow(gate: LatencyGate, tally: Tally) -> str:
    time = p95(tally.seconds)
    if not tally.triggered or time is None:
        return "no requests"
    if gate.of == "total":
        return f"p95 {time:.3g} s of {tally.triggered:,}"
    beyond = ", ".join(
        f"{percent(tally.beyond(place) / tally.triggered)} over {limit:.3g} s"
        for place, limit in enumerate(gate.limits)
    )
    return f"first token: {beyond} of {tally.triggered:,}"


def _up(tally: Tally) -> float | None:
    return _share(tally.up, tally.up + tally.down)


def _votes(tally: Tally) -> str:
    up = _up(tally)
    return "no votes" if up is None else f"{percent(up)} up of {tally.up + tally.down:,} votes"


def _reached(peak: float, alpha: float) -> str:
    return f"E reached {peak:.4g} of {1 / alpha:.0f}"
