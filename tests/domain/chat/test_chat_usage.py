"""Token usage in both directions, by hand."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.chat.usage import ChatUsage, TokenCounts, chat_usage


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ({"prompt_tokens": 100, "completion_tokens": 20}, (100, 20, 0, 0)),
        (
            {
                "prompt_tokens": 1500,
                "completion_tokens": 7,
                "prompt_tokens_details": {"cached_tokens": 1408},
            },
            (92, 7, 1408, 0),
        ),
        (
            {
                "prompt_tokens": 1500,
                "completion_tokens": 7,
                "prompt_tokens_details": {"cached_tokens": 1000, "cache_write_tokens": 400},
            },
            (100, 7, 1000, 400),
        ),
        ({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 99}}, (0, 0, 10, 0)),
        ({"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": None}, (10, 1, 0, 0)),
    ],
)
def test_prompt_tokens_include_what_input_tokens_exclude(said: dict, counts: tuple[int, ...]) -> None:
    usage = msgspec.convert(said, ChatUsage).counts()
    assert msgspec.structs.astuple(usage) == counts


def test_a_message_billed_with_cache_reads_and_writes() -> None:
    told = chat_usage(TokenCounts(100, 20, 1000, 400))
    assert told == {
        "prompt_tokens": 1500,
        "completion_tokens": 20,
        "total_tokens": 1520,
        "prompt_tokens_details": {"cached_tokens": 1000, "cache_write_tokens": 400},
    }


@given(*[st.integers(0, 10**9)] * 4)
def test_usage_there_and_back_is_the_same(fresh: int, output: int, read: int, written: int) -> None:
    counts = TokenCounts(fresh, output, read, written)
    assert msgspec.convert(chat_usage(counts), ChatUsage).counts() == counts
