"""The gates latency, slo, ratio and savings, simulated: false alarms, and how soon faults are seen.

1,000 requests a minute, canary 5 %, latency lognormal with a median of 1.5 s and a p95 of 3 s.
"""

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from scipy.special import betaln
from scipy.stats import lognorm
from stages import SINCE, make_rollout, pair

from tidegate.domain.evidence import Tally
from tidegate.domain.measure import ALPHA_LATENCY, latency
from tidegate.domain.prior import stage_prior
from tidegate.domain.rollout import Gates, Plan, Stage
from tidegate.domain.sample_ratio import ALPHA_RATIO, PRIOR_UNITS
from tidegate.domain.savings import ALPHA_CERTIFICATE, BETS
from tidegate.domain.sequential import ErrorsProcess, request_process
from tidegate.domain.slo import ALPHA_SLO
from tidegate.domain.slo import likelihood_ratios as slo_ratios

HOUR = 3600
MEDIAN, SIGMA = 1.5, 0.42
LIMITS = np.array([*lognorm.ppf([0.8, 0.9, 0.95, 0.99], SIGMA, scale=MEDIAN), 5.0, 8.0])
MEASURE = latency(len(LIMITS))
STAGES = (
    Stage(name="canary", weight=500, bake_seconds=72.0 * HOUR),
    Stage(name="beta", weight=2500, bake_seconds=168.0 * HOUR),
    Stage(name="full", weight=10_000, bake_seconds=48.0 * HOUR, holdout=500),
)
SHARES = (0.05, 0.25, 0.95)


def beyond(scale: float = 1.0, sigma: float = SIGMA) -> np.ndarray:
    """The share of requests beyond each limit, where each takes `scale` times as long as usual."""
    return lognorm.sf(LIMITS, sigma, scale=MEDIAN * scale)


def levels(shares: np.ndarray) -> np.ndarray:
    """The share of requests that exceed just so many limits, from none on."""
    return -np.diff(np.concatenate([[1.0], shares, [0.0]]))


def plan_of_three() -> Plan:
    return msgspec.structs.replace(make_rollout(Gates()).plan, stages=STAGES)


def whole_rollouts(rng: np.random.Generator, runs: int) -> np.ndarray:
    """Which of many harmless rollouts the latency gate fired in; load and slowness drift by the hour."""
    plan, step, fired = plan_of_three(), 1800, np.zeros(runs, dtype=bool)
    for place, share in enumerate(SHARES):
        prior = stage_prior(plan, place)
        gains, losses = np.array(MEASURE.exponents(share)).T
        process = ErrorsProcess(prior=prior, share=share, since=SINCE, measure=MEASURE)
        state, wealth, spent = process.begin(), np.full((runs, 6, len(gains)), prior.start), 0.0
        for start in range(0, int(STAGES[place].bake_seconds), step):
            scale = rng.lognormal(0, 0.15, runs)
            shares = np.array([levels(beyond(each)) for each in scale])
            slow = [
                np.array([rng.multinomial(round(1000 / 60 * step * part), each) for each in shares])
                for part in (share, 1 - share)
            ]
            x_c, x_k = (np.cumsum(each[:, :0:-1], axis=1)[:, ::-1, None] for each in slow)
            mass, spent = prior.spent(start + 5) - spent, prior.spent(start + 5)
            wealth = (wealth + mass) * np.exp(x_c * gains - (x_c + x_k) * losses)
            fired |= wealth.mean(axis=(1, 2)) >= 1 / ALPHA_LATENCY
            tallies = [Tally(slow={n: int(c) for n, c in enumerate(each[0]) if n and c}) for each in slow]
            state = process.fold(state, pair(start, *tallies))
        assert process.e_values(state)[0] == pytest.approx(wealth[0].mean(), rel=1e-6)
    return fired


def test_a_harmless_candidate_is_seldom_called_slower(long_form: bool, figure: Callable[[str], None]) -> None:
    runs = 2000 if long_form else 60
    fired = whole_rollouts(np.random.default_rng(30), runs)
    figure(f"latency, A/A over 12 days: {fired.sum()} of {runs} fired")
    assert fired.mean() <= ALPHA_LATENCY + 4 * np.sqrt(ALPHA_LATENCY / runs)


@pytest.mark.parametrize(("scale", "sigma"), [(1.3, SIGMA), (1.0, 0.843)], ids=["x1.3", "p95 3 to 6 s"])
def test_a_slower_candidate_is_seen_as_soon_as_the_design_requires(
    scale: float, sigma: float, figure: Callable[[str], None]
) -> None:
    rng, rollout = np.random.default_rng(31), make_rollout(Gates())
    process = request_process(rollout, MEASURE)
    slow, usual = levels(beyond(scale, sigma)), levels(beyond())
    taken = []
    for _ in range(40):
        state, start, seen = process.begin(), 0, 0
        while process.e_values(state)[1] < 1 / ALPHA_LATENCY:
            counts = rng.poisson(1000 / 12 * np.array([0.05, 0.95]))
            drawn = [rng.multinomial(n, each) for n, each in zip(counts, (slow, usual), strict=True)]
            tallies = [Tally(slow={n: int(c) for n, c in enumerate(each) if n and c}) for each in drawn]
            state = process.fold(state, pair(start, *tallies))
            seen += int(counts[0])
            start += 5
        taken.append(seen)
    figure(
        f"latency {scale} sigma {sigma}: median {np.median(taken):.0f}, p95 {np.quantile(taken, 0.95):.0f}"
    )
    assert np.quantile(taken, 0.95) <= 280


def test_a_candidate_at_its_limit_seldom_breaks_it(long_form: bool) -> None:
    runs, steps = (2000 if long_form else 200), 500
    rng = np.random.default_rng(32)
    prior = stage_prior(plan_of_three(), 0)
    wealth, peak, spent = np.full((runs, 9), prior.start), np.zeros(runs), 0.0
    table = {}
    for step in range(steps):
        bad = rng.binomial(83, 0.02, runs)
        mass, spent = prior.spent(300.0 * step) - spent, prior.spent(300.0 * step)
        factors = np.array([table.setdefault(int(x), slo_ratios(0.02, int(x), 83)) for x in bad])
        wealth = (wealth + mass) * factors
        peak = np.maximum(peak, wealth.mean(axis=1))
    assert (peak >= 1 / ALPHA_SLO).mean() <= ALPHA_SLO + 4 * np.sqrt(ALPHA_SLO / runs)


def test_a_right_split_is_seldom_called_broken(long_form: bool) -> None:
    runs = 5000 if long_form else 500
    rng = np.random.default_rng(33)
    for share in SHARES:
        candidate = np.cumsum(rng.binomial(20, share, (runs, 1000)), axis=1)
        control = 20 * np.arange(1, 1001) - candidate
        a, b = PRIOR_UNITS * share, PRIOR_UNITS * (1 - share)
        logs = betaln(a + candidate, b + control) - betaln(a, b)
        logs -= candidate * np.log(share) + control * np.log1p(-share)
        fired = (logs >= np.log(1 / ALPHA_RATIO)).any(axis=1)
        assert fired.mean() <= ALPHA_RATIO + 4 * np.sqrt(ALPHA_RATIO / runs)


def requests_to_certificate(rng: np.random.Generator, savings: float, requests: int) -> int | None:
    """Candidate requests until 35 % are certified at 5 %; log costs and log sizes correlate by .8."""
    share, cap, kept = 0.05, 0.4, 0.65
    expected = 0.02 * rng.lognormal(-(0.96**2) / 2, 0.96, requests)
    candidate = rng.random(requests) < share
    cost = expected * rng.lognormal(-(0.72**2) / 2, 0.72, requests) * np.where(candidate, 1 - savings, 1.0)
    cost, expected = np.minimum(cost, cap), np.minimum(expected, cap)
    d = np.where(candidate, (cost - kept * expected) / share, -kept * (cost - expected) / (1 - share))
    logs = np.cumsum(np.log1p(-np.outer(d, np.array(BETS) * share / cap)), axis=0)
    certified = np.exp(np.minimum(690, logs)).mean(axis=1) >= 1 / ALPHA_CERTIFICATE
    return int(candidate[: np.argmax(certified) + 1].sum()) if certified.any() else None


def test_savings_of_40_percent_are_certified_as_soon_as_the_design_requires(
    long_form: bool, figure: Callable[[str], None]
) -> None:
    rng = np.random.default_rng(34)
    taken = [requests_to_certificate(rng, 0.4, 400_000) for _ in range(200 if long_form else 30)]
    found = [each for each in taken if each is not None]
    figure(
        f"savings of 40 % certified as 35 %: median {np.median(found):.0f} of {len(found)} candidate requests"
    )
    assert len(found) == len(taken)
    assert np.median(found) <= 4200


def test_savings_of_just_35_percent_are_seldom_certified(
    long_form: bool, figure: Callable[[str], None]
) -> None:
    rng, runs = np.random.default_rng(35), 1000 if long_form else 40
    falsely = sum(requests_to_certificate(rng, 0.35, 200_000) is not None for _ in range(runs))
    figure(f"savings of just 35 % certified: {falsely} of {runs}")
    assert falsely / runs <= ALPHA_CERTIFICATE + 4 * np.sqrt(ALPHA_CERTIFICATE / runs)
