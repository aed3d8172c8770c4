"""What passes through is what was sent, byte for byte: every block and event that the official SDK knows, and
some that it does not know yet. With a skill nothing but what the design says differs.
"""

import functools
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from anthropic import types
from anthropic.types import beta
from homes import home_with_keys
from raw_server import Peer, RawServer, Received, chunked, response
from sdk_samples import members, samples, tag
from stack import GatewayProcess, Stack

from tidegate.harness.demo.processes import CommandLine

BLOCKS = (types.ContentBlock, beta.BetaContentBlock)
DELTAS = (types.RawContentBlockDelta, beta.BetaRawContentBlockDelta)
EVENTS = (types.RawMessageStreamEvent, beta.BetaRawMessageStreamEvent)
PARAMS = (types.ContentBlockParam, beta.BetaContentBlockParam)

KNOWN_BLOCKS = """advisor_tool_result bash_code_execution_tool_result code_execution_tool_result compaction
container_upload fallback mcp_tool_listing mcp_tool_result mcp_tool_use redacted_thinking server_tool_use text
text_editor_code_execution_tool_result thinking tool_search_tool_result tool_use web_fetch_tool_result
web_search_tool_result"""
KNOWN_DELTAS = "citations_delta compaction_delta input_json_delta signature_delta text_delta thinking_delta"
KNOWN_EVENTS = """content_block_delta content_block_start content_block_stop message_delta message_start
message_stop"""
KNOWN_PARAMS = """document image search_result tool_addition tool_removal tool_result"""
"""Those of requests alone; a request may hold every block of an answer too."""

ROLLOUT = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: parity}
spec:
  unit: request
  candidate: {skills: {release-notes: latest}}
  stages: [{name: full, weight: 100, bake: 24h, holdout: 0}]
"""
ASK = "Write release notes for version 2."


def tags(unions: Sequence[object]) -> set[str]:
    return {tag(member) for union in unions for member in members(union)}


@pytest.mark.parametrize(
    ("unions", "known"),
    [
        (BLOCKS, KNOWN_BLOCKS),
        (DELTAS, KNOWN_DELTAS),
        (EVENTS, KNOWN_EVENTS),
        (PARAMS, f"{KNOWN_BLOCKS} {KNOWN_PARAMS}"),
    ],
)
def test_the_sdk_has_no_member_that_nobody_has_looked_at(unions: Sequence[object], known: str) -> None:
    assert tags(unions) == set(known.split())


@functools.cache
def of(unions: tuple[object, ...], *names: str) -> list[dict[str, Any]]:
    """Every sample of every member, or of those named; those with a tag."""
    return [
        value
        for union in unions
        for member in members(union)
        if not names or tag(member) in names
        for value in samples(member)
        if value.get("type")
    ]


def event(value: dict[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (value["type"].encode(), msgspec.json.encode(value))


SOON = (
    b'event: content_block_shimmer\ndata: {"type":"content_block_shimmer","index":0,"hue":[1,2.50,1e3]}\n\n'
    b": a comment\n\n"
    b'event: ping\ndata: {"type": "ping"}\n\n'
    b'event: content_block_delta\nid: 7\nretry: 100\ndata: {"type":"content_block_delta","index":0,\ndata: '
    b'"delta":{"type":"text_delta","text":"in two lines","soon":null}}\n\n'
)
"""Events and fields of a later API, and what the format of server-sent events allows."""


def stream(number: int) -> bytes:
    """One stream: the `number`-th start and end, and its share of all blocks and deltas."""
    starts, ends = of(EVENTS, "message_start"), of(EVENTS, "message_delta")
    begins, deltas = of(EVENTS, "content_block_start"), of(EVENTS, "content_block_delta")
    ends = [end for end in ends if end["delta"]["stop_reason"] != "pause_turn"]  # a skill's goes on inside
    parts = [event(starts[number % len(starts)])]
    blocks = [(value["content_block"], []) for value in begins[number::STREAMS]]
    blocks += [(opened_by(value["delta"]), [value]) for value in deltas[number::STREAMS]]
    for index, (block, more) in enumerate(blocks):
        parts.append(event({"type": "content_block_start", "index": index, "content_block": block}))
        parts += [event({**value, "index": index}) for value in more]
        parts += [*([SOON] if index == 0 else []), event({"type": "content_block_stop", "index": index})]
    parts.append(event(ends[number % len(ends)]))
    return b"".join([*parts, b'event: message_stop\ndata: {"type":"message_stop","soon":1}\n\n'])


def opened_by(delta: dict[str, Any]) -> dict[str, Any]:
    """A block that such a delta may come after; a call's input is made whole JSON."""
    kind = DELTA_OF.get(delta["type"], "text")
    if delta["type"] == "input_json_delta":
        delta["partial_json"] = '{"a": 1}'
    return next(block for block in of(BLOCKS) if block["type"] == kind)


DELTA_OF = {
    "input_json_delta": "tool_use",
    "thinking_delta": "thinking",
    "signature_delta": "thinking",
    "compaction_delta": "compaction",
}
STREAMS = 137
OWN_WORKSPACE = """\
[credentials.own]
tenant = "default"
value = "sk-parity"
"""
"""In the gateway's workspace ids of files are bound to tenants, and a made-up one is refused."""


def message(block: dict[str, Any]) -> bytes:
    """A whole message with that block, spaced as no encoder of ours would, with fields of a later API."""
    usage = b'{ "input_tokens":3 , "output_tokens":  5, "service_tier" : null, "soon": {} }'
    body = b'{"id": "msg_1",  "type":"message", "role":"assistant", "content": [ %s , {"type":"soon"}],\n '
    rest = b'"model":"claude-opus-4-6", "usage": %s, "soon":[1e0], "stop_reason":"end_turn"}\n'
    return body % msgspec.json.encode(block) + rest % usage


@dataclass
class Provider:
    """A server that answers with the bytes it is given, cut at random places, and keeps what it was sent."""

    answer: bytes = b""
    streamed: bool = False
    seen: list[Received] = field(default_factory=list)
    knife: random.Random = field(default_factory=lambda: random.Random(7))

    async def __call__(self, peer: Peer) -> None:
        while True:
            self.seen.append(await peer.request())
            if self.streamed:
                head = b"content-type: text/event-stream; charset=utf-8"
                framed = chunked(*self.cut()).replace(b"\r\n\r\n", b"\r\n" + head + b"\r\n\r\n", 1)
                await peer.send(*self.cut(framed))
            else:
                await peer.send(*self.cut(response(self.answer, b"content-type: application/json")))

    def cut(self, data: bytes | None = None) -> list[bytes]:
        data = self.answer if data is None else data
        places = sorted(self.knife.sample(range(1, len(data)), min(6, len(data) - 1)))
        return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


@dataclass
class Way:
    """A gateway before the provider, and a client of it."""

    provider: Provider
    session: aiohttp.ClientSession
    url: str

    async def ask(self, body: bytes) -> tuple[int, bytes, str]:
        """Status, body and the skills that the answer was made with."""
        async with self.session.post(f"{self.url}/v1/messages", data=body) as got:
            return got.status, await got.read(), got.headers.get("tidegate-skills", "")

    @property
    def sent(self) -> bytes:
        return self.provider.seen[-1].body


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["plain", "skill"])
async def way(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Way]:
    folder: Path = tmp_path_factory.mktemp("parity")
    provider = Provider()
    server = RawServer(provider)
    await server.start()
    key, operator = await home_with_keys(folder / "home")
    (folder / "home" / "tidegate.toml").write_text(OWN_WORKSPACE)
    gateway = GatewayProcess(folder / "home", server.url, folder / "gateway.log")
    await gateway.start()
    running = Stack(server.url, gateway, key, operator, CommandLine({}), folder)
    await running.publish("release-notes")
    if request.param == "skill":
        await running.start_rollout(ROLLOUT)
    headers = {"x-api-key": key, "content-type": "application/json", "anthropic-version": "2023-06-01"}
    async with aiohttp.ClientSession(headers=headers, auto_decompress=False) as session:
        yield Way(provider, session, gateway.url)
    assert await gateway.stop() == 0
    await server.stop()


def asked(*, streamed: bool = False, **more: Any) -> bytes:
    base = {"model": "claude-opus-4-6", "max_tokens": 9, "messages": [{"role": "user", "content": ASK}]}
    return msgspec.json.encode({**base, "stream": streamed, **more})


module_loop = pytest.mark.asyncio(loop_scope="module")
pytestmark = pytest.mark.xdist_group("parity")


@pytest.mark.timeout(300)
def in_their_order(data: bytes) -> tuple[list[bytes], list[bytes]]:
    """Events in their order, and apart from them pings and comments: these overtake a call that is held back
    until the turn's end tells whose it is.
    """
    events = data.split(b"\n\n")
    overtaking = [each for each in events if each.startswith((b":", b"event: ping"))]
    return [each for each in events if each not in overtaking], overtaking


@module_loop
async def test_streams_pass_through_byte_for_byte(way: Way) -> None:
    way.provider.streamed = True
    wrong: list[int] = []
    for number in range(STREAMS):
        way.provider.answer = stream(number)
        status, got, skills = await way.ask(asked(streamed=True))
        seen = in_their_order if skills else bytes
        if (status, seen(got)) != (200, seen(way.provider.answer)):
            wrong.append(number)
    assert not wrong
    assert len(way.provider.seen) >= STREAMS


@pytest.mark.timeout(300)
@module_loop
async def test_whole_messages_pass_through_byte_for_byte(way: Way) -> None:
    way.provider.streamed = False
    for block in of(BLOCKS):
        way.provider.answer = message(block)
        status, got, _ = await way.ask(asked())
        assert (status, got) == (200, way.provider.answer), block["type"]


@pytest.mark.timeout(300)
@module_loop
async def test_requests_arrive_as_they_were_sent_but_for_what_the_skill_adds(way: Way) -> None:
    way.provider.streamed, way.provider.answer = False, message({"type": "text", "text": "ok"})
    for block in of(PARAMS):
        turns = [
            {"role": "user", "content": ASK},
            {"role": "assistant", "content": [block]},
            {"role": "user", "content": [{"type": "text", "text": "and then?"}, block]},
        ]
        body = asked(messages=turns, soon={"x": [1.50]}, system="You are terse.").replace(
            b'"soon"', b' "soon" '
        )
        status, _, skills = await way.ask(body)
        assert status == 200
        if skills:
            assert kept(way.sent) == kept(body), block["type"]
            assert msgspec.json.decode(way.sent)["system"][0] == {"type": "text", "text": "You are terse."}
        else:
            assert way.sent == body, block["type"]


def kept(body: bytes) -> dict[str, bytes]:
    """Every top-level value as it stands in the body, less what a skill may change."""
    top = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return {key: bytes(value) for key, value in top.items() if key not in ("system", "tools")}


@module_loop
async def test_the_skill_was_there(way: Way, request: pytest.FixtureRequest) -> None:
    way.provider.streamed, way.provider.answer = False, message({"type": "text", "text": "ok"})
    _, _, skills = await way.ask(asked())
    assert skills == ("release-notes@1" if request.node.callspec.params["way"] == "skill" else "")
