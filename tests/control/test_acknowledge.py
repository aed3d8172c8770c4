"""A change is done when every live process serves it."""

import asyncio

import pytest

from tidegate.adapters.storage.routing import GONE_AFTER_SECONDS
from tidegate.config import load
from tidegate.config.settings import Routing
from tidegate.control.acknowledge import ALIVE_SECONDS, acknowledged
from tidegate.domain.errors import InvalidInput
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
    result = await acknowledged(services.store.routing, 99, Wall(1000.0))
    assert (result.done, result.processes) == (True, 0)


async def test_it_waits_for_a_process_that_serves_an_older_snapshot(services):
    routing = services.store.routing
    now = services.clock.now()
    await routing.acknowledge(process("p1", now, 4))
    waiting = asyncio.create_task(acknowledged(routing, 5, Wall(now)))
    done, _ = await asyncio.wait([waiting], timeout=0.1)
    assert not done
    await routing.acknowledge(process("p1", now, 5))
    result = await waiting
    assert (result.done, result.processes) == (True, 1)


async def test_who_does_not_confirm_in_time_is_named(services):
    now = services.clock.now()
    await services.store.routing.acknowledge(process("p1", now, 5))
    await services.store.routing.acknowledge(process("p2", now, 4))
    result = await acknowledged(services.store.routing, 5, Wall(now), seconds=0.05)
    assert [laggard.id for laggard in result.laggards] == ["p2"]


async def test_a_process_that_has_just_fallen_silent_may_still_serve_and_is_waited_for(services):
    now = services.clock.now()
    await services.store.routing.acknowledge(process("cut-off", now, 4))
    result = await acknowledged(services.store.routing, 5, Wall(now + Routing().confirm), seconds=0.0)
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
    result = await acknowledged(services.store.routing, 5, Wall(now + ALIVE_SECONDS + 0.1))
    assert (result.done, result.processes) == (True, 0)
