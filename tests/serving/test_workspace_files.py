"""The provider's files: tagged on the way out, opened on the way in, and never another tenant's."""

import msgspec
import pytest
from gateway_parts import (
    CONTENT,
    MODEL,
    SECRET,
    SSE,
    STOP,
    FakeUpstream,
    Script,
    World,
    ask,
    event,
    key,
    state,
)
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.errors import NotFound
from tidegate.serving.chains import Chains, Hop
from tidegate.serving.containers import ContainerTags
from tidegate.serving.upstreams import Claim, Endpoint
from tidegate.serving.workspace_files import FileTags, names_file, told_files

OTHER = "tgk_client_other"
TAGS = FileTags(b"s" * 32)
MINE = TAGS.tagged("default", "file_1")
TOOL = {"type": "code_execution_20260521", "name": "code_execution"}


def result(file_id: str) -> dict:
    """A block of an answer, and of the transcript that a client sends back."""
    left = {"type": "bash_code_execution_output", "file_id": file_id}
    inner = {"type": "bash_code_execution_result", "stdout": "", "return_code": 0, "content": [left]}
    return {"type": "bash_code_execution_tool_result", "tool_use_id": "srvtoolu_1", "content": inner}


CALL = {"type": "tool_use", "id": "toolu_1", "name": "open", "input": {"type": "file", "file_id": "file_1"}}
ANSWER = {
    "id": "msg_1",
    "content": [CALL, result("file_1"), {"type": "text", "text": '"file_id":"file_1"', "citations": None}],
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
IN_A_SOURCE = [{"type": "document", "source": {"type": "file", "file_id": "ID"}}]
PLACES = {
    "upload": [{"type": "container_upload", "file_id": "ID"}],
    "document": IN_A_SOURCE,
    "image": [{"type": "image", "source": {"type": "file", "file_id": "ID"}}],
    "within a tool's result": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": IN_A_SOURCE}],
    "given back": [result("ID")],
    "a block that poses as a call": [{"type": "tool_use", "file_id": "ID", "input": {}}],
}


def world(*scripts: Script, own: bool = False, **more: object) -> World:
    made = World(
        upstream=FakeUpstream(list(scripts) or [Script(chunks=(msgspec.json.encode(ANSWER),))]), **more
    )
    made.serve(state(keys=(key(), key(OTHER, tenant="acme"))))
    if own:
        theirs = ((b"x-api-key", b"theirs"),)
        made.upstreams.put(Endpoint("default", made.upstream, theirs, own=True, tenant="default"))
    return made


def naming(place: str, file_id: str, **more: object) -> bytes:
    body = msgspec.json.encode(
        {"model": MODEL, "max_tokens": 9, "messages": [{"role": "user", "content": PLACES[place]}], **more}
    )
    return body.replace(b'"ID"', msgspec.json.encode(file_id))


# ---- out ------------------------------------------------------------------------------------------------


async def test_an_answer_tells_tagged_ids_and_is_else_the_same() -> None:
    got = await world().call(ask(tools=[TOOL]))
    assert got.json == {**ANSWER, "content": [CALL, result(MINE), ANSWER["content"][2]]}


async def test_a_stream_tells_them_in_its_events_and_passes_every_other_unchanged() -> None:
    block = event("content_block_start", index=1, content_block=result("file_1"))
    call = event("content_block_start", index=2, content_block=CALL)
    cited = event(
        "content_block_delta",
        index=0,
        delta={"type": "citations_delta", "citation": {"type": "char_location", "file_id": "file_1"}},
    )
    none = event(
        "content_block_delta", index=0, delta={"type": "citations_delta", "citation": {"file_id": None}}
    )
    pieces = event(
        "content_block_delta",
        index=2,
        delta={"type": "input_json_delta", "partial_json": '{"file_id":"file_1"}'},
    )
    start = event("message_start", message={"id": "m", "usage": {"output_tokens": 1}})
    same = CONTENT + call + none + pieces
    got = await world(Script(headers=SSE, chunks=(start, block + cited, same, STOP))).call(
        ask(tools=[TOOL], stream=True)
    )
    assert got.body == (start + (block + cited).replace(b'"file_1"', msgspec.json.encode(MINE)) + same + STOP)


async def test_an_answer_that_cannot_be_read_keeps_ids_that_open_nothing() -> None:
    deep = b"[" * 40 + b'{"file_id":"file_1"}' + b"]" * 40
    for odd in (b'{"file_id":', b'{"file_id":5}', b'{"file_id":"a","file_id":"b"}', deep):
        assert told_files(odd, TAGS, "default") == odd


# ---- in -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", list(PLACES))
async def test_a_tenants_own_file_goes_to_the_provider_by_its_id(place: str) -> None:
    made = world()
    got = await made.call(naming(place, MINE, tools=[TOOL]))
    assert got.status == 200
    assert made.upstream.sent[0].body == naming(place, "file_1", tools=[TOOL])


@pytest.mark.parametrize("place", list(PLACES))
@pytest.mark.parametrize("name", [MINE, "file_1", "file_1.x", "", MINE + "x", "\U0001f600.é"])
async def test_another_tenants_file_or_one_without_its_tag_is_refused(place: str, name: str) -> None:
    made = world()
    got = await made.call(naming(place, name), secret=OTHER if name == MINE else SECRET)
    assert (got.status, got.json["error"]["type"]) == (404, "not_found_error")
    assert "send the file's content in its place" in got.json["error"]["message"]
    assert made.upstream.sent == []
    assert made.spool.records[0].outcome == "client_error"


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
@pytest.mark.parametrize(
    "spelt", [b'"file\\u005fid"', b'"\\u0066ile_id"', b'"fi\\u006Ce_id"', b'"fil\\u0065_i\\u0064"']
)
async def test_a_file_is_found_however_it_is_spelt(path: str, spelt: bytes) -> None:
    made = world()
    for place in PLACES:
        got = await made.call(naming(place, "file_1").replace(b'"file_id"', spelt), path=path)
        assert got.status == 404
    assert made.upstream.sent == []


@pytest.mark.parametrize(
    ("found", "twice"),
    [
        (b'"file_id":"file_1"', b'"file_id":"file_1","file_id":null'),
        (b'"source":{', b'"source":{"type":"file","file_id":"file_1"},"source":{'),
        (b'"type":"document"', b'"type":"document","type":"tool_use","input":{"file_id":"file_1"}'),
    ],
)
async def test_a_file_does_not_hide_behind_a_repeated_key(found: bytes, twice: bytes) -> None:
    made = world()
    body = naming("document", "file_1")
    got = await made.call(body.replace(found, twice, 1))
    assert (got.status, "more than once" in got.json["error"]["message"]) == (400, True)
    assert made.upstream.sent == []


async def test_an_id_of_another_shape_or_too_deep_is_refused() -> None:
    made = world()
    for odd in (b"5", b'["file_1"]', b"{}"):
        got = await made.call(naming("upload", "file_1").replace(b'"file_1"', odd))
        assert (got.status, "file_id" in got.json["error"]["message"]) == (400, True)
    deep = b'"future":' + b"[" * 40 + b'{"file_id":"file_1"}' + b"]" * 40
    got = await made.call(naming("upload", MINE)[:-1] + b"," + deep + b"}")
    assert (got.status, "nested too deeply" in got.json["error"]["message"]) == (400, True)
    assert made.upstream.sent == []


async def test_what_is_named_in_a_tools_input_or_schema_is_the_clients_own() -> None:
    made = world()
    schema = {"type": "object", "properties": {"file_id": {"type": "string"}}, "default": {"file_id": "7"}}
    text = {"type": "text", "text": 'say "file_id": "file_1" \u00e9'}
    body = msgspec.json.encode(
        {
            **ask(tools=[{"name": "open", "input_schema": schema}], metadata={"file_id": "7"}),
            "messages": [
                {"role": "user", "content": "open 7"},
                {"role": "assistant", "content": [CALL]},
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": [text]}],
                },
            ],
        }
    )
    for spelt in (body, body.replace(b"open 7", b"o\\u0070en \\u0066ile 7")):
        await made.call(spelt)
        assert made.upstream.sent[-1].body == spelt


async def test_a_tenants_own_workspace_is_passed_as_it_is() -> None:
    made = world(own=True)
    body = naming("upload", "file_1", tools=[TOOL])
    got = await made.call(body)
    assert made.upstream.sent[0].body == body
    assert got.json == ANSWER


async def test_a_file_of_ones_own_workspace_goes_to_no_other_providers() -> None:
    other = FakeUpstream([Script(chunks=(msgspec.json.encode(ANSWER),))] * 2)
    made = world(
        *[Script(500, chunks=(b"{}",))] * 9,
        own=True,
        settings={"chains": Chains({MODEL: (Hop("gpt-9", "other"),)})},
        claims=[Claim(Endpoint("other", other, ((b"x-api-key", b"shared"),)), ("gpt-*",))],
    )
    assert (await made.call(naming("upload", "file_1"))).status == 500
    assert other.sent == []
    schema = {"type": "object", "properties": {"file_id": {"type": "string"}}}
    assert (await made.call(ask(tools=[{"name": "open", "input_schema": schema}]))).status == 200
    assert len(other.sent) == 1


async def test_a_file_in_a_chat_completion_is_refused_in_its_dialect() -> None:
    made = world()
    made.upstreams.put(Endpoint("default", made.upstream, ((b"authorization", b"Bearer x"),), chat=True))
    part = {"type": "file", "file": {"file_id": "file-abc"}}
    body = {"model": MODEL, "messages": [{"role": "user", "content": [part]}]}
    got = await made.call(body, path="/v1/chat/completions")
    assert (got.status, "type" in got.json) == (404, False)
    assert "file-abc" in got.json["error"]["message"]
    assert made.upstream.sent == []


# ---- bytes ----------------------------------------------------------------------------------------------


@given(st.text(alphabet='file_d"\\u0456:', max_size=40))
def test_no_key_of_that_name_escapes_the_look_at_the_bytes(text: str) -> None:
    raw = text.encode()
    try:
        members = msgspec.json.decode(b"{" + raw + b"}", type=dict[str, object])
    except msgspec.DecodeError:
        return
    assert names_file(raw) or "file_id" not in members


@given(st.lists(st.booleans(), min_size=7, max_size=7), st.booleans())
def test_each_spelling_of_the_key_is_seen(escaped: list[bool], upper: bool) -> None:
    form = "\\u00{:02X}" if upper else "\\u00{:02x}"
    spelt = "".join(
        form.format(ord(each)) if odd else each for each, odd in zip("file_id", escaped, strict=True)
    )
    assert msgspec.json.decode(f'"{spelt}"') == "file_id"
    assert names_file(f'{{"{spelt}":"file_1"}}'.encode())


def test_a_tag_of_a_container_opens_no_file() -> None:
    with pytest.raises(NotFound):
        TAGS.opened("default", ContainerTags(b"s" * 32).tagged("default", "file_1"))
