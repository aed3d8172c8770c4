"""What is said of skills beside their versions; a row a skill."""

from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import select

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.journal import record, state_change
from tidegate.adapters.storage.schema import SKILL_CARD
from tidegate.adapters.storage.skills import STREAM
from tidegate.domain.skill_card import SkillCard


class SqlSkillCards:
    """`ports.SkillCards` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, name: str | None = None) -> Sequence[SkillCard]:
        """All that there are, or the one of a skill, by name."""
        cards = select(SKILL_CARD.c.body).order_by(SKILL_CARD.c.name)
        if name is not None:
            cards = cards.where(SKILL_CARD.c.name == name)
        async with self._database.read() as connection:
            rows = await connection.execute(cards)
            return [msgspec.json.decode(row.body, type=SkillCard) for row in rows]

    async def change(
        self, name: str, change: Callable[[SkillCard], SkillCard], *, by: str, reason: str, at: float
    ) -> tuple[SkillCard, int]:
        """Put what `change` makes of the card in its place, with an event among the skills'."""
        async with state_change(self._database) as connection:
            known = select(SKILL_CARD.c.body).where(SKILL_CARD.c.name == name)
            body = (await connection.execute(known)).scalar_one_or_none()
            before = SkillCard(name=name) if body is None else msgspec.json.decode(body, type=SkillCard)
            card = msgspec.structs.replace(change(before), name=name, updated_at=at)
            row = {"name": name, "body": msgspec.json.encode(card).decode()}
            await connection.execute(
                self._database.insert(SKILL_CARD)
                .values(row)
                .on_conflict_do_update(index_elements=[SKILL_CARD.c.name], set_=row)
            )
            data = {
                "name": name,
                "display_name": card.display_name,
                "labels": card.labels,
                "default": card.default,
            }
            revision = await record(
                self._database, connection, STREAM, "described", by=by, reason=reason, at=at, data=data
            )
            return card, revision
