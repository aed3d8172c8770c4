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


class Fixed(asyncio.Protocol):
    """Answers each request whose body is in; reads content-length and nothing else."""

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head := self._buffer.find(b"\r\n\r\n")) >= 0:
            at = self._buffer.lower().find(b"content-length:", 0, head)
            length = int(self._buffer[at + 15 : self._buffer.index(b"\r", at)]) if at >= 0 else 0
            if len(self._buffer) < head + 4 + length:
                return
            self._buffer = self._buffer[head + 4 + length :]
            self._transport.write(RESPONSE)


async def main(port: int) -> None:
    """Serve until killed; says where it listens."""
    server = await asyncio.get_running_loop().create_server(Fixed, "127.0.0.1", port)
    print(f"upstream listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
