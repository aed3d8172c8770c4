"""Answers told in the other dialect: whole ones, streams, and that both say the same."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.chat.answer_to_chat import answer_to_chat
from tidegate.domain.chat.answer_to_messages import answer_to_messages
from tidegate.domain.chat.errors import error_to_chat, error_to_messages
from tidegate.domain.chat.names import chat_id, message_id
from tidegate.domain.chat.stream_to_chat import ChatStream
from tidegate.domain.chat.stream_to_messages import MessageStream
from tidegate.domain.chat.unreadable import Unreadable

USAGE = {"prompt_tokens": 30, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 10}}


def completion(message: dict, finish: str | None = "stop", **more: object) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    choice |= more.pop("choice", {})
    return msgspec.json.encode(
        {"id": "chatcmpl-1", "model": "m", "choices": [choice], "usage": USAGE, **more}
    )


def as_message(body: bytes, *, thinking: bool = False) -> dict:
    return msgspec.json.decode(answer_to_messages(body, model="asked", thinking=thinking, fallback_id="none"))


def chunk(delta: dict | None = None, finish: str | None = None, **more: object) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    data = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m", "choices": choices, **more}
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


DONE = b"data: [DONE]\n\n"
ROLE = chunk({"role": "assistant", "content": ""})
STOP = chunk({}, "stop")


def events(*pieces: bytes, thinking: bool = False, closed: bool = False) -> list[dict]:
    stream = MessageStream(model="asked", thinking=thinking, fallback_id="none")
    out = b"".join(stream.feed(piece) for piece in pieces)
    if closed:
        out += stream.end()
    found = []
    for block in out.split(b"\n\n"):
        if block:
            name, data = block.split(b"\n")
            found.append(msgspec.json.decode(data.removeprefix(b"data: ")))
            assert name == b"event: " + found[-1]["type"].encode()
    return found


def final(found: list[dict]) -> dict:
    """The message that a stream's events amount to, put together as the SDK does."""
    message = dict(found[0]["message"])
    blocks: list[dict] = []
    arguments: dict[int, str] = {}
    for event in found[1:]:
        match event["type"]:
            case "content_block_start":
                assert event["index"] == len(blocks)
                blocks.append(dict(event["content_block"]))
            case "content_block_delta":
                delta = event["delta"]
                kind = delta["type"].removesuffix("_delta")
                if kind == "input_json":
                    arguments[event["index"]] = arguments.get(event["index"], "") + delta["partial_json"]
                else:
                    blocks[event["index"]][kind] += delta[kind]
            case "message_delta":
                message |= event["delta"]
                message["usage"] = event["usage"]
    for index, made in arguments.items():
        blocks[index]["input"] = msgspec.json.decode(made)
    return {**message, "content": blocks}


def test_a_completion_as_a_message() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "tide", "arguments": '{"a": 1}'}}
    got = as_message(completion({"content": "hi", "tool_calls": [call]}, "tool_calls"))
    assert got == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "text", "text": "hi"},
            {"type": "tool_use", "id": "call_1", "name": "tide", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 20,
            "output_tokens": 5,
            "cache_read_input_tokens": 10,
            "cache_creation_input_tokens": 0,
        },
    }


@pytest.mark.parametrize(
    ("body", "reason", "sequence"),
    [
        (completion({"content": "x"}), "end_turn", None),
        (completion({"content": "x"}, "length"), "max_tokens", None),
        (completion({"content": "x"}, "content_filter"), "refusal", None),
        (completion({"content": "x"}, None), "end_turn", None),
        (completion({"content": None, "refusal": "no"}), "refusal", None),
        (completion({"content": "x"}, choice={"stop_reason": "END"}), "stop_sequence", "END"),
        (completion({"content": "x"}, choice={"stop_reason": 128009}), "end_turn", None),
        (
            completion({"tool_calls": [{"function": {"name": "f", "arguments": ""}}]}, "stop"),
            "tool_use",
            None,
        ),
    ],
)
def test_reasons_to_stop(body: bytes, reason: str, sequence: str | None) -> None:
    got = as_message(body)
    assert (got["stop_reason"], got["stop_sequence"]) == (reason, sequence)


def test_reasoning_is_shown_to_who_asked_for_thinking_alone() -> None:
    for key in ("reasoning_content", "reasoning"):
        body = completion({"content": "x", key: "hm"})
        assert [block["type"] for block in as_message(body)["content"]] == ["text"]
        assert as_message(body, thinking=True)["content"][0] == {
            "type": "thinking",
            "thinking": "hm",
            "signature": "",
        }


def test_what_servers_leave_out() -> None:
    bare = msgspec.json.encode({"choices": [{"message": {"content": "hi"}}]})
    got = as_message(bare)
    assert (got["id"], got["model"]) == ("msg_none", "asked")
    assert got["usage"] == {"input_tokens": 0, "output_tokens": 0, "tidegate_unreported": True}
    calls = [{"function": {"name": "f", "arguments": ""}}, {"function": {"name": "f", "arguments": "{}"}}]
    content = as_message(msgspec.json.encode({"id": "a-b", "choices": [{"message": {"tool_calls": calls}}]}))[
        "content"
    ]
    assert [block["id"] for block in content] == ["call_ab_0", "call_ab_1"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"choices":[]}',
        b'{"choices":[{}]}',
        b'{"choices":[{"message":{"content":5}}]}',
        completion({"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{broken"}}]}),
        completion({"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "[1]"}}]}),
    ],
)
def test_an_answer_that_is_none_is_no_answer(body: bytes) -> None:
    with pytest.raises(Unreadable):
        as_message(body)


def test_usage_in_an_unknown_shape_is_unreported_and_no_failure() -> None:
    assert "tidegate_unreported" in as_message(completion({"content": "x"}, usage="free"))["usage"]


def test_a_stream_has_the_messages_apis_true_order() -> None:
    found = events(ROLE, chunk({"content": "he"}), chunk({"content": "llo"}), STOP, chunk(usage=USAGE), DONE)
    assert [event["type"] for event in found] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert found[0]["message"]["usage"]["tidegate_unreported"]
    assert final(found)["content"] == [{"type": "text", "text": "hello"}]
    assert found[-2]["usage"]["input_tokens"] == 20


def test_calls_in_fragments_become_blocks_one_after_another() -> None:
    def piece(index: int | None, **call: object) -> bytes:
        return chunk({"tool_calls": [{**({} if index is None else {"index": index}), **call}]})

    found = events(
        ROLE,
        chunk({"content": "I ask."}),
        piece(0, id="a", function={"name": "f", "arguments": ""}),
        piece(0, function={"arguments": '{"x'}),
        piece(0, id="a", function={"arguments": '": 1}'}),
        piece(1, id="b", function={"name": "g", "arguments": "{}"}),
        chunk({}, "tool_calls"),
        DONE,
    )
    got = final(found)
    assert got["content"] == [
        {"type": "text", "text": "I ask."},
        {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
        {"type": "tool_use", "id": "b", "name": "g", "input": {}},
    ]
    assert got["stop_reason"] == "tool_use"
    # servers that number no call, or all of them alike
    for index in (None, 0):
        found = events(
            ROLE,
            piece(index, id="a", function={"name": "f", "arguments": '{"x":1}'}),
            piece(index, id="b", function={"name": "g", "arguments": "{}"}),
            STOP,
            DONE,
        )
        assert [block["id"] for block in final(found)["content"]] == ["a", "b"]


def test_going_back_to_a_call_that_has_ended_is_unreadable() -> None:
    first = {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}}]}
    second = {"tool_calls": [{"index": 1, "id": "b", "function": {"name": "f", "arguments": "{}"}}]}
    back = {"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]}
    with pytest.raises(Unreadable, match="tool call 0"):
        events(chunk(first), chunk(second), chunk(back))


def test_streams_that_leave_things_out() -> None:
    assert final(events(ROLE, chunk({"content": "x"}, "stop"), closed=True))["stop_reason"] == "end_turn"
    last = chunk({"content": "x"}, "stop").rstrip()
    assert final(events(last, closed=True))["content"] == [{"type": "text", "text": "x"}]
    assert final(events(ROLE, chunk({"content": "x"}), DONE))["stop_reason"] == "end_turn"
    assert (
        events(b": comment\n\n", b"data: " + b'{"choices":[]}' + b"\r\n\r\n")[0]["message"]["id"]
        == "msg_none"
    )
    assert final(events(ROLE, STOP, DONE))["content"] == []


@pytest.mark.parametrize(
    "pieces",
    [(), (b"garbage",), (ROLE,), (ROLE, chunk({"content": "x"}))],
    ids=["none", "garbage", "role", "text"],
)
def test_a_stream_that_broke_off_is_unreadable(pieces: tuple[bytes, ...]) -> None:
    with pytest.raises(Unreadable):
        events(*pieces, closed=True)


def test_a_chunk_that_cannot_be_read_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        events(b"data: {oops\n\n")
    with pytest.raises(Unreadable):
        events(DONE)


def test_an_error_in_a_stream_is_its_end() -> None:
    found = events(ROLE, b'data: {"error":{"message":"boom","code":500}}\n\n', chunk({"content": "no"}), DONE)
    assert [event["type"] for event in found] == ["message_start", "error"]
    assert found[1]["error"] == {"type": "api_error", "message": "boom"}


WORDS = st.text('aé€😀"\\\n {}', min_size=1, max_size=20)
BLOCKS = st.lists(
    st.fixed_dictionaries({"kind": st.just("text"), "text": WORDS})
    | st.fixed_dictionaries({"kind": st.just("call"), "input": st.dictionaries(WORDS, WORDS, max_size=2)}),
    min_size=1,
    max_size=4,
)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[begin:end] for begin, end in pairwise(marks)]


def pieces_of(words: str, size: int) -> list[str]:
    return [words[place : place + size] for place in range(0, len(words), size)]


@given(WORDS, BLOCKS, st.integers(1, 9), st.lists(st.integers(0, 10_000), max_size=8))
def test_a_streamed_completion_amounts_to_the_whole_one(
    words: str, blocks: list[dict], size: int, places: list[int]
) -> None:
    """However the server cuts its text, and the network its bytes."""
    calls = [block for block in blocks if block["kind"] == "call"]
    encoded = [msgspec.json.encode(call["input"]).decode() for call in calls]
    data = ROLE + b"".join(chunk({"content": piece}) for piece in pieces_of(words, size))
    for index, arguments in enumerate(encoded):
        opening = {"index": index, "id": f"c{index}", "function": {"name": "f", "arguments": ""}}
        data += chunk({"tool_calls": [opening]})
        for piece in pieces_of(arguments, size):
            data += chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    finish = "tool_calls" if calls else "stop"
    data += chunk({}, finish) + chunk(usage=USAGE) + DONE
    whole = completion(
        {
            "content": words,
            "tool_calls": [
                {"id": f"c{index}", "function": {"name": "f", "arguments": arguments}}
                for index, arguments in enumerate(encoded)
            ],
        },
        finish,
    )
    assert final(events(*cut(data, places))) == as_message(whole)


def message_events(message: dict, size: int) -> bytes:
    """A message as the Messages API streams it."""

    def event(name: str, **data: object) -> bytes:
        return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode({"type": name, **data}))

    start = {**message, "content": [], "stop_reason": None, "usage": {**message["usage"], "output_tokens": 1}}
    out = event("message_start", message=start) + event("ping")
    for index, block in enumerate(message["content"]):
        kind = block["type"]
        opening = {**block, **({"input": {}} if kind == "tool_use" else {kind: ""})}
        out += event("content_block_start", index=index, content_block=opening)
        value = msgspec.json.encode(block["input"]).decode() if kind == "tool_use" else block[kind]
        name, field = ("input_json", "partial_json") if kind == "tool_use" else (kind, kind)
        for piece in pieces_of(value, size):
            out += event("content_block_delta", index=index, delta={"type": f"{name}_delta", field: piece})
        out += event("content_block_stop", index=index)
    out += event("message_delta", delta={"stop_reason": message["stop_reason"]}, usage=message["usage"])
    return out + event("message_stop")


def joined(data: bytes) -> dict:
    """The completion that a stream's chunks amount to."""
    *lines, done = [line for line in data.split(b"\n\n") if line and not line.startswith(b":")]
    assert done == b"data: [DONE]"
    chunks = [msgspec.json.decode(line.removeprefix(b"data: ")) for line in lines]
    said: dict = {"content": "", "reasoning_content": "", "tool_calls": []}
    finish = None
    for each in chunks:
        for choice in each["choices"]:
            delta = choice["delta"]
            for key in ("content", "reasoning_content"):
                said[key] += delta.get(key) or ""
            for call in delta.get("tool_calls", ()):
                if call["index"] == len(said["tool_calls"]):
                    said["tool_calls"].append(
                        {"id": call["id"], "name": call["function"]["name"], "arguments": ""}
                    )
                said["tool_calls"][call["index"]]["arguments"] += call["function"]["arguments"]
            finish = choice["finish_reason"] or finish
    return {
        "id": chunks[0]["id"],
        "model": chunks[0]["model"],
        "usage": chunks[-1]["usage"],
        "finish": finish,
        **said,
    }


MESSAGE_BLOCKS = st.lists(
    st.fixed_dictionaries({"type": st.just("text"), "text": WORDS})
    | st.fixed_dictionaries({"type": st.just("thinking"), "thinking": WORDS, "signature": st.just("s")})
    | st.fixed_dictionaries(
        {
            "type": st.just("tool_use"),
            "id": st.uuids().map(str),
            "name": st.just("f"),
            "input": st.dictionaries(WORDS, WORDS, min_size=1, max_size=2),
        }
    ),
    max_size=4,
)
REASONS = st.sampled_from(["end_turn", "max_tokens", "tool_use", "refusal", "pause_turn", "of_tomorrow"])
COUNTS = st.integers(0, 10_000)


@given(MESSAGE_BLOCKS, REASONS, COUNTS, st.integers(1, 9), st.lists(st.integers(0, 10_000), max_size=8))
def test_a_streamed_message_amounts_to_the_whole_one(
    blocks: list[dict], reason: str, count: int, size: int, places: list[int]
) -> None:
    usage = {"input_tokens": count, "cache_read_input_tokens": 3, "output_tokens": 8}
    message = {"id": "msg_1", "model": "m", "content": blocks, "stop_reason": reason, "usage": usage}
    whole = msgspec.json.decode(answer_to_chat(msgspec.json.encode(message), created=5))
    stream = ChatStream(created=5, include_usage=True)
    got = joined(b"".join(stream.feed(piece) for piece in cut(message_events(message, size), places)))
    said = whole["choices"][0]["message"]
    assert got["content"] == (said["content"] or "")
    assert got["reasoning_content"] == said.get("reasoning_content", "")
    assert got["tool_calls"] == [
        {"id": call["id"], **call["function"]} for call in said.get("tool_calls", ())
    ]
    assert (got["finish"], got["usage"]) == (whole["choices"][0]["finish_reason"], whole["usage"])
    assert (got["id"], got["model"]) == (whole["id"], whole["model"])
    assert whole["usage"]["prompt_tokens"] == count + 3


@given(st.text(max_size=20))
def test_ids_there_and_back(name: str) -> None:
    assert message_id(chat_id(f"msg_{name}")) == f"msg_{name}" or name.startswith("chatcmpl-")
    assert chat_id(message_id(f"chatcmpl-{name}")) == f"chatcmpl-{name}" or name.startswith("msg_")
    assert chat_id(chat_id(name)) == chat_id(name)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, b'{"error":{"message":"bad","type":"x","code":"y"}}', ("invalid_request_error", "bad")),
        (404, b'{"error":"no model"}', ("not_found_error", "no model")),
        (422, b'{"object":"error","message":"old vLLM","code":422}', ("invalid_request_error", "old vLLM")),
        (503, b"<html>away</html>", ("api_error", "<html>away</html>")),
        (500, b"", ("api_error", "the upstream gave no reason")),
        (429, b'{"error":{"message":null}}', ("rate_limit_error", '{"error":{"message":null}}')),
    ],
)
def test_errors_for_the_messages_api(status: int, body: bytes, said: tuple[str, str]) -> None:
    error = msgspec.json.decode(error_to_messages(status, body))["error"]
    assert (error["type"], error["message"]) == said


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, "invalid_request_error", None),
        (401, "invalid_request_error", "invalid_api_key"),
        (429, "rate_limit_error", "rate_limit_exceeded"),
        (529, "server_error", "overloaded"),
    ],
)
def test_errors_for_chat_completions(status: int, kind: str, code: str | None) -> None:
    body = b'{"type":"error","error":{"type":"x","message":"why"},"request_id":"req_1"}'
    error = msgspec.json.decode(error_to_chat(status, body))["error"]
    assert error == {"message": "why", "type": kind, "param": None, "code": code}
    assert msgspec.json.decode(error_to_chat(status, b"nginx"))["error"]["message"] == "nginx"
