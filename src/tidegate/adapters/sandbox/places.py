"""The pool: how many scripts run at once, whose, and who waits how long."""

import asyncio
import os
from collections import Counter, OrderedDict, deque

from tidegate.adapters.sandbox.cgroup import Group
from tidegate.ports import ScriptRefused

PLACES_A_PROCESS = 128
"""As many uids each process has to itself, from `first_uid` on, by its pid."""


class Place:
    """A place in the pool, with a uid and a control group that one run at a time has."""

    def __init__(self, number: int, uid: int | None, group: Group | None) -> None:
        self.number = number
        self.uid = uid
        self.group = group


def uid_of(number: int, first: int) -> int:
    """A uid that no other process gives to a run while this one lives, of those that see its id."""
    return first + os.getpid() * PLACES_A_PROCESS + number


_Coming = asyncio.Future[Place]


class Places:
    """Hands out places, to the tenant that has the fewest; of those waiting there are `queue` at most.

    Among tenants that have as many it is their turn that counts, within one who came first. As soon as a
    second tenant has come, none has all places: one is left for whoever has none. A run of no tenant (the
    sandbox's own trial) counts as none.
    """

    def __init__(self, places: list[Place], *, queue: int, wait: float) -> None:
        self._free = list(reversed(places))
        self._all = tuple(places)
        self._queue = queue
        self._wait = wait
        self._waiting: OrderedDict[str, deque[_Coming]] = OrderedDict()
        """By tenant, in the order of their turns; no deque is empty."""
        self._running: Counter[str] = Counter()
        self._tenants: dict[int, str] = {}
        """Who has a place, by its number."""
        self._first = ""
        self._shared = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    @property
    def taken(self) -> int:
        """How many run."""
        return len(self._all) - len(self._free)

    async def take(self, tenant: str, seconds: float) -> Place:
        """A place, given back by `give`; raises ScriptRefused where none comes in time."""
        self._shared = self._shared or bool(tenant and self._first and tenant != self._first)
        self._first = self._first or tenant
        if self._free and self._may_have(tenant):
            return self._taken(tenant)
        self._make_room(tenant)
        coming: _Coming = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant, deque()).append(coming)
        patience = min(seconds, self._wait)
        try:
            async with asyncio.timeout(patience):
                return await coming
        except BaseException as gone:
            self._leave(tenant, coming)
            if isinstance(gone, TimeoutError):
                raise ScriptRefused(
                    f"other scripts were running for {patience:g} s; go on without it, or ask again later"
                ) from None
            raise

    def give(self, place: Place) -> None:
        """Give a place back: to whoever's turn it is."""
        tenant = self._tenants.pop(place.number)
        self._running[tenant] -= 1
        if not self._running[tenant]:
            del self._running[tenant]
        self._free.append(place)
        self._hand_out()
        if len(self._free) == len(self._all):
            self._idle.set()

    async def idle(self) -> None:
        """Wait until nothing runs."""
        await self._idle.wait()

    def close(self) -> None:
        """Remove the control groups."""
        for place in self._all:
            if place.group is not None:
                place.group.remove()

    def _may_have(self, tenant: str) -> bool:
        """Whether the tenant may have one more place."""
        most = max(1, len(self._all) - 1) if self._shared else len(self._all)
        return self._running[tenant] < most

    def _taken(self, tenant: str) -> Place:
        place = self._free.pop()
        self._tenants[place.number] = tenant
        self._running[tenant] += 1
        self._idle.clear()
        return place

    def _hand_out(self) -> None:
        """Free places to those waiting that may have one."""
        while self._free and (able := [tenant for tenant in self._waiting if self._may_have(tenant)]):
            tenant = min(able, key=self._running.__getitem__)
            coming = self._waiting[tenant].popleft()
            if self._waiting[tenant]:
                self._waiting.move_to_end(tenant)
            else:
                del self._waiting[tenant]
            if not coming.done():
                coming.set_result(self._taken(tenant))

    def _make_room(self, tenant: str) -> None:
        """Room for one more to wait: where there is none, the latest of the tenant with most waiting goes, if
        they are more than the asking tenant would have; raises ScriptRefused where nobody has so many.
        """
        if self.waiting < self._queue:
            return
        refused = ScriptRefused("too many scripts wait for their turn; go on without it, or ask again later")
        own = len(self._waiting.get(tenant, ()))
        most = max(self._waiting, key=lambda each: len(self._waiting[each]), default=tenant)
        if not self._waiting or len(self._waiting[most]) <= own + 1:
            raise refused
        latest = self._waiting[most].pop()
        if not latest.done():
            latest.set_exception(refused)

    def _leave(self, tenant: str, coming: _Coming) -> None:
        """Wait no more; a place that came just then goes on to the next."""
        waiting = self._waiting.get(tenant, ())
        if coming in waiting:
            self._waiting[tenant].remove(coming)
            if not self._waiting[tenant]:
                del self._waiting[tenant]
        elif coming.done() and not coming.cancelled() and coming.exception() is None:
            self.give(coming.result())
