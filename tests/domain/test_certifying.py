"""When savings can be certified: by request and by unit, against what the tests themselves take."""

import math
from collections.abc import Mapping

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from priced import SPAN, priced
from scipy.stats import poisson
from stages import HOUR

from tidegate.domain.certifying import reached, seconds_to_certify
from tidegate.domain.exchange import Arm, Stakes
from tidegate.domain.rollout import Gates, Unit
from tidegate.domain.savings import ALPHA_CERTIFICATE, stage_bound, wealth
from tidegate.domain.unit_savings import LEAST_LEVEL, MILESTONES, UNIT_BETS, unit_bets


def test_the_reckoned_time_to_a_certificate_is_about_what_is_simulated() -> None:
    asked, seen = priced(1000)
    requests = seconds_to_certify(asked, 0, seen, 0.4) * 1000 / 60 * 0.05
    assert 2500 < requests < 6500  # at the threshold of one stage the median is 3,900
    assert seconds_to_certify(asked, 0, seen, 0.35) == math.inf
    assert seconds_to_certify(asked, 0, seen, 0.5) < seconds_to_certify(asked, 0, seen, 0.4) / 3
    without = msgspec.structs.replace(asked, gates=Gates())
    assert seconds_to_certify(without, 0, seen, 0.4) == math.inf


def test_of_units_it_is_about_when_as_many_are_read_at_a_milestone_as_the_test_takes() -> None:
    asked, seen = priced(100, users=2000, unit=Unit.USER)
    seconds = seconds_to_certify(asked, 0, seen, 0.5)
    times = np.geomspace(60, 48 * HOUR, 80)
    first = min(
        next(
            (at for at in times if _reached(seen.spectrum, at / SPAN, milestone.requests) >= wanted), math.inf
        )
        for number, milestone in enumerate(MILESTONES)
        for wanted in [float(np.median([_units_until_certified(number, seed) for seed in range(9)]))]
    )
    assert seconds == pytest.approx(first, rel=0.5)


def _units_until_certified(number: int, seed: int) -> int:
    """How many units are read at a milestone until the certificate is there, of those that tell the level."""
    rng, milestone = np.random.default_rng(seed), MILESTONES[number]
    bound = stage_bound(ALPHA_CERTIFICATE, 0, 2)
    stakes, first = Stakes(0.0, 0.4, 0.05, 0.35), 2 * len(UNIT_BETS) * number
    sums = [0] * len(UNIT_BETS)
    for read in range(1, 100_000):
        sizes = rng.lognormal(0, 0.96, milestone.requests)
        ratio = float(sizes @ rng.lognormal(-(0.72**2) / 2, 0.72, milestone.requests) / sizes.sum())
        is_candidate = rng.random() < 0.05
        arm = Arm.CANDIDATE if is_candidate else Arm.CONTROL
        row = unit_bets(stakes, arm, number, ratio * (0.5 if is_candidate else 1.0), 1.0)
        sums = [known + row[first + place] for place, known in enumerate(sums)]
        if milestone.part * wealth(sums) >= bound:
            return read + LEAST_LEVEL
    raise AssertionError("no certificate")


def _reached(spectrum: Mapping[int, int], times: float, milestone: int) -> float:
    asked, units = np.array(list(spectrum)), np.array(list(spectrum.values()))
    return float(units @ poisson.sf(milestone - 1, times * asked))


def test_units_that_reach_a_milestone_are_as_poissons_law_has_it() -> None:
    _, seen = priced(100, users=500, unit=Unit.USER)
    assert reached(seen.spectrum, 2.5, 5) == pytest.approx(_reached(seen.spectrum, 2.5, 5), rel=1e-9)
    assert reached({10**6: 3}, 1.0, 20) == 3.0


@given(st.floats(0.4, 0.9), st.sampled_from(list(Unit)))
def test_larger_savings_and_more_traffic_are_never_certified_later(savings: float, unit: Unit) -> None:
    asked, few = priced(50, users=400, unit=unit)
    many = msgspec.structs.replace(few, span=few.span / 2, requests=few.requests)
    assert seconds_to_certify(asked, 0, few, savings + 0.05) <= seconds_to_certify(asked, 0, few, savings)
    assert seconds_to_certify(asked, 0, many, savings) <= seconds_to_certify(asked, 0, few, savings) * 1.01


def test_too_few_users_never_certify() -> None:
    asked, seen = priced(1000, users=40, unit=Unit.USER)
    assert seconds_to_certify(asked, 0, seen, 0.4) == math.inf
    nobody = msgspec.structs.replace(seen, bills=(), spectrum={})
    assert seconds_to_certify(asked, 0, nobody, 0.4) == math.inf
