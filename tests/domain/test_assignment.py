"""Assignment: fixed vectors, shares, steps, holdouts."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.assignment import arm, arm_after, bucket, candidate_share, ceiling, moved_range
from tidegate.domain.exchange import Arm
from tidegate.domain.rollout import After, Stage

SALT = "00112233445566778899aabbccddeeff"
UNITS = 1_000_000


def stage(weight: int, holdout: int = 0) -> Stage:
    return Stage(name="s", weight=weight, bake_seconds=60, holdout=holdout)


VECTORS = [
    (SALT, "default", "user-1", 4033),
    (SALT, "default", "user-2", 8276),
    (SALT, "acme", "user-1", 639),
    ("ffeeddccbbaa99887766554433221100", "default", "user-1", 5742),
    (SALT, "", "", 8747),
    (SALT, "tenant", "ünïcödé-名前", 253),
    (SALT, "tenant", "\ud800", 5429),
]


@pytest.mark.parametrize(("salt", "tenant", "unit", "expected"), VECTORS)
def test_a_unit_keeps_its_bucket_for_ever(salt: str, tenant: str, unit: str, expected: int) -> None:
    assert bucket(salt, tenant, unit) == expected


def test_a_million_units_get_their_shares_and_a_step_up_takes_nobody_back() -> None:
    steps = [stage(500), stage(2500), stage(10_000, holdout=500)]
    counts = Counter(bucket(SALT, "t", f"user-{n}") for n in range(UNITS))
    assert sum(counts.values()) == UNITS
    before: set[int] = set()
    for step in steps:
        candidate = {b for b in range(10_000) if arm(b, step) is Arm.CANDIDATE}
        control = {b for b in range(10_000) if arm(b, step) is Arm.CONTROL}
        assert candidate | control == set(range(10_000))
        assert not candidate & control
        assert before <= candidate
        before = candidate
        rho = candidate_share(step)
        expected, sigma = UNITS * rho, math.sqrt(UNITS * rho * (1 - rho))
        assert abs(sum(counts[b] for b in candidate) - expected) <= 4 * sigma


def test_every_bucket_is_filled_evenly() -> None:
    counts = Counter(bucket(SALT, "t", f"u{n}") for n in range(200_000))
    chi_square = sum((counts[b] - 20) ** 2 / 20 for b in range(10_000))
    assert abs(chi_square - 9_999) <= 4 * math.sqrt(2 * 9_999)


def test_tenant_and_unit_do_not_run_together() -> None:
    pairs = [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", ""), ("a:b", "c"), ("a", "b:c"), ("1", "1:c")]
    assert len({bucket(SALT, t, u) for t, u in pairs}) == len(pairs)


def test_arms_of_two_salts_are_independent() -> None:
    other = SALT[::-1]
    both = sum(bucket(SALT, "t", f"{n}") < 2500 and bucket(other, "t", f"{n}") < 2500 for n in range(100_000))
    assert abs(both - 6250) <= 4 * math.sqrt(100_000 * 0.0625 * 0.9375)


@pytest.mark.parametrize(
    ("weight", "holdout", "top"),
    [(0, 0, 0), (1, 0, 1), (500, 0, 500), (10_000, 0, 10_000), (10_000, 500, 9_500), (9_700, 500, 9_500)],
)
def test_the_holdout_keeps_the_last_buckets(weight: int, holdout: int, top: int) -> None:
    step = stage(weight, holdout)
    assert ceiling(step) == top
    assert candidate_share(step) == top / 10_000
    assert {b for b in range(10_000) if arm(b, step) is Arm.CANDIDATE} == set(range(top))


@given(st.integers(0, 9_999), st.integers(0, 10_000))
def test_after_completion_only_the_last_buckets_stay_control(b: int, holdout: int) -> None:
    assert (arm_after(b, After(holdout=holdout)) is Arm.CONTROL) == (b >= 10_000 - holdout)


@given(st.integers(0, 9_999), st.integers(0, 9_999), st.integers(1, 10_000), st.integers(0, 10_000))
def test_the_moved_range_is_what_a_step_moves(b: int, low: int, rise: int, holdout: int) -> None:
    old, new = stage(low), stage(min(10_000, low + rise), min(holdout, 10_000 - min(10_000, low + rise)))
    moved = arm(b, old) is Arm.CONTROL and arm(b, new) is Arm.CANDIDATE
    assert (b in moved_range(old, new)) == moved
    assert (b in moved_range(None, old)) == (arm(b, old) is Arm.CANDIDATE)
