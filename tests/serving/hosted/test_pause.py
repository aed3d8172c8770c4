"""A provider that pauses goes on, and its client sees one message: a real HTTP exchange with the emulator."""

import asyncio
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest
from gateway_parts import SSE, FakeClock, FakeMeter, FakePrices, FakeUpstream, Script, event, key

from tidegate.adapters.upstream.http1 import Http1Upstream
from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.domain.breaker import Policy
from tidegate.domain.hosted import Limits
from tidegate.domain.retry_budget import RetryPolicy
from tidegate.harness.emulator import Emulator, Fault, Profile, start_emulator
from tidegate.ports import Upstream, UpstreamFailure
from tidegate.serving.attempt import Attempts
from tidegate.serving.guards import Guards
from tidegate.serving.hosted.host import Hosted
from tidegate.serving.hosted.plan import Plan
from tidegate.serving.metering import Draft
from tidegate.serving.order import Answer, Order, UpstreamRequest
from tidegate.serving.upstreams import Endpoint

CODE = {"type": "code_execution_20250825", "name": "code_execution"}
PAUSE = "[[code: echo hello]] [[stop: pause_turn]] [[then]] "
TWICE = PAUSE + PAUSE + "[[echo: found it]]"
RAN = ["server_tool_use", "bash_code_execution_tool_result"]
LIMITS = Limits()


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    started = await start_emulator(Profile())
    yield started
    await started.close()


@pytest.fixture
async def upstream(emulator: Emulator) -> AsyncIterator[Http1Upstream]:
    client = Http1Upstream(UpstreamSettings(base_url=emulator.url))
    yield client
    await client.aclose()


def asked(text: str, **more: object) -> bytes:
    body = {
        "model": "claude-opus-4-6",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": text}],
        "tools": [CODE],
        **more,
    }
    return msgspec.json.encode(body)


def draft() -> Draft:
    return Draft(id="tgx_00000001", at=0.0, started=0.0, key=key())


async def answered(
    upstream: Upstream,
    body: bytes,
    record: Draft,
    *,
    limits: Limits = LIMITS,
    allowed: Callable[[], bool] = lambda: True,
    retrying: RetryPolicy | None = None,
    meter: FakeMeter | None = None,
) -> Answer:
    clock = FakeClock()
    plan = Plan(limits, allowed)
    hosted = Hosted(plan, prices=FakePrices(), meter=FakeMeter(), clock=clock, answer_limit=1_000_000)
    headers = [(b"anthropic-version", b"2023-06-01"), (b"content-type", b"application/json")]
    endpoint = Endpoint("default", upstream)
    request = UpstreamRequest(endpoint, "/v1/messages", [*headers, (b"x-api-key", b"k")], body)
    deadline = clock.monotonic() + 10
    order = Order(
        plain=request,
        composed=request,
        skill_deadline=deadline,
        deadline=deadline,
        allowed=allowed,
        hosted=hosted,
    )
    guards = Guards(Policy(), retrying or RetryPolicy(), meter or FakeMeter(), clock)
    return await Attempts(FakePrices(), clock, guards, answer_limit=1_000_000).answer(record, order)


async def streamed(answer: Answer) -> list[dict]:
    """All the events of a streamed answer."""
    data = answer.body
    while chunk := await answer.response.chunk():
        data += answer.scanner.feed(chunk)
    data += answer.scanner.held
    answer.response.close()
    return [msgspec.json.decode(line[6:]) for line in data.split(b"\n") if line.startswith(b"data: ")]


async def test_a_paused_message_is_one_message_with_the_usage_of_all_its_turns(
    emulator: Emulator, upstream: Http1Upstream
) -> None:
    record = draft()
    answer = await answered(upstream, asked(TWICE), record)
    message = msgspec.json.decode(answer.body)
    kinds = [block["type"] for block in message["content"]]
    assert kinds == [*RAN, *RAN, "text"]
    assert message["content"][-1]["text"] == "found it"
    assert (message["stop_reason"], record.turns) == ("end_turn", 3)
    totals = emulator.counts.usage
    assert message["usage"]["input_tokens"] == totals.input_tokens == record.usage.input_tokens
    assert message["usage"]["output_tokens"] == totals.output_tokens == record.usage.output_tokens
    assert record.cost_usd == pytest.approx((totals.input_tokens + totals.output_tokens) / 1e6)


async def test_a_paused_stream_is_one_stream(emulator: Emulator, upstream: Http1Upstream) -> None:
    record = draft()
    events = await streamed(await answered(upstream, asked(TWICE, stream=True), record))
    kinds = [event["type"] for event in events]
    assert kinds.count("message_start") == kinds.count("message_delta") == kinds.count("message_stop") == 1
    starts = [event for event in events if event["type"] == "content_block_start"]
    assert [event["index"] for event in starts] == [0, 1, 2, 3, 4]
    stops = [event["index"] for event in events if event["type"] == "content_block_stop"]
    assert stops == [0, 1, 2, 3, 4]
    end = next(event for event in events if event["type"] == "message_delta")
    assert end["delta"]["stop_reason"] == "end_turn"
    totals = emulator.counts.usage
    assert (end["usage"]["input_tokens"], end["usage"]["output_tokens"]) == (
        totals.input_tokens,
        totals.output_tokens,
    )
    assert (record.usage.input_tokens, record.turns) == (totals.input_tokens, 3)


async def test_an_answer_of_one_turn_keeps_every_byte(upstream: Http1Upstream) -> None:
    plain = await upstream.send(
        "POST",
        "/v1/messages",
        [(b"anthropic-version", b"2023-06-01"), (b"x-api-key", b"k")],
        asked("[[echo: one]]"),
        deadline=FakeClock().monotonic() + 10,
    )
    expected = msgspec.json.decode(await plain.read(100_000))
    answer = await answered(upstream, asked("[[echo: one]]"), draft())
    got = msgspec.json.decode(answer.body)
    assert got.pop("id") != expected.pop("id")  # two calls: all else is alike
    assert got == expected


async def test_a_pause_at_the_limit_is_the_clients_to_go_on_from(upstream: Http1Upstream) -> None:
    record = draft()
    answer = await answered(upstream, asked(TWICE), record, limits=Limits(turns=2))
    assert msgspec.json.decode(answer.body)["stop_reason"] == "pause_turn"
    assert (record.turns, record.skill_errors) == (2, ("limit_turns",))


async def test_what_the_client_allowed_in_tokens_covers_all_turns(upstream: Http1Upstream) -> None:
    text = "[[stop: pause_turn]] [[tokens: 40]] [[then]] [[tokens: 40]]"
    answer = await answered(upstream, asked(text, max_tokens=60, model="claude-sonnet-4-5"), draft())
    message = msgspec.json.decode(answer.body)
    assert message["stop_reason"] == "max_tokens"
    assert message["usage"]["output_tokens"] == 60


async def test_a_pause_that_used_all_tokens_ends_there(upstream: Http1Upstream) -> None:
    spent = await answered(
        upstream,
        asked("[[stop: pause_turn]] [[tokens: 50]]", max_tokens=50, model="claude-sonnet-4-5"),
        draft(),
    )
    message = msgspec.json.decode(spent.body)
    assert (message["stop_reason"], message["usage"]["output_tokens"]) == ("max_tokens", 50)


async def test_a_switch_between_two_turns_leaves_the_skill_path(upstream: Http1Upstream) -> None:
    record = draft()
    answer = await answered(upstream, asked(TWICE), record, allowed=lambda: False)
    assert (record.fallback, record.skill_outcome, record.first_attempt_failed) == ("switch", None, False)
    assert msgspec.json.decode(answer.body)["stop_reason"] == "pause_turn"  # the plain answer, as it is


async def test_a_turn_that_fails_before_anything_was_seen_falls_back(
    emulator: Emulator, upstream: Http1Upstream
) -> None:
    text = PAUSE + '[[fault: {"kind": "status", "status": 400}]]'
    record = draft()
    answer = await answered(upstream, asked(text), record)
    assert (answer.response.status, record.fallback) == (200, "hosted_turn")
    assert record.usage.input_tokens == emulator.counts.usage.input_tokens


async def test_a_further_turn_is_tried_again_where_that_is_safe(
    emulator: Emulator, upstream: Http1Upstream
) -> None:
    text = PAUSE + "[[echo: done]]"
    record = draft()

    def allowed() -> bool:  # asked between the two turns: the second one meets an outage
        emulator.set_faults([Fault(kind="status", status=529, retry_after=0.0)])
        return True

    async def heal() -> None:
        while not emulator.counts.faults:
            await asyncio.sleep(0)
        emulator.set_faults([])

    healing = asyncio.create_task(heal())
    answer = await answered(upstream, asked(text), record, allowed=allowed)
    await healing
    assert msgspec.json.decode(answer.body)["content"][-1]["text"] == "done"
    assert (record.turns, record.attempts, record.fallback) == (2, 2, None)
    assert emulator.counts.faults["status"] == 1


def turn(stop_reason: str, text: str) -> Script:
    content = [{"type": "text", "text": text}]
    return Script(
        chunks=[msgspec.json.encode({"type": "message", "content": content, "stop_reason": stop_reason})]
    )


def refused(status: int, said: bytes) -> Script:
    return Script(status, [(b"content-type", b"text/html"), (b"retry-after", b"0")], [said])


async def test_a_proxys_long_page_is_tried_again_like_any_outage() -> None:
    page = refused(529, b"<html>" + b"x" * 100_000)
    upstream = FakeUpstream([turn("pause_turn", "one "), page, turn("end_turn", "two")])
    record = draft()
    answer = await answered(upstream, asked("go on"), record)
    assert msgspec.json.decode(answer.body)["content"][-1]["text"] == "two"
    assert (record.turns, record.attempts, upstream.open) == (2, 2, 0)


async def test_a_further_turn_is_tried_again_within_the_budget_alone() -> None:
    upstream = FakeUpstream([turn("pause_turn", "one "), refused(529, b"busy"), turn("end_turn", "plain")])
    record, meter = draft(), FakeMeter()
    await answered(upstream, asked("go on"), record, retrying=RetryPolicy(share=0.0, floor=0.0), meter=meter)
    assert (record.fallback, record.attempts, len(upstream.sent)) == ("hosted_turn", 2, 3)
    assert ("tidegate_retries_total", ("default", "refused"), 1.0) in meter.moved


@pytest.mark.parametrize(("status", "told"), [(401, False), (403, False), (404, True)])
async def test_a_refused_key_is_not_told_to_the_client(status: int, told: bool) -> None:
    first = Script(
        headers=SSE,
        chunks=[
            event("message_start", message={"model": "m", "usage": {}}),
            event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            event("content_block_delta", index=0, delta={"type": "text_delta", "text": "hi"}),
            event("content_block_stop", index=0),
            event("message_delta", delta={"stop_reason": "pause_turn"}, usage={}) + event("message_stop"),
        ],
    )
    upstream = FakeUpstream([first, refused(status, b"key sk-secret is not good")])
    answer = await answered(upstream, asked("go on", stream=True), draft())
    with pytest.raises(UpstreamFailure, match=f"turn 2 of the answer failed: {status}") as failure:
        await streamed(answer)
    assert ("sk-secret" in str(failure.value)) == told
    answer.response.close()
    assert upstream.open == 0


async def test_a_stream_that_breaks_in_a_later_turn_is_billed_as_far_as_it_came(
    emulator: Emulator, upstream: Http1Upstream
) -> None:
    text = PAUSE + '[[tokens: 50]] [[fault: {"kind": "cut"}]]'
    record = draft()
    answer = await answered(upstream, asked(text, stream=True), record)
    with pytest.raises(UpstreamFailure, match=r"ended|closed|reset"):
        await streamed(answer)
    answer.response.close()
    assert record.usage.input_tokens == emulator.counts.usage.input_tokens
