"""Which versions are at which provider; a row says where one digest is in one workspace."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.journal import record, state_change
from tidegate.adapters.storage.schema import SKILL_SYNC
from tidegate.adapters.storage.skills import STREAM
from tidegate.domain.skill import ProviderVersion, SyncedVersion


class SqlSyncs:
    """`ports.Syncs` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> Sequence[SyncedVersion]:
        """By upstream and tenant, then oldest first."""
        async with self._database.read() as connection:
            return await read_syncs(connection)

    async def put(self, synced: SyncedVersion, *, reason: str) -> int:
        """Remember it, with an event among the skills'; returns the revision."""
        there = msgspec.structs.asdict(synced.there)
        row = {
            "digest": synced.digest,
            "upstream": synced.upstream,
            "tenant": synced.tenant,
            "name": synced.name,
            **there,
            "at": synced.at,
            "by": synced.by,
        }
        data = {"name": synced.name, "digest": synced.digest, "upstream": synced.upstream, **there}
        if synced.tenant:
            data["tenant"] = synced.tenant
        upsert = (
            self._database.insert(SKILL_SYNC)
            .values(row)
            .on_conflict_do_update(index_elements=list(SKILL_SYNC.primary_key.columns), set_=row)
        )
        async with state_change(self._database) as connection:
            await connection.execute(upsert)
            return await record(
                self._database,
                connection,
                STREAM,
                "synced",
                by=synced.by,
                reason=reason,
                at=synced.at,
                data=data,
            )


async def read_syncs(connection: AsyncConnection) -> list[SyncedVersion]:
    """By upstream and tenant, then oldest first."""
    ordered = select(SKILL_SYNC).order_by(
        SKILL_SYNC.c.upstream, SKILL_SYNC.c.tenant, SKILL_SYNC.c.at, SKILL_SYNC.c.digest
    )
    return [_synced(row) for row in await connection.execute(ordered)]


def _synced(row: Row[*tuple[object, ...]]) -> SyncedVersion:
    return SyncedVersion(
        name=row.name,
        digest=row.digest,
        upstream=row.upstream,
        there=ProviderVersion(skill_id=row.skill_id, version_id=row.version_id, epoch=row.epoch),
        at=row.at,
        by=row.by,
        tenant=row.tenant,
    )
