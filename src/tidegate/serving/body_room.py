"""Room for the bodies of requests: so many bytes at once, and of those still coming in each key's part."""

from collections.abc import Callable
from typing import Final

from tidegate.domain.access import KeyRecord, Priority
from tidegate.domain.errors import Overloaded

PARTS: Final = 4
"""The bodies of one key that are still coming in take a quarter of the room at most: who sends slowly leaves
room for others, and what is here in full counts towards the whole alone."""


class BodyRoom:
    """Bytes of the bodies that are being read or served in this process.

    `on_shed` hears of whom there was no room for, and that it was for `bodies`.
    """

    __slots__ = ("at_most", "coming", "held", "on_shed")

    def __init__(
        self, at_most: int, on_shed: Callable[[Priority, str], None] = lambda priority, why: None
    ) -> None:
        self.at_most = at_most
        self.on_shed = on_shed
        self.held = 0
        self.coming: dict[str, int] = {}
        """By key, of bodies that are not here in full."""


class Body:
    """One body's part of the room; whoever makes it calls `leave` in the end. One alone always has room."""

    __slots__ = ("_key", "_room", "_size", "_whole")

    def __init__(self, room: BodyRoom, key: KeyRecord) -> None:
        self._room = room
        self._key = key
        self._size = 0
        self._whole = True

    def came(self, size: int) -> None:
        """The body is here, all at once; raises Overloaded."""
        room = self._room
        if room.held and room.held + size > room.at_most:
            raise self._refused()
        room.held += size
        self._size = size

    def piece(self, size: int) -> None:
        """A piece of it came, and there is more to come; raises Overloaded."""
        room, key, own = self._room, self._key.id, self._size
        coming = room.coming.get(key, 0)
        over = room.held > own and room.held + size > room.at_most
        if over or (coming > own and coming + size > room.at_most // PARTS):
            raise self._refused()
        room.held += size
        room.coming[key] = coming + size
        self._size, self._whole = own + size, False

    def complete(self) -> None:
        """Nothing more is to come."""
        if self._whole:
            return
        self._whole = True
        coming = self._room.coming
        coming[self._key.id] -= self._size
        if not coming[self._key.id]:
            del coming[self._key.id]

    def leave(self) -> None:
        """The exchange is over, or given up."""
        self.complete()
        self._room.held -= self._size

    def _refused(self) -> Overloaded:
        self._room.on_shed(self._key.priority, "bodies")
        return Overloaded(
            f"the bodies of requests in progress take {self._room.held} of the {self._room.at_most} bytes "
            "that this gateway has for them; try again, and send the body without a pause"
        )
