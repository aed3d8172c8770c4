"""The emulator on the wire: routes, framing, pipelining, limits, TLS, and clients that go away."""

import asyncio
import base64
import json
import ssl

import httpx2
import pytest
import trustme

PROMPT = "x" * 4400


async def talk(port, data, *, until_closed=False):
    """Send bytes on a new connection; what came back until the server closed or 10 s of silence."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    try:
        return await asyncio.wait_for(reader.read(-1) if until_closed else reader.read(65536), 10)
    finally:
        writer.close()


async def until(condition):
    """Wait for a state of the emulator that the loop brings about by itself."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


async def test_a_message_has_the_shape_and_headers_of_the_api(client, body):
    answer = await client.post("/v1/messages", json=body())
    message = answer.json()
    assert answer.status_code == 200
    assert message["type"] == "message"
    assert message["role"] == "assistant"
    assert message["model"] == "claude-haiku-4-5-20251001"
    assert message["id"].startswith("msg_")
    assert answer.headers["request-id"].startswith("req_")
    assert answer.headers["anthropic-organization-id"]
    assert answer.headers["anthropic-ratelimit-requests-remaining"]


async def test_a_stream_has_the_true_event_sequence_and_the_same_content(client, body):
    plain = (await client.post("/v1/messages", json=body())).json()
    answer = await client.post("/v1/messages", json=body(stream=True))
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    events = [part.split("\n") for part in answer.text.strip().split("\n\n")]
    names = [name.removeprefix("event: ") for name, _ in events]
    data = [json.loads(line.removeprefix("data: ")) for _, line in events]
    assert names == [item["type"] for item in data]
    assert names[:3] == ["message_start", "content_block_start", "ping"]
    assert set(names[3:-3]) == {"content_block_delta"}
    assert names[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert data[0]["message"]["content"] == []
    assert data[0]["message"]["stop_reason"] is None
    assert "".join(item["delta"]["text"] for item in data[3:-3]) == plain["content"][0]["text"]
    assert data[-2]["usage"]["output_tokens"] == plain["usage"]["output_tokens"]
    assert data[-2]["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}


async def test_usage_reads_the_prompt_cache_after_it_was_written(client, body):
    request = body(system=[{"type": "text", "text": PROMPT, "cache_control": {"type": "ephemeral"}}])
    first = (await client.post("/v1/messages", json=request)).json()["usage"]
    second = (await client.post("/v1/messages", json=request)).json()["usage"]
    assert first["cache_creation"] == {"ephemeral_5m_input_tokens": 1100, "ephemeral_1h_input_tokens": 0}
    assert (first["cache_creation_input_tokens"], first["cache_read_input_tokens"]) == (1100, 0)
    assert (second["cache_creation_input_tokens"], second["cache_read_input_tokens"]) == (0, 1100)
    assert first["input_tokens"] == second["input_tokens"]


async def test_the_cache_forgets_after_its_lifetime(start, body):
    time = [1000.0]
    emulator = await start(now=lambda: time[0])
    request = body(system=PROMPT, cache_control={"type": "ephemeral"})
    headers = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
    async with httpx2.AsyncClient(base_url=emulator.url, headers=headers) as client:
        reads = []
        for pause in (0, 100, 301):
            time[0] += pause
            usage = (await client.post("/v1/messages", json=request)).json()["usage"]
            reads.append(usage["cache_read_input_tokens"] > 0)
    assert reads == [False, True, False]


async def test_counted_tokens_are_the_tokens_billed(client, body):
    request = body(tools=[{"name": "t", "input_schema": {"type": "object"}}], system="Be brief.")
    billed = (await client.post("/v1/messages", json=request)).json()["usage"]["input_tokens"]
    del request["max_tokens"]
    counted = await client.post("/v1/messages/count_tokens", json=request)
    assert counted.json() == {"input_tokens": billed}


async def test_models_are_listed_in_pages(client):
    first = (await client.get("/v1/models", params={"limit": 2})).json()
    rest = (await client.get("/v1/models", params={"after_id": first["last_id"], "limit": 100})).json()
    whole = (await client.get("/v1/models")).json()
    assert first["has_more"] and not rest["has_more"]
    assert first["data"] + rest["data"] == whole["data"]
    before = (await client.get("/v1/models", params={"before_id": rest["first_id"], "limit": 1})).json()
    assert before["data"] == first["data"][1:]


async def test_a_model_is_found_by_its_alias(client):
    assert (await client.get("/v1/models/claude-opus-4-1")).json()["id"] == "claude-opus-4-1-20250805"


REFUSED = [
    ("GET", "/v1/nothing", 404, "not_found_error"),
    ("GET", "/", 404, "not_found_error"),
    ("POST", "/v1/files", 404, "not_found_error"),
    ("GET", "/v1/models/gpt-1", 404, "not_found_error"),
    ("GET", "/v1/messages", 405, "invalid_request_error"),
    ("DELETE", "/v1/models", 405, "invalid_request_error"),
    ("GET", "/v1/models?limit=0", 400, "invalid_request_error"),
    ("GET", "/v1/models?limit=many", 400, "invalid_request_error"),
]


@pytest.mark.parametrize(("method", "path", "status", "kind"), REFUSED)
async def test_a_wrong_path_or_method_is_refused_in_the_shape_of_the_api(client, method, path, status, kind):
    answer = await client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["type"] == "error"
    assert answer.json()["error"]["type"] == kind
    assert answer.json()["request_id"] == answer.headers["request-id"]


async def test_head_answers_with_the_head_alone(client):
    head, whole = await client.head("/v1/models"), await client.get("/v1/models")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    assert (await client.head("/v1/messages")).status_code == 405


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({}, 401, "x-api-key header is required"),
        ({"x-api-key": ""}, 401, "x-api-key header is required"),
        ({"x-api-key": "wrong"}, 401, "invalid x-api-key"),
        ({"authorization": "Bearer wrong"}, 401, "Invalid bearer token"),
        ({"authorization": "Basic good"}, 401, "x-api-key header is required"),
        ({"x-api-key": "good"}, 400, "anthropic-version: header is required"),
        (
            {"x-api-key": "good", "anthropic-version": "1999-01-01"},
            400,
            "anthropic-version: '1999-01-01' is not a valid version",
        ),
    ],
)
async def test_a_missing_or_wrong_header_is_refused(start, body, headers, status, message):
    emulator = await start(keys=["good"])
    async with httpx2.AsyncClient(base_url=emulator.url) as client:
        answer = await client.post("/v1/messages", json=body(), headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"]["message"] == message


@pytest.mark.parametrize("headers", [{"x-api-key": "good"}, {"authorization": "Bearer good"}])
async def test_a_known_key_is_good_in_either_header(start, body, headers):
    emulator = await start(keys=["good"])
    async with httpx2.AsyncClient(base_url=emulator.url, headers=headers) as client:
        answer = await client.post("/v1/messages", json=body(), headers={"anthropic-version": "2026-10-21"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"model": "gpt-1"}, 404, "model: gpt-1"),
        ({"max_tokens": 10_000_000}, 400, "max_tokens: 10000000 > 64000, which is the maximum"),
        (
            {"messages": [{"role": "user", "content": "x" * 800_001}]},
            400,
            "prompt is too long: 200004 tokens",
        ),
        (
            {
                "model": "claude-opus-4-6",
                "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
            },
            400,
            "This model does not support assistant message prefill.",
        ),
    ],
)
async def test_what_the_model_cannot_do_is_refused(client, body, fields, status, message):
    answer = await client.post("/v1/messages", json=body(**fields))
    assert answer.status_code == status
    assert answer.json()["error"]["message"].startswith(message)


async def test_a_body_over_the_limit_is_refused_and_the_connection_goes_on(emulator, raw):
    big = b" " * (32 * 1024 * 1024 + 1)
    head = b"POST /v1/messages HTTP/1.1\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", emulator.port)
    writer.write(head + b"content-length: %d\r\n\r\n" % len(big) + big)
    refused = await reader.readuntil(b'"request_id":')
    assert refused.startswith(b"HTTP/1.1 413 ")
    assert b'"type":"request_too_large"' in refused
    writer.write(raw(None, method="GET", path="/v1/models"))
    assert b"HTTP/1.1 200 OK" in await reader.readuntil(b"200 OK")
    writer.close()


async def test_pipelined_requests_are_answered_in_order(emulator, raw, body):
    data = b"".join(raw(body(f"[[echo: answer {n}]]")) for n in range(40))
    answers = await talk(
        emulator.port,
        data + raw(None, method="GET", path="/", headers="connection: close\r\n"),
        until_closed=True,
    )
    places = [answers.index(b'"text":"answer %d"' % n) for n in range(40)]
    assert places == sorted(places)
    assert answers.count(b"HTTP/1.1 200 OK") == 40


async def test_a_chunked_body_is_read(emulator, body):
    data = json.dumps(body("[[echo: whole]]")).encode()
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(data[n : n + 7]), data[n : n + 7]) for n in range(0, len(data), 7)
    )
    head = b"POST /v1/messages HTTP/1.1\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\n"
    answer = await talk(emulator.port, head + b"transfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
    assert b'"text":"whole"' in answer


async def test_expect_continue_is_honoured(emulator, raw, body):
    answer = await talk(
        emulator.port, raw(body(), headers="expect: 100-continue\r\nconnection: close\r\n"), until_closed=True
    )
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


async def test_an_old_client_gets_a_stream_that_ends_with_the_connection(emulator, raw, body):
    request = raw(body(stream=True)).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    answer = await talk(emulator.port, request, until_closed=True)
    assert b"transfer-encoding" not in answer
    assert answer.endswith(b'data: {"type":"message_stop"}\n\n')


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"hello\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nbroken header\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\ncontent-length: x\r\n\r\n", b"400"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\na: " + b"x" * 70_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", b"4"),
    ],
)
async def test_bytes_that_are_no_request_get_an_error_and_the_end(emulator, data, status):
    answer = await talk(emulator.port, data, until_closed=True)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b'"type":"error"' in answer
    await until(lambda: emulator.counts.open_connections == 0)
    assert emulator.counts.open_requests == 0


async def test_a_client_that_goes_away_leaves_nothing_open(emulator, raw, body):
    held = raw(body('[[fault: {"kind": "hang"}]]'))
    _, writer = await asyncio.open_connection("127.0.0.1", emulator.port)
    writer.write(held + raw(body()))
    await until(lambda: emulator.counts.open_requests == 2)
    writer.transport.abort()
    await until(lambda: emulator.counts.open_requests == 0)
    assert emulator.counts.abandoned == 2
    assert emulator.counts.open_connections == 0


async def test_a_reader_that_stops_reading_holds_the_server_back(emulator, raw, body):
    reader, writer = await asyncio.open_connection("127.0.0.1", emulator.port, limit=1024)
    writer.write(raw(body("[[tokens: 60000]]", max_tokens=64000, stream=True)) * 16)
    await until(lambda: emulator.counts.open_requests > 0)
    assert emulator.counts.answers.get("200", 0) < 16
    answered = 0
    while answered < 16:
        answered += (await reader.read(1 << 20)).count(b'"type":"message_stop"')
    await until(lambda: emulator.counts.open_requests == 0)
    writer.close()


async def test_tls_serves_the_same(start, body):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    emulator = await start(tls=context)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    async with httpx2.AsyncClient(base_url=emulator.url, verify=trust) as client:
        headers = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
        answer = await client.post("/v1/messages", json=body("[[echo: sealed]]"), headers=headers)
    assert emulator.url.startswith("https://")
    assert answer.json()["content"][0]["text"] == "sealed"


async def test_counts_and_recent_requests_show_what_came(client, emulator, body):
    skill = '<skill name="contract-analysis" version="3">\nRead it.\n</skill>'
    request = body(system=[{"type": "text", "text": skill}])
    await client.post("/v1/messages", json=request, headers={"X-Extra": "yes"})
    await client.post("/v1/messages", json=body(model="gpt-1"))
    counts = (await client.get("/emulator/counts")).json()
    assert counts["requests"] == 2
    assert counts["answers"] == {"200": 1, "404": 1}
    assert counts["models"] == {"claude-haiku-4-5-20251001": 1}
    assert counts["skills"] == {"contract-analysis": 1}
    assert counts["usage"]["output_tokens"] > 0
    recent = (await client.get("/emulator/recent?n=2")).json()["requests"]
    assert json.loads(base64.b64decode(recent[0]["body"])) == request
    assert ["x-extra", "yes"] in recent[0]["headers"]
    await client.delete("/emulator/counts")
    assert emulator.counts.requests == 0
    assert emulator.recent(5) == []


async def test_only_the_latest_requests_are_kept(client, emulator):
    for n in range(70):
        await client.get(f"/v1/models?n={n}")
    targets = [request.target for request in emulator.recent(1000)]
    assert targets == [f"/v1/models?n={n}" for n in range(6, 70)]


@pytest.mark.parametrize("path", ["/emulator/recent?n=0", "/emulator/recent?n=65", "/emulator/recent?n=x"])
async def test_a_wrong_number_of_recent_requests_is_refused(client, path):
    assert (await client.get(path)).status_code == 400


async def test_ids_differ_between_two_starts_and_texts_do_not(start, body):
    messages = []
    for _ in range(2):
        emulator = await start()
        headers = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
        async with httpx2.AsyncClient(base_url=emulator.url, headers=headers) as client:
            messages.append((await client.post("/v1/messages", json=body())).json())
    assert messages[0]["content"] == messages[1]["content"]
    assert messages[0]["id"] != messages[1]["id"]
