"""Attacks on the wire: requests that two readers would understand differently, or that never end."""

import asyncio
import re
from contextlib import suppress

from tidegate.harness.audit.judgement import Outcome, failed, judged
from tidegate.harness.audit.target import MODEL, Target

SLOW_SECONDS = 45.0
"""By then a request that drips must be gone; by default it ends after 10 s (head) and 30 s (body)."""

ANSWER_SECONDS = 3.0
"""For all that a gateway has to say; a guard closes the connection long before."""

_DRIP_SECONDS = 0.5
_BODY = b'{"model":"%s","max_tokens":5,"messages":[{"role":"user","content":"smuggled"}]}' % MODEL.encode()


async def answered(target: Target, request: bytes) -> bytes:
    """All that comes back for these bytes, until the gateway closes or is silent."""
    reader, writer = await asyncio.open_connection(target.host, target.port)
    told = b""
    try:
        writer.write(request)
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await writer.drain()
                while piece := await reader.read(65_536):
                    told += piece
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    return told


def _head(target: Target, *lines: str, path: str = "/v1/messages") -> bytes:
    key = target.keys["client-a"]
    first = (f"POST {path} HTTP/1.1", "host: audit", f"x-api-key: {key}", "content-type: application/json")
    return ("\r\n".join((*first, *lines)) + "\r\n\r\n").encode("latin-1")


async def smuggling(target: Target, *lines: str) -> Outcome:
    """A first request whose end is told twice, and a second one hidden behind it."""
    hidden = _head(target, f"content-length: {len(_BODY)}") + _BODY
    request = _head(target, *lines) + b"0\r\n\r\n" + hidden
    told = await answered(target, request)
    status = told[9:12].decode("latin-1")
    asked = [body for body in target.told() if b"smuggled" in body]
    answers = len(re.findall(rb"HTTP/1\.1 \d{3} ", told))
    seen = f"answered {status or 'nothing'}, {answers} answers, provider asked {len(asked)} times"
    return judged(status != "400" or answers != 1 or bool(asked), seen)


async def header_block(target: Target, block: bytes, status: bytes) -> Outcome:
    """A head that is too much; `status` is what must come back."""
    told = await answered(target, _head(target)[:-2] + block + b"\r\n")
    return judged(
        told[9:12] != status, f"{len(block):,} bytes more: answered {told[9:12].decode() or 'nothing'}"
    )


async def large_body(target: Target) -> Outcome:
    """A body one byte over what the installation takes, announced and not sent."""
    told = await answered(target, _head(target, f"content-length: {target.body_limit + 1}"))
    seen = f"{target.body_limit + 1:,} bytes announced: answered {told[9:12].decode() or 'nothing'}"
    return judged(told[9:12] != b"413", seen)


async def slow(target: Target, start: bytes, drip: bytes) -> Outcome:
    """Bytes one by one, for ever: the connection must not stay."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    reader, writer = await asyncio.open_connection(target.host, target.port)
    ended = asyncio.create_task(reader.read(12))
    writer.write(start)
    try:
        while not ended.done() and loop.time() - began < SLOW_SECONDS:
            await asyncio.wait((ended,), timeout=_DRIP_SECONDS)
            if not ended.done():
                writer.write(drip)
    finally:
        ended.cancel()
        await asyncio.wait((ended,))
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    lasted = loop.time() - began
    if lasted >= SLOW_SECONDS:
        return failed(f"still open after {lasted:.0f} s")
    status = b"" if ended.cancelled() or ended.exception() else ended.result()[9:12]
    seen = f"after {lasted:.1f} s: {status.decode() or 'closed without an answer'}"
    return judged(status not in (b"", b"408"), seen)


async def slow_head(target: Target) -> Outcome:
    """A request line that drips."""
    return await slow(target, b"POST /v1/messages HTTP/1.1\r\nhost: audit\r\nx-a: ", b"x")


async def slow_body(target: Target) -> Outcome:
    """A body that drips."""
    return await slow(target, _head(target, "content-length: 100000"), b" ")
