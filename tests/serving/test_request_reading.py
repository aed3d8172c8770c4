"""Reading a request's body: what is taken from it, and what is refused with which words."""

import msgspec
import pytest
from gateway_parts import ask
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.errors import InvalidInput
from tidegate.serving.chat_request import read_chat_request
from tidegate.serving.request import read_request


def test_the_fields_serving_acts_on_are_read() -> None:
    body = msgspec.json.encode(
        ask(
            stream=True,
            metadata={"user_id": "u"},
            container={"skills": [{"type": "custom", "skill_id": "tidegate:a"}, {"skill_id": "pdf"}]},
        )
    )
    request = read_request(body)
    assert (request.model, request.stream, request.user_id, request.named) == (
        "claude-sonnet-4-5",
        True,
        "u",
        ("a",),
    )
    assert request.raw is body


def test_texts_are_those_of_user_text_blocks() -> None:
    content = [
        {"type": "text", "text": "one"},
        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "not mine"}]},
        {"type": "future", "text": {"odd": 1}},
        {"type": "text", "text": "tw\u00f6"},
    ]
    messages = [
        {"role": "user", "content": content},
        {"role": "assistant", "content": [{"type": "text", "text": "x"}]},
    ]
    turns = read_request(msgspec.json.encode(ask(messages=messages))).turns
    assert [(turn.role, turn.texts) for turn in turns] == [("user", ("one", "tw\u00f6")), ("assistant", ())]


@pytest.mark.parametrize("container", [None, "container_1", {"id": "c"}, {"skills": None}])
def test_a_container_without_our_skills_names_none(container: object) -> None:
    assert read_request(msgspec.json.encode(ask(container=container))).named == ()


BAD = {
    "empty": (b"", "not JSON"),
    "cut off": (b'{"model":"m"', "not JSON"),
    "trailing": (b"{} x", "not JSON"),
    "not an object": (b"[]", "must be a JSON object"),
    "nan": (b'{"model":NaN}', "not JSON"),
    "not utf-8": (b'{"model":"\xff"}', "not UTF-8: byte 10"),
    "twice": (b'{"model":"m","messages":[],"model":"n"}', "model: this key is in the body more than once"),
    "twice by escape": (b'{"system":"m","messages":[],"s\\u0079stem":"n"}', "system: this key"),
    "no model": (b'{"messages":[]}', "model: Field required"),
    "no messages": (b'{"model":"m"}', "messages: Field required"),
    "model a number": (b'{"model":1,"messages":[]}', "model: Expected `str`, got `int`"),
    "messages a string": (b'{"model":"m","messages":"hi"}', "messages: Expected `array`"),
    "message a string": (b'{"model":"m","messages":["hi"]}', "$[0]"),
    "no role": (b'{"model":"m","messages":[{"content":"x"}]}', "missing required field `role`"),
    "content a number": (b'{"model":"m","messages":[{"role":"user","content":1}]}', "$[0].content"),
    "text a number": (
        b'{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":1}]}]}',
        "messages.0.content.0.text: Expected `str`",
    ),
    "text null": (
        b'{"model":"m","messages":[{"role":"user","content":"a"},{"role":"user","content":'
        b'[{"type":"text","text":"b"},{"type":"text","text":null}]}]}',
        "messages.1.content.1.text: Expected `str`, got `null`",
    ),
    "stream a string": (b'{"model":"m","messages":[],"stream":"yes"}', "stream: Expected"),
    "metadata a list": (b'{"model":"m","messages":[],"metadata":[]}', "metadata: Expected"),
    "user_id a number": (b'{"model":"m","messages":[],"metadata":{"user_id":5}}', "$.user_id"),
    "container a number": (b'{"model":"m","messages":[],"container":5}', "container: Expected"),
    "model without end": (
        b'{"model":"%s","messages":[]}' % (b"m" * 257),
        "model: 257 characters are more than",
    ),
    "model with a NUL": (b'{"model":"a\\u0000","messages":[]}', "model: a name has no control"),
    "lone surrogate": (b'{"model":"\\ud800","messages":[]}', "not JSON"),
    "nested without end": (b'{"model":"m","messages":' + b"[" * 100_000, "nested"),
    "nested beyond measure": (
        b'{"model":"m","messages":[],"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "nested",
    ),
}


@pytest.mark.parametrize(("body", "words"), BAD.values(), ids=BAD.keys())
def test_a_bad_body_is_refused_with_what_is_wrong(body: bytes, words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_request(body)
    assert words in str(refused.value)


def test_a_chat_completions_model_has_the_same_bounds() -> None:
    with pytest.raises(InvalidInput, match="model: 257 characters"):
        read_chat_request(msgspec.json.encode({"model": "m" * 257, "messages": []}))
    assert len(read_chat_request(msgspec.json.encode({"model": "m" * 256, "messages": []})).model) == 256


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:model\\u0123 ', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        read_request(body)
    except InvalidInput as refusal:
        assert str(refusal)
