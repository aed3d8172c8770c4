"""Access keys; only their hashes are stored."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.journal import record, state_change
from tidegate.adapters.storage.schema import ACCESS_KEY
from tidegate.domain.access import KeyRecord
from tidegate.domain.errors import Conflict, NotFound

STREAM = "keys"


class SqlKeys:
    """`ports.Keys` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> Sequence[KeyRecord]:
        """Every key, revoked ones too, oldest first."""
        async with self._database.read() as connection:
            return await read_keys(connection)

    async def add(self, key: KeyRecord, *, by: str, reason: str) -> int:
        """Store a new key; returns the revision. Raises Conflict for an id or secret there is already."""
        async with state_change(self._database) as connection:
            same = or_(ACCESS_KEY.c.id == key.id, ACCESS_KEY.c.secret_hash == key.secret_hash)
            if (await connection.execute(select(ACCESS_KEY.c.id).where(same))).first():
                raise Conflict(
                    f"A key with the id '{key.id}' or the same secret exists already; create another."
                )
            await connection.execute(insert(ACCESS_KEY), msgspec.structs.asdict(key))
            data = {"id": key.id, "name": key.name, "role": key.role, "tenant": key.tenant}
            return await record(
                self._database,
                connection,
                STREAM,
                "created",
                by=by,
                reason=reason,
                at=key.created_at,
                data=data,
            )

    async def revoke(self, key_id: str, *, by: str, reason: str, at: float) -> int:
        """Revoke for ever; returns the revision. Raises NotFound, or Conflict where it is revoked already."""
        async with state_change(self._database) as connection:
            found = select(ACCESS_KEY).where(ACCESS_KEY.c.id == key_id)
            row = (await connection.execute(found)).one_or_none()
            if row is None:
                raise NotFound(f"No key has the id '{key_id}'; `tidegate keys list` shows them.")
            if row.revoked_at is not None:
                raise Conflict(f"The key '{key_id}' is revoked already.")
            await connection.execute(
                update(ACCESS_KEY).where(ACCESS_KEY.c.id == key_id).values(revoked_at=at)
            )
            data = {"id": key_id, "name": row.name, "role": row.role, "tenant": row.tenant}
            return await record(
                self._database, connection, STREAM, "revoked", by=by, reason=reason, at=at, data=data
            )


async def read_keys(connection: AsyncConnection) -> list[KeyRecord]:
    """Every key, oldest first."""
    rows = await connection.execute(select(ACCESS_KEY).order_by(ACCESS_KEY.c.created_at, ACCESS_KEY.c.id))
    return [msgspec.convert(row, KeyRecord, from_attributes=True) for row in rows]
