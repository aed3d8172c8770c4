"""A run is judged by what it came to; percentiles are exact; what was not kept is said."""

import statistics

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.harness.load.outcome import Outcome, judge
from tidegate.harness.load.page import html
from tidegate.harness.load.scenario import SCENARIOS
from tidegate.harness.load.shot import Kind, Result, Shot
from tidegate.harness.load.tally import Tally, quantile, times


def result(seconds: float = 1.0, *, at: float = 0.0, late: float = 0.0, **told: object) -> Result:
    shot = Shot(at=at, kind=Kind.SCRIPT, user=1, stream=True)
    return Result(shot=shot, late=late, seconds=seconds, status=200, **told)


def judged(*results: Result, unsent: int = 0) -> Outcome:
    tally = Tally(window=1.0)
    for each in results:
        tally.take(each)
    return judge(SCENARIOS["smoke"], tally, target="t", unsent=unsent, sending_seconds=60)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=300), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_a_quantile_is_the_smallest_value_that_covers_the_share(values: list[float], share: float) -> None:
    found = quantile(sorted(values), share)
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
    assert sum(value < found for value in values) < share * len(values)


def test_percentiles_of_nothing_are_unknown() -> None:
    assert times([]).p95 is None


def test_percentiles_are_those_of_the_statistics_module() -> None:
    values = [n / 7 for n in range(1, 1001)]
    assert times(values).p95 == pytest.approx(statistics.quantiles(values, n=20)[18], rel=0.002)


def test_what_keeps_the_promises_misses_nothing() -> None:
    assert judged(*(result() for _ in range(100))).missed == ()


def test_errors_of_two_in_a_hundred_are_too_many() -> None:
    good = [result() for _ in range(98)]
    outcome = judged(*good, result(failure="status"), result(failure="reset"))
    assert outcome.missed == ("2.00% of the requests failed; promised: under 2%",)
    assert outcome.failures == {"status 200": 1, "reset": 1}
    assert judged(*good, result(), result(failure="reset")).missed == ()


def test_a_slow_twentieth_is_too_slow() -> None:
    outcome = judged(*(result() for _ in range(94)), *(result(5.0) for _ in range(6)))
    assert outcome.missed == ("p95 is 5.00 s; promised: under 5 s",)


def test_a_generator_that_cannot_keep_up_fails_the_run() -> None:
    outcome = judged(*(result(late=0.2) for _ in range(100)))
    assert "could not keep its schedule" in outcome.missed[0]
    assert judged(*(result() for _ in range(100)), unsent=3).missed == (
        "3 requests were not sent: too many were in flight",
    )


def test_a_run_that_sent_nothing_has_kept_nothing() -> None:
    assert judged().missed == ("nothing was sent",)


def test_times_are_told_by_kind_and_over_time() -> None:
    outcome = judged(result(1.0, at=0.2), result(3.0, at=0.9), result(2.0, at=5.5, failure="reset"))
    assert [(kind.kind, kind.requests, kind.failures) for kind in outcome.kinds] == [("script", 3, 1)]
    assert [(point.at, point.requests, point.failures, point.p95) for point in outcome.timeline] == [
        (0.0, 2, 0, 3.0),
        (5.0, 1, 1, 2.0),
    ]


def test_the_page_stands_alone_and_says_what_was_missed() -> None:
    page = html(judged(result(9.0), result(failure="<reset>", fallback="status")))
    assert "p95 is 9.00 s" in page
    assert "&lt;reset&gt;" in page
    assert page.count("<svg") == 3
    assert "src=" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_result_is_json() -> None:
    outcome = judged(result(first_token_seconds=0.3))
    assert msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome) == outcome
