"""Hearing of clients that do not say whose requests they send."""

from collections.abc import Sequence

import pytest

from tidegate.serving.unit_sources import ENOUGH_REQUESTS, WINDOW_SECONDS, UnitSources

RULE = ("metadata", "header", "key")


def warnings(
    logs: pytest.LogCaptureFixture, sources: Sequence[tuple[str, float]], rule: Sequence[str] = RULE
) -> list[tuple[int, int]]:
    """The counts of each warning after these (source, time)."""
    logs.clear()
    counted = UnitSources(rule)
    for source, now in sources:
        counted.note(source, now)
    return [(log["by_key"], log["requests"]) for log in map(vars, logs.records)]


def mixed(by_key: int, requests: int, now: float = 0.0) -> list[tuple[str, float]]:
    """The named ones first."""
    return [("metadata", now)] * (requests - by_key) + [("key", now)] * by_key


@pytest.mark.parametrize(
    ("by_key", "requests", "told"),
    [
        (20, 100, []),
        (21, 100, [(21, 100)]),
        (99, 99, []),
        (100, 100, [(100, 100)]),
        (300, 1000, [(176, 876)]),
    ],
)
def test_more_than_a_fifth_of_enough_requests_warns_once(
    caplog: pytest.LogCaptureFixture, by_key: int, requests: int, told: list[tuple[int, int]]
) -> None:
    assert warnings(caplog, mixed(by_key, requests)) == told


def test_it_warns_again_in_the_next_window_only(caplog: pytest.LogCaptureFixture) -> None:
    many = mixed(ENOUGH_REQUESTS, ENOUGH_REQUESTS)
    assert len(warnings(caplog, many + mixed(500, 500, WINDOW_SECONDS - 1))) == 1
    assert len(warnings(caplog, many + mixed(500, 500, WINDOW_SECONDS))) == 2


def test_an_operator_who_wants_the_key_as_the_unit_is_not_warned(caplog: pytest.LogCaptureFixture) -> None:
    assert warnings(caplog, mixed(500, 500), rule=("key",)) == []
