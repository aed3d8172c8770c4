"""The modelled prompt cache: what is read, what is written, for how long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.harness.emulator.prefix_cache import CacheUse, PrefixCache
from tidegate.harness.emulator.schema import CacheControl, ToolResult, ToolUse
from tidegate.harness.emulator.tokens import Segment

MINIMUM = 100


def piece(text, tokens, ttl=None):
    control = None if ttl is None else CacheControl(type="ephemeral", ttl=ttl)
    return Segment("user", text, tokens, control)


@pytest.fixture
def cache():
    return PrefixCache(MINIMUM)


def use(cache, *prompt, owner="key", model="m", now=0.0):
    return cache.use(owner, model, prompt, now)


def test_a_first_use_writes_and_a_second_reads(cache):
    prompt = (piece("a", 150, "5m"), piece("b", 10))
    assert use(cache, *prompt) == CacheUse(0, 150, 0)
    assert use(cache, *prompt, now=1) == CacheUse(150, 0, 0)


def test_a_longer_conversation_reads_the_old_prefix_and_writes_the_rest(cache):
    use(cache, piece("a", 150, "5m"))
    assert use(cache, piece("a", 150), piece("b", 30), piece("c", 20, "5m")) == CacheUse(150, 50, 0)


def test_another_breakpoint_place_does_not_change_the_prefix(cache):
    use(cache, piece("a", 60), piece("b", 60, "5m"))
    assert use(cache, piece("a", 60, "5m"), piece("b", 60, "5m")).read == 120


@pytest.mark.parametrize(
    ("owner", "model", "first"), [("other", "m", "a"), ("key", "other", "a"), ("key", "m", "changed")]
)
def test_another_key_model_or_beginning_misses(cache, owner, model, first):
    use(cache, piece("a", 150), piece("b", 10, "5m"))
    again = use(cache, piece(first, 150), piece("b", 10, "5m"), owner=owner, model=model)
    assert again == CacheUse(0, 160, 0)


def test_the_same_text_in_another_section_misses(cache):
    use(cache, piece("a", 150, "5m"))
    assert use(cache, piece("a", 150, "5m")._replace(section="system")).read == 0


def test_pieces_joined_otherwise_are_another_prefix(cache):
    use(cache, piece("ab", 75), piece("c", 75, "5m"))
    assert use(cache, piece("a", 75), piece("bc", 75, "5m")).read == 0


@pytest.mark.parametrize(("ttl", "seconds"), [("5m", 300), ("1h", 3600)])
def test_an_entry_lives_exactly_its_lifetime(cache, ttl, seconds):
    use(cache, piece("a", 150, ttl))
    assert use(cache, piece("a", 150, ttl), now=seconds - 0.001).read == 150
    assert use(cache, piece("a", 150, ttl), now=2 * seconds).read == 0


def test_a_hit_renews_an_entry(cache):
    for now in (0, 299, 598, 897):
        last = use(cache, piece("a", 150, "5m"), now=now)
    assert last.read == 150


def test_a_short_breakpoint_does_not_shorten_a_long_entry(cache):
    use(cache, piece("a", 150, "1h"))
    use(cache, piece("a", 150, "5m"), now=10)
    assert use(cache, piece("a", 150, "5m"), now=3000).read == 150


def test_a_prefix_under_the_minimum_is_not_kept(cache):
    assert use(cache, piece("a", MINIMUM - 1, "5m")) == CacheUse()
    assert use(cache, piece("a", MINIMUM - 1, "5m")) == CacheUse()
    assert len(cache) == 0


def test_mixed_lifetimes_are_written_apart(cache):
    prompt = (piece("a", 150, "1h"), piece("b", 40, "5m"))
    assert use(cache, *prompt) == CacheUse(0, 40, 150)
    assert use(cache, piece("a", 150, "1h"), piece("c", 7, "5m")) == CacheUse(150, 7, 0)


@pytest.mark.parametrize(("between", "read"), [(18, 150), (19, 0)])
def test_an_entry_is_found_at_20_positions_of_which_the_breakpoint_is_the_first(cache, between, read):
    use(cache, piece("a", 150, "5m"))
    others = [piece(str(n), 1) for n in range(between)]
    assert use(cache, piece("a", 150), *others, piece("end", 1, "5m")).read == read


@pytest.mark.parametrize(("between", "read"), [(16, 150), (17, 0)])
def test_runs_of_calls_and_of_results_count_as_one_position_each(cache, between, read):
    use(cache, piece("a", 150, "5m"))
    calls = [
        Segment("assistant", ToolUse(type="tool_use", id=f"toolu_{n}", name="t", input={}), 1, None)
        for n in range(30)
    ]
    results = [
        Segment("user", ToolResult(type="tool_result", tool_use_id=f"toolu_{n}"), 1, None) for n in range(30)
    ]
    others = [piece(str(n), 1) for n in range(between)]
    assert use(cache, piece("a", 150), *others, *calls, *results, piece("end", 1, "5m")).read == read


def test_memory_is_bounded_and_the_oldest_goes_first():
    cache = PrefixCache(MINIMUM, capacity=2)
    for text in ("a", "b", "c"):
        use(cache, piece(text, 150, "5m"))
    assert len(cache) == 2
    assert use(cache, piece("c", 150, "5m")).read == 150
    assert use(cache, piece("a", 150, "5m")).read == 0


@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from("abc"), st.integers(1, 200), st.sampled_from([None, "5m", "1h"])),
            min_size=1,
            max_size=6,
        ),
        max_size=6,
    )
)
def test_reads_and_writes_never_exceed_the_prompt(prompts):
    cache = PrefixCache(MINIMUM)
    for now, prompt in enumerate(prompts):
        used = use(cache, *(piece(*part) for part in prompt), now=float(now))
        assert min(used.read, used.write_5m, used.write_1h) >= 0
        assert used.read + used.write_5m + used.write_1h <= sum(tokens for _, tokens, _ in prompt)
