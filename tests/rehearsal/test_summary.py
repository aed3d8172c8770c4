"""What many rehearsals come to."""

import msgspec
import pytest
from scipy.stats import beta

from tidegate.rehearsal.course import Course, Harm
from tidegate.rehearsal.summary import summary, upper_bound

COURSES = [
    Course(number=0, outcome="completed", savings=0.4, certified=4000, whole=9.0),
    Course(
        number=1,
        outcome="rolled-back",
        gate="errors",
        requests=200,
        seconds=90.0,
        savings=0.3,
        harm=Harm(users=4, errors=8, usd=1.0),
    ),
    Course(number=2, outcome="rolled-back", gate="trip", requests=9, seconds=30.0),
    Course(number=3, outcome="rolled-back", gate="errors", before_fault=True, false_rollback=True),
]


def test_the_document_has_its_fixed_keys() -> None:
    assert msgspec.to_builtins(summary(COURSES)) == {
        "reps": 4,
        "outcomes": {"completed": 1, "rolled-back": 3, "paused": 0, "unfinished": 0},
        "rollback": {
            "by": {"errors": 2, "trip": 1},
            "candidate_requests": {"p50": 9, "p95": 200},
            "minutes": {"p50": 0.5, "p95": 1.5},
            "before_fault": 1,
        },
        "false_rollback": {"rate": 0.25, "upper_95": pytest.approx(0.7514, abs=1e-4)},
        "savings": {
            "certified_rate": 0.25,
            "candidate_requests": {"p50": 4000, "p95": 4000},
            "point": {"mean": pytest.approx(0.35)},
        },
        "harm": {"users": 1.0, "errors": 2.0, "usd": 0.25},
    }


def test_without_a_rollback_there_is_none() -> None:
    found = summary(COURSES[:1])
    assert found.rollback is None
    assert found.false_rollback.rate == 0.0


@pytest.mark.parametrize(("hits", "trials"), [(0, 1000), (3, 1000), (17, 40), (40, 40), (0, 1)])
def test_the_upper_bound_is_the_exact_one(hits: int, trials: int) -> None:
    exact = 1.0 if hits == trials else beta.ppf(0.95, hits + 1, trials - hits)
    assert upper_bound(hits, trials) == pytest.approx(exact, abs=1e-9)
