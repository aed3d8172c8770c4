"""The controller: under one lease, observe each running rollout, decide, and commit what was decided."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from tidegate.control.commit import CONTROLLER, Judged, commit
from tidegate.control.gauges import Gauges
from tidegate.control.incidents import open_incidents
from tidegate.control.observe import Observer
from tidegate.control.outbox import deliver_notices
from tidegate.control.repricing import Repricing
from tidegate.control.scoring import Scoring
from tidegate.control.services import Breaking, Services, none_open
from tidegate.control.told import Told
from tidegate.control.watching import Watcher
from tidegate.domain.decision import decide
from tidegate.domain.errors import Conflict, StoreUnavailable
from tidegate.domain.observation import Evidence
from tidegate.domain.rollout import ACTIVE, Rollout
from tidegate.domain.stage_record import ends_stage
from tidegate.domain.transition import apply
from tidegate.domain.watch import is_watched, watch
from tidegate.ports import Lease, Meter

LOOK_SECONDS = 1.0
"""How long after a look the next one begins, where nothing wakes it before."""

GAP_SECONDS = 0.05
"""The least time between looks, however often it is woken."""

_GAP_PER_LOOK = 4.0
"""Rest at least this many times as long as the look took: requests are served on the same event loop."""

LEASE_SECONDS = 10.0
"""Leadership runs out this long after its last renewal; another process then takes over."""

_RENEW_AT_SHARE = 0.7
"""Renewed once less than this share of it is left: a store away for a moment does not end it."""

_log = logging.getLogger("tidegate.controller")


class Controller:
    """One process's candidate for leadership; `holder` names the process among all of them.

    `lease_seconds`: how long leadership lasts where it is not renewed.
    """

    name = "decisions"
    """What health calls it."""

    def __init__(
        self, services: Services, meter: Meter, *, holder: str, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._services = services
        self._meter = meter
        self._holder = holder
        self._lease_seconds = lease_seconds
        self._observer = Observer(services.store.ledger)
        self._watcher = Watcher(services.store.ledger)
        self._gauges = Gauges(meter)
        self._scoring = Scoring(services, meter)
        self._repricing = Repricing(services)
        self._lease: Lease | None = None
        self._told = Told(services.store.rollouts)
        self._broken: dict[str, str] = {}
        self._woken = asyncio.Event()
        self._away = False
        self._deliver_due = 0.0
        self._breaking: Breaking = none_open

    def hear(self, breaking: Breaking) -> None:
        """Ask this what breakers are open, at a stage's end; until then it knows of none."""
        self._breaking = breaking

    @property
    def faults(self) -> int:
        """How many running rollouts could not be judged at their last look."""
        return len(self._broken)

    @property
    def last_fault(self) -> str:
        """What went wrong with them; empty where nothing did."""
        return "; ".join(f"rollout {name}: {fault}" for name, fault in sorted(self._broken.items()))

    @property
    def leads(self) -> bool:
        """Whether this process holds the lease, as far as it knows."""
        return self._lease is not None and self._services.clock.now() < self._lease.until

    def wake(self) -> None:
        """Look now: new evidence has been summed. Calls between two looks are one call."""
        self._woken.set()

    async def run(self) -> None:
        """Look until cancelled, then give leadership away."""
        try:
            while True:
                self._woken.clear()
                begun = self._services.clock.monotonic()
                await self.look()
                await self._rest(self._services.clock.monotonic() - begun)
        finally:
            await self._resign()

    async def look(self) -> None:
        """One look at everything; a store that is away is waited for, the gateway serves on meanwhile."""
        try:
            await self._look()
        except StoreUnavailable as error:
            if not self._away:
                _log.warning("the store is away: no decision until it is back", extra={"error": str(error)})
            self._away = True
        else:
            self._away = False

    async def _look(self) -> None:
        rollouts = await self._services.store.rollouts.list()
        self._gauges.show(rollouts, self._services.clock.now())
        lease = await self._lead()
        if lease is None:
            self._gauges.step_down()
            self._scoring.step_down()
            self._broken.clear()
            return
        for rollout in rollouts:
            if rollout.phase in ACTIVE:
                await self._apart(self._judge, rollout, lease)
        for rollout in (each for each in rollouts if each.phase not in ACTIVE):
            self._forget(rollout.name)
            if is_watched(rollout, self._services.clock.now()):
                await self._apart(self._watch, rollout, lease)
            else:
                self._watcher.forget(rollout.name)
                self._broken.pop(rollout.name, None)
        await self._scoring.look(rollouts, lease)
        await self._deliver()

    def _forget(self, name: str) -> None:
        self._observer.forget(name)
        self._told.forget(name)
        self._repricing.forget(name)

    async def _deliver(self) -> None:
        """Every second, and at the look that made a notice."""
        now = self._services.clock.monotonic()
        if now >= self._deliver_due:
            self._deliver_due = now + LOOK_SECONDS
            await deliver_notices(self._services.store.outbox, self._services.clock, self._meter)

    async def _lead(self) -> Lease | None:
        """The lease, taken or renewed when it is due; None while another process leads."""
        now = self._services.clock.now()
        if self._lease is None or self._lease.until - now < self._lease_seconds * _RENEW_AT_SHARE:
            before = self._lease
            self._lease = await self._services.store.rollouts.take_lease(
                self._holder, now=now, seconds=self._lease_seconds
            )
            if before is None and self._lease is not None:
                self._told.forget()
                self._watcher.forget()
                _log.info("this process leads", extra={"holder": self._holder, "token": self._lease.token})
        return self._lease

    async def _apart(
        self, judge: Callable[[Rollout, Lease], Awaitable[None]], rollout: Rollout, lease: Lease
    ) -> None:
        """One rollout that cannot be judged, whatever the fault, must not keep the others unguarded."""
        try:
            await judge(rollout, lease)
        except StoreUnavailable:
            raise
        except Exception as fault:
            said = f"{type(fault).__name__}: {fault}"
            if self._broken.get(rollout.name) != said:
                _log.exception(
                    "a rollout cannot be judged; the others go on", extra={"rollout": rollout.name}
                )
            self._broken[rollout.name] = said
        else:
            self._broken.pop(rollout.name, None)

    async def _judge(self, rollout: Rollout, lease: Lease) -> None:
        if await self._repriced(rollout, lease):
            return
        now = self._services.clock.now()
        evidence = await self._observer.observe(rollout, now)
        judged = Judged(decide(rollout, evidence, now), evidence)
        self._gauges.judge(rollout, evidence, judged.decision)
        if not await self._matters(rollout, judged, now):
            return
        if ends_stage(rollout, judged.decision, now):
            judged = await self._beside_incidents(rollout, evidence, now)
            if not await self._matters(rollout, judged, now):
                return
        await self._write(rollout, judged, now, lease)

    async def _watch(self, rollout: Rollout, lease: Lease) -> None:
        """One that has completed: the absolute gate stays armed, and tells people."""
        gate = rollout.plan.gates.slo
        if gate is None or not self._watcher.is_due(rollout.name, self._services.clock.monotonic()):
            return
        now = self._services.clock.now()
        evidence = await self._watcher.observe(rollout, gate, now)
        decision = watch(rollout, evidence, now)
        self._gauges.watch(rollout, decision)
        if decision.move is not None:
            await self._write(rollout, Judged(decision, evidence), now, lease)

    async def _write(self, rollout: Rollout, judged: Judged, now: float, lease: Lease) -> None:
        try:
            await self._commit(rollout, judged, now, lease)
        except Conflict as conflict:
            self._look_again(rollout, conflict)

    async def _repriced(self, rollout: Rollout, lease: Lease) -> bool:
        """Whether prices had changed: then the rollout is another, to be looked at again at once."""
        try:
            if not await self._repricing.look(rollout, lease):
                return False
        except Conflict as conflict:
            self._look_again(rollout, conflict)
        self._deliver_due = 0.0
        self.wake()
        return True

    def _look_again(self, rollout: Rollout, conflict: Conflict) -> None:
        _log.info(
            "looking again: another commit came first",
            extra={"rollout": rollout.name, "why": str(conflict)},
        )
        self._lease = None
        self.wake()

    async def _matters(self, rollout: Rollout, judged: Judged, now: float) -> bool:
        decision = judged.decision
        return decision.move is not None or await self._told.is_news(rollout, decision, now)

    async def _beside_incidents(self, rollout: Rollout, evidence: Evidence, now: float) -> Judged:
        """Decided anew with what is open elsewhere, which nothing but a stage's end asks for."""
        incidents = await open_incidents(self._services, rollout, self._breaking)
        return Judged(decide(rollout, evidence, now, incidents), evidence, incidents)

    async def _commit(self, rollout: Rollout, judged: Judged, now: float, lease: Lease) -> None:
        decision, move = judged.decision, judged.decision.move
        await commit(
            self._services,
            rollout,
            apply(rollout, move, now) if move else rollout,
            move=move,
            actor=CONTROLLER,
            reason=decision.reason,
            at=now,
            judged=judged,
            lease=lease,
        )
        self._deliver_due = 0.0
        self._told.tell(rollout, decision, now)
        self._gauges.decided(rollout, decision)

    async def _rest(self, look_seconds: float) -> None:
        gap = max(GAP_SECONDS, min(LOOK_SECONDS, _GAP_PER_LOOK * look_seconds))
        await asyncio.sleep(gap)
        try:
            async with asyncio.timeout(LOOK_SECONDS - gap):
                await self._woken.wait()
        except TimeoutError:
            pass  # nothing woke it: the next look is due

    async def _resign(self) -> None:
        if self._lease is None:
            return
        try:
            await self._services.store.rollouts.release_lease(self._holder)
        except StoreUnavailable as error:
            _log.warning("leadership runs out by itself: the store is away", extra={"error": str(error)})
