"""The request path's end of the spool: one write per exchange, and never an error to the caller."""

import re
from collections import deque
from collections.abc import Callable
from pathlib import Path

from tidegate.adapters.spool.framing import frame_amend, frame_exchange
from tidegate.adapters.spool.segment import Segment, create_segment
from tidegate.domain.exchange import Amend, Exchange

ROTATE_BYTES = 1 << 20
"""A shipped segment of this size gives way to a new one: what a dead process leaves to read again."""

AMENDS_BYTES = 1 << 16
"""Amends that wait for the next record are written by themselves beyond this."""


class SpoolWriter:
    """`ports.Spool` over segments in `folder`, named after `process_id`, which no two processes may share.

    Where the disk refuses, or more than `limit_bytes` would wait for the ledger, those of dead processes
    included, an exchange is dropped and counted: `on_drop` gets the number. For one thread alone; the first
    segment is opened at once.
    """

    def __init__(
        self, folder: Path, process_id: str, *, limit_bytes: int, on_drop: Callable[[int], None]
    ) -> None:
        self.dropped = 0
        self.dropped_amends = 0
        self.recorded = 0
        self.on_urgent: Callable[[], None] | None = None
        """Called when a faulted exchange of a rollout was recorded: the controller should see it soon."""
        self._folder = folder
        self._name = re.sub(r"[^A-Za-z0-9_-]", "_", process_id)
        self._limit = limit_bytes
        self._on_drop = on_drop
        self._amends = bytearray()
        self._waiting: list[Amend] = []
        """The same amends, as they were given."""
        self._created = 0
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._current = self._create()
        self.segments: deque[Segment] = deque([self._current])
        """Own segments, oldest first; the last is written to, the others wait to be shipped."""
        self.adopted: deque[Segment] = deque()
        """Segments of dead processes, which wait to be shipped too."""

    @property
    def spooled_bytes(self) -> int:
        """Bytes that wait for the ledger, adopted ones and amends in memory included."""
        waiting = len(self._amends)
        for segment in self.segments:
            waiting += segment.size - segment.shipped
        for segment in self.adopted:
            waiting += segment.size - segment.shipped
        return waiting

    @property
    def queued(self) -> int:
        """Own exchanges that wait for the ledger."""
        return sum(segment.queued for segment in self.segments)

    def record(self, exchange: Exchange) -> None:
        """Write the exchange; when this returns it survives the process, unless it was counted as dropped."""
        try:
            frame = frame_exchange(exchange)
            self._append(b"%b%b" % (self._amends, frame) if self._amends else frame, exchange)
        except (OSError, UnicodeEncodeError):
            self.dropped += 1
            self._on_drop(1)
            return
        self._clear_amends()
        self.recorded += 1
        self._current.queued += 1
        if self.on_urgent is not None and exchange.rollout is not None and exchange.faulted:
            self.on_urgent()

    def amend(self, amend: Amend) -> None:
        """Keep the amend for the next write; `flush` writes it by itself."""
        self._amends += frame_amend(amend)
        self._waiting.append(amend)
        if len(self._amends) > AMENDS_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write the amends that wait; those the disk refuses are counted and forgotten."""
        if not self._amends:
            return
        try:
            self._append(bytes(self._amends), None)
        except OSError:
            self.dropped_amends += len(self._waiting)
        self._clear_amends()

    def rotate(self) -> None:
        """Write to a new segment from now on; stays with the old one while the disk refuses."""
        try:
            self._current = self._create()
        except OSError:
            return
        self.segments.append(self._current)

    def close(self) -> None:
        """Flush and let go of the segments; those not shipped are adopted by the next process."""
        self.flush()
        while self.adopted:
            self.adopted.popleft().close()
        while self.segments:
            segment = self.segments.popleft()
            if segment.waiting:
                segment.close()
            else:
                segment.remove()

    def _append(self, frames: bytes, exchange: Exchange | None) -> None:
        """Write the frames: those of the amends that wait, and the exchange's."""
        if self.spooled_bytes + len(frames) > self._limit:
            raise OSError(f"the spool in {self._folder} holds its limit of {self._limit} bytes")
        segment = self._current
        begin = segment.size
        segment.append(frames)
        segment.fresh.wrote(begin, segment.size, exchange, self._waiting or ())

    def _clear_amends(self) -> None:
        if self._waiting:
            self._amends.clear()
            self._waiting = []

    def _create(self) -> Segment:
        while True:
            self._created += 1
            try:
                return create_segment(self._folder, f"{self._name}-{self._created:08d}")
            except FileExistsError:
                continue  # left by a dead process of the same name: it will be adopted
