"""The hosted loop in front of an upstream of chat completions: every turn is on the bill."""

from collections.abc import Awaitable, Callable

import pytest
from gateway_parts import World
from hosted_parts import asked, events_of, message_of, read_call

from tidegate.adapters.upstream.http1 import Http1Upstream
from tidegate.adapters.upstream.openai_upstream import OpenAIUpstream
from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.domain.cost import Price
from tidegate.harness.emulator import Emulator
from tidegate.serving.upstreams import Claim, Endpoint

GPT = "gpt-4o"


class Listed:
    """One dollar per million input tokens, two per million output tokens."""

    def price(self, model: str) -> Price | None:
        if not model.startswith(GPT):
            return None
        return Price(input=1, output=2, cache_read=1, cache_write_5m=1, cache_write_1h=1)


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("answers", [("",), (read_call(), "")], ids=["one turn", "two turns"])
async def test_each_turn_is_billed(
    make: Callable[..., Awaitable[World]], emulator: Emulator, answers: tuple[str, ...], stream: bool
) -> None:
    upstream = OpenAIUpstream(Http1Upstream(UpstreamSettings(base_url=emulator.url)))
    opening = ((b"authorization", b"Bearer open-key"),)
    world = await make(
        claims=(Claim(Endpoint("open", upstream, opening, chat=True), (GPT,)),), prices=Listed()
    )
    got = await world.call({**asked(*answers, stream=stream), "model": GPT})
    await upstream.aclose()
    assert got.status == 200, got.body
    message = message_of(events_of(got)) if stream else got.json
    (line,) = world.spool.records
    used = emulator.counts.usage
    assert line.turns == len(answers)
    assert used.input_tokens > 0
    assert used.output_tokens > 0
    assert (line.usage.input_tokens, line.usage.output_tokens) == (used.input_tokens, used.output_tokens)
    assert line.cost_usd == pytest.approx((used.input_tokens + 2 * used.output_tokens) / 1e6)
    assert message["usage"]["input_tokens"] == used.input_tokens
    assert message["usage"]["output_tokens"] == used.output_tokens
