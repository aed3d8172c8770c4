"""Streams put together again, and what faults do to the bytes on their way."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tidegate.harness.emulator.answer import Answer, TextOut, ThinkingOut, ToolUseOut
from tidegate.harness.emulator.delivery import Delivery, Ending, Step, damaged
from tidegate.harness.emulator.faults import Fault
from tidegate.harness.emulator.message import events, message, usage
from tidegate.harness.emulator.prefix_cache import CacheUse

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
BLOCKS = st.lists(
    st.one_of(
        st.builds(TextOut, TEXT),
        st.builds(ThinkingOut, TEXT, TEXT),
        st.builds(ToolUseOut, st.just("toolu_1"), st.just("t"), st.dictionaries(TEXT, TEXT, max_size=3)),
    ),
    max_size=4,
)
STEPS = st.lists(st.builds(Step, st.floats(0, 2), st.binary(max_size=40)), min_size=1, max_size=8)


def assembled(stream):
    """The content blocks as a client puts them together from the events' data."""
    blocks, parts = [], {}
    for event in stream:
        name, data = event.data.decode().strip().split("\n", 1)
        item = json.loads(data.removeprefix("data: "))
        assert name == f"event: {item['type']}"
        if item["type"] == "content_block_start":
            assert item["index"] == len(blocks)
            blocks.append(item["content_block"])
        elif item["type"] == "content_block_delta":
            key = item["delta"]["type"].removesuffix("_delta")
            value = item["delta"].get(key, item["delta"].get("partial_json"))
            parts[item["index"], key] = parts.get((item["index"], key), "") + value
    for (index, key), value in parts.items():
        blocks[index]["input" if key == "input_json" else key] = (
            json.loads(value) if key == "input_json" else value
        )
    return blocks


@given(BLOCKS)
def test_a_stream_put_together_is_the_message(blocks):
    answer = Answer(tuple(blocks), "end_turn", None, 9)
    whole = message(answer, "msg_1", "m", usage(20, CacheUse(3, 4, 5), 9))
    expected = [
        {"type": "text", "text": block.text}
        if isinstance(block, TextOut)
        else {"type": "thinking", "thinking": block.thinking, "signature": block.signature}
        if isinstance(block, ThinkingOut)
        else {"type": "tool_use", "id": block.id, "name": block.name, "input": block.input}
        for block in blocks
    ]
    assert assembled(events(whole)) == expected


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_input_tokens_are_what_is_neither_read_nor_written(rest, read, short, long):
    bill = usage(rest + read + short + long, CacheUse(read, short, long), 1)
    assert (bill.input_tokens, bill.cache_read_input_tokens) == (rest, read)
    assert bill.cache_creation_input_tokens == short + long


@given(STEPS, st.integers(0, 400), st.sampled_from(["cut", "reset", "half_close"]))
def test_a_broken_off_body_is_its_beginning(steps, after, kind):
    whole = b"".join(step.data for step in steps)
    broken = damaged(Delivery(tuple(steps)), Fault(kind=kind, after_bytes=after), b"")
    assert b"".join(step.data for step in broken.steps) == whole[:after]
    assert broken.ending is Ending(kind)
    assert not broken.immediate


@given(STEPS, st.floats(0.01, 9))
def test_a_slow_body_is_the_same_and_takes_that_much_longer(steps, seconds):
    slow = damaged(Delivery(tuple(steps)), Fault(kind="slow", seconds=seconds), b"")
    assert b"".join(step.data for step in slow.steps) == b"".join(step.data for step in steps)
    extra = sum(step.wait for step in slow.steps) - sum(step.wait for step in steps)
    assert abs(extra - seconds) < 1e-6


@given(STEPS, st.floats(0.01, 9), st.integers(0, 400))
def test_a_body_may_become_slow_only_after_some_bytes(steps, seconds, after):
    slow = damaged(Delivery(tuple(steps)), Fault(kind="slow", seconds=seconds, after_bytes=after), b"")
    assert b"".join(step.data for step in slow.steps) == b"".join(step.data for step in steps)
    if len(steps) > 1:
        begins = [sum(len(step.data) for step in steps[:place]) for place in range(len(steps))]
        for begin, before, now in zip(begins, steps, slow.steps, strict=True):
            assert (now.wait > before.wait) is (begin >= after)


@given(STEPS, st.floats(0, 9))
def test_latency_comes_before_the_first_byte(steps, seconds):
    late = damaged(Delivery(tuple(steps)), Fault(kind="latency", seconds=seconds), b"")
    assert late.steps[0] == steps[0]._replace(wait=steps[0].wait + seconds)
    assert late.steps[1:] == tuple(steps[1:])
