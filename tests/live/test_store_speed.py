import time
from collections.abc import Callable
from pathlib import Path

import pytest
from exchanges import make_exchange

from tidegate.adapters.clock import SystemClock
from tidegate.adapters.spool.writer import SpoolWriter
from tidegate.adapters.storage.store import open_store
from tidegate.domain.exchange import Arm

pytestmark = pytest.mark.exclusive


async def test_sqlite_takes_five_thousand_exchanges_a_second_of_one_core(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    exchanges = [
        make_exchange(n, unit_hash=f"unit-{n % 2000}", arm=Arm.CANDIDATE if n % 20 else Arm.CONTROL)
        for n in range(10_000)
    ]
    store = await open_store(f"sqlite:///{tmp_path}/t.db", clock=SystemClock())
    await store.ledger.ingest(exchanges[:250], [])
    wall, cpu = time.perf_counter(), time.process_time()
    for start in range(250, len(exchanges), 250):
        await store.ledger.ingest(exchanges[start : start + 250], [])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    await store.close()
    count = len(exchanges) - 250
    figure(f"ledger ingest: {count / wall:,.0f} exchanges/s, {cpu / count * 1e6:.0f} CPU-µs each")
    assert cpu / count < 200e-6


async def test_the_revision_is_cheap_to_ask(tmp_path: Path, figure: Callable[[str], None]) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/t.db", clock=SystemClock())
    await store.routing.revision()
    cpu = time.process_time()
    for _ in range(500):
        await store.routing.revision()
    cpu = (time.process_time() - cpu) / 500
    await store.close()
    figure(f"routing revision: {cpu * 1e6:.0f} CPU-µs")
    assert cpu < 400e-6


def test_a_record_is_written_in_some_microseconds(tmp_path: Path, figure: Callable[[str], None]) -> None:
    writer = SpoolWriter(tmp_path, "gateway-1", limit_bytes=1 << 30, on_drop=lambda _: None)
    exchanges = [make_exchange(number) for number in range(4000)]
    cpu = time.process_time()
    for exchange in exchanges:
        writer.record(exchange)
    cpu = (time.process_time() - cpu) / len(exchanges)
    writer.close()
    figure(f"spool record: {cpu * 1e6:.1f} CPU-µs")
    assert cpu < 30e-6
