"""Steps of units: two layers look like one."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.steps import NEVER, Steps

entries = st.dictionaries(
    st.tuples(st.sampled_from(["bad", "slow1"]), st.text(max_size=2)), st.integers(0, 9)
)


@given(st.lists(entries, max_size=6))
def test_later_entries_go_first(batches: list[dict[tuple[str, str], int]]) -> None:
    steps, whole = Steps(), dict[tuple[str, str], int]()
    for batch in batches:
        steps, whole = steps.later(batch), whole | batch
    assert steps.whole() == whole
    assert all(steps.get(key) == step for key, step in whole.items())
    assert steps.get(("bad", "nobody at all")) == NEVER
    assert steps == Steps(whole) != Steps({**whole, ("bad", "nobody at all"): 1})


def test_many_entries_become_the_older_layer() -> None:
    steps = Steps()
    for n in range(5):
        steps = steps.later({("bad", f"{n}-{each}"): n for each in range(700)})
    assert len(steps.older) >= 1400
    assert len(steps.whole()) == 3500
