"""What comes after a model's turn: the rule of the hosted loop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.hosted import Limits, Move, Said, Spent, next_move

LIMITS = Limits(turns=3, seconds=10.0, tokens=1000)


def spent(**more: object) -> Spent:
    return Spent(**{"turns": 1, "seconds": 0.0, "tokens": 0, "output_left": 100, **more})


@pytest.mark.parametrize(
    ("said", "used", "move", "limit"),
    [
        (("end_turn", 0, 0), {}, Move.RELAY, ""),
        (("tool_use", 0, 2), {}, Move.RELAY, ""),
        (("tool_use", 2, 0), {}, Move.RUN, ""),
        (("tool_use", 1, 1), {}, Move.SEAL, ""),
        (("tool_use", 1, 1), {"turns": 9, "output_left": 0}, Move.SEAL, ""),
        (("max_tokens", 1, 0), {}, Move.RELAY, ""),
        (("max_tokens", 1, 1), {}, Move.RELAY, ""),
        (("refusal", 0, 0), {}, Move.RELAY, ""),
        (("pause_turn", 0, 0), {}, Move.CONTINUE, ""),
        (("pause_turn", 0, 1), {}, Move.RELAY, ""),
        (("pause_turn", 1, 0), {}, Move.RUN, ""),
        (("pause_turn", 0, 0), {"turns": 3}, Move.RELAY, "turns"),
        (("tool_use", 1, 0), {"turns": 3}, Move.LAST, "turns"),
        (("tool_use", 1, 0), {"seconds": 10.0}, Move.LAST, "seconds"),
        (("tool_use", 1, 0), {"tokens": 1000}, Move.LAST, "tokens"),
        (("tool_use", 1, 0), {"turns": 4, "warned": True}, Move.FAIL, "turns"),
        (("tool_use", 1, 0), {"output_left": 0}, Move.CUT, ""),
        (("pause_turn", 0, 0), {"output_left": -5}, Move.CUT, ""),
    ],
)
def test_a_turns_end_decides_what_comes_next(
    said: tuple[str, int, int], used: dict[str, object], move: Move, limit: str
) -> None:
    stop, gateway, client = said
    decided = next_move(
        Said(stop_reason=stop, gateway_calls=gateway, client_calls=client), spent(**used), LIMITS
    )
    assert (decided.move, decided.limit) == (move, limit)


SAID = st.builds(
    Said,
    stop_reason=st.sampled_from(["end_turn", "tool_use", "pause_turn", "max_tokens", "refusal", "new"]),
    gateway_calls=st.integers(0, 3),
    client_calls=st.integers(0, 3),
)
SPENT = st.builds(
    Spent,
    turns=st.integers(1, 20),
    seconds=st.floats(0, 100),
    tokens=st.integers(0, 5000),
    output_left=st.integers(-10, 100),
    warned=st.booleans(),
)


@given(SAID, SPENT)
def test_a_loop_never_goes_on_beyond_its_limits_by_more_than_one_turn(said: Said, used: Spent) -> None:
    move = next_move(said, used, LIMITS).move
    if move in (Move.RUN, Move.CONTINUE, Move.LAST):
        assert not used.warned
        assert used.output_left > 0
        assert not (said.client_calls and said.gateway_calls)
    if move in (Move.RUN, Move.CONTINUE):
        assert used.turns < LIMITS.turns
        assert used.seconds < LIMITS.seconds
        assert used.tokens < LIMITS.tokens
