"""The weekly report beside SQL over the ledger that was written by hand."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from exchanges import make_exchange
from reported import BEGIN, DAY, HOUR, NAME, NOW, USE, Past, make_plan, reported

from tidegate.control.reporting import rollouts
from tidegate.control.reporting.weekly import weekly
from tidegate.domain.access import Switch
from tidegate.domain.errors import InvalidInput
from tidegate.domain.exchange import Outcome, SkillUse, Usage
from tidegate.domain.rollout import Move, Unit

ZONE = ZoneInfo("UTC")
WEEK = "2025-W48"
HIT = "body->>'cache' = 'hit'"
FALLEN_BACK = " AND body->>'fallback' IS NOT NULL"
BAD = "outcome IN ('upstream_error', 'upstream_timeout', 'skill_error', 'skill_timeout')"


@pytest.fixture
async def past(tmp_path: Path) -> AsyncIterator[Past]:
    """The rollout's past, and beside it exchanges of no rollout, one of them in the week before."""
    made = await reported(tmp_path / "tidegate.db")
    outside = [
        make_exchange(
            number,
            id=f"out_{number}",
            message_id=None,
            at=BEGIN + number * HOUR,
            finished_at=BEGIN + number * HOUR,
            rollout=None,
            stage=None,
            skills=(USE, SkillUse("drafting", 1, "lexical", 0.7)),
            skill_outcome=Outcome.SKILL_TIMEOUT if number % 3 == 0 else Outcome.OK,
            outcome=Outcome.SKILL_ERROR if number == 4 else Outcome.OK,
            cost_usd=None if number == 5 else 0.5,
            usage=Usage(10, 2),
        )
        for number in (-200, *range(8))
    ]
    await made.store.ledger.ingest(outside, [])
    yield made
    await made.store.close()


def sql(folder: Path, statement: str) -> tuple:
    with sqlite3.connect(folder / "tidegate.db") as connection:
        return connection.execute(statement).fetchone()


def week_of(more: str = "1") -> str:
    monday = BEGIN - 2 * DAY - 6 * HOUR
    return f"FROM exchange WHERE finished_at >= {monday} AND finished_at < {monday + 7 * DAY} AND {more}"


async def test_the_weeks_sums_are_those_of_sql(past: Past, tmp_path: Path) -> None:
    report = await weekly(past.services, WEEK, ZONE)
    total = report.total
    requests, cost, tokens = sql(
        tmp_path,
        f"SELECT COUNT(*), SUM(body->>'cost_usd'), SUM(body->>'$.usage.input_tokens') {week_of()}",
    )
    assert (total.day, total.requests, total.tokens.input) == (WEEK, requests, tokens)
    assert total.cost_usd == pytest.approx(cost, rel=1e-9)
    (errors,) = sql(tmp_path, f"SELECT COUNT(*) {week_of(BAD)}")
    (hits,) = sql(tmp_path, f"SELECT COUNT(*) {week_of(HIT)}")
    assert (total.errors, total.error_ratio, total.cache_hits) == (errors, errors / requests, hits)
    assert total.unpriced == 1
    assert [day.day for day in report.days] == [f"2025-11-{day}" for day in range(26, 31)]
    assert sum(day.requests for day in report.days) == total.requests
    assert sum(day.cost_usd for day in report.days) == pytest.approx(total.cost_usd, rel=1e-12)


async def test_each_skill_has_the_requests_that_it_was_served_with(past: Past, tmp_path: Path) -> None:
    report = await weekly(past.services, WEEK, ZONE)
    assert [skill.name for skill in report.skills] == ["contract-analysis@3", "drafting@1"]
    for skill in report.skills:
        name = skill.name.split("@")[0]
        uses = f"SELECT 1 FROM json_each(body, '$.skills') AS use WHERE use.value->>'name' = '{name}'"
        served = f"EXISTS ({uses})"
        requests, cost = sql(tmp_path, f"SELECT COUNT(*), SUM(body->>'cost_usd') {week_of(served)}")
        assert skill.requests == requests
        assert skill.cost_usd == pytest.approx(cost, rel=1e-9)
        failed = f"{served} AND body->>'skill_outcome' IN ('skill_error', 'skill_timeout')"
        assert (skill.failures,) == sql(tmp_path, f"SELECT COUNT(*) {week_of(failed)}")
        assert (skill.errors,) == sql(tmp_path, f"SELECT COUNT(*) {week_of(f'{served} AND {BAD}')}")
        assert (skill.fallbacks,) == sql(tmp_path, f"SELECT COUNT(*) {week_of(served + FALLEN_BACK)}")
    assert report.skills[1].cost_per_request_usd == pytest.approx(0.5)


async def test_a_rollout_is_told_as_its_final_report_tells_it(past: Past) -> None:
    (told,) = (await weekly(past.services, WEEK, ZONE)).rollouts
    final = await rollouts.final(past.services, NAME, ZONE)
    parts = [*final.stages, final.after]
    assert (told.name, told.state, told.stage, told.certificate) == (NAME, "completed", "full", "certified")
    assert told.candidate_requests == sum(part.arms.candidate.requests for part in parts)
    assert told.control_errors == sum(part.arms.control.errors for part in parts)
    assert told.savings == final.after.savings
    assert told.incidents == final.incidents
    assert told.recommendation == final.recommendation
    saved = sum(
        part.arms.candidate.priced
        * (part.arms.control.cost_per_request_usd - part.arms.candidate.cost_per_request_usd)
        for part in parts
    )
    assert told.saved_usd == pytest.approx(saved, rel=1e-9)


async def test_a_switch_that_reached_no_rollout_is_told_beside_them(past: Past) -> None:
    before = await weekly(past.services, WEEK, ZONE)
    assert before.switches == (), "those that reached the rollout are its incidents"
    assert any(each.kind == "switch off" for each in before.rollouts[0].incidents)
    for at in (BEGIN + HOUR, NOW + 7 * DAY):
        off = Switch(scope="skill", target="drafting", by="eve", reason="wrong answers", at=at)
        await past.store.switches.off(off)
        await past.store.switches.on("skill", "drafting", by="eve", reason="mended", at=at + 60)
    told = (await weekly(past.services, WEEK, ZONE)).switches
    assert [(each.kind, each.actor, each.reason) for each in told] == [
        ("switch off", "eve", "skill drafting: wrong answers"),
        ("switch on", "eve", "skill drafting: mended"),
    ]


async def test_rollouts_that_ran_in_another_week_are_left_out(past: Past) -> None:
    other = Past(past.store, make_plan(Unit.USER, name="drafts"))
    await other.move(Move.START, BEGIN + 3 * DAY, "a second one")
    assert [each.name for each in (await weekly(past.services, WEEK, ZONE)).rollouts] == [NAME, "drafts"]
    past.services.clock.at = NOW + 7 * DAY
    later = await weekly(past.services, None, ZONE)
    assert later.period.label == "2025-W49"
    assert [(each.name, each.state, each.candidate_requests) for each in later.rollouts] == [
        ("drafts", "progressing", 0)
    ]
    assert (later.note, later.skills, later.days) == ("No request came in this week.", (), ())


async def test_the_same_week_gives_the_same_bytes_later(past: Past) -> None:
    first = msgspec.json.encode(await weekly(past.services, WEEK, ZONE))
    past.services.clock.at = NOW + 30 * DAY
    assert msgspec.json.encode(await weekly(past.services, WEEK, ZONE)) == first


async def test_a_week_before_everything_is_empty(past: Past) -> None:
    early = await weekly(past.services, "2025-W40", ZONE)
    assert (early.rollouts, early.total.requests, early.total.cost_usd) == ((), 0, None)
    assert early.period.as_of == early.period.since


@pytest.mark.parametrize("week", ["2025-W60", "48", "2030-W01"])
async def test_what_is_no_week_is_refused(past: Past, week: str) -> None:
    with pytest.raises(InvalidInput, match=f"week '?{week}"):
        await weekly(past.services, week, ZONE)
