"""One database, SQLite or PostgreSQL, behind the same few verbs: read, write, probe, insert, lock."""

import hashlib
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol, cast

import aiosqlite
from sqlalchemy import URL, Table, event, func, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from tidegate.adapters.storage.failures import translated
from tidegate.domain.errors import InvalidInput

BUSY_SECONDS = 5
"""How long a SQLite writer waits for another process's transaction before it is StoreUnavailable."""

READERS = 3
"""SQLite connections for reading; PostgreSQL pools hold this many more than one writer."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


class _Cursor(Protocol):
    def execute(self, statement: str) -> object: ...
    def close(self) -> None: ...


class _Connection(Protocol):
    def cursor(self) -> _Cursor: ...


class Database:
    """Transactions over one database.

    SQLite has one writing connection, whose transactions begin IMMEDIATE, and some reading ones (WAL: they
    never wait for it). PostgreSQL has one pool, READ COMMITTED. Outages raise StoreUnavailable.
    """

    def __init__(self, url: URL) -> None:
        self.name = url.render_as_string(hide_password=True)
        self.sqlite = url.get_backend_name() == "sqlite"
        if self.sqlite:
            self._writer = _sqlite_engine(url, connections=1, begin="BEGIN IMMEDIATE")
            self._reader = _sqlite_engine(url, connections=READERS + 1, begin="BEGIN")
        else:
            self._writer = self._reader = _postgresql_engine(url)
        self._prober: AsyncConnection | None = None
        self._driver: aiosqlite.Connection

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncConnection]:
        """One transaction, committed at the end of the block, rolled back on any error or cancellation."""
        with translated(self.name):
            async with self._writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncConnection]:
        """One consistent snapshot on SQLite, one transaction on PostgreSQL."""
        with translated(self.name):
            async with self._reader.begin() as connection:
                if not self.sqlite:
                    await connection.exec_driver_sql(
                        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
                    )
                yield connection

    async def probe(self, query: str) -> int:
        """One integer, without a transaction around it: on SQLite a single trip to a thread of its own."""
        if not self.sqlite:
            async with self.read() as connection:
                return int((await connection.exec_driver_sql(query)).scalar_one())
        with translated(self.name):
            if self._prober is None:
                self._prober = await self._reader.connect()
                raw = await self._prober.get_raw_connection()
                self._driver = cast(aiosqlite.Connection, raw.driver_connection)
            try:
                rows = await self._driver.execute_fetchall(query)
            except sqlite3.Error as error:
                raise DBAPIError.instance(query, None, error, sqlite3.Error) from error
        return int(next(iter(rows))[0])

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """The dialect's INSERT, which knows ON CONFLICT."""
        return sqlite.insert(table) if self.sqlite else postgresql.insert(table)

    async def lock(self, connection: AsyncConnection, name: str, *, shared: bool = False) -> None:
        """Hold a named lock to the transaction's end; SQLite's one writer needs none.

        Take several in sorted order, so that two transactions never wait for each other.
        """
        if self.sqlite:
            return
        number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
        take = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
        await connection.execute(select(take(number)))

    async def close(self) -> None:
        """Close every connection."""
        if self._prober is not None:
            await self._prober.close()
            self._prober = None
        await self._reader.dispose()
        await self._writer.dispose()


def parse_url(text: str) -> URL:
    """A database URL with its driver filled in; raises InvalidInput for one we cannot serve from."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise InvalidInput(f"store.url is not a database URL: {error}. {_EXPECTED}") from error
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise InvalidInput(
            f"store.url names the driver '{url.drivername}', which is not supported. {_EXPECTED}"
        )
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise InvalidInput(
            f"store.url names no file: an in-memory database would lose the ledger. {_EXPECTED}"
        )
    return url.set(drivername=driver)


_EXPECTED = "Write sqlite:///PATH or postgresql://USER@HOST/DATABASE."


def _sqlite_engine(url: URL, *, connections: int, begin: str) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS * 2,
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
    )
    event.listen(engine.sync_engine, "connect", _set_pragmas)

    def begin_transaction(connection: "_DriverSql") -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "begin", begin_transaction)
    return engine


class _DriverSql(Protocol):
    def exec_driver_sql(self, statement: str) -> object: ...


def _set_pragmas(connection: _Connection, _entry: ConnectionPoolEntry) -> None:
    """`synchronous=FULL`: a rollback or an ingested batch whose commit returned survives a power loss.

    The spool drops a segment once it is ingested, so the ledger needs this as much as the state does.
    """
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _postgresql_engine(url: URL) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=1 + READERS,
        max_overflow=4,
        pool_timeout=BUSY_SECONDS * 2,
        pool_pre_ping=True,
        connect_args={"connect_timeout": BUSY_SECONDS},
    )
