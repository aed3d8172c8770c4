"""What a gateway process says of itself: readiness checks, and gauges read at each scrape."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tidegate.adapters.memory_cache import MemoryCache
from tidegate.adapters.prices import ListPrices
from tidegate.adapters.sandbox.checked import CheckedSandbox
from tidegate.adapters.spool.shipper import Shipper
from tidegate.adapters.telemetry.prometheus import CONTENT_TYPE, PrometheusMeter
from tidegate.adapters.valkey.link import ValkeyLink
from tidegate.bootstrap.workers.crew import Crew
from tidegate.domain import metrics
from tidegate.domain.breaker import Breaker
from tidegate.domain.merging import Report
from tidegate.serving.keyring import Keyring
from tidegate.serving.routing import SnapshotHolder
from tidegate.serving.snapshot import Overrides
from tidegate.web.gateway_api import Gateway
from tidegate.web.probes import Check, Probes
from tidegate.web.server import Server

STORE_AWAY_SECONDS = 2.0
"""A snapshot unconfirmed for so long means that the store does not answer."""


class Watched(Protocol):
    """Work that tells of its faults: background work as a whole, or the controller's single decisions."""

    @property
    def name(self) -> str: ...
    @property
    def faults(self) -> int: ...
    @property
    def last_fault(self) -> str: ...


@dataclass(slots=True, kw_only=True)
class Health:
    """Reads the parts of one process; `server` is known once it is made."""

    gateway: Gateway
    holder: SnapshotHolder
    shipper: Shipper
    prices: ListPrices
    meter: PrometheusMeter
    background: Sequence[Watched]
    confirm_seconds: float
    cache: MemoryCache
    keyring: Keyring
    sandbox: CheckedSandbox | None = None
    valkey: ValkeyLink | None = None
    server: Server | None = None
    crew: Crew | None = None
    """The workers of this machine, where this process is one of several."""
    shown_off: frozenset[tuple[str, str]] = frozenset()

    def probes(self) -> Probes:
        """The three addresses that tell of this process."""
        return Probes(self.checks, self.exposition, CONTENT_TYPE, lambda: self.holder.current().keys)

    def checks(self) -> Sequence[Check]:
        """Needed: a snapshot, prices, not going down. The others are told of."""
        replaced = self.crew is not None and self.crew.retiring
        draining = not replaced and (self.server is None or self.server.draining)
        return (
            self._snapshot(),
            self._prices(),
            Check(
                name="open", ok=not draining, detail="going down" if draining else "accepting", needed=True
            ),
            self._store(),
            self._spool(),
            self._breakers(),
            self._credentials(),
            self._sandbox(),
            *self._valkey(),
            *(() if self.crew is None else (self.crew.check(),)),
            *(
                Check(name=each.name, ok=not each.faults, detail=each.last_fault or "running")
                for each in self.background
            ),
        )

    async def exposition(self) -> bytes:
        """The metrics of all the workers of this machine."""
        if self.crew is not None:
            return await self.crew.exposition()
        self.gauge()
        return self.meter.exposition()

    def report(self) -> Report:
        """This process's own numbers."""
        self.gauge()
        return self.meter.report()

    def gauge(self) -> None:
        """Set the gauges of this moment."""
        self.meter.set(metrics.SNAPSHOT_AGE, (), self.holder.age())
        self.meter.set(metrics.EXCHANGES_OPEN, (), self.gateway.open_exchanges)
        self.meter.set(metrics.ADMISSION_QUEUED, (), self.gateway.waiting)
        self.meter.set(metrics.LEDGER_QUEUED, (), self.shipper.queued)
        self.meter.set(metrics.LEDGER_SPOOLED, (), self.shipper.spooled_bytes)
        self.meter.set(metrics.CACHE_ENTRIES, (), self.cache.entries)
        self.meter.set(metrics.CACHE_BYTES, (), self.cache.size)
        self.keyring.gauge()
        if self.sandbox is not None:
            self.sandbox.gauge()
        off = _pairs(self.holder.current().overrides)
        for pair in self.shown_off | off:
            self.meter.set(metrics.SWITCH_STATE, pair, float(pair in off))
        self.shown_off |= off

    def _snapshot(self) -> Check:
        revision, age = self.holder.current().revision, self.holder.age()
        detail = f"revision {revision}, confirmed {age:.1f} s ago"
        if age > self.confirm_seconds:
            detail += "; running rollouts serve the baseline until the store is back"
        return Check(name="snapshot", ok=self.holder.loaded, detail=detail, needed=True)

    def _prices(self) -> Check:
        """Needed while it loads, since a look-up would wait; one that cannot be loaded is only told."""
        failure = self.prices.failure
        if failure:
            detail = f"no price list ({failure}): models without a price of your own are unpriced"
            return Check(name="prices", ok=False, detail=detail)
        loaded = self.prices.loaded
        detail = "the price list is loaded" if loaded else "the price list is being loaded"
        return Check(name="prices", ok=loaded, detail=detail, needed=True)

    def _store(self) -> Check:
        ok = self.shipper.available and self.holder.age() < STORE_AWAY_SECONDS
        return Check(name="store", ok=ok, detail="answers" if ok else "away: serving on from the snapshot")

    def _valkey(self) -> Sequence[Check]:
        """Only where one is configured; serving goes on without it."""
        if self.valkey is None:
            return ()
        trouble = self.valkey.trouble
        return (Check(name="valkey", ok=not trouble, detail=f"away: {trouble}" if trouble else "answers"),)

    def _sandbox(self) -> Check:
        """Not needed: where no script can run, models are told so, and everything else works."""
        if self.sandbox is None:
            return Check(name="sandbox", ok=True, detail="switched off: no script is run")
        return Check(name="sandbox", ok=self.sandbox.ok, detail=self.sandbox.detail)

    def _spool(self) -> Check:
        shipper = self.shipper
        detail = f"{shipper.queued} exchanges wait, {shipper.spooled_bytes} bytes, {shipper.dropped} dropped"
        wrong = _spool_faults(shipper)
        return Check(name="spool", ok=not shipper.dropped and not wrong, detail=", ".join((detail, *wrong)))

    def _credentials(self) -> Check:
        """Not needed: whoever has a key is served, and the last good ones go on being used."""
        troubles = self.keyring.troubles()
        detail = "; ".join(troubles) or f"keys of upstreams: {self.keyring.size}, all well"
        return Check(name="credentials", ok=not troubles, detail=detail)

    def _breakers(self) -> Check:
        guards = self.gateway.guards
        troubled = [
            _told(breakers.kind, name, breaker)
            for breakers in (guards.upstreams, guards.skills)
            for name, breaker in breakers.troubled
        ]
        detail = ", ".join(troubled) or "all closed"
        return Check(name="breakers", ok=not troubled, detail=detail)


def _told(kind: str, name: str, breaker: Breaker) -> str:
    state = breaker.state.value.replace("_", "-")
    return f"{kind} {name} is {state}" + (
        " (a probe has proven the skill at fault)" if breaker.proven else ""
    )


def _spool_faults(shipper: Shipper) -> list[str]:
    """What a person should look at, apart from dropped exchanges."""
    faults: list[str] = []
    if shipper.damaged:
        faults.append(f"{shipper.damaged} damaged segments set aside (*.corrupt)")
    if shipper.refused:
        faults.append(f"{shipper.refused} exchanges the store cannot hold set aside (refused.corrupt)")
    if shipper.unsynced:
        faults.append(f"{shipper.unsynced} syncs failed (a power loss may cost more than spool.fsync)")
    faults += [f"{name} cannot be read ({why})" for name, why in sorted(shipper.unreadable.items())]
    return faults


def _pairs(overrides: Overrides) -> frozenset[tuple[str, str]]:
    everything = {("all", "*")} if overrides.everything else set[tuple[str, str]]()
    tenants = {("tenant", tenant) for tenant in overrides.tenants}
    return frozenset(everything | tenants | {("skill", skill) for skill in overrides.skills})
