"""Costs: whatever the interval, the sums are those of the ledger's lines."""

from random import Random

import msgspec
import pytest
from exchanges import make_exchange

from tidegate.adapters.storage.store import Store
from tidegate.domain.account import SLOT_SECONDS, Costs, Spent, costs_of
from tidegate.domain.exchange import SkillUse, Usage
from tidegate.ports import LedgerQuery

START = 1_000_800.0  # a quarter of an hour begins here


def exchanges() -> list:
    """Four an hour and a quarter apart by three minutes, over all dimensions, some without a price."""
    made = []
    for number in range(60):
        skills = (SkillUse("drafting", 1, "pattern", 1.0),) if number % 3 else ()
        if number % 5 == 0:
            skills = (*skills, SkillUse("analysis", 2, "pattern", 1.0))
        made.append(
            make_exchange(
                number,
                at=START + number * 180.0,
                tenant=("acme", "bolt")[number % 2],
                key_id=f"key_{number % 4}",
                model=("small", "large", "unknown")[number % 3],
                cost_usd=None if number % 3 == 2 else 0.1 / (number + 3),
                usage=Usage() if number % 7 == 0 else Usage(100 + number, 20, 3, 2, 1),
                rollout=("one", None)[number % 2],
                skills=skills,
                cache="hit" if number % 11 == 0 else None,
            )
        )
    return made


@pytest.fixture
async def filled(store: Store) -> Store:
    await store.ledger.ingest(exchanges()[:40], ())
    await store.ledger.ingest(exchanges()[30:], ())  # ten of them again: they count once
    return store


INTERVALS = [
    (None, None),
    (START, None),
    (START + 61.0, None),
    (None, START + 5_000.0),
    (START + 100.0, START + 9_999.0),
    (START + 900.0, START + 2_700.0),
    (START + 1_000.0, START + 1_700.0),
    (START + 1_000.0, START + 1_900.0),
    (START + 1_000.0, START + 1_000.0),
]
NAMES = {
    "tenant": lambda each: each.tenant,
    "key_id": lambda each: each.key_id,
    "model": lambda each: each.model,
    "skills": lambda each: ",".join(sorted(use.name for use in each.skills)),
}


@pytest.mark.parametrize("dimension", NAMES)
@pytest.mark.parametrize(("since", "until"), INTERVALS)
async def test_sums_are_those_of_the_ledgers_lines(filled: Store, dimension: str, since, until) -> None:
    for rollout, tenant in ((None, None), ("one", None), (None, "bolt")):
        query = LedgerQuery(since=since, until=until, rollout=rollout, tenant=tenant)
        expected: dict[str, Costs] = {}
        lines = LedgerQuery(since=since, until=until, rollout=rollout, tenant=tenant)
        async for each in filled.ledger.export(lines):
            name = NAMES[dimension](each)
            expected[name] = expected.get(name, Costs()) + costs_of(each)
        assert await filled.costs.by(dimension, query) == expected


async def test_ends_of_an_interval_with_many_exchanges_are_summed_page_by_page(store: Store) -> None:
    """Thousands in a quarter of an hour, many at one instant; intervals that begin and end among them."""
    draw = Random(5)
    made = [
        make_exchange(
            number,
            at=START + draw.randrange(0, 800, 20),
            key_id=f"key_{number % 7}",
            cost_usd=draw.random(),
            usage=Usage(draw.randrange(1000), draw.randrange(100)),
        )
        for number in range(2_300)
    ]
    await store.ledger.ingest(made, ())
    for _ in range(12):
        since, until = (START + draw.randrange(-20, 1000, 10) for _ in range(2))
        expected: dict[str, Costs] = {}
        for each in made:
            if since <= each.at < until:
                expected[each.key_id] = expected.get(each.key_id, Costs()) + costs_of(each)
        assert await store.costs.by("key_id", LedgerQuery(since=since, until=until)) == expected
    asked = LedgerQuery(since=START + 5.0)
    everything = [costs_of(each) for each in made if each.at >= START + 5.0]
    found = await store.costs.by("key_id", asked)
    assert sum(found.values(), Costs()) == sum(everything, Costs())


async def test_what_was_spent_in_a_day_is_told_by_key(filled: Store) -> None:
    since, until = START, START + 8 * SLOT_SECONDS
    expected: dict[tuple[str, str], int] = {}
    for each in exchanges():
        if since <= each.at < until:
            place = each.tenant, each.key_id
            expected[place] = expected.get(place, 0) + costs_of(each).cost_picos
    spent = await filled.costs.spent(since, until)
    assert {(each.tenant, each.key_id): round(each.usd * 10**12) for each in spent} == expected
    assert await filled.costs.spent(0.0, 900.0) == []
    assert isinstance(spent[0], Spent)


async def test_two_processes_add_to_the_same_sums(filled: Store, open_another) -> None:
    other = await open_another()
    more = [msgspec.structs.replace(each, id=f"x{each.id}", message_id=None) for each in exchanges()]
    await other.ledger.ingest(more, ())
    query = LedgerQuery()
    assert sum((await filled.costs.by("tenant", query)).values(), Costs()).requests == 120


async def test_a_key_was_last_used_in_the_quarter_of_an_hour_of_its_latest_exchange(store: Store) -> None:
    assert await store.costs.last_used() == {}
    made = exchanges()
    await store.ledger.ingest(made, ())
    latest = {each.key_id: each.at // SLOT_SECONDS * SLOT_SECONDS for each in made}
    assert await store.costs.last_used() == latest
