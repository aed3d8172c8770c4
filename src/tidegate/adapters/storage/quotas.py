"""What keys and tenants may use; a row says something of one of them."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Row, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.journal import record, state_change
from tidegate.adapters.storage.schema import ACCESS_KEY, QUOTA
from tidegate.domain.errors import NotFound
from tidegate.domain.quota import NOTHING_SAID, Amounts, Quota, Scope

STREAM = "quota"


class SqlQuotas:
    """`ports.Quotas` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> Sequence[Quota]:
        """Every quota, by scope and target."""
        async with self._database.read() as connection:
            return await read_quotas(connection)

    async def set(
        self, scope: Scope, target: str, amounts: Amounts, *, by: str, reason: str, at: float
    ) -> tuple[Quota, int]:
        """Change what `amounts` say and keep the rest; returns what holds now, and the revision."""
        async with state_change(self._database) as connection:
            if scope is Scope.KEY:
                await _require_key(connection, target)
            found = (await connection.execute(select(QUOTA).where(_is(scope, target)))).one_or_none()
            before = _quota(found).amounts if found else NOTHING_SAID
            quota = Quota(
                scope=scope, target=target, amounts=amounts.over(before), by=by, reason=reason, at=at
            )
            return quota, await put_quota(self._database, connection, quota)

    async def clear(self, scope: Scope, target: str, *, by: str, reason: str, at: float) -> int:
        """Say nothing of it any more; returns the revision."""
        async with state_change(self._database) as connection:
            if (await connection.execute(delete(QUOTA).where(_is(scope, target)))).rowcount == 0:
                raise NotFound(f"No quota is set for {scope} '{target}'; `tidegate quota list` shows them.")
            data = {"scope": scope, "target": target}
            return await record(
                self._database, connection, STREAM, "cleared", by=by, reason=reason, at=at, data=data
            )


async def put_quota(database: Database, connection: AsyncConnection, quota: Quota) -> int:
    """Write it within a state change, with its event; returns the revision."""
    row = {
        "scope": quota.scope.value,
        "target": quota.target,
        **msgspec.structs.asdict(quota.amounts),
        "by": quota.by,
        "reason": quota.reason,
        "at": quota.at,
    }
    upsert = (
        database.insert(QUOTA)
        .values(row)
        .on_conflict_do_update(index_elements=[QUOTA.c.scope, QUOTA.c.target], set_=row)
    )
    await connection.execute(upsert)
    data = {"scope": quota.scope, "target": quota.target, **msgspec.structs.asdict(quota.amounts)}
    return await record(
        database, connection, STREAM, "set", by=quota.by, reason=quota.reason, at=quota.at, data=data
    )


async def read_quotas(connection: AsyncConnection) -> list[Quota]:
    """Every quota, by scope and target."""
    rows = await connection.execute(select(QUOTA).order_by(QUOTA.c.scope, QUOTA.c.target))
    return [_quota(row) for row in rows]


async def _require_key(connection: AsyncConnection, key_id: str) -> None:
    known = select(ACCESS_KEY.c.id).where(ACCESS_KEY.c.id == key_id)
    if (await connection.execute(known)).first() is None:
        raise NotFound(f"No key has the id '{key_id}'; `tidegate keys list` shows them.")


def _is(scope: Scope, target: str) -> ColumnElement[bool]:
    return and_(QUOTA.c.scope == scope.value, QUOTA.c.target == target)


def _quota(row: Row[*tuple[object, ...]]) -> Quota:
    return Quota(
        scope=Scope(row.scope),
        target=row.target,
        amounts=msgspec.convert(row, Amounts, from_attributes=True),
        by=row.by,
        reason=row.reason,
        at=row.at,
    )
