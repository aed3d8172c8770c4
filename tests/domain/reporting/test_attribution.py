"""Where savings come from: parts that add up, whatever the mix of models, skills and cached answers."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.account import PICOS
from tidegate.domain.exchange import Arm, Outcome
from tidegate.domain.reporting.attribution import attribution
from tidegate.domain.reporting.sums import Line


def line(**changes: object) -> Line:
    """A hundred priced requests of the candidate at one cent, unless `changes` say otherwise."""
    values: dict[str, object] = {
        "rollout": "r",
        "attempt": 1,
        "stage": 0,
        "arm": Arm.CANDIDATE,
        "counted": True,
        "triggered": True,
        "outcome": Outcome.OK,
        "skill_outcome": None,
        "model": "small",
        "skills": "a@1",
        "served": True,
        "cached": False,
        "fallback": "",
        "requests": 100,
        "priced": 100,
        "unpriced": 0,
        "cost_picos": PICOS,
        "input_tokens": 40_000,
        "output_tokens": 10_000,
        "cache_read_tokens": 0,
        "cache_write_5m_tokens": 0,
        "cache_write_1h_tokens": 0,
        "last_at": 1.0,
    }
    return Line(**values | changes)


CONTROL = line(arm=Arm.CONTROL, model="large", cost_picos=2 * PICOS)


def test_the_causes_by_hand() -> None:
    candidate = line(input_tokens=30_000, cost_picos=PICOS)
    hits = line(cached=True, cost_picos=0, input_tokens=0, output_tokens=0)
    told = attribution([candidate, hits, CONTROL])
    causes = {cause.name: cause.saved_usd for cause in told.causes}
    # control: 400 + 5 · 100 tokens at 0.02; the candidate: half from the cache, else 300 + 5 · 100 at 0.01
    assert causes["cache"] == pytest.approx(0.5 * 0.01)
    assert causes["tokens"] == pytest.approx(100 * 0.02 / 900)
    assert causes["price"] == pytest.approx(800 * (0.02 / 900 - 0.01 / 800))
    assert told.saved_usd == pytest.approx(0.015)
    assert math.fsum(causes.values()) == pytest.approx(0.015)


def test_a_prompt_that_the_provider_has_in_its_cache_is_few_tokens() -> None:
    cached = line(input_tokens=0, cache_read_tokens=400_000, cost_picos=2 * PICOS)
    told = attribution([cached, CONTROL])
    assert {cause.name: round(cause.saved_usd, 12) for cause in told.causes} == dict.fromkeys(
        ("cache", "tokens", "price"), 0.0
    )


def test_parts_are_named_and_the_largest_comes_first() -> None:
    told = attribution([line(skills="a@1,b@2"), line(skills="", model=""), CONTROL])
    assert [share.name for share in told.models] == ["large", "(unknown)", "small"]
    assert {share.name for share in told.skills} == {"a@1", "a@1, b@2", "(no skill)"}
    assert [kind.kind for kind in told.tokens][:2] == ["input", "output"]
    assert (told.tokens[0].candidate, told.tokens[0].control) == (400.0, 400.0)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [line()],
        [CONTROL],
        [line(triggered=False), CONTROL],
        [line(counted=False), CONTROL],
        [line(priced=0, unpriced=100, cost_picos=0), CONTROL],
        [line(arm=Arm.OUTSIDE), CONTROL],
    ],
)
def test_one_arm_alone_saves_nothing_that_could_be_told(lines: list[Line]) -> None:
    told = attribution(lines)
    assert (told.saved_usd, told.causes) == (None, ())
    assert all(share.saved_usd is None for share in (*told.skills, *told.models))


def test_what_came_after_a_rollout_counts_though_no_evidence_has_it() -> None:
    after = [line(stage=None, counted=False), line(arm=Arm.CONTROL, stage=None, counted=False)]
    assert attribution(after).saved_usd == 0.0


LINES = st.lists(
    st.builds(
        line,
        arm=st.sampled_from([Arm.CANDIDATE, Arm.CONTROL]),
        model=st.sampled_from(["small", "large"]),
        skills=st.sampled_from(["", "a@1", "a@1,b@2"]),
        cached=st.booleans(),
        priced=st.integers(0, 100),
        cost_picos=st.integers(1, 10**13),
        input_tokens=st.integers(0, 10**6),
    ),
    max_size=12,
)


@given(LINES)
def test_every_table_adds_up_to_what_a_request_saves(lines: list[Line]) -> None:
    told = attribution([_possible(row) for row in lines])
    for table in (told.skills, told.models, told.causes):
        if told.saved_usd is not None and table:
            whole = math.fsum(abs(part.saved_usd) for part in table)
            parts = math.fsum(part.saved_usd for part in table)
            assert parts == pytest.approx(told.saved_usd, abs=1e-9 * max(1.0, whole))


def _possible(row: Line) -> Line:
    """An answer that was given again cost nothing, and what has no price has no cost."""
    if row.cached or not row.priced:
        return msgspec.structs.replace(row, cost_picos=0)
    return row
