"""Allowances shared with other processes: taken ahead in small leases, so that few requests have to ask.

What is leased is booked in the shared buckets already: the limit holds however many processes there are. What
is known only afterwards is booked here at once and there within SYNC_SECONDS. Budgets are not leased: what
others spend comes with each synchronisation. Every bucket is kept in this process as well, by which it goes
on where the shared ones are out of reach.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from msgspec.structs import replace

from tidegate.domain.allowance import Claim, Share, room_for, tenant_of
from tidegate.ports import SharedAllowances, SharedAway
from tidegate.serving.allowances import OwnAllowances

LEASED = 0.01
"""Of the capacity, at most, is taken ahead by a process."""

SYNC_SECONDS = 0.25
IDLE_SECONDS = 1.0
"""A lease that nobody used for so long is given back."""

BARRED_SECONDS = 0.1
"""After a refusal, requests that need as much are refused without asking again, for so long at most."""

_log = logging.getLogger("tidegate.quotas")


@dataclass(slots=True)
class _Known:
    """What this process knows of a shared bucket; times by the monotonic clock."""

    claim: Claim
    lease: float = 0.0
    pending: float = 0.0
    used: float = 0.0
    touched: float = 0.0
    barred_until: float = 0.0
    barred_need: float = 0.0
    floor: float = 0.0
    later: float = 0.0
    met: bool = False
    asking: int = 0

    @property
    def level(self) -> float:
        """What is used, but for what this process may still give."""
        return self.used - self.lease + self.pending

    def lose(self) -> None:
        """Nothing is known of the shared bucket any more; what is to be booked in it stays.

        But what would be given back to a limit by the minute: that may have drained long before it is.
        """
        if self.claim.rate:
            self.pending = max(0.0, self.pending)
        self.lease = self.used = self.barred_until = self.barred_need = self.floor = self.later = 0.0
        self.met = False


class Leases:
    """`Allowances` over shared ones; `away` says that this process goes on with its own."""

    def __init__(self, shared: SharedAllowances, own: OwnAllowances, now: Callable[[], float]) -> None:
        self._shared = shared
        self._own = own
        self._now = now
        self._known: dict[str, _Known] = {}
        self.away = False
        self.part = 1.0
        """Of each minute's limit, this process's own while it goes on alone."""

    async def take(self, claims: Sequence[Claim]) -> Sequence[Share]:
        """From leases where they suffice, else by asking; from the own buckets while nobody answers."""
        if self.away:
            return await self._own.take(self._scaled(claims))
        known = [self._of(claim) for claim in claims]
        if not _covered(known, claims):
            if self._barred(known, claims):
                return _refused(known)
            try:
                await self._ask(known, claims)
            except SharedAway as why:
                self._lose(why)
                return await self._own.take(self._scaled(claims))
            if not _covered(known, claims):
                return _refused(known)
        return self._given(known, claims)

    def charge(self, claim: Claim, amount: float) -> None:
        """Booked here now, there with the next synchronisation."""
        self._own.charge(claim, amount)
        if not self.away:
            self._of(claim).pending += amount

    def raise_to(self, claim: Claim, used: float) -> None:
        """The ledger has so much: told here is what it had a reading ago, which no process has pending."""
        self._own.raise_to(claim, used)
        if not self.away:
            known = self._of(claim)
            known.floor, known.later = known.later or used, used

    async def synchronise(self, *, idle_seconds: float = IDLE_SECONDS) -> None:
        """Book what is pending, give idle leases back, and learn what others have used; raises SharedAway."""
        now = self._now()
        for each in self._known.values():
            if each.lease and now - each.touched >= idle_seconds:
                each.pending, each.lease = each.pending - each.lease, 0.0
        moved = [each for each in self._known.values() if each.pending or not each.claim.rate]
        await self._book_all(moved)
        if self.away and not moved:
            await self._shared.take([_KNOCK])

    async def run(self) -> None:
        """Synchronise until cancelled, then give back what is leased; return to the shared buckets when
        they answer again.
        """
        try:
            while True:
                await asyncio.sleep(SYNC_SECONDS)
                try:
                    await self.synchronise()
                except SharedAway as why:
                    self._lose(why)
                else:
                    self._found()
        finally:
            with suppress(SharedAway):
                await self.synchronise(idle_seconds=0.0)

    def forget_ended(self, now: float) -> None:
        """Budgets that ended before `now`, in epoch seconds, are no longer needed."""
        self._own.forget_ended(now)
        for each in [each for each in self._known.values() if 0 < each.claim.until <= now]:
            del self._known[each.claim.id]

    def _of(self, claim: Claim) -> _Known:
        known = self._known.get(claim.id)
        if known is None:
            known = self._known[claim.id] = _Known(claim)
        elif known.claim.capacity != claim.capacity or known.claim.rate != claim.rate:
            known.claim = claim
        return known

    def _scaled(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """With nothing shared, a minute's limit is divided between the processes that live."""
        part = self.part
        return [
            replace(claim, capacity=claim.capacity * part, rate=claim.rate * part) if claim.rate else claim
            for claim in claims
        ]

    def _barred(self, known: Sequence[_Known], claims: Sequence[Claim]) -> bool:
        now = self._now()
        return any(
            now < each.barred_until and claim.need >= each.barred_need
            for each, claim in zip(known, claims, strict=True)
        )

    async def _ask(self, known: Sequence[_Known], claims: Sequence[Claim]) -> None:
        """Lease what the claims lack, and something ahead; pending amounts go along."""
        asked = [_lacking(each, claim) for each, claim in zip(known, claims, strict=True)]
        for each, claim in zip(known, asked, strict=True):
            each.pending -= claim.charge
            each.asking += 1
        try:
            shares = await self._shared.take(asked)
        except SharedAway:
            for each, claim in zip(known, asked, strict=True):
                each.pending += claim.charge
            raise
        finally:
            for each in known:
                each.asking -= 1
        barred_until = self._now() + BARRED_SECONDS
        for each, claim, share in zip(known, claims, shares, strict=True):
            each.lease += share.taken
            each.used, each.met = share.used, True
            if not share.taken and not room_for(claim, each.level):
                each.barred_until, each.barred_need = barred_until, claim.need

    def _given(self, known: Sequence[_Known], claims: Sequence[Claim]) -> Sequence[Share]:
        now, shares = self._now(), list[Share]()
        for each, claim in zip(known, claims, strict=True):
            self._own.charge(claim, claim.need)
            each.touched = now
            if claim.rate:
                each.lease -= claim.need
            else:
                each.pending += claim.need
            shares.append(Share(claim.need, each.level))
        return shares

    async def _book_all(self, moved: Sequence[_Known]) -> None:
        """Each tenant's on their own, and to the end: what one could not book waits, and nothing else."""
        tenants: defaultdict[str, list[_Known]] = defaultdict(list)
        for each in moved:
            tenants[tenant_of(each.claim)].append(each)
        turns = asyncio.Semaphore(_AT_ONCE)

        async def book(of_one: Sequence[_Known]) -> None:
            async with turns:
                await self._book(of_one)

        for fault in await asyncio.gather(*map(book, tenants.values()), return_exceptions=True):
            if fault is not None:
                raise fault

    async def _book(self, moved: Sequence[_Known]) -> None:
        charges = [each.pending for each in moved]
        claims = [replace(each.claim, need=0.0, charge=each.pending, floor=each.floor) for each in moved]
        for each in moved:
            each.pending = 0.0
        try:
            shares = await self._shared.take(claims)
        except (SharedAway, asyncio.CancelledError):  # it may be booked twice by this, but never not at all
            for each, charge in zip(moved, charges, strict=True):
                each.pending += charge
            raise
        for each, share in zip(moved, shares, strict=True):
            each.used, each.met, each.floor = share.used, True, 0.0

    def _lose(self, why: SharedAway) -> None:
        if not self.away:
            _log.warning(
                "quotas are counted in this process alone: what is shared is away", extra={"why": str(why)}
            )
        self.away = True
        for each in self._known.values():
            each.lose()

    def _found(self) -> None:
        if self.away:
            _log.info("quotas are shared again")
        self.away = False


def _covered(known: Sequence[_Known], claims: Sequence[Claim]) -> bool:
    """Leases cover every need; of a budget, what is known to be left does."""
    return all(
        each.lease >= claim.need if claim.rate else each.met and room_for(claim, each.level)
        for each, claim in zip(known, claims, strict=True)
    )


def _refused(known: Sequence[_Known]) -> Sequence[Share]:
    """Nothing of any; what is free in a lease is still this process's."""
    return [Share(0.0, each.level) for each in known]


def _lacking(known: _Known, claim: Claim) -> Claim:
    """What to ask for: nothing where a lease suffices or it is a budget; ahead, where nobody else does."""
    if not claim.rate or known.lease >= claim.need:
        return replace(claim, need=0.0, charge=known.pending, floor=known.floor)
    want = 0.0 if known.asking else LEASED * claim.capacity
    return replace(claim, want=want, charge=known.pending)


_KNOCK = Claim("{}:knock", 1.0, 1.0)
"""Asks for nothing: whether anybody answers."""

_AT_ONCE = 8
"""Tenants whose buckets are booked at the same time, each by one command."""
