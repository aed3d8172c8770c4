import asyncio
import hashlib
from collections.abc import Sequence

import msgspec
import pytest
from exchanges import SINCE, make_exchange
from sqlalchemy import select

from tidegate.adapters.spool.shipper import Shipper
from tidegate.adapters.spool.writer import SpoolWriter
from tidegate.adapters.storage.schema import VOTE
from tidegate.adapters.storage.votes import KEPT_VOTES
from tidegate.domain.evidence import AFTER, Latest, StageEvidence
from tidegate.domain.exchange import Amend, Arm, Exchange, Outcome, Stakes, Vote
from tidegate.domain.recount import recount
from tidegate.domain.savings import bets
from tidegate.domain.unit_savings import unit_bets
from tidegate.ports import LedgerQuery, StageKey

KEY = StageKey("contract-skills", 1, 0)


async def _exported(store, **query: object) -> list[Exchange]:
    return [found async for found in store.ledger.export(LedgerQuery(**query))]


async def _evidence(store, key: StageKey = KEY) -> StageEvidence:
    kept = await store.ledger.evidence(key, latest=5)
    assert kept == await store.ledger.evidence_from_ledger(key, latest=5)
    return kept


async def test_an_exchange_comes_back_as_it_was(store) -> None:
    exchange = make_exchange(
        1, task="Prüfung \u0000 \U0001f30a", first_token_seconds=0.1 + 0.2, fallback="timeout"
    )
    result = await store.ledger.ingest([exchange], [])
    assert (result.inserted, result.rollouts) == (1, frozenset({"contract-skills"}))
    assert await _exported(store) == [exchange]


@pytest.mark.parametrize("field", ["model", "message_id"])
async def test_a_name_beyond_every_index_holds_up_nobody_else(store, tmp_path, clock, field: str) -> None:
    long = "".join(hashlib.sha256(b"%d" % number).hexdigest() for number in range(100))
    writer = SpoolWriter(tmp_path / "spool", "gateway-1", limit_bytes=1 << 30, on_drop=lambda _: None)
    shipper = Shipper(writer, tmp_path / "spool", store.ledger, clock=clock, on_ingest=lambda _: None)
    for number in range(3):
        writer.record(make_exchange(number, **({field: long} if number == 1 else {})))
    await shipper.ship()
    kept = 3 - shipper.refused
    await shipper.close()
    assert (shipper.queued, await store.ledger.count(LedgerQuery())) == (0, kept)
    assert kept >= 2


async def test_repeated_exchanges_are_kept_and_counted_once(store) -> None:
    batch = [make_exchange(number) for number in range(10)]
    await store.ledger.ingest([*batch, batch[3]], [])
    again = await store.ledger.ingest([*batch, make_exchange(10)], [])
    assert again.inserted == 1
    assert await store.ledger.count(LedgerQuery()) == 11
    assert sum(bucket.tally.requests for bucket in (await _evidence(store)).buckets) == 11


async def test_nothing_new_touches_no_rollout(store) -> None:
    await store.ledger.ingest([make_exchange(1)], [])
    assert (await store.ledger.ingest([make_exchange(1)], [])).rollouts == frozenset()
    assert (await store.ledger.ingest([], [])).inserted == 0


async def test_amends_join_their_exchange_early_or_late(store) -> None:
    await store.ledger.ingest([make_exchange(1), make_exchange(2)], [Amend("req_000001", True, 0.7)])
    await store.ledger.ingest([], [Amend("req_000002", False, 0.9), Amend("req_unknown", True, 0.1)])
    first, second = await _exported(store)
    assert (first.delivered, first.delivered_seconds) == (True, 0.7)
    assert (second.delivered, second.delivered_seconds) == (False, 0.9)
    assert msgspec.structs.replace(first, delivered=None, delivered_seconds=None) == make_exchange(1)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, range(6)),
        ({"since": SINCE + 2}, range(2, 6)),
        ({"until": SINCE + 2}, range(2)),
        ({"rollout": "other"}, [5]),
        ({"tenant": "beta"}, [4]),
        ({"tenant": "beta", "rollout": "other"}, []),
    ],
)
async def test_export_and_count_follow_the_query_in_order(
    store, query: dict[str, object], numbers: Sequence[int]
) -> None:
    changes: dict[int, dict[str, object]] = {4: {"tenant": "beta"}, 5: {"rollout": "other"}}
    exchanges = [make_exchange(number, **changes.get(number, {})) for number in range(6)]
    await store.ledger.ingest(exchanges[::-1], [])
    assert await _exported(store, **query) == [exchanges[number] for number in numbers]
    assert await store.ledger.count(LedgerQuery(**query)) == len(numbers)


async def test_export_pages_through_exchanges_of_one_moment(store) -> None:
    exchanges = [make_exchange(number, at=SINCE) for number in range(2500)]
    await store.ledger.ingest(exchanges, [])
    assert await _exported(store) == exchanges


async def test_evidence_of_sticky_units_by_hand(store) -> None:
    bad = Outcome.UPSTREAM_ERROR
    await store.ledger.ingest(
        [
            make_exchange(1, unit_hash="a", arm=Arm.CANDIDATE, outcome=bad),
            make_exchange(2, unit_hash="a", arm=Arm.CANDIDATE, outcome=bad),
            make_exchange(3, unit_hash="b", arm=Arm.CONTROL, triggered=False),
            make_exchange(6, unit_hash="a", arm=Arm.CANDIDATE, outcome=bad, triggered=False),
            make_exchange(7, unit_hash="c", arm=Arm.OUTSIDE, outcome=bad),
            make_exchange(8, unit_hash="b", arm=Arm.CONTROL, counted=False, outcome=bad),
            make_exchange(9, unit_hash="b", arm=Arm.CONTROL, rollout=None, outcome=bad),
        ],
        [],
    )
    evidence = await _evidence(store)
    sums = [
        (found.start - SINCE, found.arm, found.tally.requests, found.tally.triggered, found.tally.faulted)
        for found in evidence.buckets
    ]
    assert sums == [
        (0, Arm.CANDIDATE, 2, 2, 2),
        (0, Arm.CONTROL, 1, 0, 0),
        (5, Arm.CANDIDATE, 1, 1, 1),
    ]
    assert [(event.unit, event.kind, event.at - SINCE) for event in evidence.events] == [
        ("a", "bad", 1.5),
        ("a", "streak", 6.5),
    ]
    assert evidence.latest == (
        Latest(arm=Arm.CANDIDATE, units=1, bad=1),
        Latest(arm=Arm.CONTROL, units=0, bad=0),
    )


async def test_latest_takes_the_newest_outcome_of_each_of_the_newest_units(store) -> None:
    bad = Outcome.UPSTREAM_TIMEOUT
    await store.ledger.ingest([make_exchange(n, unit_hash=f"u{n}", outcome=bad) for n in range(10)], [])
    await store.ledger.ingest(
        [make_exchange(20, unit_hash="u9"), make_exchange(15, unit_hash="u9", outcome=bad)], []
    )
    evidence = await _evidence(store)
    assert evidence.latest[1] == Latest(arm=Arm.CONTROL, units=5, bad=4)


async def test_latest_of_request_units_are_the_newest_triggered_requests(store) -> None:
    bad = Outcome.UPSTREAM_ERROR
    numbered = [
        make_exchange(n, unit_kind="request", outcome=bad if n in {0, 7, 9} else Outcome.OK, triggered=n != 8)
        for n in range(10)
    ]
    await store.ledger.ingest(numbered[::-1], [])
    evidence = await _evidence(store)
    assert evidence.latest[1] == Latest(arm=Arm.CONTROL, units=5, bad=2)
    assert evidence.events == ()


async def test_evidence_since_leaves_out_what_ended_before(store) -> None:
    await store.ledger.ingest(
        [make_exchange(n, unit_hash=f"u{n}", outcome=Outcome.UPSTREAM_ERROR) for n in range(30)], []
    )
    late = await store.ledger.evidence(KEY, latest=5, since=SINCE + 12)
    assert [found.start - SINCE for found in late.buckets] == [10, 15, 20, 25, 30][: len(late.buckets)]
    assert min(event.at for event in late.events) == SINCE + 12.5


async def test_attempts_and_stages_have_evidence_of_their_own(store) -> None:
    await store.ledger.ingest(
        [
            make_exchange(1),
            make_exchange(2, stage=1),
            make_exchange(3, attempt=2),
            make_exchange(4, rollout="other"),
        ],
        [],
    )
    for key in (
        KEY,
        StageKey("contract-skills", 1, 1),
        StageKey("contract-skills", 2, 0),
        StageKey("other", 1, 0),
    ):
        assert sum(found.tally.requests for found in (await _evidence(store, key)).buckets) == 1
    assert (await _evidence(store, StageKey("unknown", 1, 0))).buckets == ()


async def test_what_comes_after_completion_is_summed_by_the_minute_and_wakes_nobody(store) -> None:
    made = [
        make_exchange(n, stage=None, counted=False, arm=Arm.CANDIDATE if n % 3 else Arm.CONTROL)
        for n in range(90)
    ]
    for part in (made[:40], made[30:]):
        assert (await store.ledger.ingest(part, [])).rollouts == frozenset()
    found = await store.ledger.evidence(StageKey("contract-skills", 1, AFTER), latest=0)
    assert found == recount(made, "contract-skills", 1, AFTER, latest=0)
    assert sum(each.tally.triggered for each in found.buckets) == 90
    assert {each.start % 60 for each in found.buckets} == {0}


async def test_a_unit_triggered_in_one_stage_stays_so_in_the_next_of_the_attempt(store) -> None:
    await store.ledger.ingest([make_exchange(1, unit_hash="a")], [])
    await store.ledger.ingest(
        [
            make_exchange(2, unit_hash="a", triggered=False, stage=1),
            make_exchange(3, unit_hash="a", triggered=False, attempt=2),
        ],
        [],
    )
    assert (await _evidence(store, StageKey("contract-skills", 1, 1))).buckets[0].tally.triggered == 1
    assert (await _evidence(store, StageKey("contract-skills", 2, 0))).buckets[0].tally.triggered == 0


async def test_replicas_that_ingest_at_once_lose_no_sum_and_no_unit_state(open_another) -> None:
    stores = [await open_another() for _ in range(3)]
    bad = Outcome.UPSTREAM_ERROR
    exchanges = [
        make_exchange(number, unit_hash=f"u{number % 5}", outcome=bad if number % 3 == 0 else Outcome.OK)
        for number in range(600)
    ]

    async def ship(replica: int) -> None:
        own = exchanges[replica::3] + exchanges[:30]
        for start in range(0, len(own), 23):
            await stores[replica].ledger.ingest(own[start : start + 23], [])

    await asyncio.gather(*(ship(replica) for replica in range(3)))
    evidence = await _evidence(stores[0])
    assert sum(found.tally.requests for found in evidence.buckets) == 600
    assert sum(found.tally.capped_long for found in evidence.buckets) == 5 * 100


# ---- votes ----------------------------------------------------------------------------------------------


def _vote(request_id: str, **changes: object) -> Vote:
    return Vote(**({"request_id": request_id, "vote": "up", "at": SINCE, "tenant": "acme"} | changes))


@pytest.mark.parametrize("name", ["req_000001", "msg_000001"])
async def test_the_first_vote_on_an_exchange_counts_by_either_id(store, name: str) -> None:
    await store.ledger.ingest([make_exchange(1)], [])
    assert await store.ledger.vote(_vote(name)) == "counted"
    assert await store.ledger.vote(_vote("req_000001", vote="down")) == "repeated"
    assert await store.ledger.vote(_vote("msg_000001")) == "repeated"


async def test_a_vote_before_its_exchange_is_parked_and_then_counted(store) -> None:
    assert await store.ledger.vote(_vote("msg_000001", comment="good")) == "parked"
    assert await store.ledger.vote(_vote("req_000001")) == "parked"
    await store.ledger.ingest([make_exchange(1), make_exchange(2)], [])
    assert await store.ledger.vote(_vote("req_000001")) == "repeated"
    assert await store.ledger.vote(_vote("req_000002")) == "counted"


async def test_another_tenants_exchange_looks_like_an_unknown_one(store) -> None:
    assert await store.ledger.vote(_vote("req_000001", tenant="beta")) == "parked"
    await store.ledger.ingest([make_exchange(1)], [])
    assert await store.ledger.vote(_vote("req_000001", tenant="beta")) == "parked"
    assert await store.ledger.vote(_vote("req_000001")) == "counted"


@pytest.mark.parametrize("here", [True, False])
async def test_of_many_votes_on_one_answer_the_first_few_are_kept(store, here: bool) -> None:
    if here:
        await store.ledger.ingest([make_exchange(1)], [])
    said = [await store.ledger.vote(_vote("req_000001")) for _ in range(KEPT_VOTES + 5)]
    assert set(said[1:]) == {"repeated" if here else "parked"}
    assert await store.ledger.vote(_vote("req_000002", tenant="beta")) == "parked"
    async with store._database.read() as connection:
        kept = (await connection.execute(select(VOTE.c.request_id))).scalars().all()
    assert sorted(kept) == ["req_000001"] * KEPT_VOTES + ["req_000002"]


async def test_votes_at_once_count_one(open_another) -> None:
    stores = [await open_another() for _ in range(3)]
    await stores[0].ledger.ingest([make_exchange(1)], [])
    said = await asyncio.gather(*(store.ledger.vote(_vote("req_000001")) for store in stores))
    assert sorted(said) == ["counted", "repeated", "repeated"]


async def test_a_first_vote_on_a_triggered_exchange_is_evidence_of_its_stage(store) -> None:
    await store.ledger.vote(_vote("req_000003", vote="down", at=SINCE + 1))
    await store.ledger.ingest(
        [
            make_exchange(1, unit_hash="a", arm=Arm.CANDIDATE),
            make_exchange(2, unit_hash="b", triggered=False),
            make_exchange(3, unit_hash="c"),
            make_exchange(4, unit_hash="d", unit_kind="request"),
            make_exchange(5, rollout=None),
        ],
        [],
    )
    for number, vote, at in (
        (1, "up", 12),
        (1, "down", 13),
        (2, "down", 14),
        (4, "down", 15),
        (5, "down", 16),
    ):
        await store.ledger.vote(_vote(f"req_{number:06d}", vote=vote, at=SINCE + at))
    evidence = await _evidence(store)
    votes = [
        (found.start - SINCE, found.arm, found.tally.up, found.tally.down)
        for found in evidence.buckets
        if found.tally.up + found.tally.down
    ]
    assert votes == [(0, Arm.CONTROL, 0, 1), (10, Arm.CANDIDATE, 1, 0), (15, Arm.CONTROL, 0, 1)]
    assert [(event.unit, event.kind, event.at - SINCE) for event in evidence.events] == [("c", "down", 1.0)]


async def test_votes_and_exchanges_at_once_lose_nothing(open_another) -> None:
    stores = [await open_another() for _ in range(2)]
    await stores[0].ledger.ingest([make_exchange(number) for number in range(20)], [])
    await asyncio.gather(
        *(
            stores[0].ledger.vote(_vote(f"req_{number:06d}", vote="down", at=SINCE + 2))
            for number in range(20)
        ),
        *(stores[1].ledger.ingest([make_exchange(number)], []) for number in range(20, 40)),
    )
    tallies = [bucket.tally for bucket in (await _evidence(stores[0])).buckets]
    assert sum(tally.down for tally in tallies) == 20
    assert sum(tally.requests for tally in tallies) == 40


async def test_the_logarithms_of_savings_add_up_exactly_in_any_order(store) -> None:
    stakes = Stakes(0.02, 0.4, 0.05, 0.35, 0.3)
    staked = [
        make_exchange(n, finished_at=SINCE + 1, unit_kind="request", stakes=stakes, cost_usd=0.01 / (n + 1))
        for n in range(30)
    ]
    for each in reversed(staked):
        await store.ledger.ingest([each], [])
    (bucket,) = (await _evidence(store)).buckets
    alone = [bets(stakes, Arm.CONTROL, each.cost_usd) for each in staked]
    assert bucket.tally.bets == {place: sum(each[place] for each in alone) for place in range(10)}


async def test_a_units_first_costs_and_controls_level_are_remembered_from_batch_to_batch(store) -> None:
    stakes = Stakes(0.02, 0.4, 0.05, 0.35, 0.3)
    usual = [
        make_exchange(n, unit_hash=f"usual {n % 50}", stakes=stakes, cost_usd=0.02, finished_at=SINCE + 1)
        for n in range(1000)
    ]
    await store.ledger.ingest(usual, [])
    changes = {"unit_hash": "u", "stakes": stakes, "arm": Arm.CANDIDATE}
    staked = [make_exchange(2000 + n, cost_usd=0.01 + n / 1000, **changes) for n in range(25)]
    for each in staked:
        await store.ledger.ingest([each, each], [])
    found: dict[int, int] = {}
    for bucket in (await _evidence(store)).buckets:
        for place, added in bucket.tally.bets.items():
            found[place] = found.get(place, 0) + added
    expected: dict[int, int] = {}
    for number, count in enumerate((1, 5, 20)):
        paid = sum(10 + n for n in range(count))
        expected |= unit_bets(stakes, Arm.CANDIDATE, number, paid, 20 * count)
    assert found == expected
