"""A stage's evidence day by day: sums per arm, and the tests' state at the end; a day at a time in memory."""

from dataclasses import dataclass

from tidegate.control.reporting.course import Visit
from tidegate.domain.evidence import StageEvidence, Tally, merge
from tidegate.domain.exchange import Arm
from tidegate.domain.observation import Evidence, Progress, begin, observe, settle
from tidegate.domain.processes import processes
from tidegate.domain.reporting.period import Period
from tidegate.domain.reporting.savings import certified_at, needed
from tidegate.domain.savings import ALPHA_CERTIFICATE, CERTIFICATE, SavingsProcess, SavingsState
from tidegate.ports import Ledger, StageKey


@dataclass(frozen=True, slots=True)
class StageLook:
    """What a stage's days brought: tallies of (candidate, control), the certificate's E at their ends."""

    tallies: tuple[tuple[Tally, Tally], ...]
    e_values: tuple[float | None, ...]
    evidence: Evidence
    certified: float | None

    def tally(self, first: int) -> tuple[Tally, Tally]:
        """The sums of the days from place `first` on."""
        days = self.tallies[first:]
        return merge(each[0] for each in days), merge(each[1] for each in days)


async def look(ledger: Ledger, visit: Visit, days: Period) -> StageLook:
    """The stage's evidence in these days, which begin with the one it was entered on."""
    rollout = visit.rollout
    key = StageKey(rollout.name, rollout.attempt, rollout.stage)
    progress = begin(rollout)
    tallies: list[tuple[Tally, Tally]] = []
    e_values: list[float | None] = []
    certified: float | None = None
    for start, end in zip(days.edges, days.edges[1:], strict=False):
        fresh = await ledger.evidence(key, latest=0, since=max(start, progress.until), until=end)
        if certified is None:
            certified = _certified(progress, visit, fresh)
        progress = settle(progress, rollout, fresh, end)
        tallies.append((_sum(fresh, Arm.CANDIDATE), _sum(fresh, Arm.CONTROL)))
        found = progress.found.get(CERTIFICATE)
        e_values.append(found.e_value if found else None)
    nothing = StageEvidence(rollout=rollout.name, attempt=rollout.attempt, stage=rollout.stage)
    return StageLook(tuple(tallies), tuple(e_values), observe(progress, rollout, nothing), certified)


def _certified(progress: Progress, visit: Visit, fresh: StageEvidence) -> float | None:
    process = processes(visit.rollout).get(CERTIFICATE)
    state = progress.states.get(CERTIFICATE)
    if not (isinstance(process, SavingsProcess) and isinstance(state, SavingsState)):
        return None
    return certified_at(process, state, fresh.buckets, needed(visit.rollout, ALPHA_CERTIFICATE))


def _sum(evidence: StageEvidence, arm: Arm) -> Tally:
    return merge(bucket.tally for bucket in evidence.buckets if bucket.arm is arm)
