"""What the controller sees and does, as metrics."""

from collections.abc import Iterable

from tidegate.control.status import weight_percent
from tidegate.domain.decision import Decision
from tidegate.domain.metrics import (
    DECISIONS,
    E_VALUE,
    GATE_VERDICT,
    ROLLOUT_PHASE,
    ROLLOUT_WEIGHT,
    SAVINGS,
)
from tidegate.domain.observation import Evidence
from tidegate.domain.rollout import Phase, Rollout
from tidegate.domain.verdict import savings_point
from tidegate.ports import Meter

_VERDICTS = {"pass": 1.0, "unsure": 0.0, "fail": -1.0}


class Gauges:
    """Sets the rollout metrics; weight and phase in every process, verdicts where the lease is."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def show(self, rollouts: Iterable[Rollout]) -> None:
        """Phase and weight of every rollout."""
        for rollout in rollouts:
            self._meter.set(ROLLOUT_WEIGHT, (rollout.name,), weight_percent(rollout))
            for phase in Phase:
                self._meter.set(ROLLOUT_PHASE, (rollout.name, phase), float(phase is rollout.phase))

    def judge(self, rollout: Rollout, evidence: Evidence, decision: Decision) -> None:
        """What the gates said at this look."""
        for verdict in decision.verdicts:
            self._meter.set(GATE_VERDICT, (rollout.name, verdict.name), _VERDICTS[verdict.verdict])
            if verdict.e_value is not None:
                self._meter.set(E_VALUE, (rollout.name, verdict.name), verdict.e_value)
        point = savings_point(evidence.candidate, evidence.control)
        if point is not None:
            self._meter.set(SAVINGS, (rollout.name, "point"), point)

    def decided(self, rollout: Rollout, decision: Decision) -> None:
        """A decision that was committed."""
        self._meter.add(DECISIONS, (rollout.name, decision.kind))
