"""Savings of sticky units: how seldom they are certified falsely, how soon rightly.

Users ask log-normally many bytes at log-normal cost, and differ by a log-normal factor of their own that no
size tells.
"""

from collections.abc import Callable

import numpy as np
import pytest
from exchanges import SINCE, make_exchange

from tidegate.domain.evidence import ArmBucket
from tidegate.domain.exchange import Arm, Stakes
from tidegate.domain.rollout import Plan
from tidegate.domain.savings import ALPHA_CERTIFICATE, ALPHA_FLOOR, CERTIFICATE, FLOOR, SavingsProcess
from tidegate.domain.tallying import fold, to_tally
from tidegate.domain.unit_savings import MILESTONES, MOST_REQUESTS, PARTS, UNIT_BETS
from tidegate.rehearsal.plan import plan_of
from tidegate.rehearsal.run import rehearse
from tidegate.rehearsal.scenario import Scenario

SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {{name: savings}}
spec:
  unit: user
  candidate:
    skills: {{contract-analysis: latest}}
  stages:
    - {{name: canary, weight: {weight}, bake: {hours}h, promote: auto}}
    - {{name: full, weight: 100, bake: 1h, promote: auto, holdout: 5}}
  gates:
    savings: {{min: 35%, floor: 30%, worse: rollback}}
"""


def plan(weight: int, hours: int) -> Plan:
    return plan_of(SPEC.format(weight=weight, hours=hours))


def lognormal(rng: np.random.Generator, sigma: float, *shape: int) -> np.ndarray:
    return rng.lognormal(-(sigma**2) / 2, sigma, shape)


def peaks(rng: np.random.Generator, share: float, savings: float, spread: float) -> tuple[float, float]:
    """The highest E of certificate and floor, both asked at `savings` that are just so, over 4,000 units."""
    units = 4_000
    expected = lognormal(rng, 0.96, units, MOST_REQUESTS)
    cost = expected * lognormal(rng, 0.72, units, MOST_REQUESTS) * lognormal(rng, spread, units, 1)
    candidate = rng.random(units) < share
    cost[candidate] *= 1 - savings
    best = [0.0, 0.0]
    for milestone in MILESTONES:
        first = slice(0, milestone.requests)
        ratio = cost[:, first].sum(axis=1) / expected[:, first].sum(axis=1)
        r = np.minimum(milestone.cap, np.where(candidate, ratio / (1 - savings), ratio))
        d = np.where(candidate, (r - 1) / share, -(r - 1) / (1 - share))
        mosts = (
            max((milestone.cap - 1) / share, 1 / (1 - share)),
            max(1 / share, (milestone.cap - 1) / (1 - share)),
        )
        for side, (sign, most) in enumerate(zip((1, -1), mosts, strict=True)):
            logs = np.cumsum(np.log1p(-sign * np.outer(d, UNIT_BETS) / most), axis=0)
            e = milestone.part * np.exp(np.minimum(690, logs)).mean(axis=1).max()
            best[side] = max(best[side], float(e))
    return best[0], best[1]


@pytest.mark.parametrize("share", [0.05, 0.25])
@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_savings_of_just_35_percent_are_seldom_certified_nor_found_too_small(
    *, share: float, spread: float, long_form: bool, figure: Callable[[str], None]
) -> None:
    rng, runs = np.random.default_rng([41, int(100 * share), int(10 * spread)]), 1000 if long_form else 40
    found = [peaks(rng, share, 0.35, spread) for _ in range(runs)]
    certified = sum(each[0] >= 1 / ALPHA_CERTIFICATE for each in found)
    too_small = sum(each[1] >= 1 / ALPHA_FLOOR for each in found)
    figure(
        f"by user, {share:.0%}, spread {spread}: 35 % certified {certified}, too small {too_small} of {runs}"
    )
    assert certified / runs <= ALPHA_CERTIFICATE + 4 * np.sqrt(ALPHA_CERTIFICATE / runs)
    assert too_small / runs <= ALPHA_FLOOR + 4 * np.sqrt(ALPHA_FLOOR / runs)


@pytest.mark.parametrize(("weight", "hours"), [(5, 48), (25, 8)])
def test_savings_of_40_percent_are_certified_in_the_time_that_the_design_requires(
    *, weight: int, hours: int, long_form: bool, figure: Callable[[str], None]
) -> None:
    """Through the controller's own decisions: a stage of that length ends in time only where they are."""
    runs = 12 if long_form else 3
    found = [rehearse(plan(weight, hours), Scenario(), seed=42, number=n) for n in range(runs)]
    requests = sorted(each.certified for each in found if each.certified is not None)
    figure(f"by user, {weight} %: 40 % certified after {requests[len(requests) // 2]} candidate requests")
    advanced = [
        next((moment.at for moment in each.timeline if moment.kind == "advance"), None) for each in found
    ]
    assert sum(at == hours * 3600.0 for at in advanced) >= 0.95 * runs


def early_control(
    rng: np.random.Generator, share: float, savings: float, level: float
) -> tuple[float, float]:
    """The highest E of both where first 1,500 units of control alone are read, then 3,000 by the share.

    As where conversations in progress stay out of the candidate when a stage begins. `level`: what units cost
    of what was expected. Through the real fold, a request a unit.
    """
    stakes = Stakes(0.02, 0.4, share, 0.35, 0.3)
    arms = [False] * 1500 + list(rng.random(3000) < share)
    costs = 0.02 * level * lognormal(rng, 0.5, len(arms)) * np.where(arms, 1 - savings, 1.0)
    exchanges = [
        make_exchange(
            n,
            unit_hash=f"u{n}",
            unit_kind="conversation",
            arm=Arm.CANDIDATE if arm else Arm.CONTROL,
            stakes=stakes,
            cost_usd=float(cost),
            finished_at=SINCE + n // 25,
        )
        for n, (arm, cost) in enumerate(zip(arms, costs, strict=True))
    ]
    sums = fold(exchanges, {}).sums
    buckets = [ArmBucket(cell.bucket, cell.arm, to_tally(each)) for cell, each in sums.items()]
    found: list[float] = []
    for name in (CERTIFICATE, FLOOR):
        process = SavingsProcess(name=name, parts=PARTS, width=len(UNIT_BETS))
        found.append(process.fold(process.begin(), buckets).peak)
    return found[0], found[1]


@pytest.mark.parametrize(("share", "level"), [(0.05, 0.6), (0.25, 0.6), (0.25, 1.5)])
def test_what_control_alone_is_read_of_at_a_stages_start_is_no_evidence(
    *, share: float, level: float, long_form: bool, figure: Callable[[str], None]
) -> None:
    rng, runs = np.random.default_rng([43, int(100 * share), int(10 * level)]), 40 if long_form else 4
    dear = [early_control(rng, share, 0.30, level)[0] for _ in range(runs)]
    cheap = [early_control(rng, share, 0.36, level)[1] for _ in range(runs)]
    certified = sum(each >= 1 / ALPHA_CERTIFICATE for each in dear)
    too_small = sum(each >= 1 / ALPHA_FLOOR for each in cheap)
    seen = f"30 % certified {certified}, 36 % too small {too_small} of {runs}"
    figure(f"control read first, {share:.0%}, level {level}: {seen}")
    assert (certified, too_small) == (0, 0)
