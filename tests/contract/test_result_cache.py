"""The port ResultCache: in memory, in a real Valkey, and the one before the other."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from gateway_parts import FakeMeter
from hypothesis import given
from hypothesis import strategies as st
from valkey_server import ValkeyServer

from tidegate.adapters.layered_cache import LayeredCache
from tidegate.adapters.memory_cache import OVERHEAD_BYTES, MemoryCache
from tidegate.adapters.valkey.link import ValkeyLink
from tidegate.adapters.valkey.result_cache import ValkeyCache
from tidegate.adapters.valkey.settings import ValkeySettings
from tidegate.domain.reuse import CachedAnswer
from tidegate.ports import ResultCache

ROOM = 100_000


class SetClock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def now(self) -> float:
        return self.time

    monotonic = now


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def answer(message: bytes = b"{}", *, tenant: str = "t", expires_at: float = 1_000_060.0) -> CachedAnswer:
    return CachedAnswer(tenant, "m", message, expires_at)


@pytest.fixture
async def valkey(valkey_server: ValkeyServer, clock: SetClock) -> AsyncIterator[ValkeyCache]:
    link = await reached(ValkeyLink(ValkeySettings(valkey_server.url, timeout=2), FakeMeter()))
    yield ValkeyCache(link, clock)
    await link.aclose()


@pytest.fixture(params=["memory", "valkey", "layered"])
def cache(request: pytest.FixtureRequest, clock: SetClock) -> ResultCache:
    near = MemoryCache(ROOM, clock, FakeMeter())
    if request.param == "memory":
        return near
    far = request.getfixturevalue("valkey")
    return far if request.param == "valkey" else LayeredCache(near, far)


async def test_what_was_put_is_there_byte_for_byte(cache: ResultCache) -> None:
    kept = answer(bytes(range(256)), tenant="täglich")
    await cache.put(b"k" * 32, kept)
    assert await cache.get(b"k" * 32) == kept
    assert await cache.get(b"l" * 32) is None


async def test_the_later_answer_stands(cache: ResultCache) -> None:
    await cache.put(b"k", answer(b"1"))
    await cache.put(b"k", answer(b"2"))
    assert (await cache.get(b"k")).message == b"2"


async def test_an_answer_is_gone_when_its_time_is_over(cache: ResultCache, clock: SetClock) -> None:
    await cache.put(b"k", answer())
    clock.time += 59.9
    assert await cache.get(b"k") is not None
    clock.time += 0.1
    assert await cache.get(b"k") is None


async def test_what_is_over_already_is_not_kept(cache: ResultCache, clock: SetClock) -> None:
    await cache.put(b"k", answer(expires_at=clock.time))
    assert await cache.get(b"k") is None


async def test_valkey_forgets_by_itself_and_names_nothing_that_was_asked(
    valkey: ValkeyCache, valkey_server: ValkeyServer
) -> None:
    await valkey.put(b"\x01" * 32, answer())
    assert b"tidegate:cache:" + b"01" * 32 in valkey_server.ask("KEYS", "*")
    assert 0 < int(valkey_server.ask("PTTL", "tidegate:cache:" + "01" * 32)[1:]) <= 60_000


@pytest.mark.parametrize("value", ["", "x", "\x01", "\x01nonsense", "\x02later"])
async def test_a_value_of_another_kind_is_a_miss(
    valkey: ValkeyCache, valkey_server: ValkeyServer, value: str
) -> None:
    valkey_server.ask("SET", "tidegate:cache:" + "01" * 32, value)
    assert await valkey.get(b"\x01" * 32) is None


async def test_a_key_of_another_type_is_a_miss(valkey: ValkeyCache, valkey_server: ValkeyServer) -> None:
    valkey_server.ask("LPUSH", "tidegate:cache:" + "01" * 32, "x")
    assert await valkey.get(b"\x01" * 32) is None


async def test_a_valkey_that_is_away_has_nothing_and_keeps_nothing(
    valkey: ValkeyCache, valkey_server: ValkeyServer
) -> None:
    valkey_server.stop()
    for _ in range(20):
        await valkey.put(b"k", answer())
        assert await valkey.get(b"k") is None


async def test_what_another_process_put_is_kept_near(
    valkey: ValkeyCache, valkey_server: ValkeyServer, clock: SetClock
) -> None:
    await valkey.put(b"k", answer())
    near = MemoryCache(ROOM, clock, FakeMeter())
    layered = LayeredCache(near, valkey)
    assert await layered.get(b"k") == answer()
    valkey_server.stop()
    assert await layered.get(b"k") == answer()


async def test_the_least_recently_used_makes_room(clock: SetClock) -> None:
    meter = FakeMeter()
    cache = MemoryCache(3 * (OVERHEAD_BYTES + 100), clock, meter)
    for name in (b"a", b"b", b"c"):
        await cache.put(name, answer(bytes(100)))
    await cache.get(b"a")
    await cache.put(b"d", answer(bytes(100)))
    assert [await cache.get(name) is not None for name in (b"a", b"b", b"c", b"d")] == [
        True,
        False,
        True,
        True,
    ]
    assert meter.moved == [("tidegate_cache_evictions_total", ("size",), 1.0)]


async def test_an_answer_larger_than_all_the_room_displaces_nothing_else(clock: SetClock) -> None:
    cache = MemoryCache(OVERHEAD_BYTES + 100, clock, FakeMeter())
    await cache.put(b"a", answer(bytes(100)))
    await cache.put(b"b", answer(bytes(101)))
    assert (await cache.get(b"a"), await cache.get(b"b")) == (answer(bytes(100)), None)
    await cache.put(b"a", answer(bytes(101)))
    assert (await cache.get(b"a"), cache.entries, cache.size) == (None, 0, 0)


async def test_clearing_is_of_one_tenant_or_of_all(clock: SetClock) -> None:
    cache = MemoryCache(ROOM, clock, FakeMeter())
    await cache.put(b"a", answer(tenant="a"))
    await cache.put(b"b", answer(tenant="b"))
    cache.clear("a")
    assert (await cache.get(b"a"), await cache.get(b"b")) == (None, answer(tenant="b"))
    cache.clear()
    assert (cache.entries, cache.size) == (0, 0)


@given(
    st.lists(
        st.tuples(st.sampled_from(["put", "get", "wait"]), st.integers(0, 6), st.integers(0, 900)),
        max_size=60,
    )
)
async def test_memory_is_bounded_whatever_comes(steps: list[tuple[str, int, int]]) -> None:
    clock = SetClock()
    cache = MemoryCache(3000, clock, FakeMeter())
    latest: dict[int, CachedAnswer] = {}
    for what, name, size in steps:
        if what == "put":
            latest[name] = answer(bytes(size), expires_at=clock.time + 50)
            await cache.put(bytes([name]), latest[name])
        elif what == "wait":
            clock.time += size / 10
        else:
            found = await cache.get(bytes([name]))
            assert found is None or (found == latest[name] and found.expires_at > clock.time)
        assert 0 <= cache.size <= 3000
        assert cache.size == sum(len(each.message) + OVERHEAD_BYTES for each in cache._kept.values())


async def reached(link: ValkeyLink) -> ValkeyLink:
    link.open()
    async with asyncio.timeout(20):
        while not link.available:
            await asyncio.sleep(0.005)
    return link
