"""Scores and the sums they come from, on each store."""

import asyncio

import pytest
from exchanges import SINCE, make_exchange

from tidegate.domain.effectiveness import HOUR, Part, SkillCell
from tidegate.domain.errors import Conflict
from tidegate.domain.exchange import Arm, Outcome, SkillUse, Vote
from tidegate.domain.state import Lease, SkillScore

USE = SkillUse("contract-analysis", 3, "pattern", 1.0)
BEGIN = int(SINCE // HOUR) * HOUR
SERVED = SkillCell("contract-analysis", 3, BEGIN, True)


def served(number: int):
    return make_exchange(number, arm=Arm.CANDIDATE, skill_outcome=Outcome.OK)


def vote(request_id: str, way: str, tenant: str = "acme") -> Vote:
    return Vote(request_id=request_id, vote=way, at=SINCE + 5, tenant=tenant)


def score(value: float) -> SkillScore:
    parts = (Part("success", 0.9, 0.5, 123.4), Part("savings", None, 0.2, 0.0))
    return SkillScore(name="contract-analysis", version=3, score=value, parts=parts, at=SINCE)


async def test_sums_come_with_the_ledger_and_each_exchange_counts_once(store) -> None:
    other = make_exchange(3, skills=(), wanted=(USE,))
    await store.ledger.ingest([served(1), served(2), other], [])
    await store.ledger.ingest([served(2), served(4)], [])
    sums = await store.scores.sums(["contract-analysis"], 0)
    assert sums[SERVED].requests == 3
    assert sums[SERVED].cost_picos == 3 * 200_000_000
    assert sums[SERVED._replace(served=False)].requests == 1
    assert await store.scores.sums(["contract-analysis"], BEGIN + 1) == {}


async def test_sums_are_of_the_skills_that_are_asked_for(store) -> None:
    other = SkillUse("log-digest", 1, "pattern", 1.0)
    both = make_exchange(2, skills=(USE, other), arm=Arm.CANDIDATE, skill_outcome=Outcome.OK)
    await store.ledger.ingest([served(1), both], [])
    assert {cell.name for cell in await store.scores.sums(["log-digest", "unheard-of"], 0)} == {"log-digest"}
    assert len(await store.scores.sums(["log-digest", "contract-analysis"], 0)) == 2
    assert await store.scores.sums([], 0) == {}


async def test_votes_count_once_whether_they_come_before_or_after(store) -> None:
    await store.ledger.vote(vote("req_000001", "down"))
    await store.ledger.ingest([served(1), served(2)], [])
    await store.ledger.vote(vote("req_000001", "up"))
    await store.ledger.vote(vote("msg_000002", "up"))
    await store.ledger.vote(vote("req_000002", "up", tenant="beta"))
    sums = await store.scores.sums(["contract-analysis"], 0)
    assert (sums[SERVED].up, sums[SERVED].down) == (1, 1)


async def test_replicas_that_add_at_once_lose_nothing(store, open_another) -> None:
    another = await open_another()
    batches = [[served(each * 10 + k) for k in range(10)] for each in range(8)]
    await asyncio.gather(
        *((store, another)[n % 2].ledger.ingest(batch, []) for n, batch in enumerate(batches))
    )
    assert (await store.scores.sums(["contract-analysis"], 0))[SERVED].requests == 80


async def test_a_published_score_rides_in_the_routing_state_with_a_new_revision_and_its_event(store) -> None:
    lease = await store.rollouts.take_lease("one", now=SINCE, seconds=60)
    before = (await store.routing.load()).revision
    revision = await store.scores.publish(
        [score(0.9)], by="controller", reason="moved", at=SINCE, lease=lease
    )
    await store.scores.publish([score(0.7)], by="controller", reason="again", at=SINCE + 1, lease=lease)
    assert revision == before + 1
    assert (await store.routing.load()).scores == (score(0.7),)
    assert list(await store.scores.list()) == [score(0.7)]
    events = await store.rollouts.events("routes")
    assert [(event.kind, event.reason) for event in events] == [("score", "moved"), ("score", "again")]


async def test_who_no_longer_leads_publishes_nothing(store) -> None:
    await store.rollouts.take_lease("one", now=SINCE, seconds=1)
    await store.rollouts.take_lease("two", now=SINCE + 5, seconds=60)
    with pytest.raises(Conflict, match="no longer leads"):
        await store.scores.publish(
            [score(0.9)], by="controller", reason="late", at=SINCE + 6, lease=Lease("one", 1, SINCE + 1)
        )
    assert list(await store.scores.list()) == []
    assert await store.rollouts.events("routes") == []
