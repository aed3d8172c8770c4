"""The transport to an app in this process: streamed, bounded, and left without a trace."""

import asyncio
from contextlib import aclosing

import httpx2
import pytest

from tidegate.cli.in_process import InProcessTransport


async def pieces(scope, receive, send):
    """An app that answers with a hundred pieces and counts how far it has come."""
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-kind", b"many")]})
    for number in range(100):
        pieces.sent = number
        await send({"type": "http.response.body", "body": b"%d\n" % number, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def broken(scope, receive, send):
    raise RuntimeError("a defect of the app")


async def echo(scope, receive, send):
    message = await receive()
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": scope["query_string"] + b"|" + message["body"]})


def client(app):
    return httpx2.AsyncClient(transport=InProcessTransport(app), base_url="http://home")


async def test_request_and_answer_go_through_whole():
    async with client(echo) as opened:
        response = await opened.post("/a", params={"q": "ü"}, content=b"body")
    assert (response.status_code, response.content) == (201, b"q=%C3%BC|body")


async def test_an_answer_is_read_while_it_is_written_and_the_app_is_held_back():
    async with client(pieces) as opened, opened.stream("GET", "/") as response:
        assert response.headers["x-kind"] == "many"
        for _ in range(20):
            await asyncio.sleep(0)
        assert pieces.sent < 10
        text = b"".join([piece async for piece in response.aiter_bytes()])
    assert text == b"".join(b"%d\n" % number for number in range(100))


async def test_leaving_early_ends_the_app():
    before = asyncio.all_tasks()
    async with (
        client(pieces) as opened,
        opened.stream("GET", "/") as response,
        aclosing(response.aiter_bytes()) as body,
    ):
        assert await anext(body) == b"0\n"
    assert asyncio.all_tasks() == before


async def test_a_defect_of_the_app_is_not_hidden():
    async with client(broken) as opened:
        with pytest.raises(RuntimeError, match="a defect"):
            await opened.get("/")
