"""What a rollout's traffic was like: read whole where it is little, counted and sampled where it is much."""

import pytest

from tidegate.control import past as reading
from tidegate.control.past import SLICES, read_past
from tidegate.domain.exchange import Arm
from tidegate.domain.rollout import Eligible, Unit

DAY = 86_400.0


@pytest.fixture
async def filled(services, exchange, started, plan, clock):
    """Twenty users in two days: user n asks n + 1 times, evenly, the odd ones in two conversations."""
    rows = []
    for user in range(20):
        for n in range(user + 1):
            at = clock.now() - 2 * DAY * (n + 0.5) / (user + 1)
            talk = f"t{user}-{n % 2}" if user % 2 else ""
            rows.append(
                exchange(
                    started(plan()),
                    Arm.CONTROL,
                    at,
                    bad=n == 0,
                    unit_hash=f"u{user}",
                    conversation_hash=talk,
                    tenant="acme" if user < 10 else "bolt",
                    asked_bytes=100 * (n + 1),
                )
            )
    await services.store.ledger.ingest(rows, [])
    return services.store


async def test_a_little_traffic_is_read_whole(filled, clock):
    past = await read_past(filled, Eligible(), clock.now())
    assert (past.requests, past.units, past.faulted, past.span) == (
        210,
        20,
        20,
        pytest.approx(2 * DAY, rel=0.05),
    )
    assert past.spectrum == dict.fromkeys(range(1, 21), 1)
    assert len(past.costs) == 210
    assert sorted(map(len, past.bills)) == list(range(1, 21))


async def test_much_traffic_is_counted_whole_and_read_in_pieces(filled, clock, monkeypatch):
    monkeypatch.setattr(reading, "MOST_READ", 60)
    past = await read_past(filled, Eligible(), clock.now())
    assert (past.requests, past.units, past.span) == (210, 20, pytest.approx(2 * DAY, rel=0.05))
    assert past.spectrum == dict.fromkeys(range(1, 21), 1)
    assert 20 < len(past.costs) < 120, "of a share of the time, spread over all of it"
    assert SLICES == 24


async def test_counting_keeps_to_the_scope(filled, clock, monkeypatch):
    monkeypatch.setattr(reading, "MOST_READ", 10)
    mine = await read_past(filled, Eligible(tenants=("bolt",)), clock.now())
    assert (mine.requests, mine.spectrum) == (155, dict.fromkeys(range(11, 21), 1))
    nobody = await read_past(filled, Eligible(tasks=("none",)), clock.now())
    assert (nobody.requests, nobody.units) == (0, 0)


async def test_conversations_are_counted_by_conversation(filled, clock, monkeypatch):
    monkeypatch.setattr(reading, "MOST_READ", 60)
    past = await read_past(filled, Eligible(), clock.now(), Unit.CONVERSATION)
    assert past.units == 20
    assert sum(count * units for count, units in past.spectrum.items()) == sum(range(2, 21, 2))


async def test_a_store_that_has_too_many_counts_a_shorter_time(filled, clock, monkeypatch):
    monkeypatch.setattr(reading, "MOST_READ", 10)
    monkeypatch.setattr(reading, "MOST_COUNTED", 150)
    past = await read_past(filled, Eligible(), clock.now())
    assert past.span == pytest.approx(DAY, rel=0.1)
    assert 90 < past.requests < 120


async def test_a_young_installations_pace_is_that_since_its_first_request(
    services, exchange, started, plan, clock
):
    rows = [exchange(started(plan()), Arm.CONTROL, clock.now() - 120 + n) for n in range(100)]
    await services.store.ledger.ingest(rows, [])
    past = await read_past(services.store, Eligible(), clock.now())
    assert (past.span, 60 * past.per_second) == (120.0, 50.0)
    assert (await read_past(services.store, Eligible(tasks=("none",)), clock.now())).span == 60.0


async def test_a_candidates_faults_are_no_usual_ones(services, exchange, started, plan, clock):
    arms = [Arm.CONTROL] * 90 + [Arm.CANDIDATE] * 10
    rows = [
        exchange(started(plan()), arm, clock.now() - n - 1, bad=arm is Arm.CANDIDATE or n == 0)
        for n, arm in enumerate(arms)
    ]
    await services.store.ledger.ingest(rows, [])
    assert (await read_past(services.store, Eligible(), clock.now())).faulted == 1
