"""How many connections each worker has, for all of them to see: a full one lets others accept first.

One shared file without a name, eight bytes a worker. Each writes its own number alone, without a lock.
"""

import mmap
import struct
import tempfile
from typing import BinaryIO

_COUNT = struct.Struct("=q")
NOBODY = -1
"""In the place of a worker that does not accept: nobody waits for it."""


def seats_file(workers: int) -> BinaryIO:
    """A new table in which nobody accepts yet; it goes with the last process that has it open."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the supervisor
    file.write(_COUNT.pack(NOBODY) * workers)
    file.flush()
    return file


class Seats:
    """The table as worker `mine` sees it."""

    def __init__(self, descriptor: int, mine: int) -> None:
        self._table = mmap.mmap(descriptor, 0)
        self._mine = mine
        self._places = range(0, len(self._table), _COUNT.size)

    def my_turn(self, connections: int) -> bool:
        """Note how many connections this worker has; True where no other that accepts has fewer."""
        _COUNT.pack_into(self._table, self._mine * _COUNT.size, connections)
        counts = (_COUNT.unpack_from(self._table, place)[0] for place in self._places)
        return connections <= min(count for count in counts if count != NOBODY)

    def leave(self, place: int | None = None) -> None:
        """This worker (or, for the supervisor, the one in `place`) accepts no more."""
        _COUNT.pack_into(self._table, (self._mine if place is None else place) * _COUNT.size, NOBODY)

    def close(self) -> None:
        """Let go of the table."""
        self._table.close()
