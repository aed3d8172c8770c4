"""Users and exponent are found again in counts that were drawn by them."""

import math
from collections import Counter

import pytest

from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.fitting.activity import MOST_USERS, at_most, fit_activity, shares


def drawn(users: int, zipf: float, requests: int, seed: str = "a") -> Counter[int]:
    draws = Draws(f"{seed}/{users}/{zipf}")
    raw = [rank**-zipf for rank in range(1, users + 1)]
    total = math.fsum(raw)
    counts = Counter(draws.poisson(requests * each / total) for each in raw)
    del counts[0]
    return counts


@pytest.mark.parametrize(
    ("users", "zipf", "requests"),
    [
        (20_000, 1.1, 100_000),
        (2_000, 0.7, 20_000),
        (500, 1.1, 5_000),
        (300, 1.6, 30_000),
        (1_000, 0.0, 50_000),
    ],
)
def test_both_are_found_again_though_many_users_did_not_ask(users: int, zipf: float, requests: int) -> None:
    found = fit_activity(drawn(users, zipf, requests))
    assert found.zipf == pytest.approx(zipf, abs=0.06)
    assert found.users == pytest.approx(users, rel=0.12)
    assert found.busiest == pytest.approx(shares(users, zipf)[0][1], rel=0.15)


def test_a_tenth_of_the_users_tell_the_exponent_and_roughly_how_many_there_are() -> None:
    found = fit_activity(drawn(20_000, 1.1, 2_000))
    assert found.zipf == pytest.approx(1.1, abs=0.05)
    assert 10_000 < found.users < 45_000


def test_users_who_all_asked_once_cannot_be_told_from_the_most_there_may_be() -> None:
    assert fit_activity({1: 1000}).users == MOST_USERS


def test_shares_are_those_of_every_rank() -> None:
    classes = shares(10_000, 1.1)
    assert sum(count for count, _ in classes) == 10_000
    assert math.fsum(count * share for count, share in classes) == pytest.approx(1.0)
    total = math.fsum(rank**-1.1 for rank in range(1, 10_001))
    assert classes[0][1] == pytest.approx(1 / total, rel=1e-3)


@pytest.mark.parametrize("count", [0, 3, 10, 11, 60, 4000])
@pytest.mark.parametrize("ratio", [0.2, 0.9, 1.0, 1.1, 3.0])
def test_the_poisson_tail_is_right_to_a_thousandth(count: int, ratio: float) -> None:
    mean = max(0.5, count) * ratio
    exact = math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))
    assert at_most(count, mean) == pytest.approx(exact, abs=1e-3)
