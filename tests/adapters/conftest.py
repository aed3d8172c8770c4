"""A ledger in memory for the spool's tests: it can be away, refuse a value, or wait."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tidegate.adapters.spool.shipper import Shipper
from tidegate.adapters.spool.writer import SpoolWriter
from tidegate.domain.errors import InvalidInput, StoreUnavailable
from tidegate.domain.exchange import Amend, Exchange
from tidegate.ports import IngestResult


class ListLedger:
    """Keeps what it is given, each id once, and how often it was asked."""

    def __init__(self) -> None:
        self.exchanges: dict[str, Exchange] = {}
        self.amends: list[Amend] = []
        self.calls = 0
        self.away = False
        self.refused_task: str | None = None
        self.changed = asyncio.Condition()

    async def ingest(self, exchanges: Sequence[Exchange], amends: Sequence[Amend]) -> IngestResult:
        self.calls += 1
        async with self.changed:
            self.changed.notify_all()
        if self.away:
            raise StoreUnavailable("The store is away.")
        if any(found.task == self.refused_task for found in exchanges):
            raise InvalidInput("The store cannot hold this task.")
        fresh = {found.id: found for found in exchanges if found.id not in self.exchanges}
        self.exchanges |= fresh
        self.amends += amends
        return IngestResult(len(fresh), frozenset(found.rollout for found in fresh.values() if found.rollout))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with self.changed, asyncio.timeout(10):
            await self.changed.wait_for(condition)


class LoopClock:
    """The running loop's time."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


@pytest.fixture
async def ledger() -> ListLedger:
    return ListLedger()


MakeWriter = Callable[..., SpoolWriter]
MakeShipper = Callable[..., Shipper]


@pytest.fixture
def make_writer() -> MakeWriter:
    def make(folder: Path, name: str = "gateway-1", limit: int = 1 << 30) -> SpoolWriter:
        return SpoolWriter(folder, name, limit_bytes=limit, on_drop=lambda _: None)

    return make


@pytest.fixture
def make_shipper() -> MakeShipper:
    def make(writer: SpoolWriter, folder: Path, ledger: ListLedger, **settings: float) -> Shipper:
        return Shipper(writer, folder, ledger, clock=LoopClock(), on_ingest=lambda _: None, **settings)

    return make


@pytest.fixture
def writer(tmp_path: Path, make_writer: MakeWriter) -> SpoolWriter:
    return make_writer(tmp_path)


@asynccontextmanager
async def _at_work(shipper: Shipper) -> AsyncIterator[None]:
    task = asyncio.create_task(shipper.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
def at_work() -> Callable[[Shipper], AbstractAsyncContextManager[None]]:
    """`async with at_work(shipper)` lets it run; close it after that."""
    return _at_work


@pytest.fixture
async def shipper(
    writer: SpoolWriter, tmp_path: Path, ledger: ListLedger, make_shipper: MakeShipper
) -> AsyncIterator[Shipper]:
    made = make_shipper(writer, tmp_path, ledger)
    yield made
    await made.close()
