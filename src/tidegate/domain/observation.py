"""What the controller knows of a stage: sums per arm and the tests' state, folded as the evidence grows."""

import math
from collections.abc import Iterable, Mapping

import msgspec

from tidegate.domain.evidence import BUCKET_SECONDS, ArmBucket, Latest, StageEvidence, Tally, merge
from tidegate.domain.exchange import Arm
from tidegate.domain.processes import State, advance, part_left, processes
from tidegate.domain.rollout import Rollout
from tidegate.domain.savings import CERTIFICATE, SavingsState

LOOK_BACK_ENDS = 500
"""How many buckets' ends with a faulted request `recent_buckets` goes back over at most."""


class Found(msgspec.Struct, frozen=True):
    """What a test has found: E now, and its highest since the stage began, times what is left of its alpha.

    Or since it was resumed, where the gate does not roll back. `since`: when savings were sure (epoch
    seconds); None: they are not, or it is another test.
    """

    e_value: float = 0.0
    peak: float = 0.0
    since: float | None = None


NOTHING_FOUND = Found()


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `decide` judges a stage by.

    `e_value` and `peak` are what the errors test has found, `tests` what those of other gates have, by the
    gate's name. `last_at` is when the newest bucket with a request ends (None: there is none). `recent`
    counts faulted requests of (candidate, control) over the newest buckets, as many as hold the candidate's
    latest bad outcomes (`recent_buckets`).
    """

    candidate: Tally = Tally()
    control: Tally = Tally()
    e_value: float = 0.0
    peak: float = 0.0
    tests: dict[str, Found] = {}
    last_at: float | None = None
    latest: tuple[Latest, ...] = ()
    recent: tuple[int, int] = (0, 0)

    def test(self, gate: str) -> Found:
        """What the test of a gate has found."""
        return self.tests.get(gate, NOTHING_FOUND)

    def latest_of(self, arm: Arm) -> Latest:
        """The newest outcomes of an arm's latest distinct units; empty where nothing was seen."""
        return next((each for each in self.latest if each.arm is arm), Latest(arm=arm, units=0, bad=0))


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """The settled part of a stage's evidence: everything up to `until` (epoch seconds) is folded in."""

    attempt: int
    stage: int
    until: float
    candidate: Tally = Tally()
    control: Tally = Tally()
    states: Mapping[str, State]
    found: Mapping[str, Found] = {}
    last_at: float | None = None

    def covers(self, rollout: Rollout) -> bool:
        """Whether this is about the rollout's current attempt and stage; if not, begin anew."""
        return (self.attempt, self.stage) == (rollout.attempt, rollout.stage)


def begin(rollout: Rollout) -> Progress:
    """Progress at the start of the rollout's current stage."""
    return Progress(
        attempt=rollout.attempt,
        stage=rollout.stage,
        until=0.0,
        states={name: test.begin() for name, test in processes(rollout).items()},
    )


def settle(progress: Progress, rollout: Rollout, evidence: StageEvidence, until: float) -> Progress:
    """Progress with all evidence up to `until` folded in, `evidence` holding all from `progress.until` on.

    Choose `until` old enough that no replica's evidence for it is still to come.
    """
    until = max(progress.until, until // BUCKET_SECONDS * BUCKET_SECONDS)
    return _fold(progress, rollout, evidence, until)


def observe(progress: Progress, rollout: Rollout, evidence: StageEvidence) -> Evidence:
    """The stage as it stands: `progress` plus whatever `evidence` holds after it, the open bucket included.

    From scratch: `observe(begin(rollout), rollout, evidence)`; with a settled prefix the result is equal.
    """
    newest = _fold(progress, rollout, evidence, None)
    bad = next((each.bad for each in evidence.latest if each.arm is Arm.CANDIDATE), 0)
    return Evidence(
        candidate=newest.candidate,
        control=newest.control,
        e_value=newest.found["errors"].e_value,
        peak=newest.found["errors"].peak,
        tests={name: found for name, found in newest.found.items() if name != "errors"},
        last_at=newest.last_at,
        latest=evidence.latest,
        recent=_faults_by_arm(recent_buckets(evidence.buckets, bad)),
    )


def recent_buckets(buckets: Iterable[ArmBucket], bad: int) -> tuple[ArmBucket, ...]:
    """Both arms' newest buckets with a faulted request, newest first: what `trip` compares the arms over.

    Whole seconds of both arms, back to where the candidate has `bad` faulted requests, and no further than
    LOOK_BACK_ENDS, so that a healthy candidate beside a flaky control is not looked at for days.
    """
    faulted = (each for each in buckets if each.tally.faulted and each.arm is not Arm.OUTSIDE)
    newest = sorted(faulted, key=lambda each: (each.start, each.arm), reverse=True)
    kept: list[ArmBucket] = []
    seen = ends = 0
    edge: int | None = None
    for each in newest:
        if each.start != edge and (seen >= bad or ends == LOOK_BACK_ENDS):
            break
        ends += each.start != edge
        edge = each.start
        seen += each.tally.faulted if each.arm is Arm.CANDIDATE else 0
        kept.append(each)
    return tuple(kept)


def _fold(progress: Progress, rollout: Rollout, evidence: StageEvidence, until: float | None) -> Progress:
    """Fold in what lies between `progress.until` and `until`, or all that lies after it (None)."""
    end = math.inf if until is None else until
    buckets = [each for each in evidence.buckets if progress.until < each.start + BUCKET_SECONDS <= end]
    events = [each for each in evidence.events if progress.until <= each.at < end]
    states: dict[str, State] = {}
    found: dict[str, Found] = {}
    for name, test in processes(rollout).items():
        states[name], e_value, peak = advance(test, progress.states.get(name), buckets, events)
        left = part_left(rollout, name)
        found[name] = Found(e_value * left, peak * left, _since(name, states[name]))
    ends = [each.start + BUCKET_SECONDS for each in buckets if each.tally.requests]
    return msgspec.structs.replace(
        progress,
        until=progress.until if until is None else until,
        candidate=_sum(progress.candidate, buckets, Arm.CANDIDATE, rollout.repriced_at),
        control=_sum(progress.control, buckets, Arm.CONTROL, rollout.repriced_at),
        states=states,
        found=found,
        last_at=max(ends, default=progress.last_at),
    )


def _since(test: str, state: State) -> float | None:
    return state.since if test == CERTIFICATE and isinstance(state, SavingsState) else None


def _sum(before: Tally, buckets: Iterable[ArmBucket], arm: Arm, repriced_at: float | None) -> Tally:
    """Costs count from when prices last changed; all else from the stage's start."""
    mine = (each for each in buckets if each.arm is arm)
    return merge([before, *(_at_present_prices(each, repriced_at) for each in mine)])


def _at_present_prices(bucket: ArmBucket, repriced_at: float | None) -> Tally:
    if repriced_at is None or bucket.start >= repriced_at:
        return bucket.tally
    return msgspec.structs.replace(bucket.tally, priced=0, cost_usd=0.0)


def _faults_by_arm(buckets: Iterable[ArmBucket]) -> tuple[int, int]:
    sides = [0, 0]
    for each in buckets:
        sides[each.arm is Arm.CONTROL] += each.tally.faulted
    return sides[0], sides[1]
