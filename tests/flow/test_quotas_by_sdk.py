"""Quotas over real sockets, as users of the official SDK meet them."""

import time
from collections.abc import AsyncGenerator
from pathlib import Path

import anthropic
import pytest
from stack import Stack, stack

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("live")]

MODEL = "claude-sonnet-4-6"
REASON = ("--reason", "test")


@pytest.fixture
async def live(tmp_path: Path) -> AsyncGenerator[Stack]:
    async with stack(tmp_path) as started:
        yield started


@pytest.fixture
async def sdk(live: Stack) -> AsyncGenerator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(
        api_key=live.client_key, base_url=live.url, max_retries=0, timeout=60
    ) as opened:
        yield opened


async def ask(sdk: anthropic.AsyncAnthropic, **more: object) -> anthropic.types.Message:
    messages = [{"role": "user", "content": "How much may I ask?"}]
    return await sdk.messages.create(model=MODEL, max_tokens=16, messages=messages, **more)


async def refusal(sdk: anthropic.AsyncAnthropic, at_most: int = 100) -> anthropic.RateLimitError:
    """The first refusal; there is one within so many requests."""
    with pytest.raises(anthropic.RateLimitError) as refused:
        for _ in range(at_most):
            await ask(sdk)
    assert refused.value.type == "rate_limit_error"
    return refused.value


async def test_a_requests_limit_refuses_and_the_sdk_waits_as_it_is_told(
    live: Stack, sdk: anthropic.AsyncAnthropic
) -> None:
    await live.operator("quota", "set", "--tenant", "default", "--requests-per-minute", "30", *REASON)
    refused = await refusal(sdk, 32)
    assert "tenant 'default' reached: 30 requests a minute" in str(refused)
    assert refused.response.headers["x-should-retry"] == "true"
    assert int(refused.response.headers["retry-after"]) in (1, 2)
    begun = time.monotonic()
    await ask(sdk.with_options(max_retries=1))
    assert time.monotonic() - begun >= 0.95, "by itself the SDK tries again after half a second"


async def test_a_tokens_limit_refuses_after_what_was_used(live: Stack, sdk: anthropic.AsyncAnthropic) -> None:
    answer = await ask(sdk)
    used = answer.usage.input_tokens + answer.usage.output_tokens
    await live.operator("quota", "set", "--tenant", "default", "--tokens-per-minute", str(used * 3), *REASON)
    refused = await refusal(sdk, 5)
    assert f"{used * 3:,} tokens a minute" in str(refused)


async def test_a_key_is_told_on_each_answer_how_much_is_left(
    live: Stack, sdk: anthropic.AsyncAnthropic
) -> None:
    await live.operator("quota", "set", "--tenant", "default", "--requests-per-minute", "30", *REASON)
    raw = await sdk.messages.with_raw_response.create(
        model=MODEL, max_tokens=16, messages=[{"role": "user", "content": "hi"}]
    )
    assert raw.headers["anthropic-ratelimit-requests-limit"] == "30"
    assert raw.headers["anthropic-ratelimit-requests-remaining"] == "29"


async def test_a_quota_changes_without_a_restart(live: Stack, sdk: anthropic.AsyncAnthropic) -> None:
    await live.operator("quota", "set", "--tenant", "default", "--requests-per-minute", "1", *REASON)
    await refusal(sdk, 2)
    await live.operator("quota", "clear", "--tenant", "default", *REASON)
    for _ in range(5):
        await ask(sdk)
