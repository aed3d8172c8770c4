"""The daily wave is found again, whenever its top is, and only in whole days."""

import math

import pytest

from tidegate.domain.census import Hour
from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.fitting.wave import fit_wave, whole_days

DAY = 86_400


def hours(height: float, days: int, *, top: float = 6.0, per_hour: float = 200.0) -> list[Hour]:
    draws, found = Draws(f"{height}/{top}"), []
    for at in range(24 * days):
        level = 1 + height * math.cos(2 * math.pi * (at + 0.5 - top) / 24)
        found.append(Hour(at * 3600, draws.poisson(per_hour * level), 0, 0))
    return found


@pytest.mark.parametrize("height", [0.2, 0.6, 1.0])
@pytest.mark.parametrize("top", [6.0, 15.5])
def test_its_height_is_found_again(height: float, top: float) -> None:
    found = fit_wave(whole_days(hours(height, 7, top=top), 0.0, 7.0 * DAY))
    assert found == pytest.approx(height, abs=0.03)


def test_chance_alone_is_hardly_a_wave() -> None:
    assert fit_wave(whole_days(hours(0.0, 7, per_hour=10), 0.0, 7.0 * DAY)) < 0.08


def test_parts_of_days_are_left_out() -> None:
    days = whole_days(hours(0.0, 4), 3600.0, 3.5 * DAY)
    assert list(days) == [1, 2]
    assert all(len(each) == 24 for each in days.values())


def test_a_whole_day_without_requests_is_a_day() -> None:
    assert whole_days([], 0.0, 2.0 * DAY) == {0: [], 1: []}
    assert fit_wave({0: [], 1: []}) == 0.0


def test_what_chance_gives_is_taken_off() -> None:
    heights = []
    for seed in range(40):
        draws = Draws(f"chance/{seed}")
        flat = [Hour(at * 3600, draws.poisson(10.0), 0, 0) for at in range(24 * 7)]
        heights.append(fit_wave(whole_days(flat, 0.0, 7.0 * DAY)))
    assert sum(heights) / 40 < 0.028  # as it is it would be sqrt(pi / 1,680) = 0.043


def test_the_width_of_an_hour_takes_nothing() -> None:
    turn = 2 * math.pi / 24

    def count(at: int) -> int:
        return round(1e9 * (1 + 0.5 * (math.sin(turn * (at + 1)) - math.sin(turn * at)) / turn))

    exact = [Hour(at * 3600, count(at % 24), 0, 0) for at in range(48)]
    assert fit_wave(whole_days(exact, 0.0, 2.0 * DAY)) == pytest.approx(0.5, abs=1e-5)
