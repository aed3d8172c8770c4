"""The errors test by sticky unit, simulated with heavy and unlucky users: false alarms and detection."""

from dataclasses import dataclass

import numpy as np

from tidegate.domain.evidence import CAP_PER_UNIT, ArmBucket, Tally, UnitEvent
from tidegate.domain.exchange import Arm
from tidegate.domain.measure import ALPHA_ERRORS
from tidegate.domain.rollout import Eligible, Gates, Phase, Plan, Rollout, Stage, Unit, Variant
from tidegate.domain.sticky import StickyProcess, sticky_process
from tidegate.domain.window import SHORT

HOUR = 3600.0
ARMS = (Arm.CONTROL, Arm.CANDIDATE)
THRESHOLD = 1 / ALPHA_ERRORS


@dataclass(frozen=True)
class Users:
    """Activity (share of the requests) and error rate of each user: Zipf 1.1, and a spread of 1.5 in log."""

    activity: np.ndarray
    error_rate: np.ndarray


def users(rng: np.random.Generator, count: int, errors: float) -> Users:
    activity = 1 / np.arange(1, count + 1) ** 1.1
    rate = errors * np.exp(rng.normal(0, 1.5, count) - 1.5**2 / 2)
    return Users(activity / activity.sum(), np.minimum(rate, 0.9))


def canary(*bake_hours: float) -> StickyProcess:
    plan = Plan(
        name="r",
        unit=Unit.USER,
        eligible=Eligible(),
        baseline=Variant(),
        candidate=Variant(),
        stages=tuple(
            Stage(name=f"s{n}", weight=500 * (n + 1), bake_seconds=h * HOUR) for n, h in enumerate(bake_hours)
        ),
        gates=Gates(),
    )
    rollout = Rollout(
        name="r", plan=plan, phase=Phase.PROGRESSING, salt="0" * 32, created_at=0.0, created_by="ada"
    )
    return sticky_process(rollout)


def harmless_stage(rng: np.random.Generator, who: Users, candidate: np.ndarray, *, hours: int, per_hour: int):
    """Unit events and traffic of a stage whose arms differ in nothing."""
    events: list[UnitEvent] = []
    buckets: list[ArmBucket] = []
    for step in range(hours // 3):
        n = rng.poisson(3 * per_hour * who.activity)
        bad = rng.binomial(n, who.error_rate)
        times = (step + rng.beta(1, np.maximum(bad, 1))) * SHORT.step
        for kind, least in (("bad", 1), ("streak", 4)):
            events += [
                UnitEvent(unit=f"u{u}", arm=ARMS[int(candidate[u])], kind=kind, step=step, at=float(times[u]))
                for u in np.flatnonzero(bad >= least)
            ]
        capped = np.minimum(n, CAP_PER_UNIT)
        for arm, mine in ((Arm.CANDIDATE, candidate), (Arm.CONTROL, ~candidate)):
            count = int(capped[mine].sum())
            buckets.append(ArmBucket(step * SHORT.step, arm, Tally(capped_short=count, capped_long=count)))
    wrong = (candidate * who.error_rate * who.activity).sum() / 0.05 / (who.error_rate * who.activity).sum()
    return events, buckets, wrong


def harmless_canary(rng: np.random.Generator) -> tuple[bool, float]:
    """Whether a harmless 12 h canary fired, and how much worse its candidate looked by requests."""
    process = canary(12)
    who, candidate = users(rng, 400, 0.05), rng.random(400) < 0.05
    events, buckets, ratio = harmless_stage(rng, who, candidate, hours=12, per_hour=600)
    state = process.fold(process.begin(), buckets, events)
    return process.e_values(state)[1] >= THRESHOLD, ratio


def test_heavy_and_unlucky_users_seldom_look_like_a_fault() -> None:
    rng, runs = np.random.default_rng(11), 300
    made = [harmless_canary(rng) for _ in range(runs)]
    fired, apparent = sum(each for each, _ in made), [ratio for _, ratio in made]
    assert np.mean(np.array(apparent) > 2) > 0.05  # by requests, many of these would look twice as bad
    assert fired / runs <= ALPHA_ERRORS + 4 * np.sqrt(ALPHA_ERRORS / runs)


def requests_to_detection(rng: np.random.Generator, who: Users, rate: float, *, calm_hours: int = 0) -> int:
    """Candidate requests from the fault's start until the test fires; 1,000 requests a minute."""
    process = canary(72, 168, 48)
    candidate = rng.random(len(who.activity)) < 0.05
    events, buckets, _ = harmless_stage(rng, who, candidate, hours=calm_hours, per_hour=60_000)
    state = process.fold(process.begin(), buckets, events)
    seen, told, at = 0, set[tuple[int, int]](), calm_hours * HOUR
    while seen < 20_000:
        for user in rng.choice(len(who.activity), size=500, p=who.activity):
            at += 60 / 1000
            step = int(at // SHORT.step)
            seen += bool(candidate[user])
            failed = rng.random() < (rate if candidate[user] else who.error_rate[user])
            if failed and (user, step) not in told:
                told.add((user, step))
                arm = ARMS[int(candidate[user])]
                state = process.fold(
                    state, [], [UnitEvent(unit=f"u{user}", arm=arm, kind="bad", step=step, at=at)]
                )
                if process.e_values(state)[1] >= THRESHOLD:
                    return seen
    return seen


def test_a_total_failure_is_seen_within_forty_candidate_requests() -> None:
    rng = np.random.default_rng(5)
    taken = [requests_to_detection(rng, users(rng, 2000, 0.008), 1.0) for _ in range(40)]
    assert np.median(taken) <= 40
    assert np.quantile(taken, 0.95) <= 120


def test_five_percent_errors_that_begin_at_hour_thirty_are_seen() -> None:
    rng = np.random.default_rng(6)
    taken = [requests_to_detection(rng, users(rng, 20_000, 0.008), 0.05, calm_hours=30) for _ in range(12)]
    assert np.median(taken) <= 900
    assert max(taken) <= 4000


def test_a_total_failure_that_begins_at_hour_thirty_is_seen() -> None:
    rng = np.random.default_rng(8)
    taken = [requests_to_detection(rng, users(rng, 20_000, 0.008), 1.0, calm_hours=30) for _ in range(12)]
    assert np.median(taken) <= 25
    assert max(taken) <= 90
