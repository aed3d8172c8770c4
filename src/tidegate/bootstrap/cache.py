"""The result cache of a serving process: its own memory, and Valkey behind it where one is configured."""

from dataclasses import dataclass

from tidegate.adapters.layered_cache import LayeredCache
from tidegate.adapters.memory_cache import MemoryCache
from tidegate.adapters.valkey.link import ValkeyLink
from tidegate.adapters.valkey.result_cache import ValkeyCache
from tidegate.config.settings import Cache
from tidegate.domain.rollout import CachePolicy
from tidegate.ports import Clock, Meter, ResultCache
from tidegate.serving.settings import ReuseSettings


@dataclass(frozen=True, slots=True)
class Caches:
    """The cache to serve from, and the part of it that is this process's own."""

    whole: ResultCache
    near: MemoryCache


def open_cache(given: Cache, valkey: ValkeyLink | None, clock: Clock, meter: Meter) -> Caches:
    """The configured cache, empty so far."""
    near = MemoryCache(given.memory, clock, meter)
    return Caches(near if valkey is None else LayeredCache(near, ValkeyCache(valkey, clock)), near)


def reuse_settings(given: Cache) -> ReuseSettings:
    """What serving is told."""
    everywhere = None if given.when == "off" else CachePolicy(ttl_seconds=given.ttl, when=given.when)
    return ReuseSettings(everywhere=everywhere, entry_bytes=given.entry, wait_seconds=given.wait)
