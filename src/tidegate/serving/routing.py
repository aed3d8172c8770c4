"""Following the store: every process holds one snapshot, swaps it whole, and says which one it serves."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from tidegate.domain.errors import StoreUnavailable
from tidegate.ports import Clock, Process, Routing, RoutingState
from tidegate.serving.snapshot import EMPTY, RoutingSnapshot, compile_snapshot, stopped
from tidegate.serving.variant import VariantCache

_log = logging.getLogger("tidegate.routing")


class SnapshotHolder:
    """The snapshot this process serves from, and how lately the store confirmed it.

    Unconfirmed for `confirm_seconds`, it is handed out degraded: running rollouts serve the baseline.
    """

    def __init__(self, clock: Clock, *, confirm_seconds: float = 60.0) -> None:
        self._clock = clock
        self._confirm_seconds = confirm_seconds
        self._stored = EMPTY
        self._local: dict[tuple[str, str], None] = {}
        self._fresh = EMPTY
        self._stale = replace(EMPTY, degraded=True)
        self.loaded = False
        self.confirmed_at = clock.monotonic()

    def current(self) -> RoutingSnapshot:
        """The snapshot to serve the next request from."""
        age = self._clock.monotonic() - self.confirmed_at
        return self._stale if age > self._confirm_seconds else self._fresh

    def age(self) -> float:
        """Seconds since the store last confirmed the snapshot."""
        return self._clock.monotonic() - self.confirmed_at

    def swap(self, snapshot: RoutingSnapshot) -> None:
        """Serve from a newer snapshot from now on."""
        self._stored = snapshot
        self.loaded = True
        self._settle()

    def stop(self, state: RoutingState) -> None:
        """Obey what a newer state switches off or revokes before the rest of it is compiled."""
        if self.loaded:
            self._stored = stopped(self._stored, state)
            self._settle()

    def confirm(self) -> None:
        """The store has just said that the revision is the newest."""
        self.confirmed_at = self._clock.monotonic()

    def switch_off_local(self, scope: str, target: str) -> None:
        """Switch off in this process at once, store or no store, until `switch_on_local` or the end."""
        self._local[scope, target] = None
        self._settle()

    def switch_on_local(self, scope: str, target: str) -> None:
        """Take a local switch back; what the store has switched off stays off."""
        self._local.pop((scope, target), None)
        self._settle()

    def _settle(self) -> None:
        off = self._stored.overrides
        for scope, target in self._local:
            off = off.also(scope, target)
        self._fresh = replace(self._stored, overrides=off)
        self._stale = replace(self._fresh, degraded=True)


class Follower:
    """Keeps a holder at the store's newest revision and acknowledges it; times in seconds."""

    def __init__(
        self,
        routing: Routing,
        holder: SnapshotHolder,
        clock: Clock,
        process_id: str,
        *,
        poll: float = 0.05,
        heartbeat: float = 2.0,
        on_swap: Callable[[RoutingSnapshot], None] | None = None,
    ) -> None:
        self._routing = routing
        self._holder = holder
        self._clock = clock
        self._process_id = process_id
        self._poll = poll
        self._heartbeat = heartbeat
        self._on_swap = on_swap
        self._started_at = clock.now()
        self._variants = VariantCache()
        self._revision = -1
        self._acknowledged = (-1, float("-inf"))
        self._away = False

    async def run(self) -> None:
        """Follow until cancelled; a store that is away is asked again, and serving goes on meanwhile."""
        while True:
            try:
                await self.step()
                self._store_is(away=False)
            except StoreUnavailable as error:
                self._store_is(away=True, why=str(error))
            await asyncio.sleep(self._poll)

    async def step(self) -> None:
        """One look: take a newer state, if there is one, and say so; raises StoreUnavailable."""
        if await self._routing.revision() != self._revision:
            await self._take()
        self._holder.confirm()
        await self._acknowledge()

    async def leave(self) -> None:
        """Say that this process no longer serves; raises StoreUnavailable."""
        await self._routing.leave(self._process_id)

    async def _take(self) -> None:
        state = await self._routing.load()
        self._holder.stop(state)
        # beside the requests: learning from many skills' examples takes a second
        snapshot = await asyncio.to_thread(compile_snapshot, state, self._variants)
        self._holder.swap(snapshot)
        self._revision = state.revision
        if self._on_swap is not None:
            self._on_swap(snapshot)

    async def _acknowledge(self) -> None:
        """At once after a swap, else as a heartbeat."""
        revision, at = self._acknowledged
        if revision == self._revision and self._clock.monotonic() - at < self._heartbeat:
            return
        now = self._clock.now()
        await self._routing.acknowledge(
            Process(id=self._process_id, started_at=self._started_at, seen_at=now, revision=self._revision)
        )
        self._acknowledged = (self._revision, self._clock.monotonic())

    def _store_is(self, *, away: bool, why: str = "") -> None:
        """Log the change, not every look."""
        if away and not self._away:
            _log.warning(
                "the store is away; serving on from the snapshot",
                extra={"revision": self._revision, "why": why},
            )
        if self._away and not away:
            _log.info("the store is back", extra={"revision": self._revision})
        self._away = away
