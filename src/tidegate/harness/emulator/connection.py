"""One client connection: HTTP/1.1 in by httptools, replies out in order, with backpressure both ways."""

import asyncio
import socket
import struct
from collections import deque
from http import HTTPMethod
from typing import cast

import httptools

from tidegate.harness.emulator.counts import RawRequest
from tidegate.harness.emulator.delivery import Delivery, Ending
from tidegate.harness.emulator.service import CONTROL_PREFIX, MAX_BODY_BYTES, Service
from tidegate.harness.emulator.wire import CONTINUE, LAST_CHUNK, Reply, chunk, finished_head

MAX_HEAD_BYTES = 64 * 1024
MAX_WAITING = 16
"""Pipelined requests that may wait on one connection before it is read no further."""

_METHODS = {method.value.encode(): method.value for method in HTTPMethod}


class _Waiting:
    """A request that has arrived whole, and what its reply must know of it."""

    __slots__ = ("chunked", "counted", "keep_alive", "raw")

    def __init__(self, raw: RawRequest, *, keep_alive: bool, chunked: bool) -> None:
        self.raw = raw
        self.keep_alive = keep_alive
        self.chunked = chunked
        self.counted = not raw.target.startswith(CONTROL_PREFIX)


class Connection(asyncio.Protocol):
    """Reads requests, answers those that need no waiting at once, and plays the others in a task.

    A client that goes away cancels the task at once: nothing of its requests stays open.
    """

    def __init__(self, service: Service, connections: set["Connection"]) -> None:
        self._service = service
        self._connections = connections
        self._parser = httptools.HttpRequestParser(self)
        self._queue: deque[_Waiting] = deque()
        self._playing: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._transport: asyncio.Transport | None = None
        self.lost = asyncio.Event()
        self._begin()

    # ---- the transport's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        self._service.counts.open_connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.lost.set()
        self._connections.discard(self)
        counts = self._service.counts
        counts.open_connections -= 1
        left = sum(waiting.counted for waiting in self._queue)
        self._queue.clear()
        if self._playing is not None:
            # only the emulated API has replies that are played
            left += 1
            self._playing.cancel()
            self._playing = None
        counts.open_requests -= left
        counts.abandoned += left

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()
        self._serve()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(400, "Upgrade is not supported; send plain HTTP/1.1")
        except httptools.HttpParserError as problem:
            self._fail(400, f"The request is not valid HTTP/1.1: {problem}")
        self._serve()

    def close(self) -> None:
        """Drop the connection now, whatever it is doing."""
        if self._transport is not None:
            self._transport.abort()

    # ---- the parser's calls

    def on_message_begin(self) -> None:
        self._begin()

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))
        self._count_head(len(name) + len(value))

    def on_headers_complete(self) -> None:
        if self._transport is None:
            return
        for name, value in self._headers:
            if name.lower() == b"expect" and value.lower() == b"100-continue":
                self._transport.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes <= MAX_BODY_BYTES:
            self._body.append(body)
        else:
            self._body.clear()

    def on_message_complete(self) -> None:
        raw = RawRequest(
            _METHODS.get(self._parser.get_method(), "UNKNOWN"),
            self._url.decode("latin-1"),
            tuple(self._headers),
            b"".join(self._body),
            too_large=self._body_bytes > MAX_BODY_BYTES,
        )
        keep_alive = self._parser.should_keep_alive()
        chunked = self._parser.get_http_version() != "1.0"
        waiting = _Waiting(raw, keep_alive=keep_alive and not self._refused, chunked=chunked)
        self._queue.append(waiting)
        self._service.counts.open_requests += waiting.counted

    # ---- serving

    def _begin(self) -> None:
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._refused = False

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES and not self._refused:
            self._refused = True
            self._fail(431, f"The request's head exceeds {MAX_HEAD_BYTES} bytes")

    def _fail(self, status: int, message: str) -> None:
        """Answer what is no request, after whatever was asked before it, and close."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._playing is None:
            self._write_whole(self._service.bad_request(status, message), chunked=True, keep_alive=False)
        self._transport.close()

    def _serve(self) -> None:
        """Answer what has arrived, in order, until something must wait."""
        while self._queue and self._playing is None and self._writable.is_set():
            transport = self._transport
            if transport is None or transport.is_closing():
                break
            waiting = self._queue.popleft()
            reply = self._service.reply(waiting.raw)
            if reply.delivery.immediate:
                self._write_whole(reply, chunked=waiting.chunked, keep_alive=waiting.keep_alive)
                self._finished(reply, waiting, keep_alive=waiting.keep_alive)
            else:
                self._playing = asyncio.get_running_loop().create_task(self._play(reply, waiting))
                self._playing.add_done_callback(self._played)
        self._read_or_rest()

    def _read_or_rest(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if len(self._queue) >= MAX_WAITING:
            transport.pause_reading()
        elif not transport.is_reading():
            transport.resume_reading()

    def _write_whole(self, reply: Reply, *, chunked: bool, keep_alive: bool) -> None:
        if self._transport is None:
            return
        chunked = chunked and reply.length is None
        keep_alive = keep_alive and (chunked or reply.length is not None)
        parts = [finished_head(reply, chunked=chunked, keep_alive=keep_alive)]
        parts.extend(chunk(step.data) if chunked else step.data for step in reply.delivery.steps)
        for step in reply.delivery.steps:
            self._service.counts.tell(step.told)
        if chunked:
            parts.append(LAST_CHUNK)
        self._transport.write(b"".join(parts))

    def _finished(self, reply: Reply, waiting: _Waiting, *, keep_alive: bool) -> None:
        if waiting.counted:
            self._service.counts.open_requests -= 1
            self._service.counts.answered(reply.status)
        if self._transport is not None and not keep_alive:
            self._transport.close()

    async def _play(self, reply: Reply, waiting: _Waiting) -> None:
        """Send a reply step by step, then end as its delivery says."""
        chunked = waiting.chunked and reply.length is None
        keep_alive = waiting.keep_alive and (chunked or reply.length is not None)
        head = finished_head(reply, chunked=chunked, keep_alive=keep_alive)
        await self._play_steps(reply.delivery, head, chunked=chunked)
        ending = reply.delivery.ending
        if ending is Ending.HALF_CLOSE and self._transport is not None:
            self._transport.write_eof()
        if ending in (Ending.HANG, Ending.HALF_CLOSE):
            await asyncio.get_running_loop().create_future()
        self._playing = None
        if ending is Ending.COMPLETE:
            if chunked and self._transport is not None:
                self._transport.write(LAST_CHUNK)
            self._finished(reply, waiting, keep_alive=keep_alive)
            self._serve()
        else:
            self._service.counts.open_requests -= 1
            self._break_off(ending)

    async def _play_steps(self, delivery: Delivery, head: bytes, *, chunked: bool) -> None:
        unsent = head if delivery.head_first else b""
        for step in delivery.steps:
            if step.wait:
                await asyncio.sleep(step.wait)
            await self._writable.wait()
            if self._transport is not None:
                self._transport.write(unsent + (chunk(step.data) if chunked else step.data))
                self._service.counts.tell(step.told)
            unsent = b""
        if unsent and self._transport is not None:
            self._transport.write(unsent)

    def _break_off(self, ending: Ending) -> None:
        transport = self._transport
        if transport is None:
            return
        if ending is Ending.CUT:
            transport.close()
            return
        # no lingering: the kernel then sends a reset instead of an orderly end
        connected = cast(socket.socket, transport.get_extra_info("socket"))
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    def _played(self, task: asyncio.Task[None]) -> None:
        """A task that failed must not leave its client waiting; its error goes to the loop's handler."""
        if task.cancelled() or task.exception() is None:
            return
        asyncio.get_running_loop().call_exception_handler(
            {"message": "the emulator failed to play a reply", "exception": task.exception(), "task": task}
        )
        self.close()
