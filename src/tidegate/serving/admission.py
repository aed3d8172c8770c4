"""Admission: who may call, and how much at once; beyond that a short queue, then a refusal."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Final

from tidegate.domain.access import KeyRecord, Priority, Role
from tidegate.domain.errors import Forbidden, Overloaded, Unauthenticated
from tidegate.serving.body_room import BodyRoom
from tidegate.serving.client import Call
from tidegate.serving.snapshot import RoutingSnapshot

# Bound once: before Python 3.12 each look-up of an enum's member is a call.
_CLIENT: Final = Role.CLIENT


def authenticate(snapshot: RoutingSnapshot, call: Call, now: float) -> KeyRecord:
    """The client key of a call; raises Unauthenticated, and Forbidden for another role's key."""
    secret = call.header(b"x-api-key") or _bearer(call)
    if not secret:
        raise Unauthenticated("no key: send a client key as `x-api-key` or `Authorization: Bearer`")
    key = snapshot.keys.get(sha256(secret.strip().encode("latin-1")).hexdigest())
    if key is None:
        raise Unauthenticated("invalid x-api-key: this key is unknown or revoked; ask your operator for one")
    if key.expires_at is not None and key.expires_at <= now:
        raise Unauthenticated(f"key {key.id}: this secret has expired; ask your operator for a new one")
    if key.role is not _CLIENT:
        raise Forbidden(
            f"key {key.id} is a {key.role} key: requests to models need a client key, from your operator"
        )
    return key


def _bearer(call: Call) -> str:
    scheme, _, token = (call.header(b"authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


_Place = asyncio.Future[None]
_RANKS = (Priority.HIGH, Priority.NORMAL, Priority.LOW)


class Admission:
    """Places for the exchanges in progress, and a line for those that come when all are taken.

    At most `queue` wait, each for `seconds`, by priority and then first come, first served. Where the line
    is full, whoever came last of a lower priority makes room. `on_shed` hears who was refused, and why:
    `full` (no room in the line), `displaced` (gave way) or `late` (waited in vain). `bodies`, which has
    `body_bytes`, is the room for what the requests say: they take it before they have a place.
    """

    def __init__(
        self,
        at_most: int,
        *,
        queue: int = 0,
        seconds: float = 0.0,
        body_bytes: int = 1_000_000_000,
        on_shed: Callable[[Priority, str], None] = lambda priority, why: None,
    ) -> None:
        self._at_most = at_most
        self._queue = queue
        self._seconds = seconds
        self._on_shed = on_shed
        self.bodies = BodyRoom(body_bytes, on_shed)
        self._lines: dict[Priority, deque[_Place]] = {rank: deque() for rank in _RANKS}
        self.open = 0
        self.waiting = 0

    def enter(self) -> bool:
        """Take a place if one is free; whoever gets one gives it back by `leave`."""
        if self.open >= self._at_most:
            return False
        self.open += 1
        return True

    async def wait(self, priority: Priority) -> None:
        """Wait in line for a place; raises Overloaded. A caller that is cancelled leaves the line."""
        if self.waiting >= self._queue and not self._make_room(priority):
            self._on_shed(priority, "full")
            raise self._refusal()
        place: _Place = asyncio.get_running_loop().create_future()
        self._lines[priority].append(place)
        self.waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                await place
        except TimeoutError:
            if not _granted(place):
                self._on_shed(priority, "late")
                raise self._refusal() from None
        except asyncio.CancelledError:
            if _granted(place):
                self.leave()
            raise
        finally:
            self._step_out(priority, place)

    def leave(self) -> None:
        """Give a place to the first in line, or back."""
        if not self.waiting:
            self.open -= 1
            return
        for line in self._lines.values():
            while line:
                place = line.popleft()
                self.waiting -= 1
                if not place.done():
                    place.set_result(None)
                    return
        self.open -= 1

    async def placed(self, priority: Priority, work: Coroutine[object, object, None]) -> None:
        """Do the work in a place among the exchanges in progress; raises Overloaded."""
        if not self.enter():
            try:
                await self.wait(priority)
            except BaseException:
                work.close()
                raise
        try:
            await work
        finally:
            self.leave()

    def _make_room(self, priority: Priority) -> bool:
        """Send the last of the lowest priority away, if it is lower than this one."""
        for rank in reversed(_RANKS[_RANKS.index(priority) + 1 :]):
            while self._lines[rank]:
                place = self._lines[rank].pop()
                self.waiting -= 1
                if not place.done():
                    self._on_shed(rank, "displaced")
                    place.set_exception(self._refusal())
                    return True
        return False

    def _step_out(self, priority: Priority, place: _Place) -> None:
        if place in self._lines[priority]:
            self._lines[priority].remove(place)
            self.waiting -= 1

    def _refusal(self) -> Overloaded:
        return Overloaded(
            f"{self.open} exchanges are in progress and {self.waiting} wait, as many as this gateway takes; "
            "try again"
        )


def _granted(place: _Place) -> bool:
    return place.done() and not place.cancelled() and place.exception() is None
