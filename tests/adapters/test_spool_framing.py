import zlib

import msgspec
import pytest
from exchanges import exchange_lists, make_exchange
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.adapters.spool.framing import HEADER, frame_amend, frame_exchange, parse_frames
from tidegate.domain.exchange import Amend, Exchange

AMENDS = st.builds(Amend, st.text(max_size=9), st.booleans(), st.floats(0, 1e4))
RECORDS = st.lists(st.one_of(AMENDS, exchange_lists(size=1).filter(bool).map(lambda one: one[0])), max_size=6)


def _frames(records: list[Exchange | Amend]) -> list[bytes]:
    return [frame_exchange(one) if isinstance(one, Exchange) else frame_amend(one) for one in records]


def _split(records: list[Exchange | Amend]) -> tuple[list[Exchange], list[Amend]]:
    return (
        [one for one in records if isinstance(one, Exchange)],
        [one for one in records if isinstance(one, Amend)],
    )


@given(RECORDS, st.data())
def test_any_prefix_yields_exactly_the_whole_records_before_its_end(
    records: list[Exchange | Amend], data: st.DataObject
) -> None:
    frames = _frames(records)
    segment = b"".join(frames)
    length = data.draw(st.integers(0, len(segment)))
    ends = [sum(map(len, frames[: count + 1])) for count in range(len(frames))]
    whole = sum(end <= length for end in ends)

    found = parse_frames(segment[:length], limit=1000)

    assert (found.exchanges, found.amends) == _split(records[:whole])
    assert found.consumed == (ends[whole - 1] if whole else 0)
    assert not found.damaged


@given(RECORDS.filter(bool), st.data())
def test_a_changed_byte_never_gives_a_wrong_record_and_is_called_damage(
    records: list[Exchange | Amend], data: st.DataObject
) -> None:
    frames = _frames(records)
    segment = bytearray(b"".join(frames))
    at = data.draw(st.integers(0, len(segment) - 1))
    segment[at] ^= data.draw(st.integers(1, 255))
    before = sum(sum(map(len, frames[: count + 1])) <= at for count in range(len(frames)))

    found = parse_frames(bytes(segment), limit=1000)

    assert (found.exchanges, found.amends) == _split(records[:before])
    assert found.damaged


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_random_bytes_are_damage_or_a_torn_end_never_an_error(noise: bytes) -> None:
    found = parse_frames(noise, limit=1000)
    assert found.consumed == 0
    assert found.damaged == (len(noise) >= HEADER.size)


def test_no_more_records_than_asked_are_taken() -> None:
    segment = b"".join(frame_exchange(make_exchange(number)) for number in range(5))
    first = parse_frames(segment, limit=2)
    rest = parse_frames(segment[first.consumed :], limit=1000)
    assert [one.id for one in first.exchanges + rest.exchanges] == [
        f"req_{number:06d}" for number in range(5)
    ]
    assert len(first.exchanges) == 2


def _frame(payload: bytes) -> bytes:
    checked = len(payload).to_bytes(4, "little") + zlib.crc32(payload).to_bytes(4, "little")
    return checked + zlib.crc32(checked).to_bytes(4, "little") + payload


@pytest.mark.parametrize("payload", [b"", b"X", b"E", b"E\x93", b"A" + msgspec.msgpack.encode({"id": 1})])
def test_a_record_of_another_shape_is_damage(payload: bytes) -> None:
    assert parse_frames(_frame(payload), limit=1).damaged


def test_a_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        frame_exchange(make_exchange(1, task="\ud800"))
