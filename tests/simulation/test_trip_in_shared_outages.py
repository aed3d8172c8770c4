"""The trip gate, simulated in partial outages that both arms share: nobody is to be rolled back for those.

1,000 requests a minute, canary 5 %, `unit: request`; in every run each request of either arm fails with the
same probability for ten minutes, and the gate looks at every outcome of the candidate.
"""

from collections import Counter, deque

import numpy as np
import pytest

from tidegate.domain.evidence import BUCKET_SECONDS, ArmBucket, Latest, Tally
from tidegate.domain.exchange import Arm
from tidegate.domain.observation import Evidence, recent_buckets
from tidegate.domain.rollout import TripGate
from tidegate.domain.verdict import trip

SHARE = 0.05
PER_SECOND = 1000 / 60
MINUTES = 10
GATE = TripGate(errors=0.5, over=20)


def requests_to_trip(
    rng: np.random.Generator, *, candidate: float, control: float, minutes: int = MINUTES
) -> int | None:
    """Candidate requests until the gate fails, None where it does not; rates are probabilities to fail."""
    count = rng.poisson(PER_SECOND * 60 * minutes)
    times, sides = np.sort(rng.uniform(0, 60 * minutes, count)), rng.random(count) < SHARE
    failures = rng.random(count) < np.where(sides, candidate, control)
    latest = {Arm.CANDIDATE: deque[bool](maxlen=GATE.over), Arm.CONTROL: deque[bool](maxlen=GATE.over)}
    faulted: Counter[tuple[int, Arm]] = Counter()
    seen = 0
    for at, side, failed in zip(times, sides, failures, strict=True):
        arm = Arm.CANDIDATE if side else Arm.CONTROL
        latest[arm].append(bool(failed))
        faulted[int(at // BUCKET_SECONDS) * BUCKET_SECONDS, arm] += int(failed)
        seen += arm is Arm.CANDIDATE
        if arm is Arm.CANDIDATE and trip(GATE, evidence_of(latest, faulted), SHARE).verdict == "fail":
            return seen
    return None


def evidence_of(latest: dict[Arm, deque[bool]], faulted: Counter[tuple[int, Arm]]) -> Evidence:
    units = tuple(Latest(arm=arm, units=len(outcomes), bad=sum(outcomes)) for arm, outcomes in latest.items())
    bad = units[0].bad
    if bad < GATE.errors * GATE.over or units[1].bad >= GATE.errors * GATE.over:
        return Evidence(latest=units)  # the gate does not ask for `recent` then
    newest = [place for place in reversed(faulted) if place[0] > max(faulted)[0] - 600]
    buckets = recent_buckets((ArmBucket(*place, Tally(faulted=faulted[place])) for place in newest), bad)
    sides = {arm: sum(each.tally.faulted for each in buckets if each.arm is arm) for arm in Arm}
    return Evidence(latest=units, recent=(sides[Arm.CANDIDATE], sides[Arm.CONTROL]))


@pytest.mark.parametrize("rate", [0.3, 0.4, 0.5, 0.6])
def test_a_partial_outage_that_both_arms_share_trips_nobody(rate: float, long_form: bool) -> None:
    rng, runs = np.random.default_rng(33), 200 if long_form else 15
    tripped = [requests_to_trip(rng, candidate=rate, control=rate) for _ in range(runs)]
    assert tripped == [None] * runs


def test_a_broken_candidate_beside_a_calm_control_trips_on_its_first_twenty() -> None:
    rng = np.random.default_rng(34)
    assert [requests_to_trip(rng, candidate=1.0, control=0.008) for _ in range(40)] == [20] * 40
