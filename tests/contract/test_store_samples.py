"""The census of a period, on each store: equal to sums over its lines, made by hand."""

import math
from collections import Counter, defaultdict
from random import Random

import pytest
from exchanges import make_exchange

from tidegate.domain.census import Alike, Census, Hour, Sampled
from tidegate.domain.exchange import Arm, Outcome, Vote

BEGIN = 999_000.0
"""An hour begins at 997,200 and at 1,000,800: the period cuts into both."""


def exchanges(count: int = 400):
    """Of every kind that a census tells apart, over three hours."""
    draw = Random(11)
    return [
        make_exchange(
            number,
            at=BEGIN + number * 25.0,
            finished_at=BEGIN + number * 25.0 + 1,
            tenant=draw.choice(("acme", "acme", "bolt")),
            task=draw.choice(("", "review")),
            unit_hash=f"unit-{draw.randrange(40)}",
            unit_kind=draw.choice(("user", "user", "request", "conversation")),
            arm=draw.choice((Arm.CANDIDATE, Arm.CONTROL, Arm.OUTSIDE)),
            stage=draw.choice((0, None)),
            counted=draw.random() < 0.9,
            stays=draw.random() < 0.3,
            outcome=draw.choice((Outcome.OK, Outcome.OK, Outcome.UPSTREAM_ERROR, Outcome.CLIENT_CLOSED)),
            first_attempt_failed=draw.random() < 0.2,
            seconds=draw.random() * 3,
            asked_bytes=draw.choice((0, 900, 4000)),
            cost_usd=draw.choice((None, 0.0, 0.01, 0.02)),
        )
        for number in range(count)
    ]


@pytest.fixture
async def filled(store):
    made = exchanges()
    await store.ledger.ingest(made, [])
    for number, each in enumerate(made[::3]):
        vote = "down" if number % 4 == 0 else "up"
        await store.ledger.vote(Vote(request_id=each.id, vote=vote, at=each.at, tenant=each.tenant))
    return store


def by_hand(sampled: Sampled) -> Census:
    made = exchanges()
    voted = {each.id: "down" if n % 4 == 0 else "up" for n, each in enumerate(made[::3])}
    found = [
        each
        for each in made
        if sampled.since <= each.at < sampled.until
        and (each.counted or each.stays)
        and ("*" in sampled.tenants or each.tenant in sampled.tenants)
        and ("*" in sampled.tasks or each.task in sampled.tasks)
    ]
    baseline = [each for each in found if not (each.arm is Arm.CANDIDATE and each.stage is not None)]
    hours: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    units: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for each in found:
        kept = each in baseline
        for place in (hours[int(each.at // 3600) * 3600], units[each.tenant, each.unit_hash]):
            if place in hours.values() or each.unit_kind != "conversation":
                place[0] += 1
                place[1] += kept
                place[2] += kept and each.faulted
    alike = Counter(tuple(each) for each in units.values() if any(each))
    good = [each for each in baseline if each.outcome is Outcome.OK]
    return Census(
        hours=tuple(Hour(start, *counts) for start, counts in sorted(hours.items())),
        first_at=min((each.at for each in found), default=0.0),
        alike=tuple(Alike(users, *key) for key, users in sorted(alike.items())),
        milliseconds=dict(Counter(round(each.seconds * 1000) for each in good)),
        up=sum(voted.get(each.id) == "up" for each in baseline),
        down=sum(voted.get(each.id) == "down" for each in baseline),
    )


@pytest.mark.parametrize(
    "sampled",
    [
        Sampled(since=BEGIN, until=BEGIN + 20_000),
        Sampled(since=BEGIN + 1_000, until=BEGIN + 5_000),
        Sampled(since=BEGIN, until=BEGIN + 20_000, tenants=("bolt",)),
        Sampled(since=BEGIN, until=BEGIN + 20_000, tasks=("review", "other")),
        Sampled(since=0.0, until=BEGIN),
    ],
    ids=["all", "a part", "a tenant", "a task", "nothing"],
)
async def test_a_census_is_what_its_lines_come_to(filled, sampled):
    found, hand = await filled.samples.census(sampled), by_hand(sampled)
    assert found.hours == hand.hours
    assert found.first_at == hand.first_at
    assert sum(each.users for each in found.alike) == sum(each.users for each in hand.alike)
    assert found.alike == hand.alike
    assert found.milliseconds == hand.milliseconds
    assert (found.up, found.down) == (hand.up, hand.down)


async def test_costs_are_summed_with_their_logarithms(filled):
    sums = (await filled.samples.census(Sampled(since=BEGIN, until=BEGIN + 20_000))).costs
    kept = [e for e in exchanges() if not (e.arm is Arm.CANDIDATE and e.stage is not None)]
    priced = [e for e in kept if (e.counted or e.stays) and e.cost_usd is not None]
    costly = [e for e in priced if e.cost_usd]
    sized = [e for e in costly if e.asked_bytes]
    assert (sums.priced, sums.costly, sums.sized) == (len(priced), len(costly), len(sized))
    assert min(sums.priced - sums.costly, sums.costly - sums.sized, sums.sized) > 20
    assert sums.usd == pytest.approx(sum(e.cost_usd for e in priced))
    assert sums.x == pytest.approx(sum(math.log(e.cost_usd) for e in costly))
    assert sums.xx == pytest.approx(sum(math.log(e.cost_usd) ** 2 for e in costly))
    assert sums.xs == pytest.approx(sum(math.log(e.cost_usd) for e in sized))
    assert sums.yy == pytest.approx(sum(math.log(e.asked_bytes) ** 2 for e in sized))
    assert sums.xy == pytest.approx(sum(math.log(e.cost_usd) * math.log(e.asked_bytes) for e in sized))
