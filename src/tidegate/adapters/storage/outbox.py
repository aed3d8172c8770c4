"""Notices that wait for delivery."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import delete, select, update

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.schema import NOTICE
from tidegate.ports import Notice

KEPT_SECONDS = 7 * 86_400.0
"""A delivered notice is deleted after so long; the event that caused it stays."""


class SqlOutbox:
    """`ports.Outbox` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pending(self, limit: int) -> Sequence[Notice]:
        """The oldest `limit` notices not delivered yet."""
        waiting = (
            select(NOTICE.c.id, NOTICE.c.kind, NOTICE.c.subject, NOTICE.c.data, NOTICE.c.at)
            .where(NOTICE.c.delivered_at.is_(None))
            .order_by(NOTICE.c.at, NOTICE.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(waiting)).all()
        return [
            Notice(
                id=row.id, kind=row.kind, subject=row.subject, data=msgspec.Raw(row.data.encode()), at=row.at
            )
            for row in rows
        ]

    async def delivered(self, notice_id: str, at: float) -> None:
        """Mark a notice delivered, the first time stands; delete those delivered long ago."""
        old = delete(NOTICE).where(NOTICE.c.delivered_at < at - KEPT_SECONDS)
        waiting = update(NOTICE).where(NOTICE.c.id == notice_id, NOTICE.c.delivered_at.is_(None))
        async with self._database.write() as connection:
            await connection.execute(waiting.values(delivered_at=at))
            await connection.execute(old)
