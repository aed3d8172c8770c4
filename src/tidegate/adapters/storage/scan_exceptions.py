"""Exceptions from the scanner's gate, a row for each digest."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.journal import record, state_change
from tidegate.adapters.storage.schema import SCAN_EXCEPTION
from tidegate.adapters.storage.skills import STREAM
from tidegate.domain.errors import Conflict, NotFound
from tidegate.domain.scan_exception import ScanException


class SqlScanExceptions:
    """`ports.ScanExceptions` over SQL; each change is an event of the skills' stream."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> Sequence[ScanException]:
        """Every exception, by the name of its skill and its digest."""
        rows = select(SCAN_EXCEPTION.c.body).order_by(SCAN_EXCEPTION.c.digest)
        async with self._database.read() as connection:
            known = [_read(row.body) for row in await connection.execute(rows)]
        return sorted(known, key=lambda each: each.name)

    async def get(self, digest: str) -> ScanException | None:
        """What was asked, and perhaps granted, for this digest."""
        async with self._database.read() as connection:
            return await _find(connection, digest)

    async def ask(self, asked: ScanException) -> tuple[ScanException, int]:
        """Write the request; raises Conflict where one that was granted covers it."""
        async with state_change(self._database) as connection:
            known = await _find(connection, asked.digest)
            if known is not None and known.covers(asked.rules):
                raise Conflict(f"{known.name} {known.digest} has an exception already; publish it")
            return await self._put(
                connection,
                asked,
                "exception-requested",
                by=asked.asked_by,
                reason=asked.asked_because,
                at=asked.asked_at,
            )

    async def grant(self, digest: str, *, by: str, reason: str, at: float) -> tuple[ScanException, int]:
        """Agree to a request; raises NotFound where there is none, Conflict where it was granted before."""
        async with state_change(self._database) as connection:
            known = await _find(connection, digest)
            if known is None:
                raise NotFound(
                    f"no exception was requested for {digest}; `tidegate skill exception list` shows them"
                )
            if known.granted:
                raise Conflict(f"the exception for {digest} was granted before, by {known.granted_by}")
            granted = msgspec.structs.replace(known, granted_by=by, granted_because=reason, granted_at=at)
            return await self._put(connection, granted, "exception-granted", by=by, reason=reason, at=at)

    async def _put(
        self,
        connection: AsyncConnection,
        exception: ScanException,
        kind: str,
        *,
        by: str,
        reason: str,
        at: float,
    ) -> tuple[ScanException, int]:
        row = {
            "digest": exception.digest,
            "body": msgspec.json.encode(exception).decode(),
        }
        await connection.execute(
            self._database.insert(SCAN_EXCEPTION)
            .values(row)
            .on_conflict_do_update(index_elements=[SCAN_EXCEPTION.c.digest], set_=row)
        )
        uses = sorted({use.capability for use in exception.uses})
        data = {"name": exception.name, "digest": exception.digest, "rules": exception.rules, "uses": uses}
        revision = await record(
            self._database, connection, STREAM, kind, by=by, reason=reason, at=at, data=data
        )
        return exception, revision


async def _find(connection: AsyncConnection, digest: str) -> ScanException | None:
    found = select(SCAN_EXCEPTION.c.body).where(SCAN_EXCEPTION.c.digest == digest)
    body = (await connection.execute(found)).scalar_one_or_none()
    return None if body is None else _read(body)


def _read(body: str) -> ScanException:
    return msgspec.json.decode(body, type=ScanException)
