"""What reports ask of the ledger, on each store: equal to sums over its lines, made by hand."""

import math
from collections import defaultdict
from random import Random

import msgspec
import pytest
from exchanges import SINCE, make_exchange

from tidegate.domain.account import PICOS
from tidegate.domain.exchange import Arm, Outcome, SkillUse, Usage, Vote
from tidegate.domain.reporting.sums import ArmTasks, Comment, Place, Span
from tidegate.domain.state import StageKey

NIGHT = SINCE + 50.0
EDGES = (SINCE, NIGHT, SINCE + 400.0)
SPAN = Span(EDGES[0], EDGES[-1], "contract-skills")
KEY = StageKey("contract-skills", 1, 0)
PLACE = Place("contract-skills", 1, 0)
AFTER = Place("contract-skills", 1, None)
USES = (SkillUse("contract-analysis", 3, "pattern", 1.0), SkillUse("drafting", 1, "lexical", 0.71))


def exchanges(count: int = 240):
    """Of every kind that a line tells apart, some before the first edge and some of other rollouts."""
    draw = Random(7)
    made = []
    for number in range(count):
        priced = draw.random() < 0.8
        made.append(
            make_exchange(
                number,
                at=SINCE + number - 5.0,
                finished_at=SINCE + number - draw.choice((4.0, 5.0)),
                unit_hash=f"unit-{draw.randrange(6)}",
                conversation_hash=draw.choice(("", "", f"talk-{number // 5}")),
                rollout=draw.choice(("contract-skills", "contract-skills", "contract-skills", "other", None)),
                stage=draw.choice((0, 0, 0, 1, None)),
                arm=draw.choice((Arm.CANDIDATE, Arm.CONTROL, Arm.CONTROL, Arm.OUTSIDE)),
                counted=draw.random() < 0.9,
                triggered=draw.random() < 0.6,
                outcome=draw.choice((Outcome.OK, Outcome.OK, Outcome.UPSTREAM_ERROR, Outcome.CLIENT_ERROR)),
                skill_outcome=draw.choice((None, Outcome.OK, Outcome.SKILL_ERROR)),
                model=draw.choice(("small", "large")),
                skills=draw.choice(((), USES[:1], USES)),
                wanted=draw.choice(((), USES[1:])),
                cache=draw.choice((None, None, "hit", "shared", "miss")),
                fallback=draw.choice((None, None, "skill_timeout")),
                cost_usd=draw.randrange(1, 40_000) / 1_000_000 if priced else None,
                usage=Usage(draw.randrange(500), draw.randrange(90), 3, 2, 1)
                if draw.random() < 0.8
                else Usage(),
            )
        )
    return made


@pytest.fixture
async def filled(store):
    await store.ledger.ingest(exchanges(), [])
    return store


def picos(exchange) -> int:
    return round((exchange.cost_usd or 0.0) * PICOS)


def skills_of(exchange) -> str:
    return ",".join(f"{use.name}@{use.version}" for use in exchange.skills or exchange.wanted)


def ended_in(made, edges=EDGES):
    return [each for each in made if edges[0] <= each.finished_at < edges[-1]]


def counts(each) -> bool:
    return each.arm is not Arm.OUTSIDE and (each.counted or each.stage is None)


@pytest.mark.parametrize("rollout", ["contract-skills", None])
async def test_lines_are_the_ledgers_own_summed(filled, rollout) -> None:
    expected = defaultdict(lambda: [0] * 9)
    for each in ended_in(exchanges()):
        if rollout in (None, each.rollout):
            place = (
                *(each.rollout or "", each.attempt, each.stage, each.arm),
                *(each.counted, each.triggered, each.outcome, each.skill_outcome, each.model),
                *(skills_of(each), bool(each.skills), each.cache in ("hit", "shared"), each.fallback or ""),
            )
            unpriced = each.cost_usd is None and each.usage != Usage()
            more = (1, each.cost_usd is not None, unpriced, picos(each), *msgspec.structs.astuple(each.usage))
            expected[place] = [one + other for one, other in zip(expected[place], more, strict=True)]
    found = await filled.figures.lines(Span(EDGES[0], EDGES[-1], rollout))
    told = {msgspec.structs.astuple(line)[:13]: list(msgspec.structs.astuple(line)[13:-1]) for line in found}
    last = max(each.finished_at for each in ended_in(exchanges()) if rollout in (None, each.rollout))
    assert max(line.last_at for line in found) == last
    assert told == dict(expected)
    assert len(found) > 40
    assert await filled.figures.lines(Span(EDGES[0], EDGES[-1], rollout)) == found


async def test_spending_by_request_is_of_triggered_requests_alone(filled) -> None:
    expected = defaultdict(lambda: [0, 0, 0.0])
    for each in ended_in(exchanges()):
        if _of_stage(each) and each.triggered and each.cost_usd is not None:
            sums = expected[int(each.finished_at >= NIGHT), each.arm]
            sums[0] += 1
            sums[1] += picos(each)
            sums[2] += each.cost_usd**2
    found = await filled.figures.spending(PLACE, EDGES, by_unit=False)
    told = {(row.day, row.arm): (row.requests, row.cost_picos) for row in found}
    assert told == {place: tuple(sums[:2]) for place, sums in expected.items()}
    assert all(math.isclose(row.squares, expected[row.day, row.arm][2], rel_tol=1e-9) for row in found)
    assert [(row.unit, row.units == row.requests) for row in found] == [("", True)] * 4


async def test_what_came_after_a_rollout_is_a_place_of_its_own(filled) -> None:
    after = [
        each
        for each in ended_in(exchanges())
        if each.rollout == "contract-skills" and each.stage is None and each.arm is not Arm.OUTSIDE
    ]
    spent = [each for each in after if each.triggered and each.cost_usd is not None]
    found = await filled.figures.spending(AFTER, EDGES, by_unit=False)
    assert sum(row.requests for row in found) == len(spent) > 3
    assert sum(row.cost_picos for row in found) == sum(picos(each) for each in spent)
    by_unit = await filled.figures.spending(AFTER, EDGES, by_unit=True)
    assert sum(row.requests for row in by_unit) >= len(spent)
    tasks = await filled.figures.tasks(AFTER, EDGES)
    assert sum(each.tasks for each in tasks) > 3


async def test_a_unit_that_lives_on_spends_from_its_first_trigger_on_as_in_evidence(filled) -> None:
    triggered: set[str] = set()
    expected = defaultdict(lambda: [0, 0])
    for each in exchanges():  # in the order of arrival
        evidence = (
            each.rollout == "contract-skills" and each.stage is not None and counts(each) and each.counted
        )
        if evidence and each.triggered:
            triggered.add(each.unit_hash)
        spent = evidence and each.unit_hash in triggered and each.stage == 0 and each.cost_usd is not None
        if spent and ended_in([each]):
            sums = expected[int(each.finished_at >= NIGHT), each.arm, each.unit_hash]
            sums[0] += 1
            sums[1] += picos(each)
    found = await filled.figures.spending(PLACE, EDGES, by_unit=True)
    told = {(row.day, row.arm, row.unit): [row.requests, row.cost_picos] for row in found}
    assert told == dict(expected)
    assert [(row.day, row.arm, row.unit) for row in found] == sorted(expected)
    evidence = await filled.ledger.evidence(KEY, latest=0, since=EDGES[0], until=EDGES[-1])
    for arm in (Arm.CANDIDATE, Arm.CONTROL):
        tallies = [bucket.tally for bucket in evidence.buckets if bucket.arm is arm]
        mine = [row for row in found if row.arm is arm]
        assert sum(row.requests for row in mine) == sum(tally.priced for tally in tallies)
        assert math.isclose(sum(row.cost_picos for row in mine) / PICOS, sum(t.cost_usd for t in tallies))


async def test_a_task_is_resolved_where_an_answer_was_good_and_none_was_voted_down(filled) -> None:
    made = [each for each in ended_in(exchanges()) if _of_stage(each)]
    down = [each for each in made if each.outcome is Outcome.OK and each.triggered][3:9:2]
    for each in down:
        await filled.ledger.vote(Vote(request_id=each.id, vote="down", at=SINCE, tenant="acme"))
    await filled.ledger.vote(Vote(request_id=down[0].id, vote="down", at=SINCE, tenant="acme"))
    talks = defaultdict(list)
    for each in made:
        talks[each.arm, each.conversation_hash or each.id].append(each)
    expected = []
    for arm in (Arm.CANDIDATE, Arm.CONTROL):
        mine = [talk for (side, _), talk in talks.items() if side is arm and any(e.triggered for e in talk)]
        good = [
            talk
            for talk in mine
            if any(e.outcome is Outcome.OK for e in talk) and not any(e in down for e in talk)
        ]
        priced = sum(e.cost_usd is not None for talk in mine for e in talk)
        expected.append(ArmTasks(arm, len(mine), len(good), priced, sum(picos(e) for t in mine for e in t)))
    assert await filled.figures.tasks(PLACE, EDGES) == expected
    assert expected[1].resolved < expected[1].tasks


async def test_the_newest_comments_come_first_and_the_others_are_counted(filled) -> None:
    mine = [each for each in exchanges() if each.rollout == "contract-skills" and each.arm is not Arm.OUTSIDE]
    for number, each in enumerate(mine[:8]):
        comment = (f"note {number}", "", None)[number % 3]
        vote = Vote(request_id=each.id, vote="down", at=SINCE + number, tenant="acme", comment=comment)
        await filled.ledger.vote(vote)
    found, total = await filled.figures.comments(SPAN, limit=2)
    assert total == 3
    assert found == [
        Comment(SINCE + 6, mine[6].arm, "down", "note 6"),
        Comment(SINCE + 3, mine[3].arm, "down", "note 3"),
    ]
    assert await filled.figures.comments(Span(SINCE + 7, SINCE + 9, "contract-skills"), limit=2) == ([], 0)


async def test_nothing_in_a_span_sums_to_nothing(store) -> None:
    assert await store.figures.lines(SPAN) == []
    assert await store.figures.spending(PLACE, EDGES, by_unit=True) == []
    assert await store.figures.spending(PLACE, EDGES, by_unit=False) == []
    assert await store.figures.tasks(PLACE, EDGES) == []
    assert await store.figures.comments(SPAN, limit=5) == ([], 0)


async def test_evidence_ends_before_its_end(filled) -> None:
    whole = await filled.ledger.evidence(KEY, latest=3)
    early = await filled.ledger.evidence(KEY, latest=3, until=NIGHT)
    late = await filled.ledger.evidence(KEY, latest=3, since=NIGHT)
    assert early.buckets and early.buckets + late.buckets == whole.buckets
    assert early.events and early.events + late.events == whole.events
    assert early.latest == whole.latest


def _of_stage(each) -> bool:
    return each.rollout == "contract-skills" and each.stage == 0 and counts(each)
