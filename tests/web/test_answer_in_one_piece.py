"""Whole answers in one write: the head's bytes, and which answers have to go uvicorn's way."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tidegate.web.answer_head import answer_head
from tidegate.web.asgi import Message, Receive, Send, answer
from tidegate.web.connection_limits import ConnectionLimits
from tidegate.web.server import Server

BODY = b"the tide gate"


def test_a_head_carries_status_headers_and_length() -> None:
    head = answer_head(200, [(b"content-type", b"text/plain")], 13, keep_alive=True)
    assert head == b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 13\r\n\r\n"


def test_a_head_on_a_connection_that_ends_says_so() -> None:
    assert answer_head(529, [], 0, keep_alive=False) == (
        b"HTTP/1.1 529 \r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )


@pytest.mark.parametrize(
    "header",
    [
        (b"connection", b"close"),
        (b"content-length", b"7"),
        (b"transfer-encoding", b"chunked"),
        (b"request-id", b"a\r\nset-cookie: b"),
        (b"request-id", b"a\nb"),
        (b"request-id", b"a\rb"),
        (b"request-id", b"a\0b"),
        (b"name\r\nx", b"a"),
    ],
)
def test_a_head_that_needs_care_is_not_made(header: tuple[bytes, bytes]) -> None:
    assert answer_head(200, [header], 0, keep_alive=True) is None


class Whole:
    """Answers in one piece where the connection can; remembers where it could."""

    def __init__(self) -> None:
        self.could: list[bool] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        connection = scope["extensions"]["tidegate.connection"]
        headers = [(b"connection", b"close")] if scope["path"] == "/close" else [(b"tidegate-x", b"1")]
        body = BODY * 10_000 if scope["path"] == "/large" else BODY
        self.could.append(connection.answer(scope, 200, headers, body))
        if not self.could[-1]:
            await answer(send, 200, body, *headers)


@pytest.fixture
def whole() -> Whole:
    return Whole()


@pytest.fixture
async def port(whole: Whole) -> AsyncGenerator[int]:
    server = Server(whole, ConnectionLimits())
    await server.listen("127.0.0.1", 0)
    yield server.port
    await server.drain(delay=0, limit=0.5, hurry=asyncio.Event())


async def said(port: int, *requests: bytes, together: bool = False) -> list[bytes]:
    """The heads of the answers, each with as much of a body as its length says, over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    if together:
        writer.write(b"".join(requests))
    answers: list[bytes] = []
    for request in requests:
        if not together:
            writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        answers.append(head + (b"" if request.startswith(b"HEAD") else await reader.readexactly(length)))
    writer.close()
    await writer.wait_closed()
    return answers


def get(path: str = "/", method: str = "GET", version: str = "1.1") -> bytes:
    return f"{method} {path} HTTP/{version}\r\nhost: t\r\n\r\n".encode()


async def test_a_connection_is_kept_over_whole_answers(port: int, whole: Whole) -> None:
    first, second = await said(port, get(), get())
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\ntidegate-x: 1\r\n" in first
    assert b"\r\ndate: " in first
    assert first.endswith(b"\r\n\r\n" + BODY)
    assert second.endswith(BODY)
    assert whole.could == [True, True]


async def test_a_large_body_arrives_whole(port: int) -> None:
    (answered,) = await said(port, get("/large"))
    assert answered.endswith(b"\r\n\r\n" + BODY * 10_000)


async def test_pipelined_requests_are_answered_in_turn(port: int) -> None:
    answers = await said(port, get(), get("/large"), get(), together=True)
    assert [len(each.partition(b"\r\n\r\n")[2]) for each in answers] == [13, 130_000, 13]


async def test_an_answer_to_head_has_no_body(port: int, whole: Whole) -> None:
    first, second = await said(port, get(method="HEAD"), get())
    assert first.endswith(b"\r\n\r\n")
    assert second.endswith(BODY)
    assert whole.could == [False, True]


async def test_an_answer_that_ends_the_connection_goes_the_long_way_and_ends_it(
    port: int, whole: Whole
) -> None:
    (answered,) = await said(port, get("/close"))
    assert b"\r\nconnection: close\r\n" in answered
    assert whole.could == [False]


async def test_http_1_0_is_told_that_its_connection_ends(port: int, whole: Whole) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(get(version="1.0"))
    answered = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert b"\r\nconnection: close\r\n" in answered
    assert answered.endswith(BODY)
    assert whole.could == [True]


async def test_a_stream_to_http_1_0_has_no_chunks_and_ends_with_its_connection() -> None:
    async def stream(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"tidegate-x", b"1")]})
        for piece, more in ((BODY, True), (b"", True), (BODY, False)):
            await send({"type": "http.response.body", "body": piece, "more_body": more})

    server = Server(stream, ConnectionLimits())
    await server.listen("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(get(version="1.0"))
    head, _, body = (await asyncio.wait_for(reader.read(), 5)).partition(b"\r\n\r\n")
    writer.close()
    assert body == BODY * 2
    assert b"\r\nconnection: close" in head
    assert b"transfer-encoding" not in head
    await server.drain(delay=0, limit=0.5, hurry=asyncio.Event())
