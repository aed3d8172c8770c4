"""Usage and cost of an exchange, against values computed by hand: what was billed, and at whose price.

`asked` costs 3 dollars per million input tokens, 15 output, .30 a cache read, 3.75 and 6 a five-minute and a
one-hour write; above 200,000 input tokens 6, 22.50, .60, 7.50 and 12. `small` costs 1, 5, .10, 1.25 and 2.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from gateway_parts import (
    CONTENT,
    DELTA,
    JSON,
    SSE,
    STOP,
    Script,
    World,
    ask,
    event,
    rollout,
    skill,
    state,
    variant,
)

from tidegate.domain.cost import Price
from tidegate.domain.exchange import Exchange, Usage
from tidegate.ports import UpstreamFailure

TOKENS = [
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
]
CONTRACTS = skill("contracts", match=("contract",))


class Listed:
    def price(self, model: str) -> Price | None:
        tiers = {"tier_input": 6.0, "tier_output": 22.5, "tier_cache_read": 0.6}
        writes = {"tier_cache_write_5m": 7.5, "tier_cache_write_1h": 12.0, "tier_above": 200_000}
        known = {
            "asked": Price(
                input=3, output=15, cache_read=0.3, cache_write_5m=3.75, cache_write_1h=6, **tiers, **writes
            ),
            "small": Price(input=1, output=5, cache_read=0.1, cache_write_5m=1.25, cache_write_1h=2),
        }
        return known.get(model)


def said(given: int | None = None, out: int | None = None, **more: Any) -> dict[str, Any]:
    """A `usage` object: input, output, and `read`, `wrote`, `short`, `long` of the cache."""
    names = {"read": "cache_read_input_tokens", "wrote": "cache_creation_input_tokens"}
    usage = {names[name]: more[name] for name in names if name in more}
    if "short" in more or "long" in more:
        short, long = more.get("short", 0), more.get("long", 0)
        usage["cache_creation"] = {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long}
        usage.setdefault("cache_creation_input_tokens", short + long)
    counts = {"input_tokens": given, "output_tokens": out}
    return {**{name: count for name, count in counts.items() if count is not None}, **usage}


def whole(usage: dict[str, Any] | None, model: str = "asked", status: int = 200) -> Script:
    body: dict[str, Any] = {"id": "msg_1", "type": "message", "model": model}
    return Script(status, JSON, [msgspec.json.encode(body | ({} if usage is None else {"usage": usage}))])


def start(usage: dict[str, Any], model: str = "asked") -> bytes:
    return event("message_start", message={"id": "msg_2", "model": model, "usage": usage})


def end(**usage: Any) -> bytes:
    return event("message_delta", delta={"stop_reason": "end_turn"}, usage=usage)


def streamed(*chunks: bytes | Exception | None) -> Script:
    return Script(headers=SSE, chunks=list(chunks))


CUT = UpstreamFailure("reset", "the connection was reset")
ERROR = event("error", error={"type": "overloaded_error", "message": "busy"})
BUSY = Script(529, JSON, [b'{"type":"error"}'])
BROKEN = Script(500, [*JSON, (b"x-should-retry", b"false")], [b'{"type":"error"}'])
REFUSED = Script(400, JSON, [b'{"type":"error"}'])
GONE = "the client leaves when it has a piece"
WAITS = "the client leaves while nothing has come"


@dataclass(frozen=True)
class Case:
    """What the upstream answers in turn; what that comes to in tokens and in millionths of a dollar."""

    name: str
    scripts: Sequence[Script]
    tokens: tuple[int, ...]
    micros: float | None
    stream: bool = False
    skill: bool = False
    candidate: dict[str, object] = field(default_factory=dict)
    leaves: str = ""
    unpriced: bool = False
    model: str = "asked"


def json(name: str, usage: dict[str, Any] | None, tokens: tuple[int, ...], micros: float | None, **more: Any):
    return Case(name, [whole(usage, more.pop("answered", "asked"))], tokens, micros, **more)


def sse(name: str, chunks: list[Any], tokens: tuple[int, ...], micros: float | None, **more: Any):
    return Case(name, [streamed(*chunks)], tokens, micros, stream=True, **more)


OPENED = start(said(50, 1))
FULL = [OPENED + CONTENT, DELTA, end(output_tokens=9) + STOP]
SKILLED = {"skill": True}
SMALL = {"skill": True, "candidate": {"model": "small"}}
LATE = {"skill": True, "candidate": {"timeout_seconds": 0.05}}

CASES = [
    json("input and output", said(100, 20), (100, 20), 300 + 300),
    json("a cache read", said(10, 20, read=1000), (10, 20, 1000), 30 + 300 + 300),
    json(
        "a cache write without a ttl is a five-minute one", said(10, 20, wrote=1000), (10, 20, 0, 1000), 4080
    ),
    json("a five-minute write", said(10, 20, short=1000), (10, 20, 0, 1000), 30 + 300 + 3750),
    json("a one-hour write", said(10, 20, long=1000), (10, 20, 0, 0, 1000), 30 + 300 + 6000),
    json("both writes", said(10, 20, short=400, long=600), (10, 20, 0, 400, 600), 30 + 300 + 1500 + 3600),
    json("a split of nothing is no split", said(10, 20, wrote=8, short=0), (10, 20, 0, 8), 30 + 300 + 30),
    json("all five", said(1, 2, read=3, short=4, long=5), (1, 2, 3, 4, 5), 3 + 30 + 0.9 + 15 + 30),
    json("at the tier's edge", said(200_000, 10), (200_000, 10), 600_000 + 150),
    json("above the tier by input", said(200_001, 10), (200_001, 10), 1_200_006 + 225),
    json("above the tier by cache reads", said(1, 10, read=200_000), (1, 10, 200_000), 6 + 120_000 + 225),
    json("above the tier by writes", said(1, 10, short=200_000), (1, 10, 0, 200_000), 6 + 1_500_000 + 225),
    json("above it by hour writes", said(1, 10, long=200_000), (1, 10, 0, 0, 200_000), 6 + 2_400_000 + 225),
    json("output does not count for the tier", said(1, 300_000), (1, 300_000), 3 + 4_500_000),
    json("nothing used is free", said(0, 0), (0, 0), 0),
    json("nothing reported has no cost", None, (), None),
    json("nulls are noughts", said(5, 5) | {"cache_read_input_tokens": None}, (5, 5), 15 + 75),
    json("fields of a later API do not matter", said(5, 5) | {"soon": {"x": 1}}, (5, 5), 90),
    json("an unknown model is unpriced", said(5, 5), (5, 5), None, answered="new", unpriced=True),
    json("the model that answered sets the price", said(100, 20), (100, 20), 200, answered="small"),
    json("a request for an unknown model that a known one answers", said(5, 5), (5, 5), 90, model="alias"),
    Case("a refusal costs nothing", [REFUSED], (), None),
    Case("a retried attempt that gave nothing costs nothing", [BUSY, whole(said(100, 20))], (100, 20), 600),
    Case("two of them neither", [BUSY, BUSY, whole(said(100, 20))], (100, 20), 600),
    Case("an outage costs nothing", [BROKEN], (), None),
    sse("a stream", FULL, (50, 9), 150 + 135),
    sse(
        "counts are cumulative",
        [OPENED + CONTENT, end(output_tokens=5), end(output_tokens=9) + STOP],
        (50, 9),
        285,
    ),
    sse(
        "the last word on input counts",
        [OPENED + CONTENT, end(input_tokens=60, output_tokens=9) + STOP],
        (60, 9),
        315,
    ),
    sse(
        "null erases nothing",
        [OPENED + CONTENT, end(input_tokens=None, output_tokens=9) + STOP],
        (50, 9),
        285,
    ),
    sse(
        "a cache read told at the start",
        [start(said(50, 1, read=1000)) + CONTENT, end(output_tokens=9) + STOP],
        (50, 9, 1000),
        150 + 135 + 300,
    ),
    sse(
        "a cache read told at the end",
        [OPENED + CONTENT, end(output_tokens=9, cache_read_input_tokens=1000) + STOP],
        (50, 9, 1000),
        150 + 135 + 300,
    ),
    sse(
        "hour writes told at the start",
        [start(said(50, 1, long=100)) + CONTENT, end(output_tokens=9) + STOP],
        (50, 9, 0, 0, 100),
        150 + 135 + 600,
    ),
    sse(
        "a long stream",
        [start(said(200_001, 1)) + CONTENT, end(output_tokens=2) + STOP],
        (200_001, 2),
        1_200_051,
    ),
    sse("an unknown model's stream", [start(said(5, 1), "new") + CONTENT, STOP], (5, 1), None, unpriced=True),
    sse("cut after content: what was told", [OPENED + CONTENT, DELTA, CUT], (50, 1), 150 + 15),
    sse("cut before the last event: all", [OPENED + CONTENT, end(output_tokens=9), CUT], (50, 9), 285),
    sse("ended by an error", [OPENED + CONTENT, ERROR], (50, 1), 150 + 15),
    sse("the client leaves in mid-stream", [OPENED + CONTENT, DELTA, None], (50, 1), 165, leaves=GONE),
    Case("the client leaves a silent upstream", [Script(hang=True)], (), None, leaves=WAITS),
    Case("a skill's answer", [whole(said(300, 20))], (300, 20), 900 + 300, **SKILLED),
    Case("a skill on a cheaper model", [whole(said(300, 20), "small")], (300, 20), 300 + 100, **SMALL),
    Case("a skill that fails and its fallback", [BROKEN, whole(said(100, 20))], (100, 20), 600, **SKILLED),
    Case(
        "a skill that is rejected and its fallback",
        [REFUSED, whole(said(100, 20))],
        (100, 20),
        600,
        **SKILLED,
    ),
    Case("a request that is wrong either way", [REFUSED, REFUSED], (), None, **SKILLED),
    Case(
        "a skill's stream that fails at its start is paid for too",
        [streamed(OPENED, ERROR), streamed(*FULL)],
        (100, 10),
        150 + 15 + 150 + 135,
        stream=True,
        **SKILLED,
    ),
    Case(
        "one that is cut there too",
        [streamed(OPENED, CUT), streamed(*FULL)],
        (100, 10),
        150 + 15 + 150 + 135,
        stream=True,
        **SKILLED,
    ),
    Case(
        "one that is too late there too",
        [streamed(OPENED, None), streamed(*FULL)],
        (100, 10),
        150 + 15 + 150 + 135,
        stream=True,
        **LATE,
    ),
    Case(
        "each attempt at its own model's price",
        [streamed(start(said(50, 1), "small"), CUT), streamed(*FULL)],
        (100, 10),
        50 + 5 + 150 + 135,
        stream=True,
        **SMALL,
    ),
    Case(
        "two attempts do not share a tier",
        [streamed(start(said(150_000, 1)), CUT), streamed(start(said(150_000, 1)) + CONTENT, STOP)],
        (300_000, 2),
        2 * (450_000 + 15),
        stream=True,
        **SKILLED,
    ),
    Case(
        "one attempt without a price leaves the exchange without",
        [streamed(start(said(50, 1), "new"), CUT), streamed(*FULL)],
        (100, 10),
        None,
        stream=True,
        unpriced=True,
        **SKILLED,
    ),
]


async def exchanged(case: Case) -> tuple[World, Exchange]:
    made = World(prices=Listed())
    made.upstream.scripts = list(case.scripts)
    if case.skill:
        made.serve(state(rollout(variant(CONTRACTS, **case.candidate)), versions=[CONTRACTS]))
    body = {**ask("my contract", stream=case.stream), "model": case.model}
    leave = asyncio.Event()
    if case.leaves == WAITS:
        made.upstream.on_send = leave.set
    await made.call(body, leave=leave, on_piece=lambda piece: leave.set() if case.leaves == GONE else None)
    (line,) = made.spool.records
    return made, line


def test_there_are_at_least_forty_cases_each_with_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_an_exchange_is_charged_what_was_used(case: Case) -> None:
    made, line = await exchanged(case)
    assert line.usage == Usage(**dict(zip(TOKENS, case.tokens, strict=False)))
    if case.micros is None:
        assert line.cost_usd is None
    else:
        assert line.cost_usd == pytest.approx(case.micros / 1e6, rel=1e-12, abs=1e-15)
    unpriced = [labels for name, labels, _ in made.meter.moved if name == "tidegate_unpriced_requests_total"]
    assert bool(unpriced) == case.unpriced


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_metrics_say_what_the_ledger_says(case: Case) -> None:
    made, line = await exchanged(case)
    tokens = sum(value for name, _, value in made.meter.moved if name == "tidegate_tokens_total")
    dollars = sum(value for name, _, value in made.meter.moved if name == "tidegate_cost_usd_total")
    assert tokens == sum(msgspec.structs.astuple(line.usage))
    assert dollars == pytest.approx(line.cost_usd or 0.0)
