"""What the emulated model says: the same for the same request and seed, steered by directives."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.harness.emulator.answer import Author, TextOut, ThinkingOut, ToolUseOut, out_tokens
from tidegate.harness.emulator.example import example
from tidegate.harness.emulator.profile import OutputLength
from tidegate.harness.emulator.refusal import Refusal
from tidegate.harness.emulator.schema import MessagesRequest
from tidegate.harness.emulator.script import last_user_text, read_script
from tidegate.harness.emulator.tokens import text_tokens

AUTHOR = Author(7, OutputLength())
TOOLS = [
    {
        "name": "get_weather",
        "input_schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 3}},
            "required": ["city", "days"],
        },
    },
    {"name": "send_mail", "input_schema": {"type": "object"}},
]


def ask(text="hello", author=AUTHOR, **fields):
    request = MessagesRequest.model_validate(
        {
            "model": "claude-haiku-4-5",
            "max_tokens": 500,
            "messages": [{"role": "user", "content": text}],
            **fields,
        }
    )
    script = read_script(last_user_text(request.messages))
    return author.answer(request, script, lambda prefix: prefix + "1")


def calls(answer):
    return [(block.name, block.input) for block in answer.content if isinstance(block, ToolUseOut)]


def test_the_same_request_gets_the_same_answer():
    assert ask("one") == ask("one", author=Author(7, OutputLength()))


def test_another_text_or_seed_gets_another_answer():
    answers = [ask("one"), ask("two"), ask("one", author=Author(8, OutputLength()))]
    assert len({answer.content for answer in answers}) == 3


def test_system_prompt_and_model_do_not_change_the_answer():
    assert ask() == ask(system="Be brief.", model="claude-opus-4-1")


@given(st.text(min_size=1, max_size=50), st.integers(1, 300))
def test_an_answer_keeps_to_max_tokens_and_its_length_is_its_text(text, limit):
    answer = ask("[[tokens: 120]] " + text.replace("[[", ""), max_tokens=limit)
    assert answer.tokens == min(limit, 120)
    assert answer.tokens == sum(out_tokens(block) for block in answer.content)
    assert answer.stop_reason == ("max_tokens" if limit < 120 else "end_turn")


@given(st.text(max_size=200))
def test_tokens_are_a_quarter_of_the_bytes_rounded_up(text):
    assert text_tokens(text) == (len(text.encode()) + 3) // 4


def test_no_tokens_asked_for_gives_no_content():
    answer = ask(max_tokens=0)
    assert (answer.content, answer.stop_reason, answer.tokens) == ((), "max_tokens", 0)


def test_echo_gives_exactly_the_text():
    assert ask("please [[echo: grüße, 世界]] now").content == (TextOut("grüße, 世界"),)


def test_the_earliest_stop_sequence_ends_the_text():
    answer = ask("[[echo: one two three four]]", stop_sequences=["four", "three"])
    assert answer.content == (TextOut("one two "),)
    assert (answer.stop_reason, answer.stop_sequence) == ("stop_sequence", "three")


@pytest.mark.parametrize("reason", ["refusal", "pause_turn", "max_tokens"])
def test_a_stop_reason_can_be_asked_for(reason):
    assert ask(f"[[stop: {reason}]]").stop_reason == reason


@pytest.mark.parametrize(
    "directive",
    [
        "[[stop: tired]]",
        "[[tokens: many]]",
        "[[tokens: -1]]",
        "[[tool: get_weather {broken]]",
        "[[tool: get_weather [1] ]]",
        '[[fault: {"kind": "flood"}]]',
        "[[fault: ]]",
    ],
)
def test_a_malformed_directive_is_refused(directive):
    with pytest.raises(Refusal, match=re.escape(directive.split(":")[0])):
        read_script(directive)


def test_text_in_brackets_that_is_no_directive_is_text():
    assert read_script("see [[Home]] and [[toolbox]]").calls == ()


def test_without_a_trigger_no_tool_is_called():
    assert calls(ask("what is new", tools=TOOLS)) == []


@pytest.mark.parametrize("text", ["use get_weather please", "[[tool: get_weather]]"])
def test_a_named_tool_is_called_with_input_by_its_schema(text):
    answer = ask(text, tools=TOOLS)
    assert calls(answer) == [("get_weather", {"city": "example", "days": 3})]
    assert answer.stop_reason == "tool_use"
    assert isinstance(answer.content[0], TextOut)


@pytest.mark.parametrize("text", ["get_weather_now", "forget_weather", "[[tool: unknown]]"])
def test_a_name_inside_another_word_or_not_offered_calls_nothing(text):
    assert calls(ask(text, tools=TOOLS)) == []


def test_a_directive_gives_the_input():
    assert calls(ask('[[tool: send_mail {"to": "a@b.c"}]]', tools=TOOLS)) == [("send_mail", {"to": "a@b.c"})]


def test_two_directives_call_two_tools_unless_parallel_use_is_off():
    text = "[[tool: send_mail]] [[tool: get_weather]]"
    assert [name for name, _ in calls(ask(text, tools=TOOLS))] == ["send_mail", "get_weather"]
    one = ask(text, tools=TOOLS, tool_choice={"type": "auto", "disable_parallel_tool_use": True})
    assert [name for name, _ in calls(one)] == ["send_mail"]


@pytest.mark.parametrize(
    ("choice", "name"),
    [({"type": "any"}, "get_weather"), ({"type": "tool", "name": "send_mail"}, "send_mail")],
)
def test_a_forced_choice_calls_a_tool_without_text_before(choice, name):
    answer = ask(tools=TOOLS, tool_choice=choice)
    assert [block.name for block in answer.content if isinstance(block, ToolUseOut)] == [name]
    assert len(answer.content) == 1


def test_choice_none_calls_nothing():
    assert calls(ask("[[tool: get_weather]]", tools=TOOLS, tool_choice={"type": "none"})) == []


def test_after_a_tool_result_comes_text_that_quotes_it():
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "21 degrees"}
    call = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}
    answer = ask(
        tools=TOOLS,
        messages=[
            {"role": "user", "content": "[[tool: get_weather]]"},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ],
    )
    assert answer.stop_reason == "end_turn"
    assert "21 degrees" in answer.content[0].text


def test_a_call_that_does_not_fit_is_left_out():
    answer = ask("[[tool: get_weather]]", tools=TOOLS, max_tokens=7)
    assert calls(answer) == []
    assert answer.stop_reason == "max_tokens"


def test_thinking_with_a_budget_comes_first_and_is_signed():
    answer = ask(max_tokens=2000, thinking={"type": "enabled", "budget_tokens": 1024})
    assert isinstance(answer.content[0], ThinkingOut)
    assert answer.content[0].signature


def test_adaptive_thinking_thinks_when_asked():
    assert not isinstance(ask(thinking={"type": "adaptive"}).content[0], ThinkingOut)
    assert isinstance(ask("[[think]]", thinking={"type": "adaptive"}).content[0], ThinkingOut)


def test_structured_output_is_json_of_its_schema():
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    answer = ask(output_config={"format": {"type": "json_schema", "schema": schema}})
    assert answer.content == (TextOut('{"ok":true}'),)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "enum": ["b", "a"]}, "b"),
        ({"const": 4}, 4),
        ({"type": "string", "default": "x"}, "x"),
        ({"type": ["null", "integer"], "minimum": 5}, 5),
        ({"type": "integer", "multipleOf": 5, "minimum": 11}, 15),
        ({"type": "integer", "exclusiveMinimum": 1}, 2),
        ({"type": "number", "maximum": 0.25}, 0.25),
        ({"type": "string", "minLength": 9}, "examplexx"),
        ({"type": "string", "maxLength": 2}, "ex"),
        ({"type": "string", "format": "date"}, "2026-01-15"),
        ({"type": "array", "items": {"type": "null"}, "minItems": 2}, [None, None]),
        ({"anyOf": [{"type": "boolean"}, {"type": "string"}]}, True),
        ({"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}, 1),
        ({"type": "object", "properties": {"a": {}}}, {}),
        ({}, "example"),
    ],
)
def test_an_example_conforms_to_its_schema(schema, value):
    assert example(schema) == value


def test_a_schema_that_refers_to_itself_ends():
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "required": ["next"]}
    assert "next" in example({"$ref": "#/$defs/node", "$defs": {"node": node}})


@pytest.mark.parametrize(
    "node",
    [
        {"anyOf": [{"$ref": "#/$defs/node"}]},
        {"allOf": [{"$ref": "#/$defs/node"}] * 20},
        {"oneOf": [{"anyOf": [{"$ref": "#/$defs/node"}]}, {"type": "null"}]},
        {
            "type": "object",
            "properties": {name: {"$ref": "#/$defs/node"} for name in "abcdefghij"},
            "required": list("abcdefghij"),
        },
        {"type": "array", "items": {"$ref": "#/$defs/node"}, "minItems": 10},
    ],
    ids=["anyOf itself", "allOf itself", "oneOf itself", "ten of itself", "array of itself"],
)
def test_an_example_of_a_recursive_schema_ends_soon(node):
    assert len(msgspec.json.encode(example({"$ref": "#/$defs/node", "$defs": {"node": node}}))) < 20_000


def test_an_example_of_a_huge_schema_stays_small():
    assert len(example({"type": "array", "items": {"type": "null"}, "minItems": 10**9})) == 999
    assert len(example({"type": "string", "minLength": 10**9})) == 10_000
