"""What the controller sees and does, as metrics."""

from collections import defaultdict
from collections.abc import Iterable

from tidegate.domain.assignment import weight_percent
from tidegate.domain.decision import Decision
from tidegate.domain.metrics import (
    DECISIONS,
    E_VALUE,
    GATE_VERDICT,
    ROLLOUT_PHASE,
    ROLLOUT_WEIGHT,
    SAVINGS,
    Metric,
)
from tidegate.domain.observation import Evidence
from tidegate.domain.rollout import ACTIVE, Phase, Rollout
from tidegate.domain.scatter import saved_so_far
from tidegate.domain.verdict import Verdict
from tidegate.domain.watch import is_watched
from tidegate.ports import Meter

ENDED_SHOWN = 20
"""How many rollouts that have ended are shown beside the running ones, the newest."""

SAVINGS_BOUNDS = ("point", "low", "high")

_VERDICTS = {"pass": 1.0, "unsure": 0.0, "fail": -1.0}
_OF_THE_LEADER = (GATE_VERDICT, E_VALUE, SAVINGS)


class Gauges:
    """Sets the rollout metrics; weight and phase in every process, verdicts where the lease is."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._shown: dict[str, set[tuple[Metric, tuple[str, ...]]]] = defaultdict(set)

    def show(self, rollouts: Iterable[Rollout], now: float) -> None:
        """Phase and weight of those that run and of the newest that have ended; the others are taken off."""
        chosen = _chosen(rollouts)
        for name in self._shown.keys() - {rollout.name for rollout in chosen}:
            self._clear(name)
        for rollout in chosen:
            self._set(ROLLOUT_WEIGHT, (rollout.name,), weight_percent(rollout, now))
            for phase in Phase:
                self._set(ROLLOUT_PHASE, (rollout.name, phase), float(phase is rollout.phase))
            if rollout.phase not in ACTIVE and not is_watched(rollout, now):
                self._clear(rollout.name, _OF_THE_LEADER)

    def judge(self, rollout: Rollout, evidence: Evidence, decision: Decision) -> None:
        """What the gates said at this look."""
        for verdict in decision.verdicts:
            self._show(rollout.name, verdict)
        self._show_savings(rollout.name, evidence)

    def watch(self, rollout: Rollout, decision: Decision) -> None:
        """What the absolute gate said of a completed rollout; the others have nothing to say any more."""
        self._clear(rollout.name, _OF_THE_LEADER)
        for verdict in decision.verdicts:
            self._show(rollout.name, verdict)

    def decided(self, rollout: Rollout, decision: Decision) -> None:
        """A decision that was committed."""
        labels = (rollout.name, decision.kind)
        self._shown[rollout.name].add((DECISIONS, labels))
        self._meter.add(DECISIONS, labels)

    def step_down(self) -> None:
        """Another process leads: what the gates say is shown there."""
        for name in tuple(self._shown):
            self._clear(name, _OF_THE_LEADER)

    def _show(self, name: str, verdict: Verdict) -> None:
        self._set(GATE_VERDICT, (name, verdict.name), _VERDICTS[verdict.verdict])
        if verdict.e_value is not None:
            self._set(E_VALUE, (name, verdict.name), verdict.e_value)

    def _show_savings(self, name: str, evidence: Evidence) -> None:
        """A bound that can no longer be told is taken off."""
        found = saved_so_far(evidence.candidate, evidence.control)
        told = {"point": found.point, "low": found.low, "high": found.high} if found else {}
        for bound in SAVINGS_BOUNDS:
            ratio = told.get(bound)
            if ratio is not None:
                self._set(SAVINGS, (name, bound), ratio)
            elif (SAVINGS, (name, bound)) in self._shown[name]:
                self._shown[name].discard((SAVINGS, (name, bound)))
                self._meter.clear(SAVINGS, (name, bound))

    def _set(self, metric: Metric, labels: tuple[str, ...], value: float) -> None:
        self._shown[labels[0]].add((metric, labels))
        self._meter.set(metric, labels, value)

    def _clear(self, name: str, metrics: tuple[Metric, ...] | None = None) -> None:
        gone = {series for series in self._shown[name] if metrics is None or series[0] in metrics}
        for metric, labels in gone:
            self._meter.clear(metric, labels)
        self._shown[name] -= gone
        if not self._shown[name]:
            del self._shown[name]


def _chosen(rollouts: Iterable[Rollout]) -> list[Rollout]:
    newest = sorted(rollouts, key=lambda each: each.phase_since, reverse=True)
    running = [each for each in newest if each.phase in ACTIVE]
    return running + [each for each in newest if each.phase not in ACTIVE][:ENDED_SHOWN]
