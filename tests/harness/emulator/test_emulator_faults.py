"""Faults: what each kind does to a client, and whom it strikes."""

import asyncio
import json

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.errors import InvalidInput
from tidegate.harness.emulator import PROFILES, Fault, Profile, Timing, parse_profile
from tidegate.harness.emulator.draws import lognormal, uniform
from tidegate.harness.emulator.faults import parse_faults, striking
from tidegate.harness.emulator.profile import draw_pace, standing_faults

SKILL = '<skill name="contract-analysis">\nRead it.\n</skill>'


async def put(client, *faults):
    return await client.put("/emulator/faults", json={"faults": list(faults)})


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (403, "permission_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (503, "api_error"),
        (529, "overloaded_error"),
    ],
)
async def test_a_status_fault_answers_in_the_shape_of_the_api(client, body, status, kind):
    await put(client, {"kind": "status", "status": status})
    answer = await client.post("/v1/messages", json=body())
    assert answer.status_code == status
    assert answer.json()["error"]["type"] == kind
    assert answer.headers["request-id"]
    assert ("retry-after" in answer.headers) == (status in {429, 529})


async def test_the_wait_before_a_retry_can_be_given(client, body):
    await put(client, {"kind": "status", "status": 429, "retry_after": 0.25})
    assert (await client.post("/v1/messages", json=body())).headers["retry-after"] == "0.25"


async def test_faults_are_shown_replaced_and_cleared(client, emulator, body):
    await put(client, {"kind": "status", "status": 500}, {"kind": "hang", "skill": "s"})
    shown = (await client.get("/emulator/faults")).json()["faults"]
    assert [(fault["kind"], fault["skill"]) for fault in shown] == [("status", None), ("hang", "s")]
    assert (await put(client, *shown)).json() == {"faults": shown}
    await put(client, {"kind": "status", "status": 529})
    assert len((await client.get("/emulator/faults")).json()["faults"]) == 1
    assert (await client.delete("/emulator/faults")).json() == {"faults": []}
    assert (await client.post("/v1/messages", json=body())).status_code == 200
    emulator.set_faults([Fault(kind="status", status=503)])
    assert (await client.post("/v1/messages", json=body())).status_code == 503


async def test_only_requests_that_carry_the_skill_are_struck(client, body):
    await put(client, {"kind": "status", "skill": "contract-analysis"})
    statuses = [
        (await client.post("/v1/messages", json=body(**fields))).status_code
        for fields in (
            {},
            {"system": SKILL},
            {"system": [{"type": "text", "text": "Be brief."}, {"type": "text", "text": SKILL}]},
            {"system": SKILL.replace("contract-analysis", "contract-analysis-2")},
            {"messages": [{"role": "user", "content": SKILL}]},
        )
    ]
    assert statuses == [200, 500, 500, 200, 200]


@pytest.mark.parametrize("named", ["claude-haiku-4-5", "claude-haiku-4-5-20251001"])
async def test_only_requests_for_the_model_are_struck(client, body, named):
    await put(client, {"kind": "status", "model": named})
    assert (await client.post("/v1/messages", json=body())).status_code == 500
    assert (await client.post("/v1/messages", json=body(model="claude-opus-4-1"))).status_code == 200


async def test_counting_tokens_is_struck_too(client, body):
    await put(client, {"kind": "status", "status": 529})
    answer = await client.post("/v1/messages/count_tokens", json=body(max_tokens=None))
    assert answer.status_code == 529


async def test_a_hang_gives_nothing_until_the_client_leaves(client, emulator, body):
    await put(client, {"kind": "hang"})
    with pytest.raises(httpx2.ReadTimeout):
        await client.post("/v1/messages", json=body(), timeout=0.1)
    async with asyncio.timeout(10):
        while emulator.counts.open_requests:
            await asyncio.sleep(0)
    assert emulator.counts.answers.get("200") is None
    assert emulator.counts.faults == {"hang": 1}


@pytest.mark.parametrize("kind", ["hang", "latency"])
async def test_a_wait_with_an_end_delays_the_answer(client, body, kind):
    await put(client, {"kind": kind, "seconds": 0.1})
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = await client.post("/v1/messages", json=body())
    assert answer.status_code == 200
    assert loop.time() - began >= 0.1


@pytest.mark.parametrize("stream", [False, True])
async def test_a_cut_ends_the_body_early(client, body, stream):
    await put(client, {"kind": "cut", "after_bytes": 50})
    got = b""
    with pytest.raises(httpx2.RemoteProtocolError):
        async with client.stream("POST", "/v1/messages", json=body(stream=stream)) as answer:
            assert answer.status_code == 200
            async for piece in answer.aiter_bytes():
                got += piece
    assert len(got) == 50


async def test_a_reset_comes_before_any_answer(client, body, emulator):
    await put(client, {"kind": "reset"})
    with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
        await client.post("/v1/messages", json=body())
    assert emulator.counts.open_requests == 0


async def test_a_reset_can_come_after_some_bytes(client, body):
    await put(client, {"kind": "reset", "after_bytes": 20})
    with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
        await client.post("/v1/messages", json=body(stream=True))


@pytest.mark.parametrize("after", [None, 20])
async def test_a_half_closed_connection_says_no_more_but_waits_for_its_client(client, body, emulator, after):
    await put(client, {"kind": "half_close", "after_bytes": after})
    with pytest.raises(httpx2.RemoteProtocolError):
        await client.post("/v1/messages", json=body(stream=True))
    assert emulator.counts.faults["half_close"] == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_a_slow_answer_is_whole_but_takes_its_time(client, body, stream):
    whole = (await client.post("/v1/messages", json=body(stream=stream))).text
    await put(client, {"kind": "slow", "seconds": 0.2})
    loop = asyncio.get_running_loop()
    began = loop.time()
    slow = (await client.post("/v1/messages", json=body(stream=stream))).text
    assert loop.time() - began >= 0.19
    assert len(slow) == len(whole)


async def test_a_stream_error_ends_a_begun_stream_by_an_error_event(client, body):
    await put(client, {"kind": "stream_error", "error": "overloaded_error", "after_bytes": 700})
    answer = await client.post("/v1/messages", json=body(stream=True))
    *before, last = answer.text.strip().split("\n\n")
    assert before[0].startswith("event: message_start\n")
    assert all(part.startswith("event: ") for part in before)
    assert last.startswith("event: error\n")
    assert json.loads(last.split("data: ")[1])["error"]["type"] == "overloaded_error"


async def test_a_stream_error_of_a_plain_request_is_its_status(client, body):
    await put(client, {"kind": "stream_error"})
    assert (await client.post("/v1/messages", json=body())).status_code == 529


async def test_a_directive_strikes_its_own_request_only(client, body):
    text = '[[fault: {"kind": "status", "status": 503}]]'
    assert (await client.post("/v1/messages", json=body(text))).status_code == 503
    assert (await client.post("/v1/messages", json=body())).status_code == 200


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({}, "missing required field `faults`"),
        ({"faults": {}}, "Expected `array`"),
        ({"faults": [], "more": 1}, "unknown field `more`"),
        ({"faults": [{"kind": "flood"}]}, "faults.0: Invalid enum value 'flood'"),
        ({"faults": [{"kind": "hang"}, {}]}, "faults.1: Object missing required field `kind`"),
        ({"faults": [{"kind": "hang", "when": 1}]}, "unknown field `when`"),
        ({"faults": [{"kind": "status", "status": 200}]}, "faults.0.status: 200 is not an error status"),
        ({"faults": [{"kind": "status", "status": "500"}]}, "Expected `int`, got `str`"),
        ({"faults": [{"kind": "hang", "share": 1.5}]}, "faults.0.share: 1.5 is not a share"),
        ({"faults": [{"kind": "slow"}]}, "faults.0.seconds: missing"),
        ({"faults": [{"kind": "latency", "seconds": -1}]}, "faults.0.seconds: -1.0 is out of range"),
        ({"faults": [{"kind": "cut", "after_bytes": -1}]}, "faults.0.after_bytes: -1 is negative"),
    ],
)
async def test_a_wrong_list_is_refused_and_the_old_one_stays(client, sent, message):
    await put(client, {"kind": "latency", "seconds": 1})
    answer = await client.put("/emulator/faults", json=sent)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]
    assert len((await client.get("/emulator/faults")).json()["faults"]) == 1


async def test_a_list_that_is_no_json_is_refused(client):
    assert (await client.put("/emulator/faults", content=b"{")).status_code == 400


def test_a_share_strikes_that_share_and_the_same_requests_each_time():
    faults = parse_faults(b'{"faults": [{"kind": "hang", "share": 0.2}]}').faults
    struck = [
        bool(striking(faults, seed=3, request=n, models=("m",), skills=frozenset())) for n in range(10_000)
    ]
    again = [
        bool(striking(faults, seed=3, request=n, models=("m",), skills=frozenset())) for n in range(10_000)
    ]
    assert struck == again
    # 4 standard deviations of a binomial count
    assert abs(sum(struck) - 2000) <= 4 * (10_000 * 0.2 * 0.8) ** 0.5


def test_only_the_first_ending_strikes_beside_the_delays():
    faults = [
        Fault(kind="latency", seconds=1),
        Fault(kind="cut"),
        Fault(kind="hang"),
        Fault(kind="slow", seconds=1),
    ]
    struck = striking(faults, seed=0, request=1, models=(), skills=frozenset())
    assert [fault.kind for fault in struck] == ["latency", "slow", "cut"]


@given(st.integers(), st.integers(0), st.text(max_size=10).filter(lambda text: text.isascii()))
def test_a_draw_is_a_share_and_the_same_each_time(seed, request, purpose):
    share = uniform(seed, request, purpose)
    assert 0 < share <= 1
    assert share == uniform(seed, request, purpose)


@given(st.floats(0, 100), st.floats(0, 3), st.floats(0, 1))
def test_a_lognormal_draw_is_never_negative_and_has_its_median(median, sigma, share):
    assert lognormal(median, sigma, share) >= 0
    assert lognormal(median, sigma, 0.5) == pytest.approx(median)


def test_latency_is_drawn_with_the_median_of_the_model():
    timing = Timing(first_token_seconds=0.5, first_token_sigma=0.4, token_seconds=0.01, token_sigma=0.2)
    paces = sorted(draw_pace(timing, 1, n).first_token for n in range(2001))
    assert paces[1000] == pytest.approx(0.5, rel=0.05)
    assert paces[0] > 0
    assert paces[-1] > 1


async def test_a_timed_profile_paces_a_stream(start, body):
    timing = Timing(first_token_seconds=0.1, token_seconds=0.001)
    emulator = await start(Profile(models={"claude-haiku-4-5": timing}))
    headers = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
    loop = asyncio.get_running_loop()
    async with httpx2.AsyncClient(base_url=emulator.url, headers=headers) as client:
        began = loop.time()
        request = body("[[tokens: 60]]", stream=True)
        async with client.stream("POST", "/v1/messages", json=request) as answer:
            pieces = [(loop.time() - began, piece) async for piece in answer.aiter_bytes()]
    assert pieces[0][0] >= 0.1
    assert pieces[-1][0] >= 0.1 + 0.06
    assert len(pieces) >= 10


def test_a_profile_is_read_from_toml():
    profile = parse_profile(
        b"seed = 4\nhang_rate = 0.5\n[models.claude-opus-4-1]\nfirst_token_seconds = 1.5\n"
        b"[errors]\n529 = 0.1\n",
        "p.toml",
    )
    assert profile.seed == 4
    assert profile.models["claude-opus-4-1"].first_token_seconds == 1.5
    assert [(f.kind, f.share) for f in standing_faults(profile)] == [("status", 0.1), ("hang", 0.5)]


@pytest.mark.parametrize("name", PROFILES)
def test_the_named_profiles_are_possible(name):
    assert all(0 < fault.share < 0.01 for fault in standing_faults(PROFILES[name]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"seed = 'x'", "Expected `int`, got `str`"),
        (b"speed = 3", "unknown field `speed`"),
        (b"= broken", "p.toml"),
        (b"hang_rate = 2.0", "share: 2.0 is not a share"),
        (b"[errors]\n200 = 0.1", "status: 200 is not an error status"),
        (b"[errors]\nmany = 0.1", "errors.many: not a status"),
        (b"[models.gpt-1]\n", "models.gpt-1: no such model"),
    ],
)
def test_a_wrong_profile_is_refused_with_its_place(text, message):
    with pytest.raises(InvalidInput, match=message):
        parse_profile(text, "p.toml")
