"""The provider's containers: tagged on the way out, opened on the way in, and never another tenant's."""

import msgspec
import pytest
from gateway_parts import (
    CONTENT,
    DELTA,
    SECRET,
    SSE,
    STOP,
    FakeUpstream,
    Script,
    World,
    ask,
    event,
    key,
    rollout,
    skill,
    state,
    variant,
)
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.errors import NotFound
from tidegate.domain.skill import ProviderVersion, SyncedVersion
from tidegate.serving.containers import ContainerTags, involves_containers
from tidegate.serving.request import read_request
from tidegate.serving.upstreams import Endpoint

OTHER = "tgk_client_other"
TOOL = {"type": "code_execution_20260521", "name": "code_execution"}
RUN = ask(tools=[TOOL])
ANSWER = {
    "id": "msg_1",
    "type": "message",
    "container": {"id": "container_1", "expires_at": "2030-01-01T00:00:00Z", "skills": None},
    "content": [{"type": "text", "text": 'the "container" is {"id":"container_1"}'}],
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
TAGS = ContainerTags(b"s" * 32)
MINE = TAGS.tagged("default", "container_1")


def world(*scripts: Script, own: bool = False) -> World:
    made = World(upstream=FakeUpstream(list(scripts) or [Script(chunks=(msgspec.json.encode(ANSWER),))]))
    made.serve(state(keys=(key(), key(OTHER, tenant="acme"))))
    if own:
        theirs = ((b"x-api-key", b"theirs"),)
        made.upstreams.put(Endpoint("default", made.upstream, theirs, own=True, tenant="default"))
    return made


def sent(of: World, place: int = -1) -> dict:
    return msgspec.json.decode(of.upstream.sent[place].body)


# ---- tags -----------------------------------------------------------------------------------------------

TEXT = st.text(max_size=30)


@given(tenant=TEXT, container=TEXT)
def test_a_tag_opens_for_its_tenant(tenant: str, container: str) -> None:
    assert TAGS.opened(tenant, TAGS.tagged(tenant, container)) == container


@given(tenant=TEXT, other=TEXT, container=TEXT)
def test_a_tag_opens_for_nobody_else(tenant: str, other: str, container: str) -> None:
    if tenant != other:
        with pytest.raises(NotFound):
            TAGS.opened(other, TAGS.tagged(tenant, container))
    with pytest.raises(NotFound):
        ContainerTags(b"t" * 32).opened(tenant, TAGS.tagged(tenant, container))


@given(named=TEXT)
def test_no_made_up_id_opens(named: str) -> None:
    with pytest.raises(NotFound, match="gave no container"):
        TAGS.opened("default", named)


# ---- out ------------------------------------------------------------------------------------------------


async def test_an_answer_tells_a_tagged_id_and_is_else_the_same() -> None:
    got = await world().call(RUN)
    assert got.json["container"]["id"] == MINE
    assert {**got.json, "container": None} == {**ANSWER, "container": None}


async def test_a_stream_tells_it_in_both_events_and_passes_every_other_unchanged() -> None:
    told = {"id": "container_1", "expires_at": "2030-01-01T00:00:00Z"}
    start = event("message_start", message={"id": "m", "container": told, "usage": {"output_tokens": 1}})
    tricky = event("content_block_delta", index=0, delta={"type": "text_delta", "text": '"container":{"id"'})
    end = event(
        "message_delta", delta={"stop_reason": "end_turn", "container": told}, usage={"output_tokens": 9}
    )
    for chunks in (
        (start, CONTENT, DELTA, tricky, end, STOP),
        (start + CONTENT + DELTA + tricky + end + STOP,),
    ):
        got = await world(Script(headers=SSE, chunks=chunks)).call({**RUN, "stream": True})
        assert CONTENT + DELTA + tricky in got.body
        assert got.body.endswith(STOP)
        events = [line[6:] for line in got.body.split(b"\n") if line.startswith(b"data: ")]
        first, last = msgspec.json.decode(events[0]), msgspec.json.decode(events[-2])
        assert first["message"] == {
            "id": "m",
            "container": {**told, "id": MINE},
            "usage": {"output_tokens": 1},
        }
        assert last["delta"] == {"stop_reason": "end_turn", "container": {**told, "id": MINE}}
        assert b'"container_1"' not in got.body


async def test_without_a_container_bytes_stay_as_they_are() -> None:
    odd = b'{ "id":"msg_1", "container":null, "usage" : {"input_tokens":1,"output_tokens":1} }'
    for body in (RUN, ask()):
        made = world(Script(chunks=(odd,)))
        assert (await made.call(body)).body == odd


@pytest.mark.parametrize(
    "odd",
    [b'{"container":', b'{"container":5}', b'{"container":{"id":5}}', b'["container"]', b'{"container":{}}'],
)
async def test_an_answer_in_a_shape_nobody_knows_passes(odd: bytes) -> None:
    assert (await world(Script(chunks=(odd,))).call(RUN)).body == odd


@pytest.mark.parametrize(
    ("fields", "involved"),
    [
        ({}, False),
        ({"tools": [{"name": "a", "input_schema": {}}]}, False),
        ({"tools": [{"type": "web_search_20260209", "name": "web_search"}]}, True),
        ({"container": "x"}, True),
    ],
)
def test_a_request_that_cannot_involve_a_container_is_told_from_one_that_can(fields, involved) -> None:
    assert involves_containers(read_request(msgspec.json.encode(ask(**fields))).top) is involved


# ---- in -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [lambda name: name, lambda name: {"id": name, "future": 1}])
async def test_a_tenants_own_container_goes_to_the_provider_by_its_id(form) -> None:
    made = world()
    got = await made.call({**RUN, "container": form(MINE)})
    assert got.status == 200
    assert sent(made)["container"] == form("container_1")
    assert got.json["container"]["id"] == MINE


@pytest.mark.parametrize("form", [lambda name: name, lambda name: {"id": name}])
@pytest.mark.parametrize("name", [MINE, "container_1", "container_1.x", "", MINE + "x"])
async def test_another_tenants_container_or_one_without_its_tag_is_refused(form, name: str) -> None:
    made = world()
    secret = OTHER if name == MINE else SECRET
    if name == "" and form(name) != "":
        return  # an empty id in an object is none at all
    got = await made.call({**RUN, "container": form(name)}, secret=secret)
    assert (got.status, got.json["error"]["type"]) == (404, "not_found_error")
    assert "leave `container` out" in got.json["error"]["message"]
    assert made.upstream.sent == []
    assert made.spool.records[0].outcome == "client_error"


@pytest.mark.parametrize("odd", [{"id": 5}, {"skills": [{"type": 5}]}, {"skills": 5}, 5, {"skills": [5]}])
async def test_a_container_of_another_shape_is_refused_with_its_place(odd: object) -> None:
    got = await world().call({**RUN, "container": odd})
    assert (got.status, "container" in got.json["error"]["message"]) == (400, True)


@pytest.mark.parametrize(
    ("container", "told"),
    [
        (b'{"id":"container_2","id":"%s"}' % MINE.encode(), "container: it has `id` more than once"),
        (
            b'{"id":"container_2","i\\u0064":"%s"}' % MINE.encode(),
            "id: this key is in the body more than once",
        ),
        (b'{"skills":[{"type":"custom","skill_id":"skill_x"}],"skills":[]}', "has `skills` more than once"),
        (
            b'{"skills":[{"type":"custom","skill_id":"skill_x","type":"anthropic"}]}',
            "container.skills: one of the skills: it has `type` more than once",
        ),
    ],
)
async def test_a_key_that_is_repeated_in_a_container_is_refused(container: bytes, told: str) -> None:
    made = world()
    got = await made.call(msgspec.json.encode({**RUN, "container": msgspec.Raw(container)}))
    assert (got.status, got.json["error"]["type"]) == (400, "invalid_request_error")
    assert told in got.json["error"]["message"]
    assert made.upstream.sent == []


@pytest.mark.parametrize("container", [None, {"skills": [{"type": "anthropic", "skill_id": "pdf"}]}, {}])
async def test_a_container_without_an_id_stays_byte_identical(container: object) -> None:
    made = world()
    body = b'{ "container":%s, ' % msgspec.json.encode(container) + msgspec.json.encode(RUN)[1:]
    assert (await made.call(body)).status == 200
    assert made.upstream.sent[0].body == body


async def test_a_custom_skill_of_the_workspace_is_refused_and_the_gateways_own_left_out() -> None:
    version = skill("tide", mode="native", match=("tide",))
    there = ProviderVersion(skill_id="skill_ours", version_id="skver_1")
    synced = SyncedVersion(
        name="tide", digest=version.digest, upstream="default", there=there, at=1.0, by="t"
    )
    made = world()
    made.serve(state(rollout(variant(version)), versions=[version], synced=(synced,)))
    stranger = await made.call(
        {**RUN, "container": {"skills": [{"type": "custom", "skill_id": "skill_theirs"}]}}
    )
    assert stranger.status == 400
    assert "tidegate:NAME" in stranger.json["error"]["message"]
    echoed = {"skills": [{"type": "custom", "skill_id": "skill_ours", "version": "skver_1"}]}
    assert (await made.call({**RUN, "container": echoed})).status == 200
    assert "container" not in sent(made)
    assert (await made.call({**RUN, "container": {**echoed, "id": MINE}})).status == 200
    assert sent(made)["container"] == {"id": "container_1"}
    served = await made.call({**ask("the tide"), "container": {**echoed, "id": MINE}})
    assert sent(made)["container"]["skills"] == echoed["skills"]  # put in again by selection
    assert served.json["container"]["id"] == MINE


async def test_a_tenants_own_workspace_is_passed_as_it_is() -> None:
    made = world(own=True)
    container = {"id": "container_1", "skills": [{"type": "custom", "skill_id": "skill_theirs"}]}
    body = msgspec.json.encode({**RUN, "container": container})
    got = await made.call(body)
    assert made.upstream.sent[0].body == body
    assert got.json == ANSWER


@pytest.mark.parametrize(
    ("skills", "left"),
    [
        (["skill_synced"], None),
        (["skill_theirs", "skill_synced"], ["skill_theirs"]),
        (["skill_of_the_gateway"], ["skill_of_the_gateway"]),
    ],
)
async def test_skills_that_were_synced_there_are_selected_not_named_by_the_client(
    skills: list[str], left: list[str] | None
) -> None:
    made = world(own=True)
    there = [("skill_synced", "default"), ("skill_of_the_gateway", ""), ("skill_theirs", "acme")]
    made.serve(
        state(
            synced=tuple(
                SyncedVersion(
                    name=name,
                    digest=f"sha256:{name}",
                    upstream="default",
                    tenant=tenant,
                    there=ProviderVersion(skill_id=name, version_id="1"),
                    at=1.0,
                    by="t",
                )
                for name, tenant in there
            )
        )
    )
    named = [{"type": "custom", "skill_id": name, "version": "1"} for name in skills]
    await made.call({**RUN, "container": {"id": "container_1", "skills": named}})
    container = sent(made)["container"]
    assert container["id"] == "container_1"
    told = container.get("skills")
    assert (told and [each["skill_id"] for each in told]) == left


@pytest.mark.parametrize("skills", ["text", [1], [{"skill_id": 1}]])
async def test_what_is_no_list_of_skills_is_refused_in_ones_own_workspace_too(skills: object) -> None:
    made = world(own=True)
    there = ProviderVersion(skill_id="skill_synced", version_id="1")
    one = SyncedVersion(
        name="a", digest="sha256:a", upstream="default", tenant="default", there=there, at=1.0, by="t"
    )
    made.serve(state(synced=(one,)))
    got = await made.call({**RUN, "container": {"skills": skills}})
    assert (got.status, got.json["error"]["type"]) == (400, "invalid_request_error")
