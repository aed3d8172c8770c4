"""The verdict of the savings gate: certified, below the floor, or a point value that only holds."""

from tidegate.domain.observation import Evidence
from tidegate.domain.processes import certifies
from tidegate.domain.rollout import Rollout, SavingsGate
from tidegate.domain.savings import ALPHA_CERTIFICATE, ALPHA_FLOOR, CERTIFICATE, FLOOR, stage_bound
from tidegate.domain.scatter import savings_point
from tidegate.domain.verdict import Verdict, percent


def savings(gate: SavingsGate, evidence: Evidence, rollout: Rollout, share: float) -> Verdict:
    """Pass once `min` is certified, fail once they are found below `floor`; else unsure.

    Where they cannot be certified (a past without prices) the point value decides between pass and unsure.
    The stages share alpha.
    """
    point = savings_point(evidence.candidate, evidence.control)
    if certifies(rollout.plan) and share < 1:
        verdict, reason = _certified(gate, evidence, rollout)
        seen = "" if point is None else f"; the point value is {percent(point)}"
        e_value = evidence.test(CERTIFICATE).e_value
        return _verdict(gate, verdict, point, e_value, reason + seen)
    if point is None:
        return _verdict(gate, "unsure", None, None, "no priced requests in both arms to compare")
    if point >= gate.min:
        said = f"the candidate costs {percent(point)} less than control, a point value"
        return _verdict(gate, "pass", point, None, said)
    said = (
        f"savings of {percent(point)} are below min {percent(gate.min)}; "
        "a point value has no error control, so it only holds"
    )
    return _verdict(gate, "unsure", point, None, said)


def _certified(gate: SavingsGate, evidence: Evidence, rollout: Rollout) -> tuple[str, str]:
    certificate, floor = evidence.test(CERTIFICATE).peak, evidence.test(FLOOR).peak
    stage, stages = rollout.stage, len(rollout.plan.stages)
    enough = stage_bound(ALPHA_CERTIFICATE, stage, stages)
    too_much = stage_bound(ALPHA_FLOOR, stage, stages)
    if gate.floor is not None and floor >= too_much:
        return "fail", f"savings are below {percent(gate.floor)} (E reached {floor:.4g} of {too_much:.4g})"
    if certificate >= enough:
        return (
            "pass",
            f"savings of {percent(gate.min)} are certified (E reached {certificate:.4g} of {enough:.4g})",
        )
    return (
        "unsure",
        f"savings of {percent(gate.min)} are not certified yet (E {certificate:.4g} of {enough:.4g})",
    )


def _verdict(
    gate: SavingsGate, verdict: str, point: float | None, e_value: float | None, reason: str
) -> Verdict:
    return Verdict(
        name="savings",
        verdict=verdict,
        measure="savings",
        value=point,
        bound=gate.min,
        e_value=e_value,
        reason=reason,
    )
