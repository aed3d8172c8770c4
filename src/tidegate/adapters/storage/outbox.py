"""Notices that wait for delivery."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import delete, select, update

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.schema import NOTICE
from tidegate.ports import Notice

KEPT_SECONDS = 7 * 86_400.0
"""A delivered notice is deleted after so long; the event that caused it stays."""


def notice_row(notice: Notice) -> dict[str, object]:
    """The row of a notice that waits."""
    row: dict[str, object] = msgspec.structs.asdict(notice)
    return row | {"data": bytes(notice.data).decode()}


class SqlOutbox:
    """`ports.Outbox` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, notices: Sequence[Notice]) -> None:
        """Add notices without another cause; the first of an id stands."""
        rows = [notice_row(notice) for notice in notices]
        if rows:
            async with self._database.write() as connection:
                await connection.execute(self._database.insert(NOTICE).on_conflict_do_nothing(), rows)

    async def has(self, notice_id: str) -> bool:
        """Whether it waits, or was delivered within KEPT_SECONDS."""
        async with self._database.read() as connection:
            found = await connection.execute(select(NOTICE.c.id).where(NOTICE.c.id == notice_id))
            return found.first() is not None

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
