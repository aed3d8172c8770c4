"""Chat completions through the gateway: passed, composed and crossed, on fakes of both kinds of upstream."""

from dataclasses import dataclass, field

import msgspec
import pytest
from gateway_parts import (
    CONTENT,
    DELTA,
    END,
    JSON,
    MODEL,
    SSE,
    START,
    STOP,
    FakeUpstream,
    Got,
    Script,
    World,
    ask,
    event,
    rollout,
    skill,
    state,
    variant,
)

from tidegate.domain.exchange import Arm, Outcome
from tidegate.ports import UpstreamFailure
from tidegate.serving.chains import Chains, Hop
from tidegate.serving.skill_text import skill_text
from tidegate.serving.upstreams import Claim, Endpoint

GPT = "claude-gpt"
"""Begins as the models do that the fake price list knows."""

QUESTION = {"role": "user", "content": "review this contract"}
SKILL = skill("pilot", match=("contract",), body="Do it well.")
TEXT = skill_text("pilot", 1, "Do it well.")
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 64}}
COMPLETION = msgspec.json.encode(
    {
        "id": "chatcmpl-9",
        "object": "chat.completion",
        "model": GPT,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
        "usage": USAGE,
        "of_tomorrow": [1, 2],
    }
)


def chunk(delta: dict | None, finish: str | None = None, **more: object) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: %s\n\n" % msgspec.json.encode(
        {"id": "chatcmpl-9", "model": GPT, "choices": choices, **more}
    )


CHUNKS = (chunk({"role": "assistant", "content": ""}), chunk({"content": "hi"}), chunk({}, "stop"))
BILL = chunk(None, usage=USAGE)
DONE = b"data: [DONE]\n\n"


@dataclass
class Two:
    """A gateway in front of a Messages API, and of a server of chat completions for `claude-gpt`."""

    chat: FakeUpstream = field(default_factory=lambda: FakeUpstream([Script(chunks=(COMPLETION,))]))

    def __post_init__(self) -> None:
        endpoint = Endpoint("open", self.chat, ((b"authorization", b"Bearer open-key"),), chat=True)
        self.world = World(claims=(Claim(endpoint, (GPT,)),))

    async def ask(self, body: object, **more: object) -> Got:
        return await self.world.call(body, path="/v1/chat/completions", **more)

    def roll_out(self, **more: object) -> None:
        self.world.serve(state(rollout(variant(SKILL, **more)), versions=(SKILL,)))

    @property
    def exchange(self):
        return self.world.spool.records[-1]


@pytest.fixture
def two() -> Two:
    return Two()


def chat(model: str = GPT, *messages: dict, **more: object) -> dict:
    return {"model": model, "messages": list(messages) or [QUESTION], **more}


async def test_bytes_pass_both_ways_and_usage_is_read(two: Two) -> None:
    raw = b'{"messages" : [{"role":"user","content":"caf\\u00e9"}], "n":2,"model":"claude-gpt","x":[ ]}'
    got = await two.ask(raw)
    assert (got.status, got.body) == (200, COMPLETION)
    sent = two.chat.sent[0]
    assert (sent.body, sent.target) == (raw, "/v1/chat/completions")
    assert dict(sent.headers)[b"authorization"] == b"Bearer open-key"
    assert got.headers["x-request-id"] == "req_1"
    line = two.exchange
    assert (line.route, line.model, line.message_id, line.outcome) == (
        "chat_completions",
        GPT,
        "chatcmpl-9",
        Outcome.OK,
    )
    assert (line.usage.input_tokens, line.usage.cache_read_tokens, line.usage.output_tokens) == (36, 64, 20)
    assert line.cost_usd == pytest.approx(120e-6)


@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_a_stream_passes_unchanged_and_its_usage_is_read(two: Two, size: int) -> None:
    data = b"".join((*CHUNKS, BILL, DONE))
    pieces = tuple(data[place : place + size] for place in range(0, len(data), size))
    two.chat.scripts = [Script(headers=SSE, chunks=pieces)]
    got = await two.ask(chat(stream=True))
    assert got.body == data
    assert got.complete
    assert (two.exchange.usage.input_tokens, two.exchange.usage.output_tokens) == (36, 20)
    assert two.exchange.message_id == "chatcmpl-9"
    assert two.exchange.first_token_seconds is not None


async def test_the_end_is_sent_once_the_exchange_is_on_record(two: Two) -> None:
    two.chat.scripts = [Script(headers=SSE, chunks=(*CHUNKS, DONE))]
    recorded: list[bytes] = []
    await two.ask(
        chat(stream=True), on_piece=lambda piece: recorded.append(piece) if two.world.spool.records else None
    )
    assert recorded == [DONE]


async def test_a_stream_without_usage_is_not_free(two: Two) -> None:
    two.chat.scripts = [Script(headers=SSE, chunks=(*CHUNKS, DONE))]
    await two.ask(chat(stream=True))
    assert two.exchange.cost_usd is None


@pytest.mark.parametrize(
    ("chunks", "outcome"),
    [
        (CHUNKS, Outcome.OK),
        ((*CHUNKS[:2], CHUNKS[2].rstrip()), Outcome.OK),
        (CHUNKS[:2], Outcome.UPSTREAM_ERROR),
        ((*CHUNKS[:2], b'data: {"error":{"message":"boom"}}\n\n'), Outcome.UPSTREAM_ERROR),
    ],
    ids=["no done", "no last blank line", "cut", "error"],
)
async def test_how_a_stream_ends(two: Two, chunks: tuple[bytes, ...], outcome: Outcome) -> None:
    two.chat.scripts = [Script(headers=SSE, chunks=chunks)]
    got = await two.ask(chat(stream=True))
    assert two.exchange.outcome is outcome
    assert got.complete
    assert got.body.startswith(b"".join(chunks))
    if outcome is not Outcome.OK:
        assert b'data: {"error":' in got.body.splitlines()[-2]


async def test_skills_end_the_system_message_and_all_else_keeps_its_bytes(two: Two) -> None:
    two.roll_out()
    raw = (
        b'{"model":"claude-gpt", "seed": 7 ,"messages":['
        b'{"role":"developer","content":"Be \\u00fc.","name":"d"},'
        b'{"role":"user",  "content":"contract"}],"logit_bias":{ }}'
    )
    got = await two.ask(raw)
    sent = two.chat.sent[0].body
    assert b'"seed":7' in sent
    assert b'{"role":"user",  "content":"contract"}' in sent
    assert b'"content":"Be \\u00fc.\\n\\n<skill ' in sent
    told = msgspec.json.decode(sent)
    assert told["messages"][0] == {"role": "developer", "content": f"Be ü.\n\n{TEXT}", "name": "d"}
    assert list(told) == ["model", "seed", "messages", "logit_bias"]
    assert got.headers["tidegate-skills"] == "pilot@1"
    assert two.exchange.arm is Arm.CANDIDATE


@pytest.mark.parametrize(
    ("messages", "system"),
    [
        ([QUESTION], [{"role": "system", "content": TEXT}]),
        (
            [
                {"role": "system", "content": "a"},
                {"role": "developer", "content": [{"type": "text", "text": "b"}]},
                QUESTION,
                {"role": "system", "content": "late"},
            ],
            [
                {"role": "system", "content": "a"},
                {
                    "role": "developer",
                    "content": [{"type": "text", "text": "b"}, {"type": "text", "text": TEXT}],
                },
            ],
        ),
        ([{"role": "system", "content": ""}, QUESTION], [{"role": "system", "content": TEXT}]),
        ([{"role": "system", "content": None}, QUESTION], [{"role": "system", "content": TEXT}]),
        (
            [{"role": "system", "content": []}, QUESTION],
            [{"role": "system", "content": [{"type": "text", "text": TEXT}]}],
        ),
    ],
)
async def test_where_skills_go(two: Two, messages: list[dict], system: list[dict]) -> None:
    two.roll_out()
    await two.ask(chat(GPT, *messages))
    told = msgspec.json.decode(two.chat.sent[0].body)["messages"]
    assert told[: len(system)] == system
    assert told[len(system)] == QUESTION


async def test_a_skill_may_replace_the_system_prompt(two: Two) -> None:
    two.roll_out(system="replace")
    await two.ask(
        chat(GPT, {"role": "developer", "content": "long"}, {"role": "system", "content": "x"}, QUESTION)
    )
    told = msgspec.json.decode(two.chat.sent[0].body)["messages"]
    assert told == [{"role": "system", "content": TEXT}, QUESTION]


async def test_a_failing_skill_falls_back_to_the_clients_own_bytes(two: Two) -> None:
    two.roll_out()
    two.chat.scripts = [
        Script(status=400, chunks=(b'{"error":{"message":"no"}}',)),
        Script(chunks=(COMPLETION,)),
    ]
    raw = msgspec.json.encode(chat())
    got = await two.ask(raw)
    assert (got.status, got.headers["tidegate-fallback"]) == (200, "rejected")
    assert two.chat.sent[1].body == raw
    assert two.exchange.skill_outcome is Outcome.SKILL_ERROR


async def test_an_anthropic_upstream_is_asked_in_its_own_terms(two: Two) -> None:
    two.roll_out()
    got = await two.ask(chat(MODEL, QUESTION, user="ann", max_tokens=9))
    sent = two.world.upstream.sent[0]
    assert sent.target == "/v1/messages"
    assert dict(sent.headers)[b"anthropic-version"] == b"2023-06-01"
    assert msgspec.json.decode(sent.body) == {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "review this contract"}]}],
        "model": MODEL,
        "metadata": {"user_id": "ann"},
        "max_tokens": 9,
        "system": [{"type": "text", "text": TEXT, "cache_control": {"type": "ephemeral"}}],
    }
    assert got.json["choices"][0]["message"]["content"] == "hello"
    assert got.json["usage"] == {
        "prompt_tokens": 107,
        "completion_tokens": 20,
        "total_tokens": 127,
        "prompt_tokens_details": {"cached_tokens": 7},
    }
    assert (got.json["id"], two.exchange.message_id) == ("chatcmpl-1", "chatcmpl-1")
    assert two.exchange.usage.input_tokens == 100


async def test_a_crossed_stream_ends_after_the_record_with_its_usage(two: Two) -> None:
    two.world.upstream.scripts = [
        Script(headers=SSE, chunks=(START, CONTENT, event("ping"), DELTA, END, STOP))
    ]
    late: list[bytes] = []
    got = await two.ask(
        chat(MODEL, stream=True, stream_options={"include_usage": True}),
        on_piece=lambda piece: late.append(piece) if two.world.spool.records else None,
    )
    *lines, done = [line for line in got.body.split(b"\n\n") if line.startswith(b"data: ")]
    assert done == b"data: [DONE]"
    told = [msgspec.json.decode(line[6:]) for line in lines]
    assert [choice["delta"].get("content") for each in told for choice in each["choices"]] == ["", "hi", None]
    assert told[-1]["usage"]["prompt_tokens"] == 50
    assert told[-1]["usage"]["completion_tokens"] == 9
    assert b"[DONE]" in b"".join(late)
    assert two.exchange.message_id == "chatcmpl-2"


async def test_a_crossed_stream_that_breaks_off_ends_with_an_error(two: Two) -> None:
    two.world.upstream.scripts = [Script(headers=SSE, chunks=(START, CONTENT, DELTA))]
    got = await two.ask(chat(MODEL, stream=True))
    last = got.body.strip().split(b"\n\n")[-1]
    assert msgspec.json.decode(last[6:])["error"]["message"].startswith("the upstream's answer broke off")
    assert two.exchange.outcome is Outcome.UPSTREAM_ERROR


async def test_an_upstreams_refusal_is_told_in_openais_shape(two: Two) -> None:
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"busy"}}'
    two.world.upstream.scripts = [Script(status=429, headers=[*JSON, (b"retry-after", b"3")], chunks=(body,))]
    got = await two.ask(chat(MODEL))
    assert (got.status, got.headers["retry-after"]) == (429, "3")
    assert got.json == {
        "error": {"message": "busy", "type": "rate_limit_error", "param": None, "code": "rate_limit_exceeded"}
    }


@pytest.mark.parametrize("body", [b"{}", b"<html>", b'{"id":"msg_1","model":"m","content":"hi"}'])
async def test_an_answer_that_cannot_be_crossed_is_on_record_as_the_client_got_it(
    two: Two, body: bytes
) -> None:
    two.roll_out()
    two.world.upstream.scripts = [Script(chunks=(body,))]
    got = await two.ask(chat(MODEL))
    assert (got.status, got.json["error"]["type"]) == (502, "server_error")
    assert "the upstream's answer is no message" in got.json["error"]["message"]
    line = two.exchange
    assert (line.outcome, line.skill_outcome, line.status) == (
        Outcome.UPSTREAM_ERROR,
        Outcome.UPSTREAM_ERROR,
        502,
    )


async def test_a_candidate_of_the_other_kind_crosses_and_its_control_does_not(two: Two) -> None:
    two.roll_out(model=MODEL)
    got = await two.ask(chat())
    assert got.json["model"] == MODEL
    assert two.world.upstream.sent[0].target == "/v1/messages"
    two.world.upstream.scripts = [Script(status=500)]
    got = await two.ask(chat())
    assert (got.body, got.headers["tidegate-fallback"]) == (COMPLETION, "status")
    assert two.exchange.model == GPT


async def test_a_candidate_that_cannot_be_told_the_request_is_a_fallback(two: Two) -> None:
    two.roll_out(model=MODEL)
    got = await two.ask(chat(n=2))
    assert (got.status, got.headers["tidegate-fallback"]) == (200, "rejected")
    assert two.world.upstream.sent == []
    line = two.exchange
    assert (line.model, line.skill_outcome, line.faulted) == (GPT, Outcome.SKILL_ERROR, True)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"[]", "JSON object, with `model` and `messages`"),
        (b'{"model":"m","messages":[],"model":"m"}', "model: this key is in the body more than once"),
        (b'{"messages":[]}', "model: Field required"),
        (b'{"model":"m"}', "messages: Field required"),
        (b'{"model":"m","messages":null}', "messages: "),
        (b'{"model":5,"messages":[]}', "model: "),
        (b'{"model":"m","messages":[{"content":"x"}]}', "messages: "),
        (b'{"model":"m","messages":[{"role":"user","content":4}]}', "messages: "),
        (b'{"model":"m","messages":[],"stream":"yes"}', "stream: "),
        (b'{"model":"m","messages":[],"user":7}', "user: "),
        (b'{"model":"m","messages":[],"stream_options":3}', "stream_options: "),
        (b'{"model":"m\xff","messages":[]}', "not UTF-8"),
        (b'{"model":"m","messages":' + b"[" * 5000, "the body is"),
        (
            b'{"model":"claude-x","messages":[{"role":"tool","content":"x","tool_call_id":"c"}]}',
            "answers no call",
        ),
    ],
)
async def test_bad_input_is_refused_in_openais_shape(two: Two, body: bytes, said: str) -> None:
    got = await two.ask(body)
    assert got.status == 400
    error = got.json["error"]
    assert said in error["message"]
    assert error["type"] == "invalid_request_error"
    assert got.headers["x-request-id"] == got.headers["tidegate-request-id"]
    assert two.exchange.outcome is Outcome.CLIENT_ERROR


async def test_a_stranger_and_a_wrong_method_are_told_in_openais_shape(two: Two) -> None:
    got = await two.ask(chat(), headers={"x-api-key": "tgk_wrong"})
    assert (got.status, got.json["error"]["code"]) == (401, "invalid_api_key")
    got = await two.ask(b"", method="GET")
    assert (got.status, got.headers["allow"]) == (405, "POST")
    assert "error" in got.json
    assert two.world.spool.records == []


@pytest.mark.parametrize("name", ["user", "safety_identifier"])
async def test_the_unit_is_the_user_whichever_dialect_names_it(two: Two, name: str) -> None:
    await two.ask(chat(GPT, **{name: "ann"}))
    in_chat = two.exchange.unit_hash
    await two.world.call({**ask(), "metadata": {"user_id": "ann"}})
    assert two.exchange.unit_hash == in_chat
    await two.ask(chat(GPT, **{name: "bob"}))
    assert two.exchange.unit_hash != in_chat


LISTED = b'{"data":[{"type":"model","id":"m","created_at":"2026-01-01T00:00:00Z"}],"has_more":false}'
BEARER = {"authorization": "Bearer tgk_client_secret", "anthropic-version": ""}


async def test_models_are_listed_in_openais_shape_for_its_clients(two: Two) -> None:
    two.world.upstream.scripts = [Script(chunks=(LISTED,))]
    got = await two.world.call(b"", path="/v1/models", method="GET", headers=BEARER, secret=None)
    model = {"id": "m", "object": "model", "created": 1767225600, "owned_by": "anthropic"}
    assert got.json == {"object": "list", "data": [model]}
    got = await two.world.call(b"", path="/v1/models", method="GET")
    assert got.body == LISTED


async def test_refusals_of_the_list_of_models_are_in_openais_shape_for_its_clients(two: Two) -> None:
    two.world.upstream.scripts = [Script(head_error=UpstreamFailure("reset", "the connection was reset"))]
    for method, status in (("GET", 502), ("POST", 405)):
        got = await two.world.call(b"", path="/v1/models", method=method, headers=BEARER, secret=None)
        assert (got.status, set(got.json["error"])) == (status, {"message", "type", "param", "code"})
        got = await two.world.call(b"", path="/v1/models", method=method)
        assert (got.status, got.json["type"]) == (status, "error")


async def test_a_vote_names_the_chat_completion(two: Two) -> None:
    vote = b'{"request_id":"chatcmpl-9","vote":"up"}'
    got = await two.world.call(vote, path="/v1/feedback")
    assert got.json == {"status": "counted"}
    assert two.world.ledger.votes[0].request_id == "chatcmpl-9"


@pytest.mark.parametrize("rest", [(), (Hop("claude-gpt-small"),)], ids=["none left", "another left"])
async def test_a_further_model_whose_api_has_no_words_for_the_request_is_passed_over(
    two: Two, rest: tuple[Hop, ...]
) -> None:
    down = Script(500, [*JSON, (b"x-should-retry", b"false")], [b'{"error":{"message":"down"}}'])
    two.chat.scripts = [down, Script(chunks=(COMPLETION,))] if rest else [down]
    chains = Chains({GPT: (Hop(MODEL), *rest)})
    endpoint = Endpoint("open", two.chat, ((b"authorization", b"Bearer open-key"),), chat=True)
    two.world = World(claims=(Claim(endpoint, ("claude-gpt*",)),), settings={"chains": chains})
    got = await two.ask(chat(n=2, logprobs=True))
    assert two.world.upstream.sent == []
    line = two.exchange
    if rest:
        assert (got.status, got.body, line.attempts) == (200, COMPLETION, 2)
        assert line.fallback == "upstream_status"
    else:
        assert (got.status, got.body) == (500, b'{"error":{"message":"down"}}')
        assert (line.outcome, line.model, line.fallback) == (Outcome.UPSTREAM_ERROR, GPT, None)
