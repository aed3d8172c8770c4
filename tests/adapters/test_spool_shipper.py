import asyncio
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from exchanges import make_exchange

from tidegate.adapters.spool.framing import frame_exchange
from tidegate.adapters.spool.segment import Segment
from tidegate.adapters.spool.writer import ROTATE_BYTES
from tidegate.domain.exchange import Amend, Arm, Exchange, Outcome
from tidegate.ports import IngestResult


def _left_behind(folder: Path, *frames: bytes, name: str = "dead-00000001") -> Path:
    path = folder / f"{name}.spool"
    path.write_bytes(b"".join(frames))
    return path


async def test_records_and_amends_reach_the_ledger_and_leave_the_disk(
    writer, shipper, ledger, tmp_path
) -> None:
    writer.record(make_exchange(1))
    writer.amend(Amend("req_000001", True, 0.6))
    writer.record(make_exchange(2))
    assert shipper.queued == 2
    await shipper.ship()
    assert list(ledger.exchanges) == ["req_000001", "req_000002"]
    assert [amend.id for amend in ledger.amends] == ["req_000001"]
    assert (shipper.queued, shipper.spooled_bytes, shipper.dropped) == (0, 0, 0)
    await shipper.close()
    assert list(tmp_path.iterdir()) == []


async def test_a_batch_goes_out_by_itself(writer, shipper, ledger, at_work) -> None:
    async with at_work(shipper):
        writer.record(make_exchange(1))
        await ledger.until(lambda: ledger.calls == 1)
    await shipper.close()
    assert len(ledger.exchanges) == 1


async def test_a_fault_of_a_rollout_does_not_wait_for_the_interval(
    writer, tmp_path, ledger, make_shipper, at_work
) -> None:
    shipper = make_shipper(writer, tmp_path, ledger, interval=3600.0)
    async with at_work(shipper):
        writer.record(make_exchange(1))
        writer.record(make_exchange(2, outcome=Outcome.UPSTREAM_ERROR))
        await ledger.until(lambda: ledger.calls == 1)
    await shipper.close()
    assert len(ledger.exchanges) == 2


@pytest.mark.parametrize(
    "changes", [{"rollout": None, "outcome": Outcome.UPSTREAM_ERROR}, {"arm": Arm.CANDIDATE}]
)
async def test_other_exchanges_are_not_urgent(writer, shipper, changes) -> None:
    calls: list[None] = []
    writer.on_urgent = lambda: calls.append(None)
    writer.record(make_exchange(1, **changes))
    assert calls == []


async def test_while_the_store_is_away_the_spool_grows_and_nothing_is_lost(
    writer, shipper, ledger, at_work
) -> None:
    ledger.away = True
    async with at_work(shipper):
        for number in range(5):
            writer.record(make_exchange(number))
        await ledger.until(lambda: ledger.calls >= 2)
        assert not shipper.available
        assert (shipper.queued, ledger.exchanges) == (5, {})
        ledger.away = False
        await ledger.until(lambda: len(ledger.exchanges) == 5)
        await ledger.until(lambda: shipper.available)
    await shipper.close()
    assert shipper.queued == 0


async def test_what_the_store_does_not_take_at_the_end_the_next_process_ships(
    ledger, tmp_path, make_writer, make_shipper
) -> None:
    writer = make_writer(tmp_path, "gateway-1")
    shipper = make_shipper(writer, tmp_path, ledger)
    writer.record(make_exchange(1))
    ledger.away = True
    await shipper.close()
    ledger.away = False
    next_one = make_shipper(make_writer(tmp_path, "gateway-2"), tmp_path, ledger)
    next_one.adopt()
    await next_one.close()
    assert list(ledger.exchanges) == ["req_000001"]
    assert list(tmp_path.iterdir()) == []


async def test_a_torn_tail_of_a_dead_process_is_cut(shipper, ledger, tmp_path) -> None:
    torn = frame_exchange(make_exchange(2))
    path = _left_behind(tmp_path, frame_exchange(make_exchange(1)), torn[:-1])
    shipper.adopt()
    await shipper.close()
    assert list(ledger.exchanges) == ["req_000001"]
    assert (shipper.adopted, shipper.damaged) == (1, 0)
    assert not path.exists()


async def test_damage_is_set_aside_and_counted(shipper, ledger, tmp_path) -> None:
    bad = bytearray(frame_exchange(make_exchange(2)))
    bad[30] ^= 1
    after = frame_exchange(make_exchange(3))
    path = _left_behind(tmp_path, frame_exchange(make_exchange(1)), bytes(bad), after)
    shipper.adopt()
    await shipper.close()
    assert list(ledger.exchanges) == ["req_000001"]
    assert shipper.damaged == 1
    assert not path.exists()
    assert path.with_suffix(".corrupt").read_bytes() == bytes(bad) + after


async def test_damage_in_the_own_segment_is_set_aside_and_shipping_goes_on(
    writer, shipper, ledger, tmp_path
) -> None:
    writer.record(make_exchange(1))
    (path,) = tmp_path.glob("*.spool")
    with path.open("r+b") as file:
        file.write(b"\0")
    writer.segments[0].fresh.forget(path.stat().st_size)  # as after KEPT more: it is read from the disk
    await shipper.ship()
    assert shipper.queued == 0
    writer.record(make_exchange(2))
    await shipper.ship()
    assert (list(ledger.exchanges), shipper.damaged, shipper.queued) == (["req_000002"], 1, 0)


async def test_a_value_the_store_refuses_is_set_aside_alone(writer, shipper, ledger, tmp_path) -> None:
    ledger.refused_task = "nul"
    for number in range(3):
        writer.record(make_exchange(number, task="nul" if number == 1 else "ok"))
        writer.amend(Amend(f"req_{number:06d}", True, 0.5))
    await shipper.ship()
    assert list(ledger.exchanges) == ["req_000000", "req_000002"]
    assert (shipper.refused, len(ledger.amends)) == (1, 2)
    assert (tmp_path / "refused.corrupt").read_bytes() == frame_exchange(make_exchange(1, task="nul"))


async def test_a_shipped_segment_gives_way_to_a_new_one_and_is_removed(
    writer, shipper, ledger, tmp_path
) -> None:
    count = ROTATE_BYTES // len(frame_exchange(make_exchange(1))) + 1
    for number in range(count):
        writer.record(make_exchange(number))
    (first,) = tmp_path.glob("*.spool")
    await shipper.ship()
    writer.record(make_exchange(count))
    await shipper.ship()
    assert not first.exists()
    assert len(ledger.exchanges) == count + 1


async def test_records_that_come_while_a_batch_is_away_are_shipped_once(
    writer, tmp_path, make_shipper, ledger
) -> None:
    inner = ledger.ingest

    async def ingest(exchanges: list[Exchange], amends: list[Amend]) -> IngestResult:
        if ledger.calls == 0:
            writer.record(make_exchange(2))
        return await inner(exchanges, amends)

    ledger.ingest = ingest
    shipper = make_shipper(writer, tmp_path, ledger)
    writer.record(make_exchange(1))
    await shipper.ship()
    assert (list(ledger.exchanges), shipper.queued) == (["req_000001"], 1)
    await shipper.close()
    assert list(ledger.exchanges) == ["req_000001", "req_000002"]


async def test_an_error_of_ours_ends_the_work_which_may_begin_again(
    writer, shipper, ledger, at_work, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(exchanges: list[Exchange], amends: list[Amend]) -> IngestResult:
        raise TypeError("a mistake")

    writer.record(make_exchange(1))
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "ingest", broken)
        with pytest.raises(TypeError, match="a mistake"):
            await shipper.run()
    assert not shipper.available
    async with at_work(shipper):
        await ledger.until(lambda: len(ledger.exchanges) == 1)


async def test_a_segment_that_cannot_be_opened_keeps_no_other_from_the_ledger(
    shipper, ledger, tmp_path
) -> None:
    (tmp_path / "a-folder.spool").mkdir()
    _left_behind(tmp_path, frame_exchange(make_exchange(1)))
    shipper.adopt()
    await shipper.ship()
    assert list(ledger.exchanges) == ["req_000001"]
    assert shipper.unreadable == {"a-folder.spool": "Is a directory"}
    (tmp_path / "a-folder.spool").rmdir()
    shipper.adopt()
    assert shipper.unreadable == {}


async def test_a_segment_that_the_disk_cannot_read_is_let_go_of_and_tried_again(
    shipper, ledger, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _left_behind(tmp_path, frame_exchange(make_exchange(1)), name="a")
    _left_behind(tmp_path, frame_exchange(make_exchange(2)), name="b")
    read = Segment.read

    def failing(segment: Segment, limit: int) -> bytes:
        if segment.path.stem == "a":
            raise OSError(errno.EIO, "Input/output error")
        return read(segment, limit)

    shipper.adopt()
    with monkeypatch.context() as patched:
        patched.setattr(Segment, "read", failing)
        await shipper.ship()
    assert list(ledger.exchanges) == ["req_000002"]
    assert shipper.unreadable == {"a.spool": "Input/output error"}
    shipper.adopt()
    await shipper.ship()
    assert list(ledger.exchanges) == ["req_000002", "req_000001"]
    assert shipper.unreadable == {}


async def test_where_no_descriptor_is_free_the_sync_is_counted_and_goes_on(
    writer, tmp_path, ledger, make_shipper, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipper = make_shipper(writer, tmp_path, ledger, fsync=0.0)
    tried = asyncio.Event()

    def full(segment: Segment) -> int:
        if shipper.unsynced:
            tried.set()
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Segment, "duplicate", full)
    syncing = asyncio.create_task(shipper.sync())
    await asyncio.wait_for(tried.wait(), 10)
    syncing.cancel()
    await asyncio.wait([syncing])
    await shipper.close()


async def test_amends_of_earlier_exchanges_survive_a_refused_one(writer, shipper, ledger) -> None:
    writer.record(make_exchange(1))
    await shipper.ship()
    ledger.refused_task = "nul"
    writer.amend(Amend("req_000001", True, 0.5))
    writer.record(make_exchange(2, task="nul"))
    await shipper.ship()
    assert [amend.id for amend in ledger.amends] == ["req_000001"]
    assert shipper.refused == 1


async def test_what_dead_processes_left_counts_to_the_limit(
    tmp_path, make_writer, make_shipper, ledger
) -> None:
    frame = frame_exchange(make_exchange(1))
    _left_behind(tmp_path, *[frame] * 10)
    writer = make_writer(tmp_path, "gateway-1", limit=len(frame) * 11)
    shipper = make_shipper(writer, tmp_path, ledger)
    shipper.adopt()
    writer.record(make_exchange(2))
    writer.record(make_exchange(3))
    assert (writer.dropped, shipper.spooled_bytes) == (1, len(frame) * 11)
    await shipper.ship()
    writer.record(make_exchange(4))
    assert writer.dropped == 1
    await shipper.close()


CHILD = """
import sys
from pathlib import Path
from exchanges import make_exchange
from tidegate.adapters.spool.writer import SpoolWriter
writer = SpoolWriter(Path(sys.argv[1]), "gateway-dead", limit_bytes=1 << 30, on_drop=lambda _: None)
number = 0
while True:
    writer.record(make_exchange(number))
    print(number, flush=True)
    number += 1
"""


@pytest.fixture
def killed(tmp_path: Path) -> int:
    """Kills a child while it writes records; returns how many writes it said had returned."""
    support = Path(__file__).parents[1] / "support"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(support)},
    )
    assert child.stdout is not None
    while int(child.stdout.readline()) < 300:
        pass
    child.send_signal(signal.SIGKILL)
    said = child.stdout.read().split(b"\n")[:-1]
    child.stdout.close()
    child.wait()
    return int(said[-1]) + 1 if said else 301


async def test_after_kill_9_every_record_whose_write_returned_is_ingested_once(
    shipper, ledger, killed
) -> None:
    shipper.adopt()
    await shipper.close()

    found = sorted(int(name.removeprefix("req_")) for name in ledger.exchanges)
    assert found == list(range(len(found)))
    assert len(found) - killed in {0, 1}
    assert shipper.shipped == len(found)
