"""What the emulator refuses, and in which words."""

import json

import pytest

from tidegate.harness.emulator.refusal import Refusal
from tidegate.harness.emulator.validation import Dialect, read_messages_request, read_prompt

OLD = Dialect("2023-06-01")
NEW = Dialect("2026-10-21")

TOOL = {"name": "get_weather", "input_schema": {"type": "object", "properties": {}}}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny"}
SHORT = {"type": "ephemeral"}
LONG = {"type": "ephemeral", "ttl": "1h"}


def request(**fields):
    whole = {
        "model": "claude-haiku-4-5",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": "hello"}],
        **fields,
    }
    return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()


def user(*content):
    return {"role": "user", "content": list(content)}


def assistant(*content):
    return {"role": "assistant", "content": list(content)}


def text(value="hi", **fields):
    return {"type": "text", "text": value, **fields}


BAD = {
    "no model": (request(model=None), "model: Field required"),
    "model of a wrong type": (request(model=5), "model: Input should be a valid string"),
    "no max_tokens": (request(max_tokens=None), "max_tokens: Field required"),
    "negative max_tokens": (
        request(max_tokens=-1),
        "max_tokens: Input should be greater than or equal to 0",
    ),
    "max_tokens is a boolean": (request(max_tokens=True), "max_tokens: Input should be a valid integer"),
    "max_tokens in quotes": (request(max_tokens="10"), "max_tokens: Input should be a valid integer"),
    "no messages": (request(messages=None), "messages: Field required"),
    "messages empty": (request(messages=[]), "messages: at least one message is required"),
    "messages no array": (request(messages="hi"), "messages: Input should be a valid array"),
    "unknown field": (request(colour="red"), "colour: Extra inputs are not permitted"),
    "beta field without the beta": (
        request(mcp_servers=[]),
        "mcp_servers: Extra inputs are not permitted",
    ),
    "unknown role": (
        request(messages=[{"role": "bot", "content": "x"}]),
        "messages.0.role: Input should be 'user', 'assistant' or 'system'",
    ),
    "unknown field in a message": (
        request(messages=[{"role": "user", "content": "x", "name": "y"}]),
        "messages.0.name: Extra inputs are not permitted",
    ),
    "assistant first": (
        request(messages=[{"role": "assistant", "content": "x"}]),
        'messages: first message must use the "user" role',
    ),
    "empty content": (request(messages=[user()]), "messages.0: all messages must have non-empty content"),
    "empty text": (request(messages=[user(text(""))]), "messages: text content blocks must be non-empty"),
    "empty system text": (request(system=[text("")]), "system: text content blocks must be non-empty"),
    "content a number": (
        request(messages=[{"role": "user", "content": 3}]),
        "messages.0.content: Input should be a valid array",
    ),
    "unknown block": (
        request(messages=[user({"type": "song"})]),
        "messages.0.content.0: Input tag 'song' found using 'type'",
    ),
    "text without text": (
        request(messages=[user({"type": "text"})]),
        "messages.0.content.0.text.text: Field required",
    ),
    "trailing whitespace in a prefill": (
        request(messages=[user(text()), {"role": "assistant", "content": "So "}]),
        "messages: final assistant content cannot end with trailing whitespace",
    ),
    "temperature over 1": (
        request(temperature=1.5),
        "temperature: Input should be less than or equal to 1",
    ),
    "temperature under 0": (
        request(temperature=-0.1),
        "temperature: Input should be greater than or equal to 0",
    ),
    "blank stop sequence": (
        request(stop_sequences=["x", " "]),
        "stop_sequences.1: each stop sequence must contain non-whitespace",
    ),
    "tool without schema": (
        request(tools=[{"name": "t"}]),
        "tools.0.custom.input_schema: Field required",
    ),
    "tool schema of another type": (
        request(tools=[{"name": "t", "input_schema": {"type": "array"}}]),
        "tools.0.custom.input_schema.type: Input should be 'object'",
    ),
    "tool name with a blank": (
        request(tools=[{**TOOL, "name": "a b"}]),
        "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ),
    "tool names twice": (request(tools=[TOOL, TOOL]), "tools: Tool names must be unique."),
    "choice of an unknown tool": (
        request(tools=[TOOL], tool_choice={"type": "tool", "name": "other"}),
        "tool_choice: Tool 'other' not found in provided tools",
    ),
    "choice without tools": (
        request(tool_choice={"type": "any"}),
        "tool_choice: tool_choice may only be specified while providing tools",
    ),
    "unknown choice": (
        request(tools=[TOOL], tool_choice={"type": "maybe"}),
        "tool_choice: Input tag 'maybe'",
    ),
    "call without result": (
        request(messages=[user(text()), assistant(CALL), user(text())], tools=[TOOL]),
        "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1.",
    ),
    "call at the end": (
        request(messages=[user(text()), assistant(CALL)], tools=[TOOL]),
        "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1.",
    ),
    "text before the result": (
        request(messages=[user(text()), assistant(CALL), user(text(), RESULT)], tools=[TOOL]),
        "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1.",
    ),
    "result without call": (
        request(messages=[user(RESULT)]),
        "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1.",
    ),
    "result twice": (
        request(messages=[user(text()), assistant(CALL), user(RESULT, RESULT)], tools=[TOOL]),
        "messages.2.content.1: each tool_use must have a single result.",
    ),
    "same call id twice": (
        request(messages=[user(text()), assistant(CALL, CALL), user(RESULT)], tools=[TOOL]),
        "messages.1: `tool_use` ids must be unique",
    ),
    "call by the user": (
        request(messages=[user(CALL)]),
        "messages.0.content.0: `tool_use` blocks can only be in `assistant` messages",
    ),
    "five breakpoints": (
        request(
            tools=[{**TOOL, "cache_control": SHORT}],
            system=[text(cache_control=SHORT), text(cache_control=SHORT)],
            messages=[user(text(cache_control=SHORT), text(cache_control=SHORT))],
        ),
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    "the top-level breakpoint counts": (
        request(
            cache_control=SHORT,
            messages=[user(*(text(str(n), cache_control=SHORT) for n in range(4)))],
        ),
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    "breakpoints inside a tool result count": (
        request(
            messages=[
                user(*(text(str(n), cache_control=SHORT) for n in range(4))),
                assistant(CALL),
                user({**RESULT, "content": [text(cache_control=SHORT)]}),
            ]
        ),
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    "an hour after five minutes": (
        request(
            tools=[{**TOOL, "cache_control": SHORT}],
            messages=[user(text(), text(cache_control=LONG))],
        ),
        "messages.0.content.1.cache_control.ttl: a ttl='1h' cache_control block must not come after a"
        " ttl='5m' cache_control block.",
    ),
    "unknown lifetime": (
        request(system=[text(cache_control={"type": "ephemeral", "ttl": "2h"})]),
        "system.0.cache_control.ttl: Input should be '5m' or '1h'",
    ),
    "long user id": (
        request(metadata={"user_id": "x" * 257}),
        "metadata.user_id: String should have at most 256 characters",
    ),
    "thinking budget over max_tokens": (
        request(max_tokens=1024, thinking={"type": "enabled", "budget_tokens": 1024}),
        "`max_tokens` must be greater than `thinking.budget_tokens`.",
    ),
    "small thinking budget": (
        request(thinking={"type": "enabled", "budget_tokens": 5}),
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ),
    "cut JSON": (b'{"model": "claude', "The request body is not valid JSON: "),
    "no JSON": (b"hello", "The request body is not valid JSON: "),
    "no UTF-8": (b'{"model": "\xff"}', "The request body is not valid JSON: "),
    "half a surrogate": (b'{"model": "\\ud800"}', "The request body is not valid JSON: "),
    "an array": (b"[]", "Input should be an object"),
    "nothing": (b"", "The request body is not valid JSON: "),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_refused_in_the_style_of_the_api(name):
    body, message = BAD[name]
    with pytest.raises(Refusal) as refusal:
        read_messages_request(body, OLD)
    assert refusal.value.status == 400
    assert refusal.value.message.startswith(message)


GOOD = {
    "plain": request(),
    "blocks": request(messages=[user(text(), text())]),
    "a system message after the user's": request(
        messages=[user(text()), {"role": "system", "content": "Be brief."}]
    ),
    "an empty final assistant turn": request(messages=[user(text()), {"role": "assistant", "content": ""}]),
    "tool turns": request(
        messages=[user(text()), assistant(text(), CALL), user(RESULT, text())], tools=[TOOL]
    ),
    "results spread over two user messages": request(
        messages=[
            user(text()),
            assistant(CALL, {**CALL, "id": "toolu_2"}),
            user(RESULT),
            user({**RESULT, "tool_use_id": "toolu_2"}),
        ]
    ),
    "four breakpoints, long before short": request(
        tools=[{**TOOL, "cache_control": LONG}],
        system=[text(cache_control=LONG)],
        messages=[user(text(cache_control=SHORT))],
        cache_control=SHORT,
    ),
    "a server tool": request(tools=[{"type": "web_search_20250305", "name": "web_search", "max_uses": 2}]),
    "a skill in a container": request(
        container={"skills": [{"type": "anthropic", "skill_id": "pdf", "version": "20251013"}]},
        tools=[{"type": "code_execution_20250825", "name": "code_execution"}],
    ),
    "an image": request(
        messages=[user({"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}})]
    ),
    "cache warming": request(max_tokens=0),
    "sampling": request(temperature=0, top_p=0.5, top_k=3),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_request_is_accepted(name):
    assert read_messages_request(GOOD[name], OLD).model == "claude-haiku-4-5"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (request(temperature=1), "temperature: Extra inputs are not permitted"),
        (request(top_k=None, top_p=0.9), "top_p: Extra inputs are not permitted"),
        (
            request(
                messages=[
                    user(text()),
                    assistant({"type": "document", "source": {"type": "text"}}),
                    user(text()),
                ]
            ),
            "messages.1.content.0: `document` blocks are not allowed",
        ),
        (
            request(messages=[user(text(citations=[{"type": "char_location"}]))]),
            "messages.0.content.0.citations: not allowed",
        ),
    ],
)
def test_the_newer_api_version_refuses_what_the_older_takes(body, message):
    read_messages_request(body, OLD)
    with pytest.raises(Refusal, match=message):
        read_messages_request(body, NEW)


def test_a_beta_header_opens_beta_fields():
    beta = Dialect("2023-06-01", frozenset({"some-beta"}))
    assert read_messages_request(request(mcp_servers=[]), beta).mcp_servers == []


@pytest.mark.parametrize("field", ["max_tokens", "stream", "metadata"])
def test_counting_tokens_refuses_what_only_a_message_has(field):
    values = {"max_tokens": 5, "stream": True, "metadata": {}}
    body = request(max_tokens=None, **({} if field == "max_tokens" else {field: values[field]}))
    if field == "max_tokens":
        body = request()
    with pytest.raises(Refusal, match=f"{field}: Extra inputs are not permitted"):
        read_prompt(body, OLD)
