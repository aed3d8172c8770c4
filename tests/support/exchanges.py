"""Exchanges for tests of the ledger, the spool and the evidence."""

import msgspec
from hypothesis import strategies as st

from tidegate.domain.exchange import Arm, Exchange, Outcome, SkillUse, Stakes, Usage

SINCE = 1_000_000.0
"""When the stage of `make_exchange` was entered."""


def make_exchange(number: int, **changes: object) -> Exchange:
    """The exchange `number`, finished `number` seconds into the stage, with some fields changed."""
    exchange = Exchange(
        id=f"req_{number:06d}",
        at=SINCE + number,
        finished_at=SINCE + number + 0.5,
        tenant="acme",
        key_id="key_1",
        unit_hash=f"unit-{number % 7}",
        rollout="contract-skills",
        attempt=1,
        stage=0,
        stage_name="canary",
        stage_since=SINCE,
        arm=Arm.CONTROL,
        triggered=True,
        skills=(SkillUse("contract-analysis", 3, "pattern", 1.0),),
        model="claude-haiku-4-5",
        outcome=Outcome.OK,
        status=200,
        seconds=0.5,
        usage=Usage(100, 20),
        cost_usd=0.0002,
        message_id=f"msg_{number:06d}",
    )
    return msgspec.structs.replace(exchange, **changes)


def exchange_lists(*, units: int = 3, size: int = 30) -> st.SearchStrategy[list[Exchange]]:
    """Lists of distinct exchanges of few units, whose arm belongs to the unit, in any order of time."""

    def build(number: int, drawn: tuple[int, float, bool, bool, Outcome, bool, int, str]) -> Exchange:
        unit, at, triggered, counted, outcome, rescued, stage, kind = drawn
        return make_exchange(
            number,
            finished_at=SINCE + at,
            unit_hash=f"unit-{unit}",
            arm=(Arm.CANDIDATE, Arm.CONTROL, Arm.OUTSIDE)[(unit + stage) % 3],
            triggered=triggered,
            counted=counted,
            stays=not counted and number % 2 == 0,
            slow=number % 4,
            stakes=Stakes(0.02, 0.4, 0.05, 0.35, 0.3) if number % 3 == 0 else None,
            outcome=outcome,
            first_attempt_failed=rescued,
            skill_outcome=Outcome.SKILL_ERROR if rescued else None,
            stage=stage,
            unit_kind=kind,
            cost_usd=None if outcome is Outcome.UPSTREAM_TIMEOUT else 0.1 / (number + 3),
        )

    outcomes = st.sampled_from([Outcome.OK, Outcome.OK, Outcome.UPSTREAM_ERROR, Outcome.UPSTREAM_TIMEOUT])
    draws = st.tuples(
        st.integers(0, units - 1),
        st.sampled_from([-1.0, 0.0, 1.0, 4.99, 5.0, 60.0, 10_799.0, 10_800.0, 90_000.0]),
        st.booleans(),
        st.sampled_from([True, True, True, False]),
        outcomes,
        st.booleans(),
        st.integers(0, 1),
        st.sampled_from(["user", "conversation"]),
    )
    return st.lists(draws, max_size=size).map(
        lambda drawn: [build(number, one) for number, one in enumerate(drawn)]
    )
