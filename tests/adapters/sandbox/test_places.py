"""Places of the pool: shared by tenants, none of which can have all of it, or all of the queue."""

import asyncio
from collections.abc import Sequence

import pytest

from tidegate.adapters.sandbox.places import Place, Places
from tidegate.ports import ScriptRefused


def pool(count: int, *, queue: int = 64) -> Places:
    return Places([Place(number, None, None) for number in range(count)], queue=queue, wait=60.0)


async def asking(places: Places, tenants: str) -> list[asyncio.Task[Place]]:
    """One that asks for each of these tenants, a letter each; they have come to where they wait."""
    tasks = [asyncio.create_task(places.take(tenant, 60.0)) for tenant in tenants]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def served(tenants: str, tasks: Sequence[asyncio.Task[Place]]) -> str:
    return "".join(
        tenant for tenant, task in zip(tenants, tasks, strict=True) if task.done() and not task.exception()
    )


async def ended(*tasks: asyncio.Task[Place]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_one_tenant_alone_has_all_places() -> None:
    places = pool(4)
    tasks = await asking(places, "aaaaa")
    assert (served("aaaaa", tasks), places.taken, places.waiting) == ("aaaa", 4, 1)
    await ended(*tasks)


async def test_a_place_goes_to_the_tenant_that_has_the_fewest() -> None:
    places = pool(3)
    tasks = await asking(places, "aaa")
    waiting = await asking(places, "aaab")
    places.give(tasks[0].result())
    await asyncio.sleep(0)
    assert served("aaab", waiting) == "b"
    await ended(*tasks, *waiting)


async def test_tenants_take_turns() -> None:
    places = pool(1)
    (running,) = await asking(places, "x")
    waiting = await asking(places, "aaabbc")
    order = ""
    place = running.result()
    for _ in waiting:
        before = served("aaabbc", waiting)
        places.give(place)
        await asyncio.sleep(0)
        after = served("aaabbc", waiting)
        (new,) = [tenant for tenant in "abc" if after.count(tenant) > before.count(tenant)]
        order += new
        index = {"a": 0, "b": 3, "c": 5}[new] + after.count(new) - 1
        place = waiting[index].result()
    assert order == "abcaba"
    places.give(place)
    await places.idle()


async def test_once_a_second_tenant_has_come_a_place_is_left_for_others() -> None:
    places = pool(3)
    (first,) = await asking(places, "b")
    places.give(first.result())
    tasks = await asking(places, "aaaa")
    assert (served("aaaa", tasks), places.waiting) == ("aa", 2)
    assert (await places.take("b", 60.0)).number in range(3)
    await ended(*tasks)


async def test_the_sandboxs_own_trial_is_nobodys() -> None:
    places = pool(2)
    places.give(await places.take("", 60.0))
    tasks = await asking(places, "aa")
    assert served("aa", tasks) == "aa"


async def test_one_tenant_cannot_have_all_of_the_queue() -> None:
    places = pool(1, queue=3)
    (running,) = await asking(places, "a")
    waiting = await asking(places, "aaa")
    (other,) = await asking(places, "b")
    with pytest.raises(ScriptRefused, match="too many scripts wait"):
        await waiting[2]
    with pytest.raises(ScriptRefused, match="too many scripts wait"):
        await places.take("a", 60.0)
    places.give(running.result())
    await asyncio.sleep(0)
    assert (served("b", [other]), served("aa", waiting[:2]), places.waiting) == ("", "a", 2)
    places.give(waiting[0].result())
    assert (await other).number == 0
    await ended(waiting[1])


async def test_who_leaves_while_a_place_comes_passes_it_on() -> None:
    places = pool(1)
    (running,) = await asking(places, "a")
    leaving, staying = await asking(places, "ab")
    places.give(running.result())  # to the first, which has not taken it yet
    leaving.cancel()
    await asyncio.wait((leaving,))
    places.give(await staying)
    await places.idle()
    assert (places.taken, places.waiting) == (0, 0)
