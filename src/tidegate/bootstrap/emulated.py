"""An emulated provider in this process, in place of a real one."""

from contextlib import AsyncExitStack
from dataclasses import replace

from tidegate.config import Settings
from tidegate.serving.upstreams import DEFAULT


async def emulated(stack: AsyncExitStack) -> str:
    """Start one that lives as long as `stack`; returns its URL."""
    from tidegate.harness.emulator import PROFILES, start_emulator  # noqa: PLC0415 (not in production)

    provider = await start_emulator(PROFILES["instant"])
    stack.push_async_callback(provider.close)
    return provider.url


def served_by(settings: Settings, url: str) -> Settings:
    """The settings with the emulated provider at `url` as the upstream; no real key of it is sent there."""
    upstream = replace(settings.upstream, url=url, key="emulated", key_file="", proxy="")
    credentials = {name: each for name, each in settings.credentials.items() if each.upstream != DEFAULT}
    return replace(settings, upstream=upstream, credentials=credentials)
