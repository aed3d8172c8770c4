"""A scenario, the ledger that it leaves, and the scenario that is fitted from that."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from fresh_store import fresh_store
from reported import SetClock
from scenario_ledger import MIDNIGHT, exchanges_of, votes_of

from tidegate.domain.census import Alike, Census, Hour, LogSums, Sampled, UserCosts
from tidegate.domain.errors import InvalidInput
from tidegate.domain.exchange import Exchange, Vote
from tidegate.rehearsal.fitting.fit import ENOUGH, Fit, fit
from tidegate.rehearsal.fitting.text import scenario_text
from tidegate.rehearsal.scenario import CONTROL, Traffic
from tidegate.rehearsal.scenario_file import read_scenario

ASSUMED = ("traffic.triggered", "candidate.cost.mean")
TRUTH = """
traffic: {per_minute: 4, users: 800, zipf: 1.2, diurnal: 0.5}
control:
  errors: 4%
  latency: {median: 2.2s, sigma: 0.55}
  cost: {mean: 0.031, sigma: 0.9, input_corr: 0.7}
  votes: 5%
  down: 25%
  user_spread: 0.8
  daily_drift: 0.5
"""
DAYS = 10
WEEK = Sampled(since=MIDNIGHT, until=MIDNIGHT + 7 * 86_400)


async def fitted(folder: Path, exchanges: Sequence[Exchange], votes: Sequence[Vote], days: float) -> Fit:
    store = await fresh_store(folder / "tidegate.db", SetClock())
    try:
        for begin in range(0, len(exchanges), 2000):
            await store.ledger.ingest(exchanges[begin : begin + 2000], [])
        for vote in votes:
            assert await store.ledger.vote(vote) == "counted"
        sampled = Sampled(since=MIDNIGHT, until=MIDNIGHT + days * 86_400)
        return fit(await store.samples.census(sampled), sampled)
    finally:
        await store.close()


@pytest.mark.slow
async def test_a_scenario_is_found_again_in_the_ledger_that_it_leaves(tmp_path: Path) -> None:
    truth = read_scenario(TRUTH)
    exchanges = list(exchanges_of(truth, DAYS))
    found = await fitted(tmp_path, exchanges, list(votes_of(truth, exchanges)), DAYS)
    read = read_scenario(scenario_text(found))
    assert all(each.fitted for each in found.figures if each.key not in ASSUMED)
    assert read.traffic.per_minute == pytest.approx(4, rel=0.02)
    assert read.traffic.users == pytest.approx(800, rel=0.05)
    assert read.traffic.zipf == pytest.approx(1.2, abs=0.03)
    assert read.traffic.diurnal == pytest.approx(0.5, abs=0.03)
    control = read.control
    assert control.errors == pytest.approx(sum(e.faulted for e in exchanges) / len(exchanges), rel=1e-3)
    assert control.errors == pytest.approx(0.04, rel=0.6)  # ten days' luck and a few heavy users' is in it
    assert control.latency.median == pytest.approx(2.2, rel=0.02)
    assert control.latency.sigma == pytest.approx(0.55, rel=0.04)
    assert control.cost.mean == pytest.approx(0.031, rel=0.03)
    assert control.cost.sigma == pytest.approx(0.9, rel=0.03)
    assert control.cost.input_corr == pytest.approx(0.7, abs=0.03)
    assert control.cost.user_spread == 0.0
    assert control.votes == pytest.approx(0.05, rel=0.06)
    assert control.down == pytest.approx(0.25, abs=0.03)
    assert control.user_spread == pytest.approx(0.8, abs=0.2)
    assert control.daily_drift == pytest.approx(0.5, rel=0.5)
    assert read.candidate.cost.mean == pytest.approx(0.6 * read.control.cost.mean, rel=1e-3)


async def test_how_much_of_the_scatter_of_costs_lies_between_users_is_found_again(tmp_path: Path) -> None:
    unlike = (
        "traffic: {per_minute: 4, users: 400, zipf: 0.3}\ncontrol: {cost: {sigma: 0.9, user_spread: 0.5}}"
    )
    found = await fitted(tmp_path, list(exchanges_of(read_scenario(unlike), 2)), [], 2)
    cost = read_scenario(scenario_text(found)).control.cost
    assert cost.user_spread == pytest.approx(0.5, abs=0.08)
    assert cost.sigma == pytest.approx(0.9, rel=0.06)


async def test_what_few_requests_do_not_tell_stays_the_default_and_is_said(tmp_path: Path) -> None:
    sparse = read_scenario("traffic: {per_minute: 2, users: 5, zipf: 0}\ncontrol: {errors: 0%, votes: 2%}")
    exchanges = [msgspec.structs.replace(e, cost_usd=None) for e in exchanges_of(sparse, 0.2)]
    found = await fitted(tmp_path, exchanges, [], 0.2)
    text, read = scenario_text(found), read_scenario(scenario_text(found))
    assert (read.traffic.users, read.traffic.zipf, read.traffic.diurnal) == (5, Traffic().zipf, 0.0)
    assert read.control.cost == CONTROL.cost
    assert (read.control.down, read.control.user_spread, read.control.daily_drift) == (0.15, 0.0, 0.0)
    assert 0 < read.control.errors < 1 / len(exchanges)
    said = " ".join(text.split())
    assert "diurnal: 0.0 # the default, not fitted: 0 whole days (UTC); 2 more are needed" in said
    assert "zipf: 1.1" in text
    assert "# the default, not fitted: 5 users; 15 more are needed\n" in text
    assert "# the default, not fitted: 0 priced requests; 200 more are needed\n" in text
    assert "# the default, not fitted: 0 votes; 20 more are needed\n" in text


def census(**changes: object) -> Census:
    hours = tuple(Hour(int(MIDNIGHT) + 3600 * n, 10, 10, 1) for n in range(7 * 24))
    usual = Census(
        hours=hours,
        first_at=MIDNIGHT + 60,
        alike=(Alike(28, 60, 60, 6),),
        milliseconds={800: 700, 1600: 500, 4000: 300},
        costs=LogSums(priced=1680, usd=16.8, costly=1680, x=-7737.0, xx=36_000.0),
        up=30,
        down=10,
    )
    return msgspec.structs.replace(usual, **changes)


def test_too_few_requests_are_refused_with_how_many_are_needed() -> None:
    few = census(hours=(Hour(int(MIDNIGHT), 500, ENOUGH - 1, 0),))
    with pytest.raises(InvalidInput, match=r"has 199 baseline requests of tenants acme from .* needs 200"):
        fit(few, msgspec.structs.replace(WEEK, tenants=("acme",)))
    with pytest.raises(InvalidInput, match="has 0 baseline requests from"):
        fit(Census(), WEEK)


def test_a_ledger_that_is_younger_than_what_was_asked_for_counts_from_its_first_request() -> None:
    young = msgspec.structs.replace(WEEK, since=WEEK.since - 30 * 86_400)
    assert fit(census(), young).value("traffic.per_minute") == pytest.approx(1680 / (7 * 24 * 60), rel=1e-3)


@pytest.mark.parametrize(
    ("asked", "late", "seconds"),
    [
        (7 * 86_400, 3500, 7 * 86_400),
        (7 * 86_400, 3700, 7 * 86_400 - 3700),
        (3600, 100, 3600),
        (3600, 3000, 600),
    ],
)
def test_a_first_request_that_is_a_little_late_does_not_shorten_the_period(
    asked: float, late: float, seconds: float
) -> None:
    sampled = msgspec.structs.replace(WEEK, until=MIDNIGHT + asked)
    found = fit(census(first_at=MIDNIGHT + late), sampled)
    assert found.value("traffic.per_minute") == pytest.approx(1680 / seconds * 60)
    assert found.since == MIDNIGHT + asked - seconds


def test_a_burst_of_seconds_is_told_of_a_minute() -> None:
    sampled = msgspec.structs.replace(WEEK, until=MIDNIGHT + 3600)
    burst = census(first_at=MIDNIGHT + 3598)
    assert fit(burst, sampled).value("traffic.per_minute") == 1680


def test_sizes_that_say_nothing_leave_the_correlation_at_its_default() -> None:
    found = {each.key: each for each in fit(census(), WEEK).figures}
    assert (found["control.cost.input_corr"].fitted, found["control.cost.input_corr"].value) == (False, 0.8)
    assert "0 with a cost and a size; 200 more" in found["control.cost.input_corr"].said
    same = LogSums(priced=300, usd=3, costly=300, x=-1381.6, xx=6362.7, sized=300)
    assert "all the same" in next(
        each.said for each in fit(census(costs=same), WEEK).figures if each.key.endswith("input_corr")
    )


def test_users_whose_costs_differ_no_more_than_by_chance_have_no_spread() -> None:
    alike = UserCosts(users=100, requests=1_000, squared=10_000, within=900.0, between=110.0)
    found = {each.key: each for each in fit(census(user_costs=alike), WEEK).figures}
    assert (found["control.cost.user_spread"].fitted, found["control.cost.user_spread"].value) == (True, 0.0)
    assert "no more than by chance" in found["control.cost.user_spread"].said
    apart = msgspec.structs.replace(alike, between=500.0)
    wide = LogSums(priced=1680, usd=16.8, costly=1680, x=-7737.0, xx=37_500.0)
    known = fit(census(user_costs=apart, costs=wide), WEEK).value("control.cost.user_spread")
    assert known == pytest.approx(((500 / 99 - 1) / 10) ** 0.5, rel=0.01)
    capped = fit(census(user_costs=apart), WEEK)
    assert capped.value("control.cost.user_spread") == capped.value("control.cost.sigma") < known
    few = msgspec.structs.replace(apart, users=19)
    assert not fit(census(user_costs=few), WEEK).figures[-2].fitted
    assert fit(census(user_costs=few), WEEK).value("control.cost.user_spread") == 0.0


def test_triggered_is_the_share_of_the_periods_rollouts_and_else_unknown() -> None:
    found = fit(census(judged=400, triggered=60), WEEK)
    assert found.value("traffic.triggered") == pytest.approx(0.15)
    assert "triggered: 15.0%" in " ".join(scenario_text(found).split())
    assert "60 of 400 requests of rollouts" in scenario_text(found)
    for judged, triggered, why in (
        (0, 0, "0 requests of rollouts; 200 more are needed"),
        (199, 90, "199 requests of rollouts; 1 more are needed"),
        (5_000, 0, "on none of 5,000 requests of rollouts the skill was chosen; write yours"),
    ):
        unknown = fit(census(judged=judged, triggered=triggered), WEEK)
        assert unknown.value("traffic.triggered") == 1.0
        assert why in scenario_text(unknown)


def test_requests_that_cost_nothing_leave_the_costs_at_their_defaults() -> None:
    free = fit(census(costs=LogSums(priced=1680)), WEEK)
    assert free.value("control.cost.mean") == CONTROL.cost.mean
    assert "none of 1,680 priced requests cost anything" in scenario_text(free)


def test_conversations_alone_tell_no_users() -> None:
    found = fit(census(alike=()), WEEK)
    assert found.value("traffic.users") == Traffic().users
    assert "tells no user" in scenario_text(found)


def test_every_value_is_written_so_that_a_scenario_file_takes_it() -> None:
    tiny = census(
        milliseconds={0: 400},
        costs=LogSums(priced=1680, usd=1e-9, costly=1680, x=-47_000.0, xx=1.4e6),
        hours=(Hour(int(MIDNIGHT), 10**10, 10**10, 3),),
    )
    read = read_scenario(scenario_text(fit(tiny, msgspec.structs.replace(WEEK, until=MIDNIGHT + 60))))
    assert read.traffic.per_minute == 999_900
    assert read.control.latency.median == 0.001
    assert read.control.cost.mean == 0.000001
