"""What the demonstration's users ask."""

import math

from tidegate.harness.demo.traffic import QUESTIONS


def test_the_shares_of_the_questions_add_up_to_one() -> None:
    assert math.isclose(sum(share for _, share in QUESTIONS), 1.0)
