"""What a row of simulations comes to, from courses made by hand."""

import msgspec
import pytest

from tidegate.harness.simulate.result import Result, middle, pooled, ranked, result, shown_share, table
from tidegate.harness.simulate.rows import ROWS, Figure, Row
from tidegate.rehearsal.course import Course
from tidegate.rehearsal.plan import plan_of
from tidegate.rehearsal.scenario_file import read_scenario

SEEN = next(row for row in ROWS if row.name == "errors-5pct")
FALSE = next(row for row in ROWS if row.name == "aa-user")
SAVED = next(row for row in ROWS if row.name == "savings-40-user")


def courses(*outcomes: tuple[str, int]) -> list[Course]:
    return [
        Course(number=n, outcome=outcome, requests=requests) for n, (outcome, requests) in enumerate(outcomes)
    ]


def rolled_back(*requests: int) -> list[Course]:
    return courses(*(("rolled-back", each) for each in requests))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_is_a_plan_and_a_scenario_that_can_be_read(row: Row) -> None:
    assert plan_of(row.spec).stages[-1].weight == 10_000
    read_scenario(row.scenario)
    assert row.figure in (Figure.REQUESTS, Figure.CERTIFIED) or row.share == 0.01


def test_names_tell_rows_apart() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_requests_are_ranked_and_kept_or_missed() -> None:
    found = result(SEEN, rolled_back(*range(100, 300, 10)), [])
    assert (found.reps, found.hits, found.p50, found.p95, found.verdict) == (20, 20, 190, 280, "kept")
    assert found.required == "≤ 220 / ≤ 550"
    assert result(SEEN, rolled_back(*range(200, 400, 10)), []).verdict == "missed"
    assert result(SEEN, rolled_back(*range(100, 280, 10), 600, 900), []).verdict == "missed"


def test_what_never_came_counts_as_infinitely_late() -> None:
    found = result(SEEN, courses(("rolled-back", 100), ("completed", 10), ("unfinished", 10)), [])
    assert (found.hits, found.p50, found.p95, found.verdict) == (1, None, None, "missed")
    early = [msgspec.structs.replace(each, before_fault=True) for each in rolled_back(5, 5)]
    assert result(SEEN, early, []).hits == 0


def test_false_rollbacks_are_counted_with_an_upper_bound() -> None:
    false = [msgspec.structs.replace(each, false_rollback=True) for each in rolled_back(7)]
    found = result(FALSE, false + courses(*[("completed", 9)] * 99), [])
    assert (found.unit, found.hits, found.verdict) == ("user", 1, "not shown")
    assert found.upper == pytest.approx(0.0466, abs=0.0005)


@pytest.mark.parametrize(
    ("hits", "reps", "verdict"),
    [
        (0, 50, "not shown"),
        (0, 299, "kept"),
        (1, 98, "not shown"),
        (3, 50, "missed"),
        (4, 1000, "kept"),
        (6, 1000, "not shown"),
        (11, 1000, "missed"),
    ],
)
def test_too_few_repetitions_show_nothing(hits: int, reps: int, verdict: str) -> None:
    assert shown_share(hits, reps, 0.01) == verdict


def test_rows_with_few_repetitions_are_judged_together() -> None:
    few = [row for row in ROWS if row.pool]
    calm = courses(*[("completed", 9)] * 100)
    (together,) = pooled(ROWS, [result(row, calm, []) for row in few])
    assert (together.reps, together.hits, together.verdict) == (100 * len(few), 0, "kept")
    assert sum(row.reps for row in few) >= 473  # with one hit the bound is 1 %


def test_other_rules_may_not_roll_back_harmless_candidates_either() -> None:
    rivals = {"flagger": msgspec.structs.replace(rolled_back(300)[0], false_rollback=True)}
    (own,) = courses(("completed", 1))
    found = result(ROWS[0], [own], [msgspec.structs.replace(own, rivals=rivals)])
    assert (found.rivals, found.rival_hits) == ({}, {"flagger": (1, 1)})
    assert "| not shown | 1 of 1 |" in table([found], "")


def test_certificates_count_their_own_requests() -> None:
    certified = [msgspec.structs.replace(each, certified=n) for n, each in enumerate(rolled_back(1, 1, 1))]
    assert result(SAVED, certified, []).p50 == 1


def test_other_rules_are_ranked_on_the_traffic_that_they_saw() -> None:
    (own,) = rolled_back(100)
    rivals = {"flagger": rolled_back(300)[0], "argo": courses(("completed", 1))[0]}
    acted = msgspec.structs.replace(own, rivals=rivals)
    found = result(SEEN, [own], [acted])
    assert found.rivals == {"flagger": (300, 300), "argo": (None, None)}


def test_the_middle_holds_the_median() -> None:
    ordered = [float(n) for n in range(1, 101)]
    assert (ranked(ordered, 0.5), middle(ordered)) == (50.0, (40.0, 61.0))
    assert middle([5.0]) == (5.0, 5.0)


def test_the_table_says_what_was_missed() -> None:
    slow: Result = result(SEEN, rolled_back(1000, 2000), rolled_back_by_others())
    text = table([slow, result(FALSE, courses(("completed", 1)), [])], "Printed by hand.")
    assert "| 2 | 1,000 (1,000–2,000) | 2,000 | ≤ 220 / ≤ 550 | **missed** | 300 / 300 |" in text
    assert "| `user` | 1 | 0 | 95.00% | ≤ 1% | not shown |" in text
    assert text.startswith("Printed by hand.")


def rolled_back_by_others() -> list[Course]:
    (own,) = rolled_back(100)
    return [msgspec.structs.replace(own, rivals={"flagger": rolled_back(300)[0]})]


def test_other_tools_are_checked_against_the_design() -> None:
    (own,) = rolled_back(100)
    acted = [
        msgspec.structs.replace(
            own, rivals={"flagger": each, "kayenta": msgspec.structs.replace(each, requests=900)}
        )
        for each in rolled_back(*range(250, 450, 10))
    ]
    found = result(SEEN, [own], acted)
    assert found.beside_design["flagger"].agrees
    assert not found.beside_design["kayenta"].agrees
    early = msgspec.structs.replace(rolled_back(7)[0], before_fault=True)
    ended = [*acted, *([msgspec.structs.replace(own, rivals={"flagger": early, "kayenta": early})] * 50)]
    assert result(SEEN, [own], ended[:1] + ended[20:]).beside_design["flagger"].p50 == 250
    text = table([found], "")
    assert "* errors 0.8 → 5 %: flagger 340 (290–400), design 355: agrees" in text
    assert "kayenta 900 (900–900), design 3,000: **differs**" in text
