"""The errors test by request, simulated: false alarms over a whole rollout, and how soon faults are seen.

1,000 requests a minute, 0.8 % errors, canary 5 %: the rows of the design's table for `unit: request`.
"""

import numpy as np
import pytest

from tidegate.domain.evidence import ArmBucket, Tally
from tidegate.domain.exchange import Arm
from tidegate.domain.measure import ALPHA_ERRORS, RATIOS, TOLERATED
from tidegate.domain.prior import StagePrior, stage_prior
from tidegate.domain.rollout import Eligible, Gates, Plan, Stage, Unit, Variant
from tidegate.domain.sequential import ErrorsProcess

HOUR = 3600
PER_SECOND = 1000 / 60
BASE = 0.008
PLAN = Plan(
    name="r",
    unit=Unit.REQUEST,
    eligible=Eligible(),
    baseline=Variant(),
    candidate=Variant(),
    stages=(
        Stage(name="canary", weight=500, bake_seconds=72.0 * HOUR),
        Stage(name="beta", weight=2500, bake_seconds=168.0 * HOUR),
        Stage(name="full", weight=10_000, bake_seconds=48.0 * HOUR, holdout=500),
    ),
    gates=Gates(),
)
SHARES = (0.05, 0.25, 0.95)


def bucket(start: int, candidate: int, control: int) -> list[ArmBucket]:
    return [
        ArmBucket(start, Arm.CANDIDATE, Tally(faulted=candidate)),
        ArmBucket(start, Arm.CONTROL, Tally(faulted=control)),
    ]


def many_e_values(prior: StagePrior, share: float, starts, candidate, control) -> np.ndarray:
    """The same recursion for many rollouts at once: rows are rollouts, columns buckets; gives each peak."""
    ratios = np.array(RATIOS)
    per_candidate = np.log(ratios / TOLERATED)
    per_bad = np.log((1 + share * (ratios - 1)) / (1 + share * (TOLERATED - 1)))
    wealth = np.full((len(candidate), len(ratios)), prior.start)
    peaks, spent = np.full(len(candidate), prior.start), 0.0
    for column, start in enumerate(starts):
        mass, spent = prior.spent(start + 5) - spent, prior.spent(start + 5)
        x_c, x = candidate[:, column, None], candidate[:, column, None] + control[:, column, None]
        wealth = (wealth + mass) * np.exp(x_c * per_candidate - x * per_bad)
        peaks = np.maximum(peaks, wealth.mean(axis=1))
    return peaks


def harmless_rollouts(rng: np.random.Generator, runs: int, ratio: float) -> np.ndarray:
    """Which of many whole rollouts fired, the candidate's rate being `ratio` times control's."""
    step = 900
    fired = np.zeros(runs, dtype=bool)
    for stage, share in enumerate(SHARES):
        starts = np.arange(0, int(PLAN.stages[stage].bake_seconds), step)
        rates = BASE * PER_SECOND * step * rng.lognormal(0, 0.5, size=(runs, len(starts)))
        candidate, control = rng.poisson(rates * share * ratio), rng.poisson(rates * (1 - share))
        prior = stage_prior(PLAN, stage)
        peaks = many_e_values(prior, share, starts, candidate, control)
        process = ErrorsProcess(prior=prior, share=share, since=0.0)
        one = process.begin()
        for start, c, k in zip(starts, candidate[0], control[0], strict=True):
            one = process.fold(one, bucket(int(start), int(c), int(k)))
        assert process.e_values(one)[1] == pytest.approx(peaks[0], rel=1e-6)
        fired |= peaks >= 1 / ALPHA_ERRORS
    return fired


@pytest.mark.parametrize("ratio", [1.0, TOLERATED])
def test_a_harmless_candidate_is_seldom_called_worse_in_a_whole_rollout(ratio: float) -> None:
    runs = 2000
    fired = harmless_rollouts(np.random.default_rng(20), runs, ratio)
    assert fired.mean() <= ALPHA_ERRORS + 4 * np.sqrt(ALPHA_ERRORS / runs)


def requests_to_detection(rng: np.random.Generator, rate: float, calm_hours: int = 0) -> int:
    """Candidate requests from the fault's start until E reaches the threshold, looked at every request."""
    process = ErrorsProcess(prior=stage_prior(PLAN, 0), share=0.05, since=0.0)
    state = process.begin()
    for start in range(0, calm_hours * HOUR, 300):
        bad = rng.poisson(BASE * PER_SECOND * 300 * np.array([0.05, 0.95]))
        state = process.fold(state, bucket(start, int(bad[0]), int(bad[1])))
    seen, start = 0, calm_hours * HOUR
    while True:
        bad = [0, 0]
        arms = rng.random(rng.poisson(PER_SECOND * 5)) < 0.05
        for candidate in arms:
            failed = rng.random() < (rate if candidate else BASE)
            seen += bool(candidate)
            bad[0 if candidate else 1] += failed
            if failed and process.e_values(process.fold(state, bucket(start, *bad)))[1] >= 1 / ALPHA_ERRORS:
                return seen
        state = process.fold(state, bucket(start, *bad))
        start += 5


@pytest.mark.parametrize(
    ("rate", "calm_hours", "median", "p95"),
    [(0.05, 0, 220, 550), (1.0, 0, 5, 8), (0.2, 0, 60, 120), (0.05, 30, 420, 900)],
)
def test_faults_are_seen_as_soon_as_the_design_requires(
    rate: float, calm_hours: int, median: float, p95: float
) -> None:
    rng = np.random.default_rng(7)
    taken = [requests_to_detection(rng, rate, calm_hours) for _ in range(60)]
    assert np.median(taken) <= median
    assert np.quantile(taken, 0.95) <= p95
