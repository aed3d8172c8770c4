"""From attempt to answer: retries, fallbacks, streams, hang-ups, and what is on record of them."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from gateway_parts import (
    CONTENT,
    DELTA,
    END,
    JSON,
    MESSAGE,
    SSE,
    START,
    STOP,
    Got,
    Script,
    World,
    ask,
    event,
    off,
    rollout,
    skill,
    state,
    variant,
)

from tidegate.domain.exchange import Arm, Exchange, Outcome
from tidegate.domain.rollout import Stage
from tidegate.ports import UpstreamFailure

CONTRACTS = skill("contracts", match=("contract",))
ASK = ask("my contract")
STREAM = ask("my contract", stream=True)
PLAIN = ask("hello")
GOOD = Script()
GOOD_STREAM = Script(headers=SSE, chunks=[START + CONTENT, DELTA, DELTA + END + STOP])
BAD_REQUEST = Script(400, JSON, [b'{"type":"error","error":{"type":"invalid_request_error","message":"no"}}'])
NOW = [*JSON, (b"retry-after", b"0")]
OUTAGE = Script(500, [*JSON, (b"x-should-retry", b"false")], [b'{"type":"error"}'])
RESET = Script(head_error=UpstreamFailure("reset", "the connection was reset"))
HANG = Script(hang=True)
SLOW_STREAM = Script(headers=SSE, chunks=[START, None])


def world(*scripts: Script, **more: object) -> World:
    """A gateway whose every request is a candidate; its skill has 50 ms."""
    made = World()
    more = {"timeout_seconds": 0.05, **more}
    made.serve(state(rollout(variant(CONTRACTS, **more)), versions=[CONTRACTS]))
    made.upstream.scripts = list(scripts)
    return made


def record(made: World) -> Exchange:
    assert len(made.spool.records) == 1
    return made.spool.records[0]


def composed(made: World) -> list[bool]:
    """For each upstream attempt, whether it carried the skill."""
    return [b"<skill name" in sent.body for sent in made.upstream.sent]


def counted(made: World, name: str) -> list[tuple[str, ...]]:
    return [labels for metric, labels, _ in made.meter.moved if metric == name]


async def test_a_good_answer_with_a_skill() -> None:
    made = world(GOOD)
    got = await made.call(ASK)
    line = record(made)
    assert (got.status, got.body, composed(made)) == (200, MESSAGE, [True])
    assert (line.outcome, line.skill_outcome, line.fallback, line.first_attempt_failed) == (
        Outcome.OK,
        Outcome.OK,
        None,
        False,
    )
    assert [use.name for use in line.skills] == ["contracts"]
    assert (line.usage.input_tokens, line.usage.output_tokens, line.usage.cache_read_tokens) == (100, 20, 7)
    assert line.cost_usd == pytest.approx(127e-6)
    assert (line.message_id, line.model, line.stage, line.rollout) == ("msg_1", "claude-sonnet-4-5", 0, "try")
    assert [amend.delivered for amend in made.spool.amends] == [True]
    assert counted(made, "tidegate_requests_total") == [("messages", "candidate", "ok")]
    assert counted(made, "tidegate_skill_requests_total") == [("contracts", "1", "ok")]
    assert made.upstream.open == 0


# ---- the skill path fails


@pytest.mark.parametrize(
    ("scripts", "attempts", "fallback", "skill_outcome"),
    [
        ([BAD_REQUEST, GOOD], [True, False], "rejected", Outcome.SKILL_ERROR),
        ([OUTAGE, GOOD], [True, False], "status", Outcome.SKILL_ERROR),
        ([RESET, GOOD], [True, False], "reset", Outcome.SKILL_ERROR),
        ([HANG, GOOD], [True, False], "skill_timeout", Outcome.SKILL_TIMEOUT),
        (
            [Script(chunks=[UpstreamFailure("reset", "cut")]), GOOD],
            [True, False],
            "reset",
            Outcome.SKILL_ERROR,
        ),
    ],
)
async def test_a_failing_skill_path_falls_back_to_the_plain_request(
    scripts: list[Script], attempts: list[bool], fallback: str, skill_outcome: Outcome
) -> None:
    made = world(*scripts)
    got = await made.call(ASK)
    line = record(made)
    assert (got.status, got.body, composed(made)) == (200, MESSAGE, attempts)
    assert (line.outcome, line.skill_outcome, line.fallback) == (Outcome.OK, skill_outcome, fallback)
    assert (line.attempts, line.first_attempt_failed, line.faulted, line.bad) == (2, True, True, False)
    assert (got.headers["tidegate-fallback"], "tidegate-skills" in got.headers) == (fallback, False)
    assert counted(made, "tidegate_fallbacks_total") == [(fallback,)]
    assert counted(made, "tidegate_skill_timeouts_total") == [("contracts",)] * (fallback == "skill_timeout")
    assert made.upstream.open == 0


@pytest.mark.parametrize(
    "start",
    [
        Script(headers=SSE, chunks=[START, UpstreamFailure("reset", "cut")]),
        Script(headers=SSE, chunks=[START]),
        Script(headers=SSE, chunks=[START + event("error", error={"type": "api_error", "message": "x"})]),
        SLOW_STREAM,
    ],
    ids=["cut", "ended", "error event", "silent"],
)
async def test_a_stream_that_fails_before_its_content_falls_back_unseen(start: Script) -> None:
    made = world(start, GOOD_STREAM)
    got = await made.call(STREAM)
    line = record(made)
    assert got.body == b"".join(GOOD_STREAM.chunks)
    assert composed(made) == [True, False]
    assert (line.outcome, line.first_attempt_failed) == (Outcome.OK, True)
    assert line.usage.input_tokens == 100, "both attempts are billed"
    assert made.upstream.open == 0


async def test_a_passing_trouble_is_retried_with_the_skill_first() -> None:
    made = world(Script(503, NOW, [b"{}"]), GOOD, timeout_seconds=5.0)
    got = await made.call(ASK)
    assert (got.status, composed(made)) == (200, [True, True])
    assert (record(made).fallback, record(made).attempts, record(made).first_attempt_failed) == (
        None,
        2,
        True,
    )


async def test_the_same_refusal_of_the_plain_request_is_the_clients_error_in_its_bytes() -> None:
    made = world(BAD_REQUEST, BAD_REQUEST)
    got = await made.call(ASK)
    line = record(made)
    assert (got.status, got.body) == (400, BAD_REQUEST.chunks[0])
    assert (line.outcome, line.fallback, line.first_attempt_failed) == (Outcome.CLIENT_ERROR, None, False)
    assert not line.faulted
    assert "tidegate-fallback" not in got.headers
    assert "tidegate-skills" not in got.headers, "the answer is the plain request's"


@pytest.mark.parametrize(("status", "told"), [(401, 502), (403, 502), (429, 429)])
async def test_a_refusal_that_is_not_the_bodys_is_passed_back_without_another_try(
    status: int, told: int
) -> None:
    made = world(Script(status, JSON, [b"{}"]))
    assert (await made.call(ASK)).status == told
    assert composed(made) == [True]
    assert counted(made, "tidegate_skill_requests_total") == [("contracts", "1", "upstream_error")]


async def test_an_outage_reaches_the_user_as_the_upstream_said_it() -> None:
    made = world(OUTAGE)
    got = await made.call(ASK)
    line = record(made)
    assert (got.status, got.body) == (500, b'{"type":"error"}')
    assert (line.outcome, line.first_attempt_failed, line.cost_usd) == (Outcome.UPSTREAM_ERROR, True, None)


async def test_a_switch_that_falls_between_attempts_takes_the_skill_away() -> None:
    made = world(Script(503, NOW, [b"{}"]), GOOD, timeout_seconds=5.0)
    asked = asyncio.create_task(made.call(ASK))
    while not made.upstream.sent:
        await asyncio.sleep(0)
    made.serve(
        state(rollout(variant(CONTRACTS)), versions=[CONTRACTS], switches=(off("skill", "contracts"),))
    )
    got = await asked
    assert (composed(made), got.headers["tidegate-fallback"]) == ([True, False], "switch")


async def test_a_dearer_attempt_is_paid_at_its_own_models_price() -> None:
    made = world(
        Script(headers=SSE, chunks=[START, UpstreamFailure("reset", "cut")]),
        Script(chunks=[MESSAGE.replace(b"claude-sonnet-4-5", b"unheard-of")]),
    )
    await made.call(STREAM)
    assert record(made).cost_usd is None
    assert counted(made, "tidegate_unpriced_requests_total") == [("unheard-of",)]


# ---- both arms are late by one measure


def control(*scripts: Script) -> World:
    """Every request is control of a candidate whose skill would have 50 ms."""
    made = world(*scripts)
    nobody = Stage(name="none", weight=0, bake_seconds=1)
    candidate = variant(CONTRACTS, timeout_seconds=0.05)
    made.serve(state(rollout(candidate, stages=(nobody,)), versions=[CONTRACTS]))
    return made


@pytest.mark.parametrize("asked", [ASK, STREAM], ids=["json", "stream"])
async def test_a_control_answer_that_the_candidates_timeout_would_have_failed_is_a_fault(
    asked: dict[str, object],
) -> None:
    good = GOOD_STREAM if asked is STREAM else GOOD
    made = control(good)
    await made.call(asked)
    assert not made.spool.records[0].faulted
    made.upstream.on_send = lambda: made.clock.advance(1.0)
    await made.call(asked)
    line = made.spool.records[1]
    assert (line.arm, line.outcome, line.first_attempt_failed) == (Arm.CONTROL, Outcome.OK, True)
    await made.call(PLAIN)
    assert not made.spool.records[2].faulted, (
        "not triggered: the candidate would have had no skill to wait for"
    )


async def test_a_client_who_leaves_a_hanging_upstream_weighs_alike_in_both_arms() -> None:
    made = control(Script(chunks=[None]))
    made.upstream.on_send = lambda: made.clock.advance(1.0)
    await leaving(made, ASK)
    assert (record(made).outcome, record(made).faulted) == (Outcome.CLIENT_CLOSED, True)


@pytest.mark.parametrize("make", [lambda: world(GOOD), lambda: control(GOOD)], ids=["candidate", "control"])
async def test_a_slow_upload_is_charged_to_neither_the_skill_nor_the_gateway(
    make: Callable[[], World],
) -> None:
    made = make()
    await made.call(ASK, on_body=lambda: made.clock.advance(1.0))
    assert not record(made).faulted
    assert record(made).fallback is None
    assert record(made).seconds > 1.0
    overhead = [value for name, _, value in made.meter.moved if name == "tidegate_gateway_overhead_seconds"]
    assert len(overhead) == 1
    assert overhead[0] < 1.0


# ---- the plain path fails


async def test_a_plain_request_is_retried_twice() -> None:
    trouble = Script(529, NOW, [b"{}"])
    made = world(trouble, trouble, GOOD)
    assert (await made.call(PLAIN)).status == 200
    assert (record(made).attempts, record(made).first_attempt_failed) == (3, True)


async def test_a_failure_within_the_gateway_is_logged_with_the_requests_id(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = world(GOOD)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(made.upstream, "send", fail)
    got: list[bytes] = []
    with pytest.raises(RuntimeError, match="a defect"):
        await made.call(ASK, on_piece=got.append)
    said = msgspec.json.decode(b"".join(got))
    assert (record(made).status, said["request_id"]) == (500, record(made).id)
    assert [(vars(log)["request_id"], log.levelname) for log in caplog.records] == [
        (record(made).id, "ERROR")
    ]


async def test_no_answer_is_a_502_and_too_late_a_504() -> None:
    made = world(RESET)
    got = await made.call(PLAIN)
    assert (got.status, got.json["error"]["type"]) == (502, "api_error")
    assert record(made).outcome is Outcome.UPSTREAM_ERROR
    late = World(settings={"deadline_seconds": 0.05})
    late.upstream.scripts = [HANG]
    got = await late.call(PLAIN)
    assert (got.status, got.json["error"]["type"]) == (504, "timeout_error")
    assert record(late).outcome is Outcome.UPSTREAM_TIMEOUT


async def test_a_deadline_leaves_no_time_for_a_fallback() -> None:
    made = world(HANG, GOOD, deadline_seconds=0.05)
    got = await made.call(ASK)
    assert (got.status, record(made).outcome) == (504, Outcome.UPSTREAM_TIMEOUT)
    assert "tidegate-skills" not in got.headers, "no skill made this answer"


async def test_a_variant_that_names_no_deadline_has_the_gateways() -> None:
    made = World(settings={"deadline_seconds": 0.05})
    made.serve(state(rollout(variant(CONTRACTS)), versions=[CONTRACTS]))
    made.upstream.scripts = [HANG]
    got = await made.call(ASK)
    assert (got.status, record(made).outcome) == (504, Outcome.UPSTREAM_TIMEOUT)


# ---- streams


async def test_events_pass_at_once_and_the_last_waits_for_the_record() -> None:
    made = world(GOOD_STREAM)
    seen: list[int] = []
    got = await made.call(
        {**PLAIN, "stream": True}, on_piece=lambda piece: seen.append(len(made.spool.records))
    )
    assert got.pieces == [START + CONTENT, DELTA, DELTA + END, STOP]
    assert seen == [0, 0, 0, 1]
    line = record(made)
    assert (line.outcome, line.stream, line.message_id) == (Outcome.OK, True, "msg_2")
    assert (line.usage.input_tokens, line.usage.output_tokens) == (50, 9)
    assert line.first_token_seconds is not None
    assert made.upstream.open == 0


async def test_with_a_skill_the_start_waits_for_the_first_content() -> None:
    made = world(Script(headers=SSE, chunks=[START, CONTENT, DELTA, END, STOP]))
    got = await made.call(STREAM)
    assert got.pieces == [START + CONTENT + DELTA, END, STOP]


async def test_a_whole_body_waits_for_the_record() -> None:
    made = world(GOOD)
    seen: list[int] = []
    await made.call(PLAIN, on_piece=lambda piece: seen.append(len(made.spool.records)))
    assert seen == [1]


@pytest.mark.parametrize(
    ("last", "outcome", "kind"),
    [
        (UpstreamFailure("reset", "cut"), Outcome.UPSTREAM_ERROR, b"api_error"),
        (UpstreamFailure("timeout", "late"), Outcome.UPSTREAM_TIMEOUT, b"timeout_error"),
        (b"", Outcome.UPSTREAM_ERROR, b"api_error"),
    ],
)
@pytest.mark.parametrize("asked", [STREAM, {**PLAIN, "stream": True}], ids=["skill", "plain"])
async def test_a_stream_that_breaks_after_content_ends_in_an_error_event(
    asked: dict[str, object], last: bytes | Exception, outcome: Outcome, kind: bytes
) -> None:
    made = world(Script(headers=SSE, chunks=[START, DELTA + DELTA[:20], last]))
    got = await made.call(asked)
    assert got.body.startswith(START + DELTA + b"event: error\ndata: ")
    assert kind in got.body
    assert b"end_turn" not in got.body
    assert (record(made).outcome, record(made).attempts, record(made).usage.input_tokens) == (outcome, 1, 50)
    assert record(made).faulted
    assert made.upstream.open == 0


async def test_the_upstreams_own_error_event_passes_unchanged() -> None:
    error = event("error", error={"type": "overloaded_error", "message": "x"})
    made = world(Script(headers=SSE, chunks=[START + DELTA, error]))
    got = await made.call({**PLAIN, "stream": True})
    assert got.body == START + DELTA + error
    assert record(made).outcome is Outcome.UPSTREAM_ERROR


# ---- the client leaves


async def leaving(made: World, body: dict[str, object], *, after_pieces: int = 0) -> Got:
    """Hang up once the upstream was asked and so many pieces have come."""
    leave, pieces = asyncio.Event(), asyncio.Queue[bytes]()
    call = asyncio.create_task(made.call(body, leave=leave, on_piece=pieces.put_nowait))
    while not made.upstream.sent:
        await asyncio.sleep(0)
    for _ in range(after_pieces):
        await pieces.get()
    leave.set()
    return await call


@pytest.mark.parametrize("body", [ASK, PLAIN, STREAM])
async def test_leaving_before_an_answer_cancels_the_upstream(body: dict[str, object]) -> None:
    made = world(Script(chunks=[None]), timeout_seconds=60.0)
    got = await leaving(made, body)
    assert (got.status, got.complete) == (0, False)
    assert (record(made).outcome, record(made).status) == (Outcome.CLIENT_CLOSED, 499)
    assert made.upstream.open == 0
    assert not record(made).bad


async def test_leaving_in_mid_stream_is_billed_so_far() -> None:
    made = world(Script(headers=SSE, chunks=[START + DELTA, None]))
    got = await leaving(made, {**PLAIN, "stream": True}, after_pieces=1)
    assert not got.complete
    assert (record(made).outcome, record(made).usage.input_tokens) == (Outcome.CLIENT_CLOSED, 50)
    assert made.upstream.open == 0


async def test_leaving_with_the_answer_in_hand_is_a_delivery() -> None:
    made = world(Script(headers=SSE, chunks=[START + DELTA, STOP, None]))
    got = await leaving(made, {**PLAIN, "stream": True}, after_pieces=2)
    assert got.complete
    assert record(made).outcome is Outcome.OK
    assert [amend.delivered for amend in made.spool.amends] == [True]
    assert made.upstream.open == 0


async def test_a_cancel_from_elsewhere_is_recorded_and_goes_on() -> None:
    made = world(Script(chunks=[None]))
    call = asyncio.create_task(made.call(PLAIN))
    while not made.upstream.sent:
        await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert record(made).outcome is Outcome.CLIENT_CLOSED


async def test_the_gateway_keeps_no_task_behind() -> None:
    made = world(GOOD)
    await made.call(PLAIN)
    await leaving(world(Script(chunks=[None])), PLAIN)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_names_that_an_upstream_reports_are_cut_before_they_are_recorded() -> None:
    said = msgspec.json.decode(MESSAGE)
    made = world(Script(chunks=[msgspec.json.encode({**said, "model": "m" * 3000, "id": "a\x00b"})]))
    got = await made.call(PLAIN)
    line = record(made)
    assert (got.json["model"], line.model, line.message_id) == ("m" * 3000, "m" * 256, "a?b")
