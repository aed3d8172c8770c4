"""What every change of state does in its transaction: take its turn, append its event, bump the revision."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import msgspec
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.schema import EVENT, REVISION, STREAM_HEAD
from tidegate.domain.chain import Head, link
from tidegate.domain.rollout import Event
from tidegate.ports import NewEvent


@asynccontextmanager
async def state_change(database: Database) -> AsyncGenerator[AsyncConnection]:
    """A transaction that changes state: one at a time over all processes, so chains never fork."""
    async with database.write() as connection:
        await connection.execute(select(REVISION.c.number).with_for_update())
        yield connection


async def append(database: Database, connection: AsyncConnection, new: NewEvent) -> Event:
    """Chain `new` to the end of its stream, within a state change."""
    head = await read_head(connection, new.stream)
    event = link(head, new)
    await connection.execute(insert(EVENT), _row(event))
    moved = {"seq": event.seq, "hash": event.hash}
    await connection.execute(
        database.insert(STREAM_HEAD)
        .values(stream=new.stream, **moved)
        .on_conflict_do_update(index_elements=[STREAM_HEAD.c.stream], set_=moved)
    )
    return event


async def bump(connection: AsyncConnection) -> int:
    """Raise the revision that every gateway process follows; returns the new one."""
    statement = update(REVISION).values(number=REVISION.c.number + 1).returning(REVISION.c.number)
    return (await connection.execute(statement)).scalar_one()


async def read_revision(connection: AsyncConnection) -> int:
    """The revision as it is."""
    return (await connection.execute(select(REVISION.c.number))).scalar_one()


async def record(
    database: Database,
    connection: AsyncConnection,
    stream: str,
    kind: str,
    *,
    by: str,
    reason: str,
    at: float,
    data: Mapping[str, object],
) -> int:
    """Append one event about keys, switches or skills, and bump the revision."""
    raw = msgspec.Raw(msgspec.json.encode(data))
    await append(
        database, connection, NewEvent(stream=stream, at=at, actor=by, kind=kind, reason=reason, data=raw)
    )
    return await bump(connection)


async def read_head(connection: AsyncConnection, stream: str) -> Head | None:
    """Where the stream ends; None for one without events."""
    statement = select(STREAM_HEAD.c.seq, STREAM_HEAD.c.hash).where(STREAM_HEAD.c.stream == stream)
    row = (await connection.execute(statement)).one_or_none()
    return Head(row.seq, row.hash) if row else None


async def read_events(connection: AsyncConnection, stream: str) -> list[Event]:
    """The stream's events by `seq`."""
    rows = await connection.execute(select(EVENT).where(EVENT.c.stream == stream).order_by(EVENT.c.seq))
    return [_event(row) for row in rows]


async def read_newest_events(
    connection: AsyncConnection, stream: str, *, limit: int, before: int | None
) -> list[Event]:
    """At most `limit` of the stream's events with a `seq` below `before`, the newest first."""
    found = select(EVENT).where(EVENT.c.stream == stream).order_by(EVENT.c.seq.desc()).limit(limit)
    if before is not None:
        found = found.where(EVENT.c.seq < before)
    return [_event(row) for row in await connection.execute(found)]


def _row(event: Event) -> dict[str, object]:
    row: dict[str, object] = msgspec.structs.asdict(event)
    return row | {"data": bytes(event.data).decode()}


def _event(row: Row[*tuple[object, ...]]) -> Event:
    return Event(
        stream=row.stream,
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        kind=row.kind,
        reason=row.reason,
        data=msgspec.Raw(row.data.encode()),
        previous_hash=row.previous_hash,
        hash=row.hash,
    )
