"""Clearings of the result cache: what was kept before one is not given again, by whichever gateway."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.journal import record, state_change
from tidegate.adapters.storage.schema import CACHE_CLEARING

STREAM = "cache"


class SqlClearings:
    """`ports.Clearings` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def clear(self, tenant: str, *, by: str, reason: str, at: float) -> int:
        """See `ports.Clearings`."""
        async with state_change(self._database) as connection:
            revision = await record(
                self._database,
                connection,
                STREAM,
                "cleared",
                by=by,
                reason=reason,
                at=at,
                data={"tenant": tenant},
            )
            row = {"tenant": tenant, "revision": revision}
            upsert = self._database.insert(CACHE_CLEARING).values(row)
            await connection.execute(
                upsert.on_conflict_do_update(index_elements=[CACHE_CLEARING.c.tenant], set_=row)
            )
            return revision


async def read_clearings(connection: AsyncConnection) -> Sequence[tuple[str, int]]:
    """Tenants and the revisions of their last clearing, by tenant."""
    rows = await connection.execute(select(CACHE_CLEARING).order_by(CACHE_CLEARING.c.tenant))
    return [(row.tenant, row.revision) for row in rows]
