"""Requests told in the other dialect: what is carried, what is left out, what is refused."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.chat.to_chat import to_chat
from tidegate.domain.chat.to_messages import DEFAULT_MAX_TOKENS, LEFT_OUT, to_messages
from tidegate.domain.errors import InvalidInput

PNG = "data:image/png;base64,iVBORw0KGgo="
DOCUMENT = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a clause"}}
PDF = "data:application/pdf;base64,JVBERi0="
CALL = {"id": "call_1", "type": "function", "function": {"name": "tide", "arguments": '{"place": "Dover"}'}}
SCHEMA = {"type": "object", "properties": {"place": {"type": "string"}}}


def crossed(request: dict) -> dict:
    top = msgspec.json.decode(msgspec.json.encode(request), type=dict[str, msgspec.Raw])
    body = to_messages(top)
    return {name: msgspec.json.decode(value) for name, value in body.items()}


def chat(request: dict, limit_name: str = "max_tokens") -> dict:
    return msgspec.json.decode(to_chat(msgspec.json.encode(request), limit_name=limit_name).body)


def asked(*messages: dict, **more: object) -> dict:
    return {"model": "m", "messages": list(messages), **more}


def user(content: object = "hi") -> dict:
    return {"role": "user", "content": content}


def text(words: str) -> dict:
    return {"type": "text", "text": words}


def test_system_messages_go_to_the_front_in_order() -> None:
    got = crossed(
        asked(
            {"role": "system", "content": "one"},
            user(),
            {"role": "developer", "content": [text("two"), text("")]},
            {"role": "assistant", "content": "yes"},
            user("more"),
        )
    )
    assert got["system"] == [text("one"), text("two")]
    assert got["messages"] == [
        user([text("hi")]),
        {"role": "assistant", "content": [text("yes")]},
        user([text("more")]),
    ]
    assert got["max_tokens"] == DEFAULT_MAX_TOKENS


def test_calls_and_results_become_blocks_in_neighbouring_turns() -> None:
    second = {**CALL, "id": "call_2"}
    got = crossed(
        asked(
            user(),
            {"role": "assistant", "content": None, "tool_calls": [CALL, second]},
            {"role": "tool", "tool_call_id": "call_2", "content": "5 m"},
            {"role": "tool", "tool_call_id": "call_1", "content": [text("6 m")]},
            user("and now?"),
        )
    )
    assert got["messages"][1]["content"] == [
        {"type": "tool_use", "id": name, "name": "tide", "input": {"place": "Dover"}}
        for name in ("call_1", "call_2")
    ]
    assert got["messages"][2] == user(
        [
            {"type": "tool_result", "tool_use_id": "call_2", "content": "5 m"},
            {"type": "tool_result", "tool_use_id": "call_1", "content": [text("6 m")]},
            text("and now?"),
        ]
    )
    assert len(got["messages"]) == 3


def test_images_files_and_cache_breakpoints() -> None:
    got = crossed(
        asked(
            user(
                [
                    {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
                    {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
                    {"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}},
                    {**text("x"), "cache_control": {"type": "ephemeral"}},
                    {**text("y"), "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
                ]
            )
        )
    )
    image, linked, document, marked, long = got["messages"][0]["content"]
    assert image["source"] == {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    assert linked["source"] == {"type": "url", "url": "https://x.test/a.png"}
    assert document == {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
        "title": "a.pdf",
    }
    assert marked["cache_control"] == {"type": "ephemeral"}
    assert long["cache_control"] == {"type": "ephemeral", "ttl": "1h"}


@pytest.mark.parametrize(
    ("given_fields", "told"),
    [
        ({"stop": "x"}, {"stop_sequences": ["x"]}),
        ({"stop": ["x", "y"]}, {"stop_sequences": ["x", "y"]}),
        ({"max_tokens": 5}, {"max_tokens": 5}),
        ({"max_completion_tokens": 5}, {"max_tokens": 5}),
        ({"user": "ann"}, {"metadata": {"user_id": "ann"}}),
        ({"temperature": 1, "top_p": 0.5}, {"temperature": 1, "top_p": 0.5}),
        ({"reasoning_effort": "high"}, {"output_config": {"effort": "high"}}),
        ({"reasoning_effort": "minimal"}, {"output_config": {"effort": "low"}}),
        ({"reasoning_effort": "none"}, {}),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}},
            {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        ),
        ({"response_format": {"type": "text"}}, {}),
        ({"n": 1, "logprobs": False, "frequency_penalty": 0, "presence_penalty": 0.0, "logit_bias": {}}, {}),
        ({"modalities": ["text"]}, {}),
        ({"thinking": {"type": "adaptive"}, "top_k": 4}, {"thinking": {"type": "adaptive"}, "top_k": 4}),
        ({"n": None, "tools": None, "stop": None, "user": None}, {}),
        ({"stream": True, "stream_options": {"include_usage": True}}, {"stream": True}),
    ],
)
def test_fields_and_their_counterparts(given_fields: dict, told: dict) -> None:
    got = crossed(asked(user(), **given_fields))
    rest = {key: got[key] for key in got if key not in ("model", "messages")}
    assert rest == {"max_tokens": DEFAULT_MAX_TOKENS, **told}


def test_hints_are_left_out() -> None:
    assert crossed(asked(user(), **dict.fromkeys(LEFT_OUT, "x"))) == crossed(asked(user()))


TOOL = {
    "type": "function",
    "function": {"name": "tide", "description": "d", "parameters": SCHEMA, "strict": True},
}


@pytest.mark.parametrize(
    ("given_fields", "choice"),
    [
        ({}, None),
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "none"}, {"type": "none"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        (
            {"tool_choice": {"type": "function", "function": {"name": "tide"}}},
            {"type": "tool", "name": "tide"},
        ),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        (
            {"parallel_tool_calls": False, "tool_choice": "required"},
            {"type": "any", "disable_parallel_tool_use": True},
        ),
        ({"parallel_tool_calls": False, "tool_choice": "none"}, {"type": "none"}),
        ({"parallel_tool_calls": True}, None),
    ],
)
def test_tools_and_the_choice_among_them_go_there_and_back(given_fields: dict, choice: dict | None) -> None:
    request = asked(user(), tools=[TOOL, {"type": "function", "function": {"name": "bare"}}], **given_fields)
    got = crossed(request)
    assert got["tools"] == [
        {"name": "tide", "description": "d", "input_schema": SCHEMA, "strict": True},
        {"name": "bare", "input_schema": {"type": "object", "properties": {}}},
    ]
    assert got.get("tool_choice") == choice
    back = chat(got)
    assert back["tools"][0] == TOOL
    if given_fields.get("tool_choice"):
        assert back["tool_choice"] == given_fields["tool_choice"]
    assert back.get("parallel_tool_calls") is (
        False if choice and "disable_parallel_tool_use" in choice else None
    )


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (asked(user(), n=2), "^n: the Messages API gives one"),
        (asked(user(), temperature=1.5), "^temperature: the Messages API takes 0 to 1"),
        (asked(user(), logprobs=True), "^logprobs: "),
        (asked(user(), logit_bias={"5": 1}), "^logit_bias: "),
        (asked(user(), audio={"voice": "x"}), "^audio: "),
        (asked(user(), modalities=["text", "audio"]), "^modalities: "),
        (asked(user(), functions=[]), "^functions: .*`tools`"),
        (asked(user(), guided_json={}), "^guided_json: "),
        (asked(user(), response_format={"type": "json_object"}), "^response_format: only"),
        (asked(user(), response_format={"type": "json_schema"}), r"^response_format\.json_schema\.schema"),
        (asked(user(), tools=[{"type": "custom", "custom": {"name": "x"}}]), r"^tools\.0: .* custom"),
        (asked(user(), tool_choice="required"), "^tool_choice: .*`tools`"),
        (asked(user(), tools=[TOOL], tool_choice="maybe"), "^tool_choice: 'maybe'"),
        (asked(user(), tools=[TOOL], tool_choice={"type": "allowed_tools"}), "^tool_choice: .*allowed_tools"),
        (asked(user([{"type": "input_audio", "input_audio": {}}])), r"^messages\.0\.content\.0: "),
        (asked(user([{"type": "file", "file": {"file_id": "f"}}])), r"^messages\.0\.content\.0: "),
        (asked(user([{"type": "image_url"}])), r"image_url: Field required"),
        (asked(user([{"type": "image_url", "image_url": {"url": "file:///x"}}])), "neither a data: URL"),
        (asked({"role": "function", "name": "f", "content": "x"}), "^messages.0: the role 'function'"),
        (asked({"role": "assistant", "audio": {"id": "a"}}), r"^messages\.0\.audio"),
        (asked({"role": "tool", "content": "x"}), r"^messages\.0\.tool_call_id: Field required"),
        (asked({"role": "tool", "tool_call_id": "c", "content": "x"}), "c answers no call"),
        (asked(user(), {"role": "assistant", "tool_calls": [CALL]}), "there is none for call_1"),
        (asked(user(), {"role": "assistant", "tool_calls": [CALL]}, user()), r"^messages\.2: .*call_1"),
        (asked({"role": "assistant", "tool_calls": [CALL, CALL]}), "the id of two calls"),
        (
            asked(
                {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "t", "arguments": "{"}}]}
            ),
            r"arguments: not a JSON object",
        ),
        (asked(user(3)), r"^messages\.0: "),
        (asked(user(), stop=4), "^stop: "),
        (asked(user(), user=4), "^user: "),
        (asked(user(), max_tokens="x"), "^max_tokens: "),
        ({"model": "m", "messages": "x"}, "^messages: "),
    ],
)
def test_what_has_no_counterpart_or_is_wrong_is_refused_with_its_place(request_: dict, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        crossed(request_)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"model": "m", "messages": [user()]}, "^max_tokens: Field required"),
        ({"messages": [user()], "max_tokens": 1}, "^model: Field required"),
        (asked(user(), max_tokens=1, container="c"), "^container: "),
        (asked(user(), max_tokens=1, mcp_servers=[]), "^mcp_servers: "),
        (asked(user(), max_tokens=1, future=1), "^future: "),
        (asked(user(), {"role": "assistant", "content": "I"}, max_tokens=1), r"^messages\.1: a half-written"),
        (asked(user([{"type": "server_tool_use", "id": "x"}]), max_tokens=1), r"^messages\.0\.content\.0: "),
        (
            asked(user([{"type": "image", "source": {"type": "file", "file_id": "f"}}]), max_tokens=1),
            "known to Anthropic alone",
        ),
        (asked(user(), max_tokens=1, tools=[{"type": "bash_20250124", "name": "bash"}]), r"^tools\.0: bash_"),
        (asked(user(), max_tokens=1, tidegate_chat={"fields": {"n": 2}}), "^tidegate_chat: "),
        (asked(user(), max_tokens=1, tools=[{"type": "tidegate_chat", "tool": {}}]), r"^tools\.0: "),
        (
            asked(user(), max_tokens=1, tool_choice={"type": "tidegate_chat", "choice": "auto"}),
            "^tool_choice: ",
        ),
        (asked(user([{"type": "tidegate_chat", "part": {}}]), max_tokens=1), r"^messages\.0\.content\.0: "),
        (asked({**user(), "name": "ann"}, max_tokens=1), r"^messages\.0\.name: has no counterpart"),
        (
            asked(user(), {"role": "assistant", "content": "I", "prefix": True}, max_tokens=1),
            r"^messages\.1\.prefix: ",
        ),
        (
            asked(user([{**DOCUMENT, "context": "of 2024"}]), max_tokens=1),
            r"^messages\.0\.content\.0\.context: a document's context",
        ),
        (
            asked(user([{**DOCUMENT, "citations": {"enabled": True}}]), max_tokens=1),
            r"^messages\.0\.content\.0\.citations: citations have no counterpart",
        ),
        (asked(user([{**DOCUMENT, "citations": 5}]), max_tokens=1), r"^messages\.0\.content\.0\.citations: "),
        (asked(user(), max_tokens=1, output_config={"format": {"type": "grammar", "schema": {}}}), "grammar"),
    ],
)
def test_a_messages_request_that_chat_completions_cannot_carry(request_: dict, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        chat(request_)


@pytest.mark.parametrize(
    "block",
    [
        DOCUMENT,
        {**DOCUMENT, "context": None, "citations": {"enabled": False}},
        {**DOCUMENT, "citations": None},
    ],
)
def test_a_document_that_asks_for_nothing_more_is_its_text(block: dict) -> None:
    assert chat(asked(user([block]), max_tokens=1))["messages"] == [user("a clause")]


def test_what_an_earlier_answer_cited_is_its_own() -> None:
    said = {**text("so it is"), "citations": [{"type": "char_location", "cited_text": "a"}]}
    turns = [user(), {"role": "assistant", "content": [said]}, user("more")]
    assert chat(asked(*turns, max_tokens=1))["messages"][1] == {"role": "assistant", "content": "so it is"}


def test_a_messages_request_in_chat_completions_terms() -> None:
    got = chat(
        {
            "model": "m",
            "max_tokens": 9,
            "system": [text("one"), {**text("two"), "cache_control": {"type": "ephemeral"}}],
            "stream": True,
            "stop_sequences": ["x"],
            "metadata": {"user_id": "ann"},
            "thinking": {"type": "enabled", "budget_tokens": 4000},
            "service_tier": "auto",
            "messages": [
                user([text("see"), {"type": "image", "source": {"type": "url", "url": "https://x"}}]),
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "hm", "signature": "s"},
                        text("I ask."),
                        {"type": "tool_use", "id": "t1", "name": "tide", "input": {"a": 1}},
                    ],
                },
                user(
                    [
                        {
                            "type": "tool_result",
                            "tool_use_id": "t1",
                            "is_error": True,
                            "content": [
                                text("gone"),
                                {
                                    "type": "image",
                                    "source": {"type": "base64", "media_type": "image/png", "data": "AA"},
                                },
                            ],
                        },
                        text("well?"),
                    ]
                ),
            ],
        },
        "max_completion_tokens",
    )
    assert got == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "one\n\ntwo"},
            user([text("see"), {"type": "image_url", "image_url": {"url": "https://x"}}]),
            {
                "role": "assistant",
                "content": "I ask.",
                "tool_calls": [
                    {"id": "t1", "type": "function", "function": {"name": "tide", "arguments": '{"a":1}'}}
                ],
            },
            {"role": "tool", "tool_call_id": "t1", "content": "Error: gone"},
            user([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}, text("well?")]),
        ],
        "stream": True,
        "stop": ["x"],
        "user": "ann",
        "reasoning_effort": "medium",
        "max_completion_tokens": 9,
        "stream_options": {"include_usage": True},
    }


WORDS = st.text('aé€😀"\\\n {}', min_size=1, max_size=8)
IDS = st.text("abc_-09", min_size=1, max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=3,
)
PLAIN_USER = st.builds(user, WORDS)
ASSISTANT = st.fixed_dictionaries({"role": st.just("assistant"), "content": WORDS})


@st.composite
def calling(draw: st.DrawFn) -> list[dict]:
    """An assistant message with calls, and the messages that answer them."""
    ids = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
    calls = [
        {
            "id": each,
            "type": "function",
            "function": {
                "name": "t",
                "arguments": msgspec.json.encode(draw(st.dictionaries(WORDS, JSON, max_size=2))).decode(),
            },
        }
        for each in ids
    ]
    answers = [
        {"role": "tool", "tool_call_id": each, "content": draw(WORDS)} for each in draw(st.permutations(ids))
    ]
    return [{"role": "assistant", "content": draw(st.none() | WORDS), "tool_calls": calls}, *answers]


@st.composite
def conversations(draw: st.DrawFn, said: st.SearchStrategy[dict]) -> list[dict]:
    """System messages, then turns that alternate and end with the user's."""
    messages = [{"role": "developer", "content": draw(WORDS)}] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(0, 2))):
        messages.append(draw(said))
        messages.extend(draw(calling()) if draw(st.booleans()) else [draw(ASSISTANT)])
    return [*messages, draw(said)]


def normal(request: dict) -> dict:
    """A lone text part means what the string means; arguments are compared as JSON."""
    made = msgspec.json.decode(msgspec.json.encode(request))
    for message in made["messages"]:
        content = message.get("content")
        if isinstance(content, list) and len(content) == 1 and set(content[0]) == {"type", "text"}:
            message["content"] = content[0]["text"]
        for call in message.get("tool_calls") or ():
            call["function"]["arguments"] = msgspec.json.decode(call["function"]["arguments"])
    return made


@given(conversations(PLAIN_USER))
def test_a_transcript_keeps_its_meaning_there_and_back(messages: list[dict]) -> None:
    back = chat(crossed(asked(*messages)))["messages"]
    expected = [{**each, "role": "system"} if each["role"] == "developer" else each for each in messages]
    assert normal({"messages": back}) == normal({"messages": expected})


@given(st.binary(max_size=60) | st.builds(msgspec.json.encode, JSON))
def test_no_body_breaks_the_translator(body: bytes) -> None:
    with suppress(InvalidInput):
        to_chat(body, limit_name="max_tokens")
    try:
        messages = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    with suppress(InvalidInput):
        crossed(asked(messages) if isinstance(messages, dict) else {"model": "m", "messages": messages})
