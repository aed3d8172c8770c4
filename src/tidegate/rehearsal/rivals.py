"""How other tools would have judged such traffic, by what their documentation says they do.

Each is asked once a minute and given the plan's own limits where it needs one; intervals and counts are those
of the examples in its documentation. Where that leaves a choice, it is made in the tool's favour.

* Flagger (docs.flagger.app, "Metrics Analysis"): every minute the success rate and the 95th percentile of
  durations over the last minute; five failed checks end the canary. Counted here in a row: its own counter is
  not set back by a good check, which ends harmless canaries sooner.
* Argo Rollouts (argo-rollouts.readthedocs.io, "Analysis & Progressive Delivery"): every five minutes the
  success rate over the last five; more than three failed measurements (`failureLimit: 3`) abort.
* Kayenta (github.com/spinnaker/kayenta, NetflixACAJudge): every hour a Mann-Whitney test on the minutes of
  both arms, for error rate and median duration, with 98 % confidence and a quarter of the estimate tolerated.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from tidegate.domain.evidence import Tally, merge, quantile
from tidegate.domain.rollout import Plan
from tidegate.rehearsal.rank_test import location_shift

MOST_ERRORS = 0.02
LONGEST_SECONDS = 5.0
"""What the rules allow where the plan names no limit."""

_CONFIDENCE = 0.98
_TOLERANCE = 0.25


@dataclass(frozen=True, slots=True)
class Limits:
    """The share of errors, and the 95th percentile of durations in seconds, that a plan allows."""

    errors: float
    p95: float


class Rival(Protocol):
    """One tool's rule in one stage."""

    def minute(self, candidate: Tally, control: Tally) -> str | None:
        """The metric by which it ends the rollout after this minute, None while it goes on."""
        ...


class Flagger:
    """Five failed checks in a row."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._failed = 0

    def minute(self, candidate: Tally, control: Tally) -> str | None:
        del control
        failed = _failed(candidate, self._limits)
        self._failed = self._failed + 1 if failed else 0
        return failed if self._failed >= 5 else None


class Argo:
    """More than three failed measurements, one each five minutes."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._since: list[Tally] = []
        self._failed = 0

    def minute(self, candidate: Tally, control: Tally) -> str | None:
        del control
        self._since.append(candidate)
        if len(self._since) < 5:
            return None
        measured, self._since = merge(self._since), []
        if measured.requests and measured.errors > self._limits.errors * measured.requests:
            self._failed += 1
        return "errors" if self._failed > 3 else None


@dataclass(slots=True)
class _Series:
    """One metric by minute, of the arms."""

    candidate: list[float] = field(default_factory=list[float])
    control: list[float] = field(default_factory=list[float])

    def higher(self) -> bool:
        """The judge's `High`: the shift's lower bound lies beyond its tolerance."""
        if not self.candidate or not self.control:
            return False
        lower, estimate = location_shift(self.candidate, self.control, _CONFIDENCE)
        return lower > _TOLERANCE * abs(estimate)


class Kayenta:
    """The judge of sixty minutes."""

    def __init__(self, limits: Limits) -> None:
        del limits
        self._series = {"errors": _Series(), "latency": _Series()}
        self._minutes = 0

    def minute(self, candidate: Tally, control: Tally) -> str | None:
        for name, series in self._series.items():
            for tally, values in ((candidate, series.candidate), (control, series.control)):
                value = _measured(name, tally)
                if value is not None:
                    values.append(value)
        self._minutes += 1
        if self._minutes < 60:
            return None
        found = next((name for name, series in self._series.items() if series.higher()), None)
        self._series = {"errors": _Series(), "latency": _Series()}
        self._minutes = 0
        return found


RIVALS: Mapping[str, Callable[[Limits], Rival]] = MappingProxyType(
    {"flagger": Flagger, "argo": Argo, "kayenta": Kayenta}
)


def limits_of(plan: Plan) -> Limits:
    """The plan's own limits, as far as it names them."""
    errors = plan.gates.errors
    return Limits(errors.max if errors and errors.max is not None else MOST_ERRORS, LONGEST_SECONDS)


def _failed(minute: Tally, limits: Limits) -> str | None:
    if not minute.requests:
        return None
    if minute.errors > limits.errors * minute.requests:
        return "errors"
    return "latency" if (quantile(minute.seconds, 0.95) or 0.0) > limits.p95 else None


def _measured(name: str, minute: Tally) -> float | None:
    if name == "latency":
        return quantile(minute.seconds, 0.5)
    return minute.errors / minute.requests if minute.requests else None


def names(text: str) -> tuple[str, ...]:
    """The rivals of a list by commas; the unknown ones stay in it, for the caller to refuse."""
    return tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
