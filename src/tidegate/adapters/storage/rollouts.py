"""Rollouts, their chained events, and who leads."""

from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import and_, case, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.journal import (
    append,
    bump,
    read_events,
    read_head,
    read_newest_events,
    read_revision,
    state_change,
)
from tidegate.adapters.storage.outbox import notice_row
from tidegate.adapters.storage.schema import LEASE, NOTICE, ROLLOUT
from tidegate.domain.chain import Head
from tidegate.domain.errors import Conflict
from tidegate.domain.rollout import Event, Rollout
from tidegate.ports import Lease, NewEvent, Notice

LEADER = "controller"
"""Name of the one lease there is: who may commit decisions."""


class SqlRollouts:
    """`ports.Rollouts` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> Rollout | None:
        """The rollout as last committed; None where the name is unknown."""
        found = select(ROLLOUT.c.body).where(ROLLOUT.c.name == name)
        async with self._database.read() as connection:
            body = (await connection.execute(found)).scalar_one_or_none()
        return msgspec.json.decode(body, type=Rollout) if body is not None else None

    async def list(self) -> Sequence[Rollout]:
        """Every rollout, oldest first."""
        async with self._database.read() as connection:
            return await read_rollouts(connection)

    async def commit(
        self,
        rollout: Rollout,
        event: NewEvent,
        notices: Sequence[Notice] = (),
        *,
        lease: Lease | None = None,
        admit: Callable[[Sequence[Rollout]], None] | None = None,
        routed: bool = True,
    ) -> tuple[Rollout, int]:
        """State, event, notices and a new revision, all or none; see `ports.Rollouts.commit`."""
        after = msgspec.structs.replace(rollout, version=rollout.version + 1)
        async with state_change(self._database) as connection:
            if lease is not None:
                await require_newest(connection, lease)
            if admit is not None:
                admit(await read_rollouts(connection))
            await self._write(connection, after, expected=rollout.version)
            await append(self._database, connection, event)
            if notices:
                await connection.execute(insert(NOTICE), [notice_row(notice) for notice in notices])
            return after, await (bump(connection) if routed else read_revision(connection))

    async def events(self, stream: str) -> Sequence[Event]:
        """The stream's events by `seq`."""
        async with self._database.read() as connection:
            return await read_events(connection, stream)

    async def newest_events(self, stream: str, *, limit: int, before: int | None = None) -> Sequence[Event]:
        """At most `limit` of the stream's events below `before`, the newest first."""
        async with self._database.read() as connection:
            return await read_newest_events(connection, stream, limit=limit, before=before)

    async def head(self, stream: str) -> Head | None:
        """Where the stream ends, kept apart from its events; None for one without events."""
        async with self._database.read() as connection:
            return await read_head(connection, stream)

    async def take_lease(self, holder: str, *, now: float, seconds: float) -> Lease | None:
        """Take or renew leadership until `now + seconds`; None while another holder's lease runs.

        The token rises whenever leadership changes hands, so that a leader who lost it cannot commit.
        """
        until = now + seconds
        fresh = self._database.insert(LEASE).values(name=LEADER, holder=holder, token=1, until=until)
        taken = fresh.on_conflict_do_update(
            index_elements=[LEASE.c.name],
            set_={
                "holder": holder,
                "until": until,
                "token": case((LEASE.c.holder == holder, LEASE.c.token), else_=LEASE.c.token + 1),
            },
            where=or_(LEASE.c.holder == holder, LEASE.c.until <= now),
        ).returning(LEASE.c.token)
        async with self._database.write() as connection:
            token = (await connection.execute(taken)).scalar_one_or_none()
        return Lease(holder, token, until) if token is not None else None

    async def release_lease(self, holder: str) -> None:
        """Let another take over at once; does nothing where `holder` does not lead."""
        released = update(LEASE).where(and_(LEASE.c.name == LEADER, LEASE.c.holder == holder))
        async with self._database.write() as connection:
            await connection.execute(released.values(holder="", until=0.0))

    async def _write(self, connection: AsyncConnection, after: Rollout, *, expected: int) -> None:
        row = {
            "name": after.name,
            "version": after.version,
            "phase": after.phase,
            "created_at": after.created_at,
            "body": msgspec.json.encode(after).decode(),
        }
        if expected == 0:
            new = self._database.insert(ROLLOUT).values(row).on_conflict_do_nothing()
            if (await connection.execute(new.returning(ROLLOUT.c.name))).first() is None:
                raise Conflict(f"A rollout named '{after.name}' exists already; choose another name.")
            return
        same = and_(ROLLOUT.c.name == after.name, ROLLOUT.c.version == expected)
        if (await connection.execute(update(ROLLOUT).where(same).values(row))).rowcount == 0:
            raise Conflict(
                f"Rollout '{after.name}' was changed by somebody else meanwhile; look again and retry."
            )


async def read_rollouts(connection: AsyncConnection) -> list[Rollout]:
    """Every rollout, oldest first."""
    rows = await connection.execute(select(ROLLOUT.c.body).order_by(ROLLOUT.c.created_at, ROLLOUT.c.name))
    return [msgspec.json.decode(body, type=Rollout) for body in rows.scalars()]


async def require_newest(connection: AsyncConnection, lease: Lease) -> None:
    """Raises Conflict where leadership has passed on; holds the lease's row to the transaction's end."""
    newest = select(LEASE.c.token, LEASE.c.holder).where(LEASE.c.name == LEADER).with_for_update()
    row = (await connection.execute(newest)).one_or_none()
    if row is None or (row.token, row.holder) != (lease.token, lease.holder):
        raise Conflict(f"'{lease.holder}' no longer leads: its lease passed on; nothing was changed.")
