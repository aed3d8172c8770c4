"""The cheapest possible upstream: one fixed answer, so that what stands before it is what is measured."""

import asyncio
import sys
from typing import cast

import uvloop

TEXT = "The tide comes in and the tide goes out, and the gate in the wall lets it pass one way only. " * 9
ANSWER = (
    b'{"id":"msg_bench0000000000000000","type":"message","role":"assistant","model":"claude-sonnet-4-6",'
    b'"content":[{"type":"text","text":"%s"}],"stop_reason":"end_turn","stop_sequence":null,'
    b'"usage":{"input_tokens":320,"output_tokens":210,"cache_read_input_tokens":0,'
    b'"cache_creation_input_tokens":0}}' % TEXT.encode()
)
RESPONSE = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: req_bench\r\n"
    b"content-length: %d\r\n\r\n" % len(ANSWER)
) + ANSWER
STREAMED = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nrequest-id: req_bench\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
PACE_SECONDS = 0.02


def _event(name: bytes, data: bytes) -> bytes:
    event = b'event: %s\ndata: {"type":"%s",%s}\n\n' % (name, name, data)
    return b"%x\r\n%s\r\n" % (len(event), event)


EVENTS = (
    _event(
        b"message_start",
        b'"message":{"id":"msg_bench0000000000000000","type":"message","role":"assistant","content":[],'
        b'"model":"claude-sonnet-4-6","stop_reason":null,"stop_sequence":null,'
        b'"usage":{"input_tokens":320,"output_tokens":1}}',
    ),
    _event(b"content_block_start", b'"index":0,"content_block":{"type":"text","text":""}'),
    *[
        _event(
            b"content_block_delta",
            b'"index":0,"delta":{"type":"text_delta","text":"the tide comes in and goes out, %d "}' % number,
        )
        for number in range(20)
    ],
    _event(b"content_block_stop", b'"index":0'),
    _event(
        b"message_delta",
        b'"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":210}',
    ),
    _event(b"message_stop", b'"bench":true') + b"0\r\n\r\n",
)
"""25 events, one every PACE_SECONDS."""


class Fixed(asyncio.Protocol):
    """Answers each request whose body is in; reads content-length and whether a stream is asked for."""

    def __init__(self) -> None:
        self._buffer = b""
        self._paced: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._paced is not None:
            self._paced.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head := self._buffer.find(b"\r\n\r\n")) >= 0:
            at = self._buffer.lower().find(b"content-length:", 0, head)
            length = int(self._buffer[at + 15 : self._buffer.index(b"\r", at)]) if at >= 0 else 0
            if len(self._buffer) < head + 4 + length:
                return
            body, self._buffer = self._buffer[head + 4 : head + 4 + length], self._buffer[head + 4 + length :]
            if b'"stream":true' in body:
                self._paced = asyncio.create_task(self._stream())
            else:
                self._transport.write(RESPONSE)

    async def _stream(self) -> None:
        self._transport.write(STREAMED)
        for event in EVENTS:
            self._transport.write(event)
            await asyncio.sleep(PACE_SECONDS)


async def main(port: int) -> None:
    """Serve until killed; says where it listens."""
    server = await asyncio.get_running_loop().create_server(Fixed, "127.0.0.1", port)
    print(f"upstream listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
