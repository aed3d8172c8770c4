"""Verdicts: what each gate says of a stage, with its numbers."""

import math

import msgspec

from tidegate.domain.evidence import Tally
from tidegate.domain.exchange import Arm
from tidegate.domain.measure import ALPHA_ERRORS
from tidegate.domain.observation import Evidence
from tidegate.domain.rollout import ErrorsGate, SamplesGate, TripGate

THRESHOLD = 1 / ALPHA_ERRORS
"""The errors test has found the candidate worse once its E reaches this."""

SHARED_FAULT = 1e-7
"""The trip gate acts only where a fault shared by both arms would fall like this less often than so.

It is that small because the gate looks at every new outcome, over seconds that the candidate's own failures
choose: a shared outage of ten minutes has some hundred looks, each at the worst of many windows.
"""


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one gate says: `pass`, `fail` or `unsure`; value and bound are what that rests on.

    `measure` says of what they are: `errors` that users saw (bound: the limit), `faults` (bound: control's),
    `slow` requests, `votes` up, `units` that failed or are the candidate's, `requests`, or `savings`.
    """

    name: str
    verdict: str
    measure: str = ""
    value: float | None = None
    bound: float | None = None
    e_value: float | None = None
    reason: str


def errors(gate: ErrorsGate, evidence: Evidence, share: float) -> Verdict:
    """Fail where the sequential test fired; unsure above `max` or without data; else pass.

    The test compares faults (errors, and answers that had to be rescued): where it fired, value and bound are
    the fault ratios of candidate and control. Else they are the errors that users saw, and `max`.
    """
    ratio = _ratio(evidence.candidate.triggered_errors, evidence.candidate)
    seen = f"candidate {_errors_of(evidence.candidate)}, control {_errors_of(evidence.control)}"
    verdict, reason = "pass", f"not worse than control so far: {seen}"
    if evidence.peak >= THRESHOLD:
        verdict, reason = (
            "fail",
            f"worse than control (E reached {evidence.peak:.4g} of {THRESHOLD:.0f}): {seen}",
        )
    elif ratio is None or (share < 1 and evidence.control.triggered == 0):
        verdict, reason = "unsure", f"no data to compare: {seen}"
    elif gate.max is not None and ratio > gate.max:
        verdict = "unsure"
        reason = f"above max {percent(gate.max)}, which alone may be a fault both arms share: {seen}"
    elif share >= 1:
        verdict = "unsure" if gate.max is None else "pass"
        reason = f"no control at weight 100 % without a holdout, so nothing to compare with: {seen}"
    faults = verdict == "fail"
    return Verdict(
        name="errors",
        verdict=verdict,
        measure="faults" if faults else "errors",
        value=_ratio(evidence.candidate.faulted, evidence.candidate) if faults else ratio,
        bound=_ratio(evidence.control.faulted, evidence.control) if faults else gate.max,
        e_value=evidence.e_value,
        reason=reason,
    )


def trip(gate: TripGate, evidence: Evidence, share: float) -> Verdict:
    """Fail where enough of the latest distinct units failed in the candidate and not in control as well.

    Where control's failed too nobody knows whose fault it is: unsure.
    """
    latest, control = evidence.latest_of(Arm.CANDIDATE), evidence.latest_of(Arm.CONTROL)
    ratio = latest.bad / latest.units if latest.units else None
    seen = f"{latest.bad} of the candidate's latest {latest.units} units failed"
    if latest.units < gate.over:
        verdict, reason = "unsure", f"{seen}; it judges {gate.over}"
    elif latest.bad < gate.errors * latest.units:
        verdict, reason = "pass", seen
    elif control.units and control.bad >= gate.errors * control.units:
        verdict, reason = "unsure", f"{seen}, but so did {control.bad} of control's latest {control.units}"
    elif share < 1 and shared_fault_probability(*evidence.recent, share) > SHARED_FAULT:
        verdict = "unsure"
        reason = f"{seen}, but in the same seconds control failed {evidence.recent[1]} times"
    else:
        verdict, reason = "fail", f"{seen}; control: {control.bad} of {control.units}"
    return Verdict(
        name="trip", verdict=verdict, measure="units", value=ratio, bound=gate.errors, reason=reason
    )


def shared_fault_probability(candidate: int, control: int, share: float) -> float:
    """How often at least so many of the bad requests fall to the candidate if both arms fail alike.

    The upper tail of a binomial, X >= candidate with n = candidate + control and p = share; 1 where the
    candidate has no more than its part. It compares the arms over the same seconds: the slower arm's latest
    outcomes may be older than the beginning of an outage, or than its end.
    """
    n = candidate + control
    if candidate <= n * share:
        return 1.0
    log_p, log_q = math.log(share), math.log1p(-share)
    total = 0.0
    for k in range(candidate, n + 1):
        log_ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        term = math.exp(log_ways + k * log_p + (n - k) * log_q)
        total += term
        if term <= total * 1e-12:
            break
    return min(1.0, total)


def samples(gate: SamplesGate, evidence: Evidence) -> Verdict:
    """Pass once the candidate has enough triggered requests."""
    count = evidence.candidate.triggered
    enough = count >= gate.min
    return Verdict(
        name="samples",
        verdict="pass" if enough else "unsure",
        measure="requests",
        value=count,
        bound=gate.min,
        reason=f"{count:,} triggered candidate requests of {gate.min:,}",
    )


def _ratio(count: int, tally: Tally) -> float | None:
    return count / tally.triggered if tally.triggered else None


def _errors_of(tally: Tally) -> str:
    errors, faults = _ratio(tally.triggered_errors, tally), _ratio(tally.faulted, tally)
    if errors is None or faults is None:
        return "no requests"
    return f"{percent(errors)} errors and {percent(faults)} faults of {tally.triggered:,}"


def percent(ratio: float) -> str:
    """A ratio for people: `2.5 %`."""
    return f"{100 * ratio:.4g} %"
