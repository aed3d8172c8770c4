"""A change is done when every live process serves it."""

import asyncio

import pytest

from tidegate.adapters.storage.routing import GONE_AFTER_SECONDS
from tidegate.config import load
from tidegate.config.settings import Routing
from tidegate.control.acknowledge import ALIVE_SECONDS, Acknowledgements
from tidegate.domain.errors import InvalidInput, StoreUnavailable
from tidegate.ports import Process


def process(name, seen_at, revision):
    return Process(id=name, started_at=0.0, seen_at=seen_at, revision=revision)


class Wall:
    """Fixed wall time, real waiting time."""

    def __init__(self, at):
        self.at = at

    def now(self):
        return self.at

    def monotonic(self):
        return asyncio.get_running_loop().time()


async def test_with_no_process_alive_it_is_done_at_once(services):
    result = await Acknowledgements(services.store.routing, Wall(1000.0)).of(99)
    assert (result.done, result.processes) == (True, 0)


async def test_it_waits_for_a_process_that_serves_an_older_snapshot(services):
    routing = services.store.routing
    now = services.clock.now()
    await routing.acknowledge(process("p1", now, 4))
    waiting = asyncio.create_task(Acknowledgements(routing, Wall(now)).of(5))
    done, _ = await asyncio.wait([waiting], timeout=0.1)
    assert not done
    await routing.acknowledge(process("p1", now, 5))
    result = await waiting
    assert (result.done, result.processes) == (True, 1)


async def test_who_does_not_confirm_in_time_is_named(services):
    now = services.clock.now()
    await services.store.routing.acknowledge(process("p1", now, 5))
    await services.store.routing.acknowledge(process("p2", now, 4))
    result = await Acknowledgements(services.store.routing, Wall(now)).of(5, seconds=0.05)
    assert [laggard.id for laggard in result.laggards] == ["p2"]


async def test_a_process_that_has_just_fallen_silent_may_still_serve_and_is_waited_for(services):
    now = services.clock.now()
    await services.store.routing.acknowledge(process("cut-off", now, 4))
    result = await Acknowledgements(services.store.routing, Wall(now + Routing().confirm)).of(5, seconds=0.0)
    assert [laggard.id for laggard in result.laggards] == ["cut-off"]


def test_a_process_is_listed_for_as_long_as_anybody_waits_for_it():
    assert Routing().confirm < ALIVE_SECONDS < GONE_AFTER_SECONDS


@pytest.mark.parametrize("value", [{"confirm": "61s"}, {"heartbeat": "16s"}])
def test_no_process_may_be_silent_for_longer_than_a_switch_waits_for_it(value, tmp_path):
    ((name, duration),) = value.items()
    with pytest.raises(InvalidInput, match=name):
        load(home=tmp_path, environ={f"TIDEGATE_ROUTING_{name.upper()}": duration})


async def test_a_process_that_was_not_seen_for_long_is_not_waited_for(services):
    now = services.clock.now()
    await services.store.routing.acknowledge(process("dead", now, 1))
    result = await Acknowledgements(services.store.routing, Wall(now + ALIVE_SECONDS + 0.1)).of(5)
    assert (result.done, result.processes) == (True, 0)


class CountedRouting:
    """Reads of the store's, counted; `failing` makes the next raise."""

    def __init__(self, routing):
        self._routing = routing
        self.read = 0
        self.failing = None

    async def processes(self):
        self.read += 1
        if self.failing:
            raise self.failing
        return await self._routing.processes()


async def test_two_hundred_that_wait_read_no_more_than_one(services):
    now = services.clock.now()
    await services.store.routing.acknowledge(process("p1", now, 0))
    routing = CountedRouting(services.store.routing)
    acknowledgements = Acknowledgements(routing, Wall(now))
    waiting = [asyncio.create_task(acknowledgements.of(revision)) for revision in range(1, 201)]
    done, _ = await asyncio.wait(waiting, timeout=0.1)
    assert not done
    while_waiting = routing.read
    await services.store.routing.acknowledge(process("p1", now, 150))
    reached = await asyncio.gather(*waiting[:150])
    assert [each.revision for each in reached] == list(range(1, 151))
    assert not any(each.done() for each in waiting[150:])
    await services.store.routing.acknowledge(process("p1", now, 200))
    assert all(each.done for each in await asyncio.gather(*waiting[150:]))
    assert while_waiting <= 8, "one reading every 15 ms, however many wait"


async def test_nobody_reads_when_nobody_waits(services):
    now = services.clock.now()
    await services.store.routing.acknowledge(process("p1", now, 4))
    routing = CountedRouting(services.store.routing)
    acknowledgements = Acknowledgements(routing, Wall(now))
    given_up = asyncio.create_task(acknowledgements.of(5))
    await asyncio.wait([given_up], timeout=0.05)
    given_up.cancel()
    await asyncio.wait([given_up], timeout=0.05)
    read = routing.read
    await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.05)
    assert (given_up.cancelled(), routing.read) == (True, read)
    assert (await acknowledgements.of(4)).done


async def test_each_that_waits_hears_of_a_store_that_is_away_and_the_next_reads_anew(services):
    now = services.clock.now()
    await services.store.routing.acknowledge(process("p1", now, 4))
    routing = CountedRouting(services.store.routing)
    acknowledgements = Acknowledgements(routing, Wall(now))
    waiting = [asyncio.create_task(acknowledgements.of(5)) for _ in range(3)]
    await asyncio.wait(waiting, timeout=0.05)
    routing.failing = StoreUnavailable("the store is away")
    said = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(each) for each in said] == ["the store is away"] * 3
    routing.failing = None
    assert (await acknowledgements.of(4)).done
