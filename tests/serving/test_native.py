"""Native skills in a request: what the provider gets, what stays hosted and why, the client's own kept."""

import msgspec
import pytest
from gateway_parts import MESSAGE, MODEL, FakeUpstream, Script, World, ask, rollout, skill, state, variant
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.exchange import SkillUse
from tidegate.domain.skill import ProviderVersion, SyncedVersion
from tidegate.serving.assign import Assignment
from tidegate.serving.compose import composed_body
from tidegate.serving.native import DIALECTS, plan_native, with_betas
from tidegate.serving.request import read_request
from tidegate.serving.upstreams import Endpoint
from tidegate.serving.variant import VariantCache

GA, BETA = DIALECTS["ga"], DIALECTS["beta"]
NEW_TOOL = {"type": "code_execution_20260521", "name": "code_execution"}
OLD_TOOL = {"type": "code_execution_20250825", "name": "code_execution"}


def native(name: str, **more):
    return skill(name, mode="native", match=(name,), **more)


def synced(version, upstream: str = "default", tenant: str = "", **names) -> SyncedVersion:
    there = ProviderVersion(
        skill_id=f"skill_{version.name}", **(names or {"version_id": "skver_1", "epoch": "17"})
    )
    return SyncedVersion(
        name=version.name,
        digest=version.digest,
        upstream=upstream,
        tenant=tenant,
        there=there,
        at=1.0,
        by="t",
    )


def entry(name: str, version: str = "skver_1") -> dict:
    return {"type": "custom", "skill_id": f"skill_{name}", "version": version}


def assignment(*versions, at=(), replace_system=False, served=None) -> Assignment:
    """All of these skills are served; `at` are the syncs."""
    known = {each.digest: tuple(one for one in at if one.digest == each.digest) for each in versions}
    plan = variant(*versions, system="replace" if replace_system else "keep")
    compiled = VariantCache().served(plan, {each.digest: each for each in versions}, known)
    uses = tuple(SkillUse(each.name, each.number, "pattern", 1.0) for each in versions)
    return Assignment(variant=compiled, skills=uses)


def planned(request, given, *, dialect=GA, headers=(), endpoint=None):
    return plan_native(
        request.top, given, endpoint or Endpoint("default", FakeUpstream()), dialect, list(headers)
    )


def composed(fields: dict, given, **more) -> dict:
    counting = more.pop("counting", False)
    request = read_request(msgspec.json.encode(ask(**fields)))
    plan = planned(request, given, **more)
    return msgspec.json.decode(composed_body(request, given, plan, counting=counting))


ANSWER = msgspec.json.decode(MESSAGE)
ONE = native("one")
TWO = native("two")
PLAIN = skill("plain")


def test_a_synced_skill_is_named_for_the_provider_with_the_tool_it_runs_in() -> None:
    body = composed({}, assignment(ONE, at=[synced(ONE)]))
    assert body["container"] == {"skills": [entry("one")]}
    assert body["tools"] == [NEW_TOOL]
    assert "system" not in body


def test_hosted_and_native_skills_go_together_in_their_order() -> None:
    body = composed({"system": "Be brief."}, assignment(ONE, PLAIN, TWO, at=[synced(ONE), synced(TWO)]))
    assert body["container"]["skills"] == [entry("one"), entry("two")]
    assert [block["text"][:12] for block in body["system"]] == ["Be brief.", "<skill name="]


@pytest.mark.parametrize(
    ("own", "becomes"),
    [
        (None, {"skills": [entry("one")]}),
        ("container_1", {"id": "container_1", "skills": [entry("one")]}),
        ({"id": "container_1"}, {"id": "container_1", "skills": [entry("one")]}),
        (
            {"skills": [{"type": "anthropic", "skill_id": "pdf"}], "future": 1},
            {"skills": [{"type": "anthropic", "skill_id": "pdf"}, entry("one")], "future": 1},
        ),
        ({"id": None, "skills": None}, {"id": None, "skills": [entry("one")]}),
        ({"skills": []}, {"skills": [entry("one")]}),
        ({"skills": [{"type": "custom", "skill_id": "tidegate:one"}]}, {"skills": [entry("one")]}),
    ],
)
def test_the_clients_container_is_kept(own: object, becomes: dict) -> None:
    body = composed({"container": own}, assignment(ONE, at=[synced(ONE)]))
    assert body["container"] == becomes


@pytest.mark.parametrize(
    ("tools", "becomes"),
    [
        (None, [NEW_TOOL]),
        ([], [NEW_TOOL]),
        ([{"name": "tide", "input_schema": {}}], [{"name": "tide", "input_schema": {}}, NEW_TOOL]),
        ([OLD_TOOL], [OLD_TOOL]),
        ([NEW_TOOL, {"name": "x", "input_schema": {}}], [NEW_TOOL, {"name": "x", "input_schema": {}}]),
    ],
)
def test_the_clients_tools_are_kept_and_a_code_tool_is_added_only_where_there_is_none(tools, becomes) -> None:
    assert composed({"tools": tools}, assignment(ONE, at=[synced(ONE)]))["tools"] == becomes


HOSTED_BECAUSE = {
    "not synced": ("not_synced", {}, {"at": []}),
    "synced elsewhere": ("not_synced", {}, {"at": [synced(ONE, "other")]}),
    "a forced tool": ("tool_choice", {"tool_choice": {"type": "any"}, "tools": [OLD_TOOL]}, {}),
    "no tools wanted": ("tool_choice", {"tool_choice": {"type": "none"}}, {}),
    "the name is taken": ("tools", {"tools": [{"name": "code_execution", "input_schema": {}}]}, {}),
    "tools that are none": ("tools", {"tools": "x"}, {}),
    "eight of the client's": (
        "no_room",
        {"container": {"skills": [{"type": "anthropic", "skill_id": "pdf"}] * 8}},
        {},
    ),
}


@pytest.mark.parametrize("case", HOSTED_BECAUSE)
def test_what_the_provider_cannot_serve_is_served_hosted_and_says_why(case: str) -> None:
    why, fields, more = HOSTED_BECAUSE[case]
    given = assignment(ONE, **{"at": [synced(ONE)], **more})
    request = read_request(msgspec.json.encode(ask(**fields)))
    plan = planned(request, given)
    assert plan.results == (("one", why),)
    body = msgspec.json.decode(composed_body(request, given, plan))
    assert '<skill name="one"' in body["system"][-1]["text"]
    assert body.get("tools") == fields.get("tools")
    assert body.get("container") == fields.get("container")


@pytest.mark.parametrize(
    ("tenant", "result"), [("acme", "native"), ("", "own_workspace"), ("other", "own_workspace")]
)
def test_a_tenants_own_workspace_is_asked_for_what_was_synced_there_alone(tenant: str, result: str) -> None:
    request = read_request(msgspec.json.encode(ask()))
    own = Endpoint("default", FakeUpstream(), own=True, tenant="acme")
    plan = planned(request, assignment(ONE, at=[synced(ONE, tenant=tenant)]), endpoint=own)
    assert plan.results == (("one", result),)
    assert bool(plan.entries) == (tenant == "acme")


def test_the_gateways_workspace_is_never_asked_for_a_tenants_skill() -> None:
    request = read_request(msgspec.json.encode(ask()))
    plan = planned(request, assignment(ONE, at=[synced(ONE, tenant="acme")]))
    assert (plan.results, plan.entries) == ((("one", "not_synced"),), ())


def test_at_most_eight_skills_in_all_the_rest_are_hosted() -> None:
    many = [native(f"skill-{number}") for number in range(8)]
    given = assignment(*many, at=[synced(each) for each in many])
    own = {"container": {"skills": [{"type": "anthropic", "skill_id": "pdf"}] * 3}}
    body = composed(own, given)
    assert len(body["container"]["skills"]) == 8
    assert len(body["system"]) == 3


def test_replacing_the_system_prompt_by_native_skills_alone_leaves_none() -> None:
    given = assignment(ONE, at=[synced(ONE)], replace_system=True)
    assert "system" not in composed({"system": "A long one."}, given)


def test_counting_tokens_names_no_container() -> None:
    body = composed({}, assignment(ONE, at=[synced(ONE)]), counting=True)
    assert "container" not in body
    assert body["tools"] == [NEW_TOOL]


def test_the_beta_dialect_has_its_tool_its_headers_and_epochs() -> None:
    request = read_request(msgspec.json.encode(ask()))
    plan = planned(request, assignment(ONE, at=[synced(ONE)]), dialect=BETA)
    assert plan.betas == (b"code-execution-2025-08-25", b"skills-2025-10-02")
    assert msgspec.json.decode(plan.tool) == OLD_TOOL
    assert msgspec.json.decode(plan.entries[0]) == entry("one", "17")


def test_a_client_under_the_beta_header_gets_epochs_and_what_is_unknown_the_other_name() -> None:
    header = [(b"anthropic-beta", b"x, skills-2025-10-02")]
    request = read_request(msgspec.json.encode(ask()))
    plan = planned(request, assignment(ONE, at=[synced(ONE)]), headers=header)
    assert msgspec.json.decode(plan.entries[0]) == entry("one", "17")
    only_id = planned(request, assignment(ONE, at=[synced(ONE, version_id="skver_9")]), dialect=BETA)
    assert msgspec.json.decode(only_id.entries[0]) == entry("one", "skver_9")


def test_betas_are_merged_into_the_clients_list_without_doubles() -> None:
    plain = [(b"accept", b"x")]
    assert with_betas(plain, ()) is plain
    assert with_betas(plain, (b"b",)) == [(b"accept", b"x"), (b"anthropic-beta", b"b")]
    given = [(b"anthropic-beta", b"a, b"), (b"accept", b"x"), (b"anthropic-beta", b"c,,a")]
    assert with_betas(given, (b"b", b"d")) == [(b"accept", b"x"), (b"anthropic-beta", b"a,b,c,d")]


@given(
    own=st.lists(st.sampled_from(["a", "b", "c"]), max_size=5),
    betas=st.lists(st.sampled_from(["b", "c", "d"]), max_size=3),
)
def test_every_beta_is_there_once_in_the_order_it_came(own, betas) -> None:
    headers = [(b"anthropic-beta", ",".join(own).encode())] if own else []
    merged = dict(with_betas(headers, [each.encode() for each in betas])).get(b"anthropic-beta", b"")
    if betas:
        assert merged.decode().split(",") == list(dict.fromkeys([*own, *betas]))


# ---- through the gateway --------------------------------------------------------------------------------


def serving(*versions, at, **more) -> World:
    world = World(upstream=FakeUpstream([Script()]), **more)
    world.serve(state(rollout(variant(*versions)), versions=versions, synced=tuple(at)))
    return world


async def test_a_request_is_sent_as_planned_and_counted() -> None:
    world = serving(ONE, at=[synced(ONE)], settings={"native_dialect": "beta"})
    got = await world.call(ask("about one"), headers={"anthropic-beta": "mine"})
    assert got.headers["tidegate-skills"] == "one@1"
    sent = world.upstream.sent[0]
    assert msgspec.json.decode(sent.body)["container"] == {"skills": [entry("one", "17")]}
    assert dict(sent.headers)[b"anthropic-beta"] == b"mine,code-execution-2025-08-25,skills-2025-10-02"
    assert ("tidegate_native_skills_total", ("one", "native"), 1.0) in world.meter.moved


async def test_the_plain_request_of_a_fallback_has_neither_skills_nor_betas() -> None:
    world = serving(ONE, at=[synced(ONE)], settings={"native_dialect": "beta"})
    world.upstream.scripts = [Script(status=400, chunks=(b"{}",)), Script()]
    body = msgspec.json.encode(ask("about one"))
    got = await world.call(body)
    assert got.headers["tidegate-fallback"] == "rejected"
    assert world.upstream.sent[1].body == body
    assert b"anthropic-beta" not in dict(world.upstream.sent[1].headers)


async def test_a_revision_that_syncs_a_skill_serves_it_natively_from_then_on() -> None:
    world = serving(ONE, at=[])
    await world.call(ask("about one"))
    world.serve(state(rollout(variant(ONE)), versions=[ONE], synced=(synced(ONE),)))
    await world.call(ask("about one"))
    first, second = (msgspec.json.decode(sent.body) for sent in world.upstream.sent)
    assert "container" not in first
    assert second["container"] == {"skills": [entry("one")]}
    assert second["model"] == MODEL


async def test_a_paused_answer_is_gone_on_with_in_its_container_and_the_tag_is_the_clients_alone() -> None:
    told = {"id": "container_1", "expires_at": "2030-01-01T00:00:00Z"}
    call = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "bash_code_execution", "input": {}}
    first = {**ANSWER, "content": [call], "stop_reason": "pause_turn", "container": told}
    last = {**ANSWER, "stop_reason": "end_turn", "container": told}
    world = serving(ONE, at=[synced(ONE)])
    world.upstream.scripts = [Script(chunks=(msgspec.json.encode(each),)) for each in (first, last)]
    got = await world.call(ask("about one", max_tokens=500))
    further = msgspec.json.decode(world.upstream.sent[1].body)
    assert further["container"] == {"id": "container_1", "skills": [entry("one")]}
    assert further["messages"][-1] == {"role": "assistant", "content": [call]}
    assert [block["type"] for block in got.json["content"]] == ["server_tool_use", "text"]
    assert got.json["container"]["id"].startswith("container_1.")
    assert got.json["usage"]["input_tokens"] == 2 * ANSWER["usage"]["input_tokens"]
    assert world.spool.records[0].usage.input_tokens == 2 * ANSWER["usage"]["input_tokens"]


async def test_a_request_that_was_not_composed_keeps_its_pause() -> None:
    paused = {**ANSWER, "stop_reason": "pause_turn"}
    world = World(upstream=FakeUpstream([Script(chunks=(msgspec.json.encode(paused),))]))
    got = await world.call(ask(tools=[NEW_TOOL]))
    assert got.json["stop_reason"] == "pause_turn"
    assert len(world.upstream.sent) == 1
