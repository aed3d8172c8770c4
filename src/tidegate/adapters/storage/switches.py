"""Instant overrides: a row is a switch that is off."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import and_, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.journal import record, state_change
from tidegate.adapters.storage.schema import SWITCH
from tidegate.domain.access import Switch
from tidegate.domain.errors import NotFound

STREAM = "switch"


class SqlSwitches:
    """`ports.Switches` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> Sequence[Switch]:
        """Every switch that is off, by scope and target."""
        async with self._database.read() as connection:
            return await read_switches(connection)

    async def off(self, switch: Switch) -> int:
        """Switch off, or say anew who did and why where it is off already; returns the revision."""
        row = msgspec.structs.asdict(switch)
        upsert = (
            self._database.insert(SWITCH)
            .values(row)
            .on_conflict_do_update(index_elements=[SWITCH.c.scope, SWITCH.c.target], set_=row)
        )
        async with state_change(self._database) as connection:
            await connection.execute(upsert)
            return await record(
                self._database,
                connection,
                STREAM,
                "off",
                by=switch.by,
                reason=switch.reason,
                at=switch.at,
                data={"scope": switch.scope, "target": switch.target},
            )

    async def on(self, scope: str, target: str, *, by: str, reason: str, at: float) -> int:
        """Switch on again; returns the revision. Raises NotFound where no such switch is off."""
        gone = delete(SWITCH).where(and_(SWITCH.c.scope == scope, SWITCH.c.target == target))
        async with state_change(self._database) as connection:
            if (await connection.execute(gone)).rowcount == 0:
                raise NotFound(f"No switch is off for {scope} '{target}'; `tidegate switch list` shows them.")
            data = {"scope": scope, "target": target}
            return await record(
                self._database, connection, STREAM, "on", by=by, reason=reason, at=at, data=data
            )


async def read_switches(connection: AsyncConnection) -> list[Switch]:
    """Every switch that is off, by scope and target."""
    rows = await connection.execute(select(SWITCH).order_by(SWITCH.c.scope, SWITCH.c.target))
    return [msgspec.convert(row, Switch, from_attributes=True) for row in rows]
