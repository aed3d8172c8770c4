"""The result cache of a serving process: its own memory, and Valkey behind it where one is configured."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tidegate.adapters.layered_cache import LayeredCache
from tidegate.adapters.memory_cache import MemoryCache
from tidegate.adapters.valkey.link import ValkeyLink
from tidegate.adapters.valkey.result_cache import ValkeyCache
from tidegate.config.settings import Cache
from tidegate.domain.rollout import CachePolicy
from tidegate.ports import Clock, Meter, ResultCache
from tidegate.serving.settings import ReuseSettings
from tidegate.serving.snapshot import RoutingSnapshot


@dataclass(slots=True)
class Caches:
    """The cache to serve from, and the part of it that is this process's own."""

    whole: ResultCache
    near: MemoryCache
    cleared: Mapping[str, int] = field(default_factory=dict[str, int])

    def swapped(self, snapshot: RoutingSnapshot) -> None:
        """Free the memory of what was cleared since the snapshot before: it is never asked for again."""
        for tenant in dict(snapshot.cleared.items() - self.cleared.items()):
            self.near.clear(None if tenant == "*" else tenant)
        self.cleared = snapshot.cleared


def open_cache(given: Cache, valkey: ValkeyLink | None, clock: Clock, meter: Meter) -> Caches:
    """The configured cache, empty so far."""
    near = MemoryCache(given.memory, clock, meter)
    return Caches(near if valkey is None else LayeredCache(near, ValkeyCache(valkey, clock)), near)


def reuse_settings(given: Cache) -> ReuseSettings:
    """What serving is told."""
    everywhere = None if given.when == "off" else CachePolicy(ttl_seconds=given.ttl, when=given.when)
    return ReuseSettings(everywhere=everywhere, entry_bytes=given.entry, wait_seconds=given.wait)
