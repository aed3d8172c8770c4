"""A server of chat completions behind the port: what goes over the wire, and what its reader gets."""

import asyncio

import msgspec
import pytest
from raw_server import Peer

from tidegate.adapters.upstream.openai_upstream import OpenAIUpstream
from tidegate.ports import UpstreamFailure, UpstreamResponse

ASK = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
HEADERS = [
    (b"content-type", b"application/json"),
    (b"anthropic-version", b"2023-06-01"),
    (b"Anthropic-Beta", b"x"),
    (b"user-agent", b"sdk"),
    (b"authorization", b"Bearer k"),
]
SSE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
COMPLETION = msgspec.json.encode(
    {
        "id": "chatcmpl-1",
        "model": "m",
        "choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2},
    }
)


def event(delta: dict, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: %s\n\n" % msgspec.json.encode({"id": "chatcmpl-1", "choices": [choice]})


STREAM = (event({"role": "assistant", "content": ""}), event({"content": "hi"}), event({}, "stop"))
DONE = b"data: [DONE]\n\n"


def framed(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


async def send(upstream: OpenAIUpstream, body: dict, target: str = "/v1/messages") -> UpstreamResponse:
    deadline = asyncio.get_running_loop().time() + 5
    return await upstream.send("POST", target, HEADERS, msgspec.json.encode(body), deadline=deadline)


async def test_a_message_is_asked_and_answered_in_each_sides_terms(rig):
    got = []

    async def script(peer: Peer) -> None:
        got.append(await peer.answer(COMPLETION, b"X-Request-Id: r1", b"openai-organization: secret"))

    _, inner = await rig.pair(script)
    reply = await send(OpenAIUpstream(inner), ASK, "/v1/messages?beta=true")
    message = msgspec.json.decode(await reply.read(10_000))
    reply.close()
    assert (message["id"], message["usage"]["input_tokens"]) == ("msg_1", 7)
    assert list(reply.headers) == [(b"content-type", b"application/json"), (b"request-id", b"r1")]
    (request,) = got
    assert request.line == b"POST /v1/chat/completions HTTP/1.1"
    assert request.all(b"authorization") == [b"Bearer k"]
    assert not [name for name, _ in request.headers if name.lower().startswith(b"anthropic")]
    assert msgspec.json.decode(request.body) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 9,
    }


async def test_a_stream_comes_as_events_and_its_connection_serves_again(rig, counts):
    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(SSE_HEAD, *(framed(piece) for piece in (*STREAM, DONE)), b"0\r\n\r\n")

    server, inner = await rig.pair(script)
    upstream = OpenAIUpstream(inner)
    for _ in range(2):
        reply = await send(upstream, {**ASK, "stream": True})
        assert (b"content-type", b"text/event-stream; charset=utf-8") in reply.headers
        body = await reply.read(100_000)
        reply.close()
        assert body.startswith(b"event: message_start\n")
        assert body.endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')
    assert server.accepted == 1
    assert (await counts(inner))[1] == 0


async def test_a_stream_that_breaks_off_is_a_reset(rig, failure):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(SSE_HEAD, framed(*STREAM[:2]), b"0\r\n\r\n")

    _, inner = await rig.pair(script)
    reply = await send(OpenAIUpstream(inner), {**ASK, "stream": True})
    failed = await failure(reply.read(100_000))
    assert failed.kind == "reset"
    reply.close()


async def test_leaving_in_a_stream_leaves_no_call_open(rig, counts):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(SSE_HEAD, framed(STREAM[0]))
        await peer.hung_up()

    server, inner = await rig.pair(script)
    reply = await send(OpenAIUpstream(inner), {**ASK, "stream": True})
    assert await reply.chunk()
    waiting = asyncio.ensure_future(reply.chunk())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    reply.close()
    await server.all_closed()
    assert await counts(inner) == (0, 0)


@pytest.mark.parametrize("body", [b"<html>hello</html>", b'{"choices":[]}'])
async def test_an_answer_that_is_none_is_a_failure(rig, failure, body):
    async def script(peer: Peer) -> None:
        await peer.answer(body)

    _, inner = await rig.pair(script)
    reply = await send(OpenAIUpstream(inner), ASK)
    assert (await failure(reply.read(10_000))).kind == "protocol"
    reply.close()


async def test_an_answer_beyond_the_limit_is_a_failure(rig, failure):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(SSE_HEAD, framed(*STREAM, DONE), b"0\r\n\r\n")

    _, inner = await rig.pair(script)
    reply = await send(OpenAIUpstream(inner), {**ASK, "stream": True})
    assert (await failure(reply.read(10))).kind == "protocol"
    reply.close()


@pytest.mark.parametrize(
    ("status", "body", "kind", "final"),
    [
        (b"400 Bad", b'{"error":{"message":"why","type":"x"}}', "invalid_request_error", False),
        (b"401 No", b'{"error":{"message":"why"}}', "authentication_error", False),
        (b"503 Away", b'{"error":{"message":"why"}}', "api_error", False),
        (b"429 Slow", b'{"error":{"message":"why","code":"rate_limit_exceeded"}}', "rate_limit_error", False),
        (b"429 Spent", b'{"error":{"message":"why","code":"insufficient_quota"}}', "rate_limit_error", True),
    ],
)
async def test_errors_and_their_headers(rig, status, body, kind, final):
    async def script(peer: Peer) -> None:
        await peer.answer(body, b"Retry-After: 7", b"x-should-retry: true", status=status)

    _, inner = await rig.pair(script)
    reply = await send(OpenAIUpstream(inner), ASK)
    headers = dict(reply.headers)
    assert headers[b"retry-after"] == b"7"
    assert headers[b"x-should-retry"] == (b"false" if final else b"true")
    assert msgspec.json.decode(await reply.read(1000))["error"] == {"type": kind, "message": "why"}
    assert inner.busy_connections == 0


async def test_what_cannot_be_told_is_refused_here(rig):
    async def script(peer: Peer) -> None:
        raise AssertionError("nothing may be sent")

    server, inner = await rig.pair(script)
    upstream = OpenAIUpstream(inner)
    reply = await send(upstream, {**ASK, "container": "c"})
    assert reply.status == 400
    assert b"container: " in await reply.read(1000)
    reply = await send(upstream, ASK, "/v1/messages/count_tokens")
    assert (reply.status, msgspec.json.decode(await reply.read(1000))["error"]["type"]) == (
        404,
        "not_found_error",
    )
    assert server.accepted == 0


async def test_chat_completions_pass_as_they_are(rig):
    got = []

    async def script(peer: Peer) -> None:
        got.append(await peer.answer(b"whatever"))

    _, inner = await rig.pair(script)
    deadline = asyncio.get_running_loop().time() + 5
    reply = await OpenAIUpstream(inner).send(
        "POST", "/v1/chat/completions", HEADERS, b"{ }", deadline=deadline
    )
    assert await reply.read(100) == b"whatever"
    assert got[0].body == b"{ }"


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        (
            "/v1/models",
            b'{"object":"list","data":[{"id":"m","created":1767225600,"owned_by":"x"}]}',
            {
                "data": [
                    {"type": "model", "id": "m", "display_name": "m", "created_at": "2026-01-01T00:00:00Z"}
                ],
                "has_more": False,
                "first_id": "m",
                "last_id": "m",
            },
        ),
        (
            "/v1/models/m",
            b'{"id":"m","object":"model"}',
            {"type": "model", "id": "m", "display_name": "m", "created_at": "1970-01-01T00:00:00Z"},
        ),
    ],
)
async def test_models_are_shown_as_the_caller_knows_them(rig, path, body, told):
    async def script(peer: Peer) -> None:
        while True:
            await peer.answer(body)

    _, inner = await rig.pair(script)
    upstream = OpenAIUpstream(inner)
    deadline = asyncio.get_running_loop().time() + 5
    reply = await upstream.send("GET", path, HEADERS, b"", deadline=deadline)
    assert msgspec.json.decode(await reply.read(1000)) == told
    native = [header for header in HEADERS if not header[0].lower().startswith(b"anthropic")]
    reply = await upstream.send("GET", path, native, b"", deadline=deadline)
    assert await reply.read(1000) == body


async def test_a_list_of_models_that_is_none_is_a_failure(rig, failure):
    async def script(peer: Peer) -> None:
        await peer.answer(b"[]")

    _, inner = await rig.pair(script)
    deadline = asyncio.get_running_loop().time() + 5
    failed = await failure(OpenAIUpstream(inner).send("GET", "/v1/models", HEADERS, b"", deadline=deadline))
    assert isinstance(failed, UpstreamFailure)
    assert failed.kind == "protocol"


async def test_the_limits_name_is_the_servers(rig):
    got = []

    async def script(peer: Peer) -> None:
        got.append(await peer.answer(COMPLETION))

    _, inner = await rig.pair(script)
    reply = await send(OpenAIUpstream(inner, limit_name="max_completion_tokens"), ASK)
    await reply.read(10_000)
    assert msgspec.json.decode(got[0].body)["max_completion_tokens"] == 9


async def test_a_server_that_only_keeps_awake_is_waited_for(rig):
    """Comments make no event, and reading goes on."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(SSE_HEAD, framed(b": processing\n\n"), framed(*STREAM, DONE), b"0\r\n\r\n")

    _, inner = await rig.pair(script)
    reply = await send(OpenAIUpstream(inner), {**ASK, "stream": True})
    assert (await reply.chunk()).startswith(b"event: message_start")
    reply.close()
