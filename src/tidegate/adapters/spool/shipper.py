"""The ledger's end of the spool: batches into the store, soon, exactly once, and never lost silently."""

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from tidegate.adapters.spool.framing import Frames, frame_exchange, parse_frames
from tidegate.adapters.spool.segment import Segment, adopt_segments, append_private
from tidegate.adapters.spool.writer import ROTATE_BYTES, SpoolWriter
from tidegate.domain.errors import InvalidInput, StoreUnavailable
from tidegate.domain.exchange import Amend, Exchange
from tidegate.ports import Clock, IngestResult, Ledger

READ_RECORDS = 500
"""Reading so many back holds the event loop for about 3 ms; larger batches are hardly cheaper then."""
FRESH_RECORDS = 2_000
"""What is in memory still needs no reading, and a unit that comes twice in a batch is stored once."""
READ_BYTES = 2 << 20
URGENT_SECONDS = 0.025
"""Batches are at least this far apart, however urgent the next one is."""

ADOPT_SECONDS = 5.0
RETRY_SECONDS = (0.25, 0.5, 1.0, 2.0, 5.0)
"""How long to wait after the first, second … time in a row that the store is away."""


class Shipper:
    """Ships own segments and those of dead processes in `folder` to the ledger, one batch at a time.

    `run` and `sync` go on until they are cancelled, and may be begun again after an error; then `close`.
    A batch goes out every `interval` seconds, sooner after a faulted exchange of a rollout. `fsync` seconds
    pass between syncs of the own segment to the disk: what a power loss may cost. `on_ingest` hears of each
    batch. `damaged` counts segments set aside (`*.corrupt`), `refused` exchanges the store cannot hold,
    `unsynced` syncs that the disk refused; `unreadable` says which segments of dead processes cannot be read
    and why; `available` says whether the store took the last batch.
    """

    def __init__(
        self,
        writer: SpoolWriter,
        folder: Path,
        ledger: Ledger,
        *,
        clock: Clock,
        on_ingest: Callable[[IngestResult], None],
        interval: float = 0.25,
        fsync: float = 1.0,
    ) -> None:
        self.shipped = 0
        self.adopted = 0
        self.damaged = 0
        self.refused = 0
        self.unsynced = 0
        self.unreadable: dict[str, str] = {}
        self.available = True
        self._writer = writer
        self._folder = folder
        self._ledger = ledger
        self._clock = clock
        self._on_ingest = on_ingest
        self._interval = interval
        self._fsync = fsync
        self._urgent = asyncio.Event()
        self._adopt_at = clock.monotonic()
        writer.on_urgent = self._urgent.set

    @property
    def queued(self) -> int:
        """Own exchanges that the store does not have yet."""
        return self._writer.queued

    @property
    def spooled_bytes(self) -> int:
        """Bytes that wait for the ledger, adopted ones included."""
        return self._writer.spooled_bytes

    @property
    def dropped(self) -> int:
        """Exchanges that are in no report: the disk or the spool's limit refused them."""
        return self._writer.dropped

    async def run(self) -> None:
        """Adopt what dead processes left, and ship, until cancelled; a store that is away is tried again."""
        failures = 0
        while True:
            if self._clock.monotonic() >= self._adopt_at:
                self.adopt()
                self._adopt_at = self._clock.monotonic() + ADOPT_SECONDS
            try:
                await self.ship()
            except StoreUnavailable:
                self.available = False
                await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
                failures += 1
            except Exception:
                self.available = False
                raise
            else:
                self.available, failures = True, 0
                await asyncio.sleep(URGENT_SECONDS)
                await _wait(self._urgent, self._interval - URGENT_SECONDS)
                self._urgent.clear()

    async def sync(self) -> None:
        """Sync the own segments on a thread, until cancelled: shipping never waits for the disk."""
        while True:
            await asyncio.sleep(self._fsync)
            waiting: list[int] = []
            for segment in self._writer.segments:
                try:
                    waiting.append(segment.duplicate())
                except OSError:
                    self.unsynced += 1  # no descriptor is free: it is tried again the next time
            self.unsynced += await asyncio.to_thread(_sync, waiting)

    def adopt_soon(self) -> None:
        """Another process has just died: let `run` take over at once what it left."""
        self._adopt_at = self._clock.monotonic()
        self._urgent.set()

    def adopt(self) -> None:
        """Take over the segments that no living process holds."""
        self.unreadable.clear()
        for segment in adopt_segments(self._folder, self._refuse):
            self.adopted += 1
            self._writer.adopted.append(segment)

    async def ship(self) -> None:
        """Ship all that waits now, own segments first. Raises StoreUnavailable; OSError for own segments."""
        self._writer.flush()
        own, adopted = self._writer.segments, self._writer.adopted
        while own:
            await self._drain(own[0])
            if own[0] is own[-1]:
                break
            if not own[0].waiting:
                own.popleft().remove()
        while adopted:
            await self._drain_adopted(adopted[0])
            adopted.popleft()

    async def close(self) -> None:
        """Ship what is there; what the store does not take now stays on disk for the next process."""
        try:
            await self.ship()
        except StoreUnavailable:
            self.available = False
        finally:
            self._writer.close()

    async def _drain(self, segment: Segment) -> None:
        """Ship the segment up to where it ends now; what is recorded meanwhile waits for the next batch."""
        end = segment.size
        while segment.shipped < end:
            frames = segment.fresh.records(segment.shipped, end, FRESH_RECORDS)
            if frames is None:
                piece = segment.read(min(READ_BYTES, end - segment.shipped))
                frames = parse_frames(piece, limit=READ_RECORDS)
            if frames.consumed:
                await self._ingest(frames)
                segment.count_shipped(frames.consumed, len(frames.exchanges))
            if frames.damaged or not frames.consumed:
                self._pass_over(segment, frames)
        if segment is self._writer.segments[-1] and segment.shipped >= ROTATE_BYTES:
            self._writer.rotate()

    async def _drain_adopted(self, segment: Segment) -> None:
        """Ship the segment and remove it; one that cannot be read is let go of, to be adopted again later."""
        try:
            await self._drain(segment)
            segment.remove()
        except OSError as refusal:
            self._refuse(segment.path, refusal)
            segment.close()

    def _refuse(self, path: Path, refusal: OSError) -> None:
        self.unreadable[path.name] = refusal.strerror or str(refusal)

    def _pass_over(self, segment: Segment, frames: Frames) -> None:
        """Cut a dead process's torn last record, which no client saw; set anything else aside."""
        torn = not frames.damaged and segment in self._writer.adopted and segment.waiting <= READ_BYTES
        if torn:
            segment.count_shipped(segment.waiting, 0)
            return
        segment.set_aside()
        self.damaged += 1

    async def _ingest(self, frames: Frames) -> None:
        try:
            await self._ingest_some(frames.exchanges, frames.amends)
        except InvalidInput:
            await self._ingest_one_by_one(frames)

    async def _ingest_some(self, exchanges: Sequence[Exchange], amends: Sequence[Amend]) -> None:
        result = await self._ledger.ingest(exchanges, amends)
        self.shipped += result.inserted
        self._on_ingest(result)

    async def _ingest_one_by_one(self, frames: Frames) -> None:
        """The store refused a value: find the exchanges that hold it, and set only those aside.

        Amends of exchanges that came in an earlier batch go by themselves.
        """
        here = {exchange.id for exchange in frames.exchanges}
        earlier = [amend for amend in frames.amends if amend.id not in here]
        if earlier:
            await self._ingest_some([], earlier)
        for exchange in frames.exchanges:
            amends = [amend for amend in frames.amends if amend.id == exchange.id]
            try:
                await self._ingest_some([exchange], amends)
            except InvalidInput:
                self.refused += 1
                with append_private(self._folder / "refused.corrupt") as file:
                    file.write(frame_exchange(exchange))


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _sync(descriptors: Sequence[int]) -> int:
    """Sync and close them; returns how many the disk refused."""
    refused = 0
    for descriptor in descriptors:
        try:
            os.fdatasync(descriptor)
        except OSError:
            refused += 1
        finally:
            os.close(descriptor)
    return refused
