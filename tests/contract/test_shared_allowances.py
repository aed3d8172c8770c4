"""Buckets of limits: the ones in memory and the ones in a real Valkey keep the same promises."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from gateway_parts import FakeMeter
from valkey_server import ValkeyServer

from tidegate.adapters.valkey.allowances import ValkeyAllowances
from tidegate.adapters.valkey.link import ValkeyLink
from tidegate.adapters.valkey.settings import ValkeySettings
from tidegate.domain.allowance import Claim, Share
from tidegate.ports import SharedAway
from tidegate.serving.allowances import OwnAllowances

FAR = 4_000_000_000.0


@pytest.fixture
async def link(valkey_server: ValkeyServer) -> AsyncIterator[ValkeyLink]:
    opened = ValkeyLink(ValkeySettings(valkey_server.url, timeout=2.0), FakeMeter())
    opened.open()
    async with asyncio.timeout(20):
        while not opened.available:
            await asyncio.sleep(0.005)
    yield opened
    await opened.aclose()


@pytest.fixture(params=["memory", "valkey"])
def buckets(request: pytest.FixtureRequest):
    if request.param == "memory":
        return OwnAllowances(_monotonic)
    return ValkeyAllowances(request.getfixturevalue("link"))


def _monotonic() -> float:
    return asyncio.get_running_loop().time()


def slow(name: str = "a", **more: float) -> Claim:
    """Ten, of which next to nothing drains while a test lasts."""
    return Claim(f"{{acme}}:{name}", 10.0, 1e-6, **more)


async def taken(buckets, *claims: Claim) -> Sequence[float]:
    return [round(share.taken, 3) for share in await buckets.take(claims)]


async def test_what_fits_is_taken_and_no_more(buckets) -> None:
    assert [await taken(buckets, slow(need=3)) for _ in range(4)] == [[3], [3], [3], [0]]
    (share,) = await buckets.take([slow(need=1)])
    assert share == Share(1.0, pytest.approx(10, abs=1e-3))


async def test_every_need_is_met_or_nothing_is_taken(buckets) -> None:
    await taken(buckets, slow("full", need=10))
    assert await taken(buckets, slow("free", need=2), slow("full", need=1)) == [0, 0]
    assert await taken(buckets, slow("free", need=10)) == [10]


async def test_a_want_is_taken_as_far_as_it_fits(buckets) -> None:
    assert await taken(buckets, slow(need=1, want=7)) == [7]
    assert await taken(buckets, slow(need=1, want=7)) == [3]


async def test_charges_count_first_and_may_make_debts_or_give_back(buckets) -> None:
    assert await taken(buckets, slow(charge=15)) == [0]
    assert await taken(buckets, slow(need=1)) == [0]
    assert await taken(buckets, slow(charge=-14, need=9)) == [9]
    assert [round(each.used, 3) for each in await buckets.take([slow(charge=-99)])] == [0]


async def test_a_need_beyond_the_capacity_is_met_by_an_empty_bucket(buckets) -> None:
    assert await taken(buckets, slow(need=50)) == [50]
    assert await taken(buckets, slow(need=1)) == [0]


async def test_time_drains(buckets) -> None:
    fast = Claim("{acme}:fast", 10.0, 50.0, need=10.0)
    assert await taken(buckets, fast) == [10]
    assert await taken(buckets, fast) == [0]
    async with asyncio.timeout(10):
        while await taken(buckets, fast) == [0]:
            await asyncio.sleep(0.01)


async def test_a_budget_does_not_drain(buckets) -> None:
    budget = Claim("{acme}:usd:1", 1.0, 0.0, need=0.5, until=FAR)
    assert [await taken(buckets, budget) for _ in range(3)] == [[0.5], [0.5], [0]]


async def test_a_floor_is_what_is_in_it_at_least(buckets) -> None:
    assert await taken(buckets, slow(charge=2, floor=7, need=3)) == [3]
    assert await taken(buckets, slow(floor=7, need=1)) == [0]


async def test_many_at_once_never_take_more_than_there_is(buckets) -> None:
    shares = await asyncio.gather(*(buckets.take([slow(need=1)]) for _ in range(40)))
    assert sum(share.taken for (share,) in shares) == 10


# ---- of Valkey alone ------------------------------------------------------------------------------------


async def test_buckets_expire_once_they_are_empty(link: ValkeyLink) -> None:
    await ValkeyAllowances(link).take([Claim("{acme}:a", 10.0, 1.0, need=10.0)])
    left = await link.command("quota", "PTTL", "tidegate:quota:{acme}:a")
    assert 9_000 < left <= 11_000


async def test_a_server_that_was_restarted_learns_the_script_anew(
    link: ValkeyLink, valkey_server: ValkeyServer
) -> None:
    buckets = ValkeyAllowances(link)
    await buckets.take([slow(need=1)])
    valkey_server.ask("SCRIPT", "FLUSH")
    assert await taken(buckets, slow(need=1)) == [1]


async def test_a_server_that_is_away_is_said_to_be(link: ValkeyLink, valkey_server: ValkeyServer) -> None:
    valkey_server.stop()
    with pytest.raises(SharedAway):
        await ValkeyAllowances(link).take([slow(need=1)])
