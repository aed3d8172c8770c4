"""A gateway in this process before a real emulator, with one skill that has files and a script."""

import base64
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest
from gateway_parts import World, rollout, state, variant
from hosted_parts import ARCHIVE, CONTRACTS

from tidegate.adapters.upstream.http1 import Http1Upstream
from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.harness.emulator import Emulator, Profile, start_emulator


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    started = await start_emulator(Profile())
    yield started
    await started.close()


@pytest.fixture
async def make(emulator: Emulator) -> AsyncIterator[Callable[..., World]]:
    """Makes gateways of one fleet, each a process of its own as far as they know."""
    clients: list[Http1Upstream] = []

    async def made(**more: object) -> World:
        clients.append(Http1Upstream(UpstreamSettings(base_url=emulator.url)))
        world = World(upstream=clients[-1], packed={CONTRACTS.digest: ARCHIVE}, **more)
        served = variant(CONTRACTS, timeout_seconds=5.0)
        world.serve(state(rollout(served), versions=[CONTRACTS]))
        await world.archives.step()
        return world

    yield made
    for client in clients:
        await client.aclose()


@pytest.fixture
def upstream_bodies(emulator: Emulator) -> Callable[[], list[dict]]:
    """What the provider was sent, oldest first."""

    def bodies() -> list[dict]:
        return [msgspec.json.decode(base64.b64decode(each.body)) for each in emulator.recent(64)]

    return bodies
