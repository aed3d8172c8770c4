"""The parts of several workers: waits between starts, seats, the line between two processes."""

import asyncio
import itertools
import socket

import msgspec
import pytest

from tidegate.bootstrap.workers.backoff import Backoff
from tidegate.bootstrap.workers.channel import open_channel
from tidegate.bootstrap.workers.messages import Collect, FromSupervisor, Merged, Reported, Retire
from tidegate.bootstrap.workers.seats import Seats, seats_file
from tidegate.domain.merging import Sample

DECODE = msgspec.msgpack.Decoder(FromSupervisor).decode


def test_a_worker_that_served_long_is_replaced_at_once() -> None:
    assert Backoff(4).after(served_seconds=3600).seconds == 0


def test_who_dies_at_once_again_and_again_is_waited_for_longer_and_longer() -> None:
    backoffs = itertools.accumulate(range(9), lambda before, _: before.after(0), initial=Backoff())
    assert [backoff.seconds for backoff in backoffs] == [0, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_the_fuller_worker_lets_the_other_go_first() -> None:
    with seats_file(3) as table:
        first, second = Seats(table.fileno(), 0), Seats(table.fileno(), 1)
        assert first.my_turn(5), "nobody else accepts yet"
        assert second.my_turn(4)
        assert not first.my_turn(5)
        assert first.my_turn(4), "of two that are as full either may"
        second.leave()
        assert first.my_turn(9), "nobody waits for one that has left"
        first.my_turn(9)
        assert not second.my_turn(10)
        second.leave(0)
        assert second.my_turn(10), "the supervisor takes a dead one's seat away"


async def test_messages_come_whole_and_in_order_whatever_their_size() -> None:
    one, other = socket.socketpair()
    here, there = await open_channel(one, DECODE), await open_channel(other, DECODE)
    samples = [Sample("m", "", (f"label-{n}",), "", float(n)) for n in range(20_000)]
    for message in (Collect(1), Merged(2, samples), Retire()):
        here.send(message)
    assert [await there.receive() for _ in range(3)] == [Collect(1), Merged(2, samples), Retire()]
    await here.close()
    assert await there.receive() is None
    there.send(Reported(1, []))
    await there.close()
    assert await here.receive() is None


async def test_a_line_that_breaks_off_in_a_message_is_at_its_end() -> None:
    one, other = socket.socketpair()
    there = await open_channel(other, DECODE)
    one.sendall(b"\x00\x00\x00\x10half")
    one.close()
    assert await asyncio.wait_for(there.receive(), 5) is None
    await there.close()


@pytest.mark.parametrize("kind", ["unknown", ""])
async def test_a_message_of_an_unknown_kind_is_an_error_not_a_guess(kind: str) -> None:
    one, other = socket.socketpair()
    there = await open_channel(other, DECODE)
    data = msgspec.msgpack.encode({"type": kind})
    one.sendall(len(data).to_bytes(4, "big") + data)
    with pytest.raises(msgspec.ValidationError):
        await there.receive()
    one.close()
    await there.close()
