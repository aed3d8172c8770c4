import msgspec
import pytest

from tidegate.domain.errors import InvalidInput
from tidegate.domain.skill_card import SkillCard


async def test_a_card_is_changed_in_place_with_an_event_and_a_revision(store) -> None:
    before = await store.routing.revision()
    why = {"by": "ann", "reason": "because", "at": 5.0}
    first, revision = await store.skill_cards.change(
        "drafting", lambda card: msgspec.structs.replace(card, labels={"team": "legal"}), **why
    )
    assert (first, revision) == (
        SkillCard(name="drafting", labels={"team": "legal"}, updated_at=5.0),
        before + 1,
    )
    second, _ = await store.skill_cards.change(
        "drafting", lambda card: msgspec.structs.replace(card, default=2), **why
    )
    assert (second.labels, second.default) == ({"team": "legal"}, 2)
    assert await store.skill_cards.list() == [second]
    *_, event = await store.rollouts.events("skills")
    assert (event.kind, event.actor, event.reason) == ("described", "ann", "because")
    assert msgspec.json.decode(event.data)["default"] == 2


async def test_a_change_that_is_refused_leaves_nothing(store) -> None:
    def refuse(card: SkillCard) -> SkillCard:
        raise InvalidInput("no")

    before = await store.routing.revision()
    with pytest.raises(InvalidInput):
        await store.skill_cards.change("drafting", refuse, by="ann", reason="because", at=5.0)
    assert await store.skill_cards.list() == []
    assert await store.routing.revision() == before
