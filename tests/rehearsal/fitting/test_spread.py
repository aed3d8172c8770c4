"""How much rates differ is found again, and chance alone is no difference."""

import math

import pytest

from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.fitting.spread import Cell, fit_spread


def users(sigma: float, seed: str, count: int = 2000, requests: int = 60_000) -> list[Cell]:
    """Zipf users, 3 % of whose requests are faulted."""
    draws = Draws(f"{seed}/{sigma}")
    raw = [rank**-1.1 for rank in range(1, count + 1)]
    total, cells = math.fsum(raw), []
    for each in raw:
        asked = draws.poisson(requests * each / total)
        rate = 0.03 * math.exp(sigma * draws.normal() - sigma * sigma / 2)
        cells.append(Cell(1, asked, draws.binomial(asked, min(0.95, rate))))
    return cells


@pytest.mark.parametrize("sigma", [0.5, 1.0, 1.5])
def test_a_spread_between_users_is_found_again(sigma: float) -> None:
    found = fit_spread(users(sigma, "u"))
    assert found.noticeable
    assert found.sigma == pytest.approx(sigma, abs=0.2)


@pytest.mark.parametrize("sigma", [0.3, 1.0])
def test_a_spread_between_days_is_found_again(sigma: float) -> None:
    draws, days = Draws(f"d/{sigma}"), []
    for _ in range(60):
        rate = 0.008 * math.exp(sigma * draws.normal() - sigma * sigma / 2)
        days.append(Cell(1, 5000, draws.binomial(5000, min(0.95, rate))))
    found = fit_spread(days)
    assert found.noticeable
    assert found.sigma == pytest.approx(sigma, rel=0.25)


def test_of_users_that_are_alike_one_in_twenty_samples_shows_a_difference() -> None:
    shown = sum(fit_spread(users(0.0, f"n{n}", 300, 6000)).noticeable for n in range(15))
    assert shown <= 3


def test_alike_cells_count_as_many_times_as_they_say() -> None:
    cells = users(1.0, "m", 200, 4000)
    assert fit_spread(cells).sigma == pytest.approx(fit_spread([*cells[::2], *cells[1::2]]).sigma, abs=0.02)
    twice = fit_spread([cell._replace(many=2) for cell in cells])
    assert twice.sigma == pytest.approx(fit_spread([*cells, *cells]).sigma, abs=0.02)


def test_one_faulted_request_is_no_spread() -> None:
    assert not fit_spread([Cell(50, 10, 0), Cell(1, 10, 1)]).noticeable
