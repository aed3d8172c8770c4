"""The table of a route: which model at which score."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.exchange import SkillUse
from tidegate.domain.routing import Route, Routed, Tier, route

ROUTE = Route(small="haiku", middle="sonnet")
A, B = SkillUse("a", 1, "pattern", 1.0), SkillUse("b", 2, "pattern", 1.0)


@pytest.mark.parametrize(
    ("score", "tier", "model"),
    [
        (1.0, Tier.SMALL, "haiku"),
        (0.81, Tier.SMALL, "haiku"),
        (0.8, Tier.MIDDLE, "sonnet"),
        (0.51, Tier.MIDDLE, "sonnet"),
        (0.5, Tier.ASKED, None),
        (0.0, Tier.ASKED, None),
    ],
)
def test_the_thresholds_are_to_be_exceeded(score: float, tier: Tier, model: str | None) -> None:
    assert route(ROUTE, [A], {("a", 1): score}) == Routed(tier, model, "a", score)


def test_without_a_middle_model_the_request_stays_as_it_was() -> None:
    assert route(Route(small="haiku"), [A], {("a", 1): 0.7}).tier is Tier.ASKED


def test_the_least_effective_skill_decides() -> None:
    assert route(ROUTE, [A, B], {("a", 1): 0.9, ("b", 2): 0.6}) == Routed(Tier.MIDDLE, "sonnet", "b", 0.6)


def test_a_skill_without_a_score_and_no_skill_at_all_leave_everything() -> None:
    assert route(ROUTE, [A, B], {("a", 1): 0.9}) == Routed(Tier.ASKED, None, "b")
    assert route(ROUTE, [A], {("a", 2): 0.9}).model is None
    assert route(ROUTE, [], {}) == Routed(Tier.ASKED)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_score_never_asks_for_a_larger_model(one: float, other: float) -> None:
    order = [Tier.ASKED, Tier.MIDDLE, Tier.SMALL]
    low, high = sorted((one, other))
    tiers = [order.index(route(ROUTE, [A], {("a", 1): score}).tier) for score in (low, high)]
    assert tiers == sorted(tiers)
