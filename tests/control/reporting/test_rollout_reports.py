"""Every figure of a rollout's reports beside SQL over the ledger that was written by hand."""

import math
import sqlite3
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from fresh_store import fresh_store
from reported import BEGIN, DAY, HOUR, NAME, NOW, Past, SetClock, make_plan, reported

from tidegate.control.observe import Observer
from tidegate.control.reporting import rollouts
from tidegate.control.reporting.zone import zone_of
from tidegate.control.status import status
from tidegate.domain.errors import Conflict, InvalidInput, NotFound
from tidegate.domain.evidence import cell_seconds, latency_cell
from tidegate.domain.reporting.document import ArmFigures, RolloutReport, StageFigures
from tidegate.domain.rollout import Move, Unit

ZONE = ZoneInfo("UTC")
FRIDAY = datetime(2025, 11, 28, tzinfo=UTC).timestamp()
ARMS = ("candidate", "control")
Span = tuple[float, float]
ALWAYS = (0.0, 2.0**40)

TRIGGERED = {
    "request": "body->>'triggered'",
    # a unit that lives on is triggered from its first trigger in the attempt on
    "user": """EXISTS (SELECT 1 FROM exchange AS first WHERE first.unit_hash = exchange.unit_hash
        AND first.rollout = exchange.rollout AND first.seq <= exchange.seq AND first.body->>'triggered')""",
}


class Sql:
    """The ledger's file, read by hand-written statements about one arm of a stage in a time."""

    def __init__(self, path: Path, unit: str) -> None:
        self._connection = sqlite3.connect(path)
        self._triggered = TRIGGERED[unit]

    def one(self, what: str, arm: str, stage: int | None, span: Span, more: str = "1") -> float:
        """`what` over the exchanges; TRIGGERED in `more` is the unit's own way of being so."""
        (row,) = self.rows(what, arm, stage, span, more)
        return row[0]

    def rows(self, what: str, arm: str, stage: int | None, span: Span, more: str = "1") -> list[tuple]:
        condition = more.replace("TRIGGERED", self._triggered)
        statement = f"""SELECT {what} FROM exchange WHERE rollout = ? AND arm = ? AND stage IS ?
            AND finished_at >= ? AND finished_at < ? AND {condition}"""
        return self._connection.execute(statement, (NAME, arm, stage, *span)).fetchall()

    def votes(self, vote: str, arm: str, stage: int | None, span: Span) -> int:
        statement = """SELECT COUNT(*) FROM vote JOIN exchange ON exchange.id = vote.exchange_id
            WHERE vote = ? AND counted AND arm = ? AND stage IS ? AND vote.at >= ? AND vote.at < ?
            AND body->>'triggered'"""
        return self._connection.execute(statement, (vote, arm, stage, *span)).fetchone()[0]


@pytest.fixture(params=["request", "user"])
def unit(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def past(tmp_path: Path, unit: str) -> AsyncIterator[Past]:
    made = await reported(tmp_path / "tidegate.db", Unit(unit))
    yield made
    await made.store.close()


@pytest.fixture
def sql(past: Past, tmp_path: Path, unit: str) -> Iterator[Sql]:
    opened = Sql(tmp_path / "tidegate.db", unit)
    yield opened
    opened._connection.close()


async def test_a_days_figures_are_those_of_sql(past: Past, sql: Sql) -> None:
    report = await rollouts.daily(past.services, NAME, "2025-11-27", ZONE)
    assert (report.report, report.state, len(report.stages)) == ("daily", "progressing", 1)
    _compare_arms(report.stages[0], sql, 0, (FRIDAY - DAY, FRIDAY))


async def test_a_day_with_a_step_tells_each_stage_by_itself(past: Past, sql: Sql) -> None:
    report = await rollouts.daily(past.services, NAME, "2025-11-28", ZONE)
    assert [(stage.name, stage.ended_by) for stage in report.stages] == [
        ("canary", "promote"),
        ("full", None),
    ]
    for place, stage in enumerate(report.stages):
        _compare_arms(stage, sql, place, (FRIDAY, FRIDAY + DAY))
    assert report.recommendation == report.stages[1].recommendation


async def test_a_stages_figures_are_those_of_sql_and_of_its_status(past: Past, sql: Sql, unit: str) -> None:
    report = await rollouts.stage(past.services, NAME, "full", ZONE)
    (stage,) = report.stages
    _compare_arms(stage, sql, 1, ALWAYS)
    shown = await status(past.services, Observer(past.store.ledger), NAME)
    assert stage.savings.so_far.point == pytest.approx(shown.savings.point, rel=1e-12)
    assert {gate.name: gate.value for gate in stage.gates} == pytest.approx(
        {gate.name: gate.value for gate in shown.gates}
    )
    assert report.recommendation.say == "proceed"
    assert (stage.left, stage.ended_by) == ("2025-11-29T06:00:00.000Z", "complete")
    told = [gate.verdict for gate in stage.gates]
    assert told == ["pass"] * 5, stage.gates


async def test_savings_are_told_for_each_day_and_so_far(past: Past, sql: Sql) -> None:
    (stage,) = (await rollouts.stage(past.services, NAME, "canary", ZONE)).stages
    midnights = [FRIDAY - 2 * DAY, FRIDAY - DAY, FRIDAY, FRIDAY + DAY]
    assert [day.day for day in stage.savings.days] == ["2025-11-26", "2025-11-27", "2025-11-28"]
    for place, day in enumerate(stage.savings.days):
        since, until = midnights[place : place + 2]
        mean = {arm: _mean(sql, arm, (since, until)) for arm in ARMS}
        whole = {arm: _mean(sql, arm, (0.0, until)) for arm in ARMS}
        assert day.candidate_usd == pytest.approx(mean["candidate"], rel=1e-9)
        assert day.alone.point == pytest.approx(1 - mean["candidate"] / mean["control"], rel=1e-9)
        assert day.so_far.point == pytest.approx(1 - whole["candidate"] / whole["control"], rel=1e-9)
        assert day.so_far.low is None or day.so_far.low < day.so_far.point < day.so_far.high


async def test_what_is_attributed_adds_up_to_what_a_request_saves(past: Past, sql: Sql) -> None:
    (stage,) = (await rollouts.stage(past.services, NAME, "canary", ZONE)).stages
    own = {arm: _mean(sql, arm, ALWAYS, "body->>'triggered'") for arm in ARMS}
    told = stage.attribution
    assert told.saved_usd == pytest.approx(own["control"] - own["candidate"], rel=1e-9)
    for table in (told.skills, told.models, told.causes):
        assert math.fsum(part.saved_usd for part in table) == pytest.approx(told.saved_usd, rel=1e-9)
    for share in told.models:
        for arm in ARMS:
            asked = (
                f"body->>'triggered' AND body->>'cost_usd' IS NOT NULL AND body->>'model' = '{share.name}'"
            )
            assert getattr(share, f"{arm}_requests") == sql.one("COUNT(*)", arm, 0, ALWAYS, asked)
    assert [share.name for share in told.skills] == ["contract-analysis@3"]


async def test_the_projection_is_a_month_at_the_stages_pace(past: Past, sql: Sql) -> None:
    (stage,) = (await rollouts.stage(past.services, NAME, "full", ZONE)).stages
    triggered = sum(sql.one("COUNT(*)", arm, 1, ALWAYS, "TRIGGERED") for arm in ARMS)
    told = stage.projection
    assert told.requests == round(triggered * 30)
    control = _mean(sql, "control", ALWAYS, stage=1)
    assert told.baseline_usd == pytest.approx(triggered * 30 * control, rel=1e-9)
    assert told.saved_usd == pytest.approx(told.baseline_usd * stage.savings.so_far.point, rel=1e-9)
    assert told.candidate_usd == pytest.approx(told.baseline_usd - told.saved_usd, rel=1e-9)


async def test_the_holdout_costs_what_its_requests_would_have_saved(past: Past, sql: Sql) -> None:
    report = await rollouts.final(past.services, NAME, ZONE)
    canary, full = report.stages
    assert canary.holdout_usd is None, "at 20 % nobody is held back: the others are not there yet"
    mean = {arm: _mean(sql, arm, ALWAYS, stage=1) for arm in ARMS}
    priced = sql.one("COUNT(*)", "control", 1, ALWAYS, "TRIGGERED AND body->>'cost_usd' IS NOT NULL")
    assert full.holdout_usd == pytest.approx(priced * (mean["control"] - mean["candidate"]), rel=1e-9)


async def test_a_final_report_has_what_was_saved_after_it(past: Past, sql: Sql) -> None:
    report = await rollouts.final(past.services, NAME, ZONE)
    assert (report.state, report.report, report.note) == ("completed", "final", None)
    assert report.sustained.min == report.stages[0].savings.sustained.min
    days = {day.day for part in (*(s.savings for s in report.stages), report.after) for day in part.days}
    assert 0 <= report.sustained.days <= len(days)
    after = report.after
    mean = {arm: sql.one("AVG(body->>'cost_usd')", arm, None, ALWAYS, "body->>'triggered'") for arm in ARMS}
    own_triggers = 1 - mean["candidate"] / mean["control"]
    assert after.savings.point == pytest.approx(own_triggers, abs=0.25)
    assert after.attribution.saved_usd == pytest.approx(mean["control"] - mean["candidate"], rel=1e-9)
    for arm in ARMS:
        told = getattr(after.arms, arm)
        assert told.requests == sql.one("COUNT(*)", arm, None, ALWAYS)
        assert told.cost_usd == pytest.approx(
            sql.one("SUM(body->>'cost_usd')", arm, None, ALWAYS, "body->>'triggered'"), rel=1e-9
        )
        _compare_rest_after(told, sql, arm)
    assert [day.day for day in after.days] == ["2025-11-29", "2025-11-30"]
    for place, day in enumerate(after.days):
        since = FRIDAY + (1 + place) * DAY
        span = (since, since + DAY)
        mean = {arm: sql.one("AVG(body->>'cost_usd')", arm, None, span, "TRIGGERED") for arm in ARMS}
        assert (day.candidate_usd, day.control_usd) == pytest.approx((mean["candidate"], mean["control"]))
    assert after.days[-1].so_far == after.savings
    assert (after.sustained.min, after.sustained.days) in {(0.2, 1), (0.2, 0)}
    assert report.period.as_of == "2025-11-30T05:58:30.500Z"


async def test_what_happened_is_told_and_what_of_it_is_an_incident(past: Past) -> None:
    report = await rollouts.daily(past.services, NAME, "2025-11-27", ZONE)
    assert [(each.kind, each.actor) for each in report.incidents] == [
        ("pause", "ada"),
        ("switch off", "bob"),
        ("switch on", "bob"),
    ]
    assert report.incidents[1].reason == "skill contract-analysis: to be safe"
    assert [each.kind for each in report.decisions] == ["pause", "resume"]
    whole = await rollouts.final(past.services, NAME, ZONE)
    assert [each.kind for each in whole.decisions] == [
        "start",
        "pause",
        "resume",
        "ask",
        "promote",
        "complete",
    ]
    stage = await rollouts.stage(past.services, NAME, "full", ZONE)
    assert [each.kind for each in stage.decisions] == ["promote", "complete"]


async def test_comments_are_told_with_their_arm_and_time(past: Past, tmp_path: Path) -> None:
    report = await rollouts.final(past.services, NAME, ZONE)
    statement = """SELECT vote, comment, arm FROM vote JOIN exchange ON exchange.id = vote.exchange_id
        WHERE comment IS NOT NULL ORDER BY vote.at DESC"""
    rows = sqlite3.connect(tmp_path / "tidegate.db").execute(statement).fetchall()
    told = [(each.vote, each.comment, each.arm) for each in report.feedback.comments]
    assert (told, report.feedback.total_comments) == (rows[:50], len(rows))


async def test_the_same_ledger_gives_the_same_bytes_whenever_it_is_asked(past: Past) -> None:
    first = [msgspec.json.encode(each) for each in await _all(past)]
    past.services.clock.at = NOW + 3 * HOUR
    assert [msgspec.json.encode(each) for each in await _all(past)] == first
    past.services.clock.at = NOW + 9 * DAY
    later = [msgspec.json.encode(each) for each in await _all(past)]
    assert later == first


async def test_a_day_is_told_as_it_stood_then_whatever_came_later(tmp_path: Path, unit: str) -> None:
    told = []
    for running in (True, False):
        past = await reported(tmp_path / f"{running}.db", Unit(unit), running=running)
        told.append(await rollouts.daily(past.services, NAME, "2025-11-27", ZONE))
        await past.store.close()
    assert told[0] == told[1]
    assert (told[0].state, told[0].stages[0].left) == ("progressing", None)
    assert (told[0].recommendation.say, told[0].recommendation.cause) == ("hold", "baking")


async def test_a_stage_that_goes_on_is_told_alike_until_something_comes(tmp_path: Path, unit: str) -> None:
    past = await reported(tmp_path / "running.db", Unit(unit), running=True)
    first = await rollouts.stage(past.services, NAME, None, ZONE)
    past.services.clock.at = NOW + 3 * DAY
    assert await rollouts.stage(past.services, NAME, None, ZONE) == first
    assert (
        await rollouts.final(past.services, NAME, ZONE)
    ).note == "It has not ended: this is how it stands."
    with pytest.raises(InvalidInput, match="stage 'full' of rollout 'contract-skills' has not begun yet"):
        await rollouts.stage(past.services, NAME, "full", ZONE)
    await past.store.close()


async def test_a_day_in_another_zone_has_other_ends(past: Past, sql: Sql) -> None:
    zone = zone_of("America/New_York")
    report = await rollouts.daily(past.services, NAME, "2025-11-27", zone)
    assert (report.period.since, report.period.timezone) == ("2025-11-27T05:00:00.000Z", "America/New_York")
    start = FRIDAY - DAY + 5 * HOUR
    _compare_arms(report.stages[0], sql, 0, (start, start + DAY))


@pytest.mark.parametrize("unit", ["request"], indirect=True)
async def test_an_empty_day_says_so(past: Past) -> None:
    quiet = await rollouts.daily(past.services, NAME, "today", ZONE)
    assert (quiet.stages, quiet.after is not None) == ((), True)
    past.services.clock.at = NOW + 2 * DAY
    gone = await rollouts.daily(past.services, NAME, "yesterday", ZONE)
    assert gone.note == "It was completed all the time: nothing was compared."
    assert gone.after is None, "nobody is held back any more"
    assert gone.recommendation.say == "none"
    assert gone.decisions == ()


async def test_what_the_trip_gate_said_of_no_outcome_is_not_shown(tmp_path: Path) -> None:
    past = Past(await fresh_store(tmp_path / "new.db", SetClock()), make_plan())
    await past.move(Move.START, BEGIN, "begins")
    await past.decide(BEGIN + 1)
    await past.traffic(BEGIN + 1, 10, share=0.2)
    early = await rollouts.stage(past.services, NAME, "canary", ZONE)
    assert [gate.name for gate in early.stages[0].gates] == ["errors", "latency", "samples", "savings"]
    await past.decide(BEGIN + 10 * HOUR)
    later = await rollouts.stage(past.services, NAME, "canary", ZONE)
    assert later.stages[0].gates[0].name == "trip"
    await past.store.close()


@pytest.mark.parametrize("unit", ["request"], indirect=True)
async def test_what_was_taken_back_keeps_what_it_saved_until_then(past: Past) -> None:
    before = (await rollouts.final(past.services, NAME, ZONE)).after
    await past.move(Move.UNDO, NOW, "a complaint")
    report = await rollouts.final(past.services, NAME, ZONE)
    assert (report.state, report.after) == ("rolled-back", before)
    assert [each.kind for each in report.incidents][-1] == "undo"
    past.services.clock.at = NOW + DAY
    assert (await rollouts.daily(past.services, NAME, "today", ZONE)).after is None


@pytest.mark.parametrize("unit", ["request"], indirect=True)
async def test_a_second_attempt_is_told_apart_from_the_first(past: Past) -> None:
    await past.move(Move.UNDO, NOW, "a complaint")
    await past.move(Move.RETRY, NOW + HOUR, "mended")
    await past.traffic(NOW + HOUR, 2, share=0.2)
    past.services.clock.at = NOW + 4 * HOUR
    report = await rollouts.final(past.services, NAME, ZONE)
    assert [(stage.name, stage.attempt) for stage in report.stages] == [
        ("canary", 1),
        ("full", 1),
        ("canary", 2),
    ]
    assert report.stages[2].arms.candidate.requests + report.stages[2].arms.control.requests == 40
    (stage,) = (await rollouts.stage(past.services, NAME, "canary", ZONE)).stages
    assert (stage.attempt, stage.left) == (2, None)


@pytest.mark.parametrize("unit", ["request"], indirect=True)
@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        (lambda s: rollouts.daily(s, "nobody", "today", ZONE), NotFound, "tidegate rollout list"),
        (lambda s: rollouts.stage(s, "nobody", None, ZONE), NotFound, "no rollout 'nobody'"),
        (lambda s: rollouts.final(s, "nobody", ZONE), NotFound, "no rollout 'nobody'"),
        (lambda s: rollouts.daily(s, NAME, "2025-12-01", ZONE), InvalidInput, "has not begun"),
        (lambda s: rollouts.daily(s, NAME, "2025-11-25", ZONE), InvalidInput, "began at 2025-11-26T06:00"),
        (lambda s: rollouts.daily(s, NAME, "28.11.2026", ZONE), InvalidInput, "write 2026-11-28"),
        (lambda s: rollouts.daily(s, NAME, "2026-02-30", ZONE), InvalidInput, "write 2026-11-28"),
        (lambda s: rollouts.stage(s, NAME, "beta", ZONE), NotFound, "its stages are canary, full"),
    ],
)
async def test_what_cannot_be_told_is_refused_with_what_to_do(past: Past, asked, error, says) -> None:
    with pytest.raises(error) as refused:
        await asked(past.services)
    assert says in str(refused.value)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", ""])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(InvalidInput, match="Europe/Berlin"):
        zone_of(zone)


@pytest.mark.parametrize("unit", ["request"], indirect=True)
async def test_a_record_that_was_changed_is_refused(past: Past, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "tidegate.db")
    connection.execute("""UPDATE event SET data = replace(data, '"move":"pause"', '"move":"undo"')""")
    connection.commit()
    connection.close()
    with pytest.raises(Conflict, match="tidegate rollout verify contract-skills"):
        await rollouts.final(past.services, NAME, ZONE)


async def _all(past: Past) -> list[RolloutReport]:
    return [
        await rollouts.daily(past.services, NAME, "2025-11-27", ZONE),
        await rollouts.stage(past.services, NAME, None, ZONE),
        await rollouts.final(past.services, NAME, ZONE),
    ]


def _mean(sql: Sql, arm: str, span: Span, more: str = "TRIGGERED", *, stage: int = 0) -> float:
    return sql.one("AVG(body->>'cost_usd')", arm, stage, span, more)


def _compare_rest_after(told: ArmFigures, sql: Sql, arm: str) -> None:
    """What is summed after completion beside requests and costs; when units came first is not."""
    assert told.units is None
    bad = "outcome IN ('upstream_error', 'upstream_timeout')"
    assert told.errors == sql.one("COUNT(*)", arm, None, ALWAYS, bad)
    triggered = "body->>'triggered'"
    assert (
        told.faulted
        == told.triggered_errors
        == sql.one("COUNT(*)", arm, None, ALWAYS, f"{triggered} AND {bad}")
    )
    ranked = sql.rows("body->>'seconds' AS s", arm, None, ALWAYS, f"{triggered} ORDER BY s")
    slow = ranked[math.ceil(0.95 * told.triggered) - 1][0]
    assert told.p95_seconds == cell_seconds(latency_cell(slow))
    assert told.up == sql.votes("up", arm, None, ALWAYS)
    assert told.down == sql.votes("down", arm, None, ALWAYS)
    assert told.up or arm == "control"


def _compare_arms(stage: StageFigures, sql: Sql, place: int, span: Span) -> None:
    for arm in ARMS:
        told = getattr(stage.arms, arm)

        def one(what: str, more: str = "1", arm: str = arm) -> float:
            return sql.one(what, arm, place, span, more) or 0

        bad = "outcome IN ('upstream_error', 'upstream_timeout')"
        assert told.requests == one("COUNT(*)") > 0
        assert told.triggered == one("COUNT(*)", "TRIGGERED") > 0
        assert told.outcomes == dict(
            sql.rows("outcome, COUNT(*)", arm, place, span, "1 GROUP BY outcome ORDER BY outcome")
        )
        assert told.errors == one("COUNT(*)", bad)
        assert told.error_ratio == told.errors / told.requests
        assert told.triggered_errors == told.faulted == one("COUNT(*)", f"TRIGGERED AND {bad}")
        assert told.fallbacks.get("skill_timeout", 0) == one(
            "COUNT(*)", "body->>'fallback' = 'skill_timeout'"
        )
        assert told.priced == one("COUNT(*)", "TRIGGERED AND body->>'cost_usd' IS NOT NULL")
        assert told.cost_usd == pytest.approx(one("SUM(body->>'cost_usd')", "TRIGGERED"), rel=1e-9)
        assert told.cost_per_request_usd == pytest.approx(
            one("AVG(body->>'cost_usd')", "TRIGGERED"), rel=1e-9
        )
        assert told.cache_hits == one("COUNT(*)", "body->>'cache' = 'hit'")
        for kind in ("input", "output", "cache_read"):
            tokens = one(f"SUM(body->>'$.usage.{kind}_tokens')")
            assert getattr(told.tokens, kind) == tokens > 0
        for share, seconds in ((0.5, told.p50_seconds), (0.95, told.p95_seconds), (0.99, told.p99_seconds)):
            rank = math.ceil(share * told.triggered)
            ranked = sql.rows("body->>'seconds' AS s", arm, place, span, "TRIGGERED ORDER BY s")
            assert seconds == cell_seconds(latency_cell(ranked[rank - 1][0]))
        talk = "coalesce(body->>'conversation_hash', id)"
        talks = sql.rows(
            f"{talk}, SUM(body->>'cost_usd'), MAX(outcome = 'ok'), MAX(coalesce(body->>'triggered', 0)), "
            "MAX(EXISTS (SELECT 1 FROM vote WHERE exchange_id = exchange.id AND counted AND vote = 'down'))",
            *(arm, place, span, f"1 GROUP BY {talk}"),
        )
        tasks = [talk for talk in talks if talk[3]]
        resolved = [talk for talk in tasks if talk[2] and not talk[4]]
        assert (told.tasks, told.resolved_tasks) == (len(tasks), len(resolved))
        spent = math.fsum(talk[1] or 0.0 for talk in tasks)
        assert told.cost_per_resolved_task_usd == pytest.approx(spent / len(resolved), rel=1e-9)
        assert told.up == sql.votes("up", arm, place, span)
        assert told.down == sql.votes("down", arm, place, span)
