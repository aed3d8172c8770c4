"""Other tools' rules on traffic of the same kind."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from tidegate.domain.evidence import Tally, latency_cell
from tidegate.domain.rollout import Plan
from tidegate.rehearsal.compare import compare
from tidegate.rehearsal.rank_test import location_shift
from tidegate.rehearsal.rivals import RIVALS, Argo, Flagger, Kayenta, Limits, Rival
from tidegate.rehearsal.scenario_file import read_scenario

LIMITS = Limits(errors=0.02, p95=5.0)


def tally(requests: int, errors: int, seconds: float = 1.5) -> Tally:
    return Tally(requests=requests, errors=errors, seconds={latency_cell(seconds): requests})


def minutes(rule: Rival, candidate: list[Tally], control: Tally | None = None) -> list[str | None]:
    return [rule.minute(each, control or tally(950, 8)) for each in candidate]


def test_flagger_counts_failed_checks_in_a_row() -> None:
    good, bad = tally(50, 1), tally(50, 2)
    assert minutes(Flagger(LIMITS), [bad] * 5) == [None] * 4 + ["errors"]
    assert minutes(Flagger(LIMITS), [bad] * 4 + [good] + [bad] * 4) == [None] * 9
    assert minutes(Flagger(LIMITS), [tally(50, 0, 6.0)] * 5)[-1] == "latency"
    assert minutes(Flagger(LIMITS), [Tally()] * 9) == [None] * 9


def test_argo_counts_failed_measurements_of_five_minutes() -> None:
    bad, good = [tally(50, 10)] * 5, [tally(50, 0)] * 5
    assert minutes(Argo(LIMITS), bad * 3 + good + bad)[-1] == "errors"
    assert minutes(Argo(LIMITS), bad * 3 + good * 9) == [None] * 60
    assert minutes(Argo(LIMITS), [Tally()] * 30) == [None] * 30


def test_kayenta_judges_an_hour_at_its_end() -> None:
    rng = np.random.default_rng(4)
    worse = [tally(50, int(errors)) for errors in rng.poisson(5, 60)]
    assert minutes(Kayenta(LIMITS), worse) == [None] * 59 + ["errors"]
    alike = [tally(50, int(errors)) for errors in rng.poisson(0.4, 60)]
    assert minutes(Kayenta(LIMITS), alike) == [None] * 60
    slower = [tally(50, 0, 1.5 * float(f)) for f in rng.lognormal(0.26, 0.05, 60)]
    assert minutes(Kayenta(LIMITS), slower)[-1] == "latency"
    assert minutes(Kayenta(LIMITS), [Tally()] * 60) == [None] * 60


@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0])
def test_the_shift_is_above_nothing_where_the_rank_test_says_so(shift: float) -> None:
    rng = np.random.default_rng(11)
    for _ in range(20):
        one, other = list(rng.normal(shift, 1, 40)), list(rng.normal(0, 1, 35))
        lower, estimate = location_shift(one, other, 0.98)
        found = mannwhitneyu(one, other, use_continuity=False, method="asymptotic").pvalue
        assert estimate == pytest.approx(shift, abs=1.2)
        if abs(found - 0.02) > 0.003 and estimate > 0:
            assert (lower > 0) == (found < 0.02)


def test_every_rule_sees_a_total_failure_and_an_early_end_ends_it(by_request: Plan) -> None:
    broken = read_scenario("faults: [{arm: candidate, at: 0h, errors: 100%}]")
    found = compare(by_request, broken, RIVALS)
    assert (found["flagger"].outcome, found["flagger"].seconds) == ("rolled-back", 300.0)
    assert (found["argo"].outcome, found["argo"].seconds) == ("rolled-back", 1200.0)
    assert found["kayenta"].outcome == "completed"  # no stage of this plan lasts an hour
    assert found["flagger"].requests == pytest.approx(250, abs=60)
    assert not found["flagger"].false_rollback


def test_a_rule_that_ends_a_harmless_canary_is_false(by_request: Plan) -> None:
    flaky = read_scenario("control: {errors: 10%}\nfaults: [{arm: candidate, at: 30m, errors: 20%}]")
    found = compare(by_request, flaky, ["flagger"])["flagger"]
    assert (found.outcome, found.gate, found.false_rollback, found.before_fault) == (
        "rolled-back",
        "errors",
        True,
        True,
    )
