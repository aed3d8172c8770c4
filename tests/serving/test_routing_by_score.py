"""What a route does to requests: the model served, the record of it, and that it never makes one dearer."""

import msgspec
import pytest
from gateway_parts import World, ask, rollout, skill, state, variant

from tidegate.domain.cost import Price
from tidegate.domain.rollout import Stage
from tidegate.domain.routing import Route, Routed, Tier
from tidegate.domain.state import SkillScore
from tidegate.serving.assign import Assignment
from tidegate.serving.economy import no_dearer

CONTRACTS = skill("contracts", match=("(?i)contract",))
ALL = (Stage(name="full", weight=10_000, bake_seconds=1),)
ROUTE = Route(small="claude-haiku-4-5", middle="claude-sonnet-4-5")


def world(score: float | None, **changes: object) -> World:
    known = (
        ()
        if score is None
        else (SkillScore(name="contracts", version=CONTRACTS.number, score=score, parts=(), at=0.0),)
    )
    made = World()
    candidate = variant(CONTRACTS, route=ROUTE, **changes)
    made.serve(state(rollout(candidate=candidate, stages=ALL), versions=(CONTRACTS,), scores=known))
    return made


async def sent(made: World, text: str = "read my contract") -> str:
    await made.call({**ask(text), "model": "claude-opus-4-6"})
    return msgspec.json.decode(made.upstream.sent[-1].body)["model"]


@pytest.mark.parametrize(
    ("score", "model", "tier"),
    [
        (0.9, "claude-haiku-4-5", "small"),
        (0.6, "claude-sonnet-4-5", "middle"),
        (0.3, "claude-opus-4-6", "asked"),
        (None, "claude-opus-4-6", "asked"),
    ],
)
async def test_the_score_chooses_the_model_and_the_ledger_says_so(score, model, tier) -> None:
    made = world(score)
    assert await sent(made) == model
    assert made.spool.records[-1].routed == tier
    assert ("tidegate_routed_total", (tier,), 1.0) in made.meter.moved


async def test_a_request_without_a_skill_is_not_routed() -> None:
    made = world(0.9)
    assert await sent(made, "good morning") == "claude-opus-4-6"
    assert made.spool.records[-1].routed is None


async def test_where_the_route_does_not_choose_the_variants_own_model_is_served() -> None:
    assert await sent(world(0.3, model="claude-sonnet-4-5")) == "claude-sonnet-4-5"
    assert await sent(world(0.9, model="claude-sonnet-4-5")) == "claude-haiku-4-5"


class Listed:
    def price(self, model: str) -> Price | None:
        rate = {"cheap": 1.0, "asked": 3.0, "dear": 5.0}.get(model)
        return (
            None
            if rate is None
            else Price(input=rate, output=rate, cache_read=0, cache_write_5m=0, cache_write_1h=0)
        )


@pytest.mark.parametrize(
    ("chosen", "asked", "kept"),
    [
        ("cheap", "asked", "cheap"),
        ("dear", "asked", None),
        ("asked", "asked", "asked"),
        ("unlisted", "asked", None),
        ("cheap", "unlisted", None),
    ],
)
def test_a_route_never_makes_a_request_dearer(chosen: str, asked: str, kept: str | None) -> None:
    assignment = Assignment(routed=Routed(Tier.SMALL, chosen, "contracts", 0.9))
    got = no_dearer(assignment, asked, Listed()).routed
    assert (got.model, got.skill, got.score) == (kept, "contracts", 0.9)
    assert got.tier is (Tier.ASKED if kept is None else Tier.SMALL)
