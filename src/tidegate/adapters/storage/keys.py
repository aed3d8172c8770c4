"""Access keys; only their hashes are stored."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.journal import record, state_change
from tidegate.adapters.storage.quotas import put_quota
from tidegate.adapters.storage.schema import ACCESS_KEY
from tidegate.domain.access import KeyRecord, Priority
from tidegate.domain.errors import Conflict, NotFound
from tidegate.domain.quota import NOTHING_SAID, Amounts, Quota, Scope

STREAM = "keys"


class SqlKeys:
    """`ports.Keys` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> Sequence[KeyRecord]:
        """Every key, revoked ones too, oldest first."""
        async with self._database.read() as connection:
            return await read_keys(connection)

    async def find(self, hashed: str) -> KeyRecord | None:
        """The key of that secret, by index; revoked or expired ones too, None for a secret of nobody's."""
        same = or_(ACCESS_KEY.c.secret_hash == hashed, ACCESS_KEY.c.previous_hash == hashed)
        async with self._database.read() as connection:
            row = (await connection.execute(select(ACCESS_KEY).where(same).limit(1))).one_or_none()
        return None if row is None else msgspec.convert(row, KeyRecord, from_attributes=True)

    async def add(self, key: KeyRecord, *, by: str, reason: str, amounts: Amounts = NOTHING_SAID) -> int:
        """Store a new key, and its quota; returns the revision.

        Raises Conflict for an id or secret there is already.
        """
        async with state_change(self._database) as connection:
            same = or_(ACCESS_KEY.c.id == key.id, ACCESS_KEY.c.secret_hash == key.secret_hash)
            if (await connection.execute(select(ACCESS_KEY.c.id).where(same))).first():
                raise Conflict(
                    f"A key with the id '{key.id}' or the same secret exists already; create another."
                )
            await connection.execute(insert(ACCESS_KEY), msgspec.structs.asdict(key))
            data: dict[str, object] = {"id": key.id, "name": key.name, "role": key.role, "tenant": key.tenant}
            if key.expires_at is not None:
                data["expires_at"] = key.expires_at
            if key.priority is not Priority.NORMAL:
                data["priority"] = key.priority
            at = key.created_at
            revision = await record(
                self._database, connection, STREAM, "created", by=by, reason=reason, at=at, data=data
            )
            if not amounts.said:
                return revision
            quota = Quota(scope=Scope.KEY, target=key.id, amounts=amounts, by=by, reason=reason, at=at)
            return await put_quota(self._database, connection, quota)

    async def revoke(self, key_id: str, *, by: str, reason: str, at: float) -> int:
        """Revoke for ever; returns the revision. Raises NotFound, or Conflict where it is revoked already."""
        async with state_change(self._database) as connection:
            data = await _live_key(connection, key_id)
            await connection.execute(
                update(ACCESS_KEY).where(ACCESS_KEY.c.id == key_id).values(revoked_at=at)
            )
            return await record(
                self._database, connection, STREAM, "revoked", by=by, reason=reason, at=at, data=data
            )

    async def rotate(self, key_id: str, hashed: str, *, until: float, by: str, reason: str, at: float) -> int:
        """Take a new secret, and the present one until then; the revision. Raises NotFound, Conflict."""
        async with state_change(self._database) as connection:
            data = await _live_key(connection, key_id)
            mine = ACCESS_KEY.c.id == key_id
            await connection.execute(
                update(ACCESS_KEY)
                .where(mine)
                .values(previous_hash=ACCESS_KEY.c.secret_hash, previous_until=until, secret_hash=hashed)
            )
            return await record(
                self._database, connection, STREAM, "rotated", by=by, reason=reason, at=at, data=data
            )

    async def prioritise(self, key_id: str, priority: Priority, *, by: str, reason: str, at: float) -> int:
        """Change whose turn comes first; the revision. Raises NotFound, or Conflict for a revoked key."""
        async with state_change(self._database) as connection:
            data = await _live_key(connection, key_id) | {"priority": priority}
            await connection.execute(
                update(ACCESS_KEY).where(ACCESS_KEY.c.id == key_id).values(priority=priority.value)
            )
            return await record(
                self._database, connection, STREAM, "prioritised", by=by, reason=reason, at=at, data=data
            )

    async def used(self, key_id: str, at: float) -> None:
        """Keep that a key was used at `at`, unless a later use is kept; no event, no revision."""
        earlier = or_(ACCESS_KEY.c.last_used_at.is_(None), ACCESS_KEY.c.last_used_at < at)
        async with self._database.write() as connection:
            mine = (ACCESS_KEY.c.id == key_id) & earlier
            await connection.execute(update(ACCESS_KEY).where(mine).values(last_used_at=at))


async def _live_key(connection: AsyncConnection, key_id: str) -> dict[str, object]:
    """What an event says of the key; raises NotFound, or Conflict where it is revoked."""
    row = (await connection.execute(select(ACCESS_KEY).where(ACCESS_KEY.c.id == key_id))).one_or_none()
    if row is None:
        raise NotFound(f"No key has the id '{key_id}'; `tidegate keys list` shows them.")
    if row.revoked_at is not None:
        raise Conflict(f"The key '{key_id}' is revoked already.")
    return {"id": key_id, "name": row.name, "role": row.role, "tenant": row.tenant}


async def read_keys(connection: AsyncConnection) -> list[KeyRecord]:
    """Every key, oldest first."""
    rows = await connection.execute(select(ACCESS_KEY).order_by(ACCESS_KEY.c.created_at, ACCESS_KEY.c.id))
    return [msgspec.convert(row, KeyRecord, from_attributes=True) for row in rows]
