"""The scores that routes go by, and the sums they are made from."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.journal import record, state_change
from tidegate.adapters.storage.rollouts import require_newest
from tidegate.adapters.storage.schema import SKILL_HOUR, SKILL_SCORE
from tidegate.domain.effectiveness import Part, SkillCell, SkillSums
from tidegate.domain.state import Lease, SkillScore

STREAM = "routes"

_PARTS = msgspec.json.Decoder(tuple[Part, ...])


class SqlScores:
    """`ports.Scores` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sums(self, names: Sequence[str], since: float) -> Mapping[SkillCell, SkillSums]:
        """Every hour's sums from `since` on; one skill after the other: other work comes in between."""
        sums: dict[SkillCell, SkillSums] = {}
        async with self._database.read() as connection:
            for name in names:
                sums |= await _hours(connection, name, since)
        return sums

    async def list(self) -> Sequence[SkillScore]:
        """Every published score, by name and version."""
        async with self._database.read() as connection:
            return await read_scores(connection)

    async def publish(
        self, scores: Sequence[SkillScore], *, by: str, reason: str, at: float, lease: Lease
    ) -> int:
        """Replace these scores, append the event that says why, and bump the revision."""
        told = [{"name": each.name, "version": each.version, "score": each.score} for each in scores]
        async with state_change(self._database) as connection:
            await require_newest(connection, lease)
            for each in scores:
                await self._put(connection, each)
            return await record(
                self._database,
                connection,
                STREAM,
                "score",
                by=by,
                reason=reason,
                at=at,
                data={"scores": told},
            )

    async def _put(self, connection: AsyncConnection, score: SkillScore) -> None:
        same = (SKILL_SCORE.c.name == score.name, SKILL_SCORE.c.version == score.version)
        await connection.execute(delete(SKILL_SCORE).where(*same))
        row = {
            "name": score.name,
            "version": score.version,
            "score": score.score,
            "parts": msgspec.json.encode(score.parts).decode(),
            "at": score.at,
        }
        await connection.execute(self._database.insert(SKILL_SCORE).values(row))


async def _hours(connection: AsyncConnection, name: str, since: float) -> dict[SkillCell, SkillSums]:
    found = select(SKILL_HOUR).where(SKILL_HOUR.c.name == name, SKILL_HOUR.c.hour >= since)
    rows = (await connection.execute(found)).all()

    def cells() -> dict[SkillCell, SkillSums]:
        return {SkillCell(*row[:4]): SkillSums(*row[4:]) for row in rows}

    return await asyncio.to_thread(cells)


async def read_scores(connection: AsyncConnection) -> list[SkillScore]:
    """Every published score, by name and version."""
    rows = await connection.execute(select(SKILL_SCORE).order_by(SKILL_SCORE.c.name, SKILL_SCORE.c.version))
    return [
        SkillScore(
            name=row.name, version=row.version, score=row.score, parts=_PARTS.decode(row.parts), at=row.at
        )
        for row in rows
    ]
