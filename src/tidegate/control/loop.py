"""The controller: under one lease, observe each running rollout, decide, and commit what was decided."""

import asyncio

import structlog

from tidegate.control.commit import CONTROLLER, Judged, commit, stream
from tidegate.control.gauges import Gauges
from tidegate.control.observe import Observer
from tidegate.control.outbox import deliver_notices
from tidegate.control.services import Services
from tidegate.control.status import last_decided
from tidegate.domain.decision import Decision, decide
from tidegate.domain.errors import Conflict, StoreUnavailable
from tidegate.domain.observation import Evidence
from tidegate.domain.rollout import ACTIVE, Rollout
from tidegate.domain.transition import apply
from tidegate.ports import Lease, Meter

LOOK_SECONDS = 1.0
"""How long after a look the next one begins, where nothing wakes it before."""

GAP_SECONDS = 0.05
"""The least time between looks, however often it is woken."""

_GAP_PER_LOOK = 4.0
"""Rest at least this many times as long as the look took: requests are served on the same event loop."""

LEASE_SECONDS = 10.0
"""Leadership runs out this long after its last renewal; another process then takes over."""

_RENEW_BEFORE_SECONDS = 7.0

_log = structlog.stdlib.get_logger("tidegate.controller")

_Class = tuple[int, int, str, str]


class Controller:
    """One process's candidate for leadership; `holder` names the process among all of them."""

    def __init__(self, services: Services, meter: Meter, *, holder: str) -> None:
        self._services = services
        self._meter = meter
        self._holder = holder
        self._observer = Observer(services.store.ledger)
        self._gauges = Gauges(meter)
        self._lease: Lease | None = None
        self._told: dict[str, _Class] = {}
        self._woken = asyncio.Event()
        self._away = False
        self._deliver_due = 0.0

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
                _log.warning("the store is away: no decision until it is back", error=str(error))
            self._away = True
        else:
            self._away = False

    async def _look(self) -> None:
        rollouts = await self._services.store.rollouts.list()
        self._gauges.show(rollouts)
        lease = await self._lead()
        if lease is None:
            return
        for rollout in rollouts:
            if rollout.phase in ACTIVE:
                await self._judge(rollout, lease)
            else:
                self._observer.forget(rollout.name)
                self._told.pop(rollout.name, None)
        await self._deliver()

    async def _deliver(self) -> None:
        """Every second, and at the look that made a notice."""
        now = self._services.clock.monotonic()
        if now >= self._deliver_due:
            self._deliver_due = now + LOOK_SECONDS
            await deliver_notices(self._services.store.outbox, self._services.clock, self._meter)

    async def _lead(self) -> Lease | None:
        """The lease, taken or renewed when it is due; None while another process leads."""
        now = self._services.clock.now()
        if self._lease is None or self._lease.until - now < _RENEW_BEFORE_SECONDS:
            before = self._lease
            self._lease = await self._services.store.rollouts.take_lease(
                self._holder, now=now, seconds=LEASE_SECONDS
            )
            if before is None and self._lease is not None:
                self._told.clear()
                _log.info("this process leads", holder=self._holder, token=self._lease.token)
        return self._lease

    async def _judge(self, rollout: Rollout, lease: Lease) -> None:
        now = self._services.clock.now()
        evidence = await self._observer.observe(rollout, now)
        decision = decide(rollout, evidence, now)
        self._gauges.judge(rollout, evidence, decision)
        if decision.move is None and await self._already_told(rollout, decision):
            return
        try:
            await self._commit(rollout, decision, evidence, now, lease)
        except Conflict as conflict:
            _log.info("looking again: another commit came first", rollout=rollout.name, why=str(conflict))
            self._lease = None
            self.wake()

    async def _commit(
        self, rollout: Rollout, decision: Decision, evidence: Evidence, now: float, lease: Lease
    ) -> None:
        move = decision.move
        await commit(
            self._services,
            rollout,
            apply(rollout, move, now) if move else rollout,
            move=move,
            actor=CONTROLLER,
            reason=decision.reason,
            at=now,
            judged=Judged(decision, evidence),
            lease=lease,
        )
        self._deliver_due = 0.0
        self._told[rollout.name] = _class(rollout, decision)
        self._gauges.decided(rollout, decision)

    async def _already_told(self, rollout: Rollout, decision: Decision) -> bool:
        """Whether the newest decision on record says the same of the same stage, numbers apart."""
        if rollout.name not in self._told:
            last = last_decided(await self._services.store.rollouts.events(stream(rollout.name)))
            if last is not None:
                place = last.before.attempt, last.before.stage
                self._told[rollout.name] = (*place, last.decision.kind, last.decision.cause)
        return self._told.get(rollout.name) == _class(rollout, decision)

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
            _log.warning("leadership runs out by itself: the store is away", error=str(error))


def _class(rollout: Rollout, decision: Decision) -> _Class:
    return rollout.attempt, rollout.stage, decision.kind, decision.cause
