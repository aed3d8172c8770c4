"""Quotas on the request path: what is refused and how, what is charged, and what a client is told."""

import asyncio
import contextlib
from datetime import UTC, datetime

import msgspec
import pytest
from gateway_parts import (
    CONTENT,
    END,
    JSON,
    MESSAGE,
    SSE,
    START,
    STOP,
    FakeUpstream,
    Got,
    Script,
    World,
    ask,
    key,
    state,
)

from tidegate.domain.exchange import Outcome
from tidegate.domain.quota import Amounts, Quota, Scope
from tidegate.ports import UpstreamFailure
from tidegate.serving.client import ClientGone
from tidegate.serving.quota_book import QuotaSettings
from tidegate.serving.upstreams import Claim, Endpoint

NOON = datetime(2027, 1, 15, 12, tzinfo=UTC).timestamp()


def quota(scope: Scope = Scope.TENANT, target: str = "default", **amounts: float) -> Quota:
    return Quota(scope=scope, target=target, amounts=Amounts(**amounts), by="ann", reason="test", at=0.0)


def world(*quotas: Quota, **more: object) -> World:
    made = World(**more)
    made.clock.stand(NOON)
    made.serve(state(quotas=quotas, **({"keys": more["keys"]} if "keys" in more else {})))
    return made


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch):
    """A clock that a test owns: the deadlines of the event loop stay far away."""
    from gateway_parts import FakeClock  # noqa: PLC0415 (patched for these tests alone)

    def stand(self, at):
        self.base = at

    monkeypatch.setattr(FakeClock, "stand", stand, raising=False)
    monkeypatch.setattr(FakeClock, "now", lambda self: getattr(self, "base", NOON) + self.skew)


async def statuses(here: World, count: int, **more: object) -> list[int]:
    return [(await here.call(**more)).status for _ in range(count)]


async def test_without_a_quota_nothing_is_refused_or_said() -> None:
    here = world()
    assert await statuses(here, 50) == [200] * 50
    assert not [name for name in (await here.call()).headers if "ratelimit" in name]


async def test_a_requests_limit_refuses_what_is_beyond_it_until_there_is_room() -> None:
    here = world(quota(requests_per_minute=3))
    assert await statuses(here, 4) == [200, 200, 200, 429]
    got = await here.call()
    assert got.json["error"]["type"] == "rate_limit_error"
    assert "quota of tenant 'default' reached: 3 requests a minute" in got.json["error"]["message"]
    assert "2027-01-15T12:00:20Z, in 20 s" in got.json["error"]["message"]
    assert (got.headers["retry-after"], got.headers["x-should-retry"]) == ("20", "true")
    assert len(here.upstream.sent) == 3
    here.clock.advance(20)
    assert await statuses(here, 2) == [200, 429]


async def test_a_refusal_is_on_the_ledger_as_policy_and_no_evidence() -> None:
    here = world(quota(requests_per_minute=1))
    await statuses(here, 2)
    refused = here.spool.records[-1]
    assert (refused.outcome, refused.status, refused.rollout) == (Outcome.POLICY_DENIED, 429, None)
    assert (refused.attempts, refused.bad, refused.faulted) == (0, False, False)
    assert ("tidegate_quota_refusals_total", ("tenant", "requests"), 1.0) in here.meter.moved


async def test_a_key_and_its_tenant_are_both_held_to_their_limits() -> None:
    one, two = key("s1"), key("s2")
    one, two = (type(one)(**{**_fields(each), "id": name}) for each, name in ((one, "key_1"), (two, "key_2")))
    here = World()
    here.clock.stand(NOON)
    limits = (quota(requests_per_minute=3), quota(Scope.KEY, "key_1", requests_per_minute=2))
    here.serve(state(quotas=limits, keys=(one, two)))
    assert await statuses(here, 3, secret="s1") == [200, 200, 429]
    got = await here.call(secret="s1")
    assert "quota of key key_1 reached: 2 requests" in got.json["error"]["message"]
    assert await statuses(here, 2, secret="s2") == [200, 429]
    assert "quota of tenant 'default'" in (await here.call(secret="s2")).json["error"]["message"]


def _fields(record) -> dict:
    return {name: getattr(record, name) for name in record.__struct_fields__}


async def test_a_refused_request_uses_nothing_up() -> None:
    limits = (quota(requests_per_minute=10), quota(Scope.KEY, "key_client", requests_per_minute=1))
    here = world(*limits)
    await statuses(here, 9)
    here.serve(state(quotas=limits[:1]))
    assert await statuses(here, 10) == [200] * 9 + [429]


async def test_tokens_are_charged_by_what_was_used() -> None:
    """100 input and 20 output an answer; the 7 cached ones are free."""
    here = world(quota(tokens_per_minute=300))
    assert await statuses(here, 4) == [200, 200, 200, 429]
    got = await here.call()
    assert "300 tokens a minute" in got.json["error"]["message"]
    assert got.headers["x-should-retry"] == "true"
    assert int(got.headers["retry-after"]) > 12  # 60 in debt drain at 5 a second; a request's room comes then
    here.clock.advance(int(got.headers["retry-after"]))
    assert (await here.call()).status == 200


async def test_what_was_held_for_an_answer_that_never_came_is_given_back() -> None:
    broken = Script(head_error=UpstreamFailure("timeout", "too late"))
    here = world(quota(tokens_per_minute=100))
    here.upstream.scripts = [broken]
    assert set(await statuses(here, 8)) == {504}


async def hang_up(here: World, count: int, **more: object) -> None:
    """So many clients that leave once their request is sent, or the answer has begun."""
    for _ in range(count):
        leave = asyncio.Event()
        here.upstream.on_send = (lambda: None) if more else leave.set
        with contextlib.suppress(ClientGone):
            await here.call(ask(**more), leave=leave, on_piece=lambda _, leave=leave: leave.set())


def admitted(here: World) -> int:
    return sum(line.outcome is Outcome.CLIENT_CLOSED for line in here.spool.records)


@pytest.mark.parametrize("limits", [{"tokens_per_minute": 100}, {"usd_per_day": 4e-6}])
async def test_who_hangs_up_before_the_answer_gets_nothing_back(limits: dict) -> None:
    here = world(quota(**limits))
    here.upstream.scripts = [Script(hang=True)]
    await hang_up(here, 8)
    assert 3 <= admitted(here) <= 5
    assert here.spool.records[-1].outcome is Outcome.POLICY_DENIED
    assert here.spool.records[0].cost_usd is None, "the ledger has what was said"


async def test_who_hangs_up_in_the_answer_is_charged_as_is_known_of_whole_ones() -> None:
    """It has said 51 tokens by then; the key's answers take 127."""
    here = world(quota(tokens_per_minute=600))
    for _ in range(20):
        await here.call()
        here.clock.advance(60)
    here.upstream.scripts = [Script(headers=SSE, chunks=(START, CONTENT, None))]
    await hang_up(here, 10, stream=True)
    assert 4 <= admitted(here) <= 6
    assert here.spool.records[20].usage.input_tokens == 50


async def test_a_stream_is_charged_when_it_has_ended() -> None:
    here = world(quota(tokens_per_minute=59))
    here.upstream.scripts = [Script(headers=SSE, chunks=(START, CONTENT, END, STOP))]
    assert [(await here.call(ask(stream=True))).status for _ in range(2)] == [200, 429]


GPT = "claude-gpt"


def piece(delta: dict | None, **more: object) -> bytes:
    choices = (
        [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": more.pop("finish", None)}]
    )
    return b"data: %s\n\n" % msgspec.json.encode(
        {"id": "chatcmpl-9", "model": GPT, "choices": choices, **more}
    )


CHUNKS = (piece({"content": "hi"}), piece({}, finish="stop", usage=None))
BILL = piece(None, usage={"prompt_tokens": 50, "completion_tokens": 9})
DONE = b"data: [DONE]\n\n"


def chatting(chunks: tuple[bytes, ...], **limits: float) -> tuple[World, FakeUpstream]:
    upstream = FakeUpstream([Script(headers=SSE, chunks=chunks)])
    endpoint = Endpoint("open", upstream, ((b"authorization", b"Bearer open-key"),), chat=True)
    return world(quota(**limits), claims=(Claim(endpoint, (GPT,)),)), upstream


def chat(**more: object) -> dict:
    return {"model": GPT, "messages": [{"role": "user", "content": "hi"}], "stream": True, **more}


async def chats(here: World, count: int, **more: object) -> list[Got]:
    return [await here.call(chat(**more), path="/v1/chat/completions") for _ in range(count)]


@pytest.mark.parametrize("limits", [{"tokens_per_minute": 59}, {"usd_per_day": 0.000059}])
@pytest.mark.parametrize("ending", [(BILL, DONE), (BILL + DONE,), (BILL,), (BILL.rstrip(),)])
async def test_a_streamed_chat_completion_tells_the_gateway_its_usage(limits: dict, ending: tuple) -> None:
    here, upstream = chatting((*CHUNKS, *ending), **limits)
    first, second = await chats(here, 2, stream_options={"of_tomorrow": 1})
    assert (first.status, second.status) == (200, 429)
    asked = msgspec.json.decode(upstream.sent[0].body)
    assert asked == chat(stream_options={"of_tomorrow": 1, "include_usage": True})
    assert first.body == b"".join(CHUNKS) + (DONE if DONE in b"".join(ending) else b"")
    assert here.spool.records[0].usage.input_tokens == 50


@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_a_client_that_asks_for_usage_gets_it(size: int) -> None:
    data = b"".join((*CHUNKS, BILL, DONE))
    here, upstream = chatting(
        tuple(data[at : at + size] for at in range(0, len(data), size)), tokens_per_minute=59
    )
    first, second = await chats(here, 2, stream_options={"include_usage": True})
    assert (first.status, first.body, second.status) == (200, data, 429)
    assert upstream.sent[0].body == msgspec.json.encode(chat(stream_options={"include_usage": True}))


async def test_a_stream_is_left_alone_where_nothing_depends_on_its_usage() -> None:
    here, upstream = chatting((*CHUNKS, BILL, DONE), requests_per_minute=5)
    (got,) = await chats(here, 1)
    assert upstream.sent[0].body == msgspec.json.encode(chat())
    assert got.body == b"".join((*CHUNKS, BILL, DONE))


@pytest.mark.parametrize("chunks", [(*CHUNKS, DONE), CHUNKS[:1]], ids=["whole", "cut"])
async def test_an_answer_that_does_not_tell_its_usage_keeps_what_was_held(chunks: tuple) -> None:
    here, _ = chatting(chunks, tokens_per_minute=50)
    statuses = [got.status for got in await chats(here, 4)]
    assert statuses == [200, 200, 429, 429]
    assert here.spool.records[0].cost_usd is None


async def test_concurrent_requests_hold_what_the_ones_before_have_used() -> None:
    """What was learned of the key's requests is held while they are under way."""
    here = world(quota(tokens_per_minute=600))
    for _ in range(20):
        await here.call()
        here.clock.advance(60)
    got = await asyncio.gather(*(here.call() for _ in range(20)))
    admitted = sum(each.status == 200 for each in got)
    assert 4 <= admitted <= 6


async def test_a_day_of_dollars_ends_at_midnight_and_is_not_retried_before() -> None:
    """$0.000127 an answer."""
    here = world(quota(usd_per_day=0.0005))
    assert await statuses(here, 5) == [200, 200, 200, 200, 429]
    got = await here.call()
    assert got.headers["x-should-retry"] == "false"
    assert got.headers["retry-after"] == str(12 * 3600)
    message = got.json["error"]["message"]
    assert "quota of tenant 'default' reached: $0.0005 a day, $0.00051 spent" in message
    assert "resets at 2027-01-16T00:00:00Z" in message
    here.clock.advance(12 * 3600)
    assert (await here.call()).status == 200


async def test_a_clock_that_steps_back_over_midnight_gives_no_new_budget() -> None:
    here = world(quota(usd_per_day=0.0002))
    await statuses(here, 2)
    here.clock.stand(NOON - 24 * 3600)
    assert (await here.call()).status == 429


async def test_a_key_is_told_what_binds_it() -> None:
    here = world(quota(requests_per_minute=60, tokens_per_minute=1_000_000))
    theirs = [
        (b"anthropic-ratelimit-requests-limit", b"4000"),
        (b"anthropic-ratelimit-requests-remaining", b"3999"),
        (b"anthropic-ratelimit-requests-reset", b"2027-01-15T12:00:01Z"),
        (b"anthropic-ratelimit-tokens-remaining", b"5000"),
        (b"anthropic-ratelimit-input-tokens-remaining", b"77"),
    ]
    here.upstream.scripts = [Script(headers=[*JSON, *theirs])]
    told = {
        name.removeprefix("anthropic-ratelimit-"): value
        for name, value in (await here.call()).headers.items()
    }
    assert (told["requests-limit"], told["requests-remaining"]) == ("60", "59")
    assert told["requests-reset"] == "2027-01-15T12:00:01Z"
    assert told["tokens-remaining"] == "5000", "the provider leaves less than we do"
    assert told["input-tokens-remaining"] == "77"


async def test_counting_tokens_costs_no_quota() -> None:
    here = world(quota(requests_per_minute=1))
    assert await statuses(here, 3, path="/v1/messages/count_tokens") == [200] * 3
    assert await statuses(here, 2) == [200, 429]


async def test_a_change_holds_from_the_next_request_on_and_keeps_what_was_used() -> None:
    here = world(quota(requests_per_minute=2))
    await statuses(here, 3)
    here.serve(state(quotas=(quota(requests_per_minute=4),)))
    assert await statuses(here, 3) == [200, 200, 429]
    here.serve(state())
    assert (await here.call()).status == 200


async def test_defaults_hold_where_nothing_is_set_and_none_lifts_them() -> None:
    here = world(quota_settings=QuotaSettings(tenant=Amounts(requests_per_minute=1)))
    assert await statuses(here, 2) == [200, 429]
    here.serve(state(quotas=(quota(requests_per_minute=0),)))
    assert await statuses(here, 3) == [200] * 3


async def test_a_burst_is_what_may_be_used_at_once() -> None:
    here = world(quota(requests_per_minute=60), quota_settings=QuotaSettings(burst_seconds=5))
    assert await statuses(here, 6) == [200] * 5 + [429]
    assert (await here.call()).headers["retry-after"] == "1"


async def test_an_answer_without_a_price_costs_a_budget_nothing() -> None:
    here = world(quota(usd_per_day=0.0001))
    here.upstream.scripts = [Script(chunks=(MESSAGE.replace(b"claude-sonnet", b"other-sonnet"),))]
    assert await statuses(here, 5) == [200] * 5
