"""Limits shared by several processes: how much they admit together, and alone while nothing is shared."""

import asyncio

import pytest

from tidegate.domain.allowance import Claim
from tidegate.ports import SharedAway
from tidegate.serving.allowances import OwnAllowances
from tidegate.serving.leases import BARRED_SECONDS, IDLE_SECONDS, LEASED, Leases

NOON = 1_000.0


class Shared:
    """The shared buckets in memory; counts how often it is asked, and may be away."""

    def __init__(self, now) -> None:
        self.buckets = OwnAllowances(now)
        self.asked = 0
        self.away = False

    async def take(self, claims):
        self.asked += 1
        if self.away:
            raise SharedAway("a test")
        return await self.buckets.take(claims)


class World:
    """`count` processes that share their limits, and a clock that stands until it is moved."""

    def __init__(self, count: int = 2) -> None:
        self.time = NOON
        self.shared = Shared(self.now)
        self.processes = [Leases(self.shared, OwnAllowances(self.now), self.now) for _ in range(count)]

    def now(self) -> float:
        return self.time

    async def admitted(self, process: Leases, asked: Claim, tries: int) -> int:
        return sum([(await process.take([asked]))[0].taken > 0 for _ in range(tries)])

    async def synchronise(self) -> None:
        for process in self.processes:
            await process.synchronise()


def requests(amount: float, **more: float) -> Claim:
    return Claim("{acme}:tenant:acme:requests", amount, amount / 60, **{"need": 1.0, **more})


def budget(amount: float, need: float = 0.01) -> Claim:
    return Claim("{acme}:tenant:acme:usd:1", amount, 0.0, need=need, until=2_000.0)


async def test_processes_admit_together_what_one_would() -> None:
    world = World(4)
    totals = [await world.admitted(each, requests(1000), 400) for each in world.processes]
    assert 1000 * (1 - 4 * LEASED) <= sum(totals) <= 1000
    assert world.shared.asked < 110, "a lease serves many requests"


async def test_a_small_limit_is_asked_for_one_by_one() -> None:
    world = World(2)
    totals = [await world.admitted(each, requests(6), 4) for each in world.processes]
    assert totals == [4, 2]


async def test_a_refusal_is_remembered_for_a_moment() -> None:
    world = World(1)
    (process,) = world.processes
    await world.admitted(process, requests(6), 7)
    asked = world.shared.asked
    await world.admitted(process, requests(6), 50)
    assert world.shared.asked == asked
    world.time += BARRED_SECONDS + 10
    assert await world.admitted(process, requests(6), 1) == 1


async def test_a_full_bucket_bars_only_those_who_need_it() -> None:
    world = World(1)
    (process,) = world.processes
    tenants = requests(100)
    one, two = (Claim(f"{{acme}}:key:{name}:requests", 1.0, 0.01, need=1.0) for name in ("one", "two"))
    assert all(share.taken for share in await process.take([one, tenants]))
    assert not all(share.taken for share in await process.take([one, tenants]))
    assert all(share.taken for share in await process.take([two, tenants]))


async def test_an_idle_lease_is_given_back() -> None:
    world = World(2)
    idle, busy = world.processes
    await world.admitted(idle, requests(1000), 1)
    assert await world.admitted(busy, requests(1000), 1000) == 1000 - int(1000 * LEASED)
    world.time += IDLE_SECONDS + BARRED_SECONDS
    await world.synchronise()
    assert await world.admitted(busy, requests(1000), 1000) > int(1000 * LEASED) - 1


async def test_what_one_is_charged_afterwards_binds_the_others() -> None:
    world = World(2)
    one, two = world.processes
    tokens = Claim("{acme}:tenant:acme:tokens", 1000.0, 1000 / 60, need=10.0)
    await one.take([tokens])
    one.charge(tokens, 2000.0)
    await world.synchronise()
    assert not (await two.take([tokens]))[0].taken
    one.charge(tokens, -2000.0)
    await world.synchronise()
    world.time += BARRED_SECONDS
    assert (await two.take([tokens]))[0].taken


async def test_a_budget_is_spent_together() -> None:
    world = World(2)
    one, two = world.processes
    assert await world.admitted(one, budget(1.0), 60) == 60
    await world.synchronise()
    assert await world.admitted(two, budget(1.0), 60) == 40


async def test_what_the_ledger_has_is_counted_once() -> None:
    world = World(2)
    for _ in range(3):
        for process in world.processes:
            process.raise_to(budget(1.0), 0.7)
            await world.synchronise()
    assert await world.admitted(world.processes[0], budget(1.0), 60) == 30


async def test_alone_a_process_admits_its_part_until_it_is_answered_again() -> None:
    world = World(2)
    world.shared.away = True
    for process in world.processes:
        process.part = 0.5
        assert await world.admitted(process, requests(100), 100) == 50
        assert process.away
        with pytest.raises(SharedAway):
            await process.synchronise()


async def test_what_was_to_be_booked_when_the_shared_ones_went_away_is_booked_when_they_are_back() -> None:
    world = World(2)
    one, two = world.processes
    tokens = Claim("{acme}:tenant:acme:tokens", 1000.0, 1e-6, need=10.0)
    await one.take([tokens])
    one.charge(tokens, 2000.0)
    await world.admitted(one, budget(1.0), 60)
    world.shared.away = True
    other = Claim("{globex}:tenant:globex:tokens", 1000.0, 1e-6, need=10.0)
    await one.take([other])
    assert one.away
    world.shared.away = False
    await world.synchronise()
    assert not (await two.take([tokens]))[0].taken, "the debt of two thousand"
    assert await world.admitted(two, budget(1.0), 60) == 40


async def test_a_lease_is_not_given_back_to_a_bucket_that_has_drained_meanwhile() -> None:
    world = World(2)
    one, two = world.processes
    await world.admitted(one, requests(1000), 1)
    world.shared.away = True
    world.time += IDLE_SECONDS
    with pytest.raises(SharedAway):
        await one.synchronise()
    await one.take([Claim("{globex}:x", 5.0, 1.0, need=1.0)])
    world.shared.away = False
    world.time += 3600
    assert await world.admitted(two, requests(1000), 1100) == 1000
    await world.synchronise()
    world.time += BARRED_SECONDS
    assert await world.admitted(two, requests(1000), 1100) <= 2, "what a tenth of a second drains"


async def test_tenants_are_booked_each_on_their_own_a_few_at_once() -> None:
    world = World(1)
    (process,) = world.processes
    together, most, commands = 0, 0, list[set[str]]()
    take = world.shared.take

    async def watched(claims):
        nonlocal together, most
        together += 1
        most = max(most, together)
        tenants = {claim.id.split("}")[0] for claim in claims}
        commands.append(tenants)
        await asyncio.sleep(0)
        together -= 1
        if "{t7" in tenants:
            raise SharedAway("for one of them")
        return await take(claims)

    for what in ("requests", "tokens"):
        for n in range(100):
            process.charge(Claim(f"{{t{n}}}:tenant:{what}", 100.0, 1.0), 5.0)
    world.shared.take = watched
    with pytest.raises(SharedAway):
        await process.synchronise()
    assert len(commands) == 100
    assert all(len(tenants) == 1 for tenants in commands)
    assert 1 < most <= 8
    assert {each.claim.id: each.pending for each in process._known.values() if each.pending} == {
        "{t7}:tenant:requests": 5.0,
        "{t7}:tenant:tokens": 5.0,
    }, "and what was booked is not booked again"


async def test_while_away_nobody_is_asked_on_the_way() -> None:
    world = World(1)
    (process,) = world.processes
    world.shared.away = True
    await world.admitted(process, requests(100), 20)
    assert world.shared.asked == 1


async def test_yesterdays_budgets_are_forgotten() -> None:
    world = World(1)
    (process,) = world.processes
    process.raise_to(budget(1.0), 1.0)
    process.forget_ended(1_999.0)
    await world.synchronise()
    assert await world.admitted(process, budget(1.0), 1) == 0
    process.forget_ended(2_000.0)
    assert process._known == {}
