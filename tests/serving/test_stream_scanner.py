"""Following a stream: bytes untouched, the end held back, usage merged, deltas never read."""

import itertools

import pytest
from gateway_parts import CONTENT, DELTA, END, START, STOP, event
from hypothesis import given
from hypothesis import strategies as st

from tidegate.ports import UpstreamFailure
from tidegate.serving import stream as stream_module
from tidegate.serving.stream import EventScanner
from tidegate.serving.usage import ReportedUsage

PING = event("ping")
TRICKY = event("content_block_delta", delta={"type": "text_delta", "text": "event: message_stop\n\ndata: {}"})
WHOLE = START + PING + CONTENT + DELTA + TRICKY + DELTA + END + STOP


def fed(scanner: EventScanner, chunks: list[bytes]) -> bytes:
    return b"".join(scanner.feed(chunk) for chunk in chunks if not scanner.stopped)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges) if a < b]


@given(st.lists(st.integers(0, 10_000), max_size=12), st.booleans())
def test_however_it_is_cut_the_bytes_stay_and_only_the_end_is_held(places: list[int], crlf: bool) -> None:
    whole, stop = (data.replace(b"\n", b"\r\n") if crlf else data for data in (WHOLE, STOP))
    scanner = EventScanner()
    released = fed(scanner, cut(whole, places))
    assert scanner.stopped
    assert not scanner.failed
    assert released == whole[: -len(stop)]
    assert scanner.held == stop
    assert (scanner.id, scanner.model) == ("msg_2", "claude-sonnet-4-5")
    assert scanner.usage == ReportedUsage(input_tokens=50, output_tokens=9)


def test_whole_events_go_out_at_once_and_unfinished_ones_wait() -> None:
    scanner = EventScanner()
    assert scanner.feed(START + DELTA[:10]) == START
    assert scanner.feed(DELTA[10:-1]) == b""
    assert scanner.feed(b"\n") == DELTA


def test_content_is_seen_at_the_first_delta() -> None:
    scanner = EventScanner()
    scanner.feed(START + PING + CONTENT)
    assert not scanner.content
    scanner.feed(DELTA)
    assert scanner.content


def test_an_error_event_ends_the_stream_and_is_held() -> None:
    scanner = EventScanner()
    error = event("error", error={"type": "overloaded_error", "message": "x"})
    assert scanner.feed(START + DELTA + error) == START + DELTA
    assert (scanner.stopped, scanner.failed, scanner.held) == (True, True, error)


def test_a_later_null_does_not_undo_what_was_said() -> None:
    scanner = EventScanner()
    scanner.feed(START)
    scanner.feed(event("message_delta", usage={"input_tokens": None, "output_tokens": 4}))
    scanner.feed(event("message_delta", usage={"output_tokens": 6, "cache_read_input_tokens": 3}))
    assert scanner.usage is not None
    billed = scanner.usage.billed()
    assert (billed.input_tokens, billed.output_tokens, billed.cache_read_tokens) == (50, 6, 3)


@pytest.mark.parametrize("data", [b"{}", b"nonsense", b"[]", b'{"message":5}'])
def test_an_event_of_unknown_shape_is_relayed_unmeasured(data: bytes) -> None:
    scanner = EventScanner()
    odd = b"event: message_start\ndata: %s\n\n" % data
    assert scanner.feed(odd + DELTA) == odd + DELTA
    assert scanner.usage is None


def test_an_event_without_an_end_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "LONGEST_EVENT", 1000)
    with pytest.raises(UpstreamFailure, match="without an end"):
        EventScanner().feed(b"x" * 1001)


@pytest.mark.parametrize(
    ("reported", "short", "long"),
    [
        ({"cache_creation_input_tokens": 9}, 9, 0),
        ({"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_1h_input_tokens": 9}}, 0, 9),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 7}}, 2, 7),
        ({"cache_creation": None}, 0, 0),
    ],
)
def test_cache_writes_are_split_by_lifetime(reported: dict[str, object], short: int, long: int) -> None:
    scanner = EventScanner()
    scanner.feed(event("message_start", message={"usage": reported}))
    assert scanner.usage is not None
    billed = scanner.usage.billed()
    assert (billed.cache_write_5m_tokens, billed.cache_write_1h_tokens) == (short, long)
