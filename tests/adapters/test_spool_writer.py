import errno
import os
import resource
import signal
from pathlib import Path

import pytest
from exchanges import make_exchange

from tidegate.adapters.spool.framing import parse_frames
from tidegate.adapters.spool.segment import adopt_segments
from tidegate.adapters.spool.writer import SpoolWriter
from tidegate.domain.exchange import Amend


def _writer(folder: Path, *, limit: int = 1 << 30, dropped: list[int] | None = None) -> SpoolWriter:
    return SpoolWriter(folder, "gateway-1", limit_bytes=limit, on_drop=(dropped or []).append)


def _records(folder: Path) -> tuple[list[str], list[str]]:
    exchanges: list[str] = []
    amends: list[str] = []
    for path in sorted(folder.glob("*.spool")):
        frames = parse_frames(path.read_bytes(), limit=10_000)
        assert not frames.damaged
        assert frames.consumed == path.stat().st_size
        exchanges += [found.id for found in frames.exchanges]
        amends += [found.id for found in frames.amends]
    return exchanges, amends


def test_a_recorded_exchange_is_in_the_file_when_record_returns(tmp_path: Path) -> None:
    writer = _writer(tmp_path)
    for number in range(3):
        writer.record(make_exchange(number))
        assert len(_records(tmp_path)[0]) == number + 1
    writer.close()


def test_amends_go_out_with_the_next_record_or_a_flush(tmp_path: Path) -> None:
    writer = _writer(tmp_path)
    writer.amend(Amend("req_000001", True, 0.7))
    assert _records(tmp_path) == ([], [])
    writer.record(make_exchange(2))
    assert _records(tmp_path) == (["req_000002"], ["req_000001"])
    writer.amend(Amend("req_000002", False, 0.7))
    writer.flush()
    assert _records(tmp_path) == (["req_000002"], ["req_000001", "req_000002"])
    writer.close()


def test_many_amends_are_written_before_they_fill_the_memory(tmp_path: Path) -> None:
    writer = _writer(tmp_path)
    for number in range(5000):
        writer.amend(Amend(f"req_{number:06d}", True, 0.7))
    assert len(_records(tmp_path)[1]) > 4000
    writer.close()


def test_past_the_limit_exchanges_are_dropped_and_counted(tmp_path: Path) -> None:
    drops: list[int] = [0]
    writer = _writer(tmp_path, limit=1000, dropped=drops)
    for number in range(20):
        writer.record(make_exchange(number))
    kept = len(_records(tmp_path)[0])
    assert 0 < kept < 20
    assert (writer.dropped, writer.recorded, sum(drops)) == (20 - kept, kept, 20 - kept)
    assert writer.spooled_bytes <= 1000
    writer.close()


def test_a_write_that_fits_half_leaves_no_torn_record_behind(tmp_path: Path) -> None:
    """The file-size limit makes the kernel write a part and refuse the rest, as a full disk does."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        writer = _writer(tmp_path)
        for number in range(20):
            writer.record(make_exchange(number))
        os._exit(0 if writer.dropped == 20 - writer.recorded and 0 < writer.recorded < 20 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert 0 < len(_records(tmp_path)[0]) < 20


def test_a_refusing_disk_raises_nothing_and_recovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drops: list[int] = [0]
    writer = _writer(tmp_path, dropped=drops)

    def refuse(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "write", refuse)
        writer.amend(Amend("req_000000", True, 0.7))
        writer.flush()
        writer.record(make_exchange(1))
    writer.record(make_exchange(2))
    assert (writer.dropped, writer.dropped_amends, sum(drops)) == (1, 1, 1)
    assert _records(tmp_path) == (["req_000002"], [])
    writer.close()


def test_a_text_that_is_no_unicode_is_dropped_not_raised(tmp_path: Path) -> None:
    writer = _writer(tmp_path)
    writer.record(make_exchange(1, task="\ud800"))
    assert (writer.dropped, writer.recorded) == (1, 0)
    writer.close()


def _refuse(path: Path, refusal: OSError) -> None:
    raise AssertionError(f"{path}: {refusal}")


def test_a_living_process_keeps_its_segments_and_a_closed_one_leaves_them(tmp_path: Path) -> None:
    writer = _writer(tmp_path)
    writer.record(make_exchange(1))
    assert list(adopt_segments(tmp_path, _refuse)) == []
    writer.close()
    adopted = list(adopt_segments(tmp_path, _refuse))
    assert len(adopted) == 1
    assert list(adopt_segments(tmp_path, _refuse)) == []
    adopted[0].close()


def test_a_process_of_a_dead_ones_name_takes_over_no_file(tmp_path: Path) -> None:
    for number in range(3):
        writer = _writer(tmp_path)
        writer.record(make_exchange(number))
        writer.close()
    assert _records(tmp_path)[0] == ["req_000000", "req_000001", "req_000002"]


def test_an_empty_spool_leaves_no_file_behind(tmp_path: Path) -> None:
    _writer(tmp_path).close()
    assert list(tmp_path.iterdir()) == []
