"""One database, SQLite or PostgreSQL, behind the same few verbs: read, write, probe, insert, lock."""

import asyncio
import copy
import hashlib
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from typing import Protocol, TypeVar, cast

import aiosqlite
from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, func, make_url, select
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

T = TypeVar("T")

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


class _Abandoned(Exception):
    """Whoever wanted the batch was cancelled: it is rolled back, and nobody hears of this."""


class Database:
    """Transactions over one database.

    SQLite has one writer at a time, whose transactions begin IMMEDIATE, and some reading connections (WAL:
    they never wait for it). PostgreSQL has one pool, READ COMMITTED. Outages raise StoreUnavailable.

    `batch` has a connection and a thread of its own: a transaction of many statements is one trip there and
    back. Statement by statement each would wait for a turn of a busy event loop, and the ledger fall behind.
    """

    def __init__(self, url: URL) -> None:
        self.name = url.render_as_string(hide_password=True)
        self.sqlite = url.get_backend_name() == "sqlite"
        if self.sqlite:
            self._writer = _sqlite_engine(url, connections=1, begin="BEGIN IMMEDIATE")
            self._reader = _sqlite_engine(url, connections=READERS + 1, begin="BEGIN")
        else:
            self._writer = self._reader = _postgresql_engine(url)
        self._batches = _batch_engine(url)
        self._batch_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-batch")
        self._turn = asyncio.Lock()
        self._keeps = True
        self._prober: AsyncConnection | None = None
        self._driver: aiosqlite.Connection

    def trial(self) -> "Database":
        """The same database, of which nothing is kept that its `write` does; closing is the other's."""
        tried = copy.copy(self)
        tried._keeps = False
        return tried

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncConnection]:
        """One transaction, committed at the end of the block, rolled back on any error or cancellation."""
        with translated(self.name):
            async with self._turn if self.sqlite else nullcontext(), self._writer.begin() as connection:
                yield connection
                if not self._keeps:
                    await connection.rollback()

    async def batch(self, work: Callable[[Connection], T]) -> T:
        """`work`'s result: one transaction on a thread, rolled back on any error or cancellation."""
        abandoned = threading.Event()
        loop = asyncio.get_running_loop()
        async with self._turn:
            try:
                return await loop.run_in_executor(self._batch_thread, self._in_transaction, work, abandoned)
            except asyncio.CancelledError:
                abandoned.set()
                raise

    def _in_transaction(self, work: Callable[[Connection], T], abandoned: threading.Event) -> T:
        with translated(self.name), self._batches.begin() as connection:
            result = work(connection)
            if abandoned.is_set():
                raise _Abandoned
            return result

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

    def lock(self, connection: Connection, name: str, *, shared: bool = False) -> None:
        """Hold a named lock to the transaction's end; SQLite's one writer needs none.

        Take several in sorted order, so that two transactions never wait for each other.
        """
        if self.sqlite:
            return
        number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
        take = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
        connection.execute(select(take(number)))

    async def close(self) -> None:
        """Close every connection."""
        if self._prober is not None:
            await self._prober.close()
            self._prober = None
        await asyncio.to_thread(self._batch_thread.shutdown)
        self._batches.dispose()
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
    _prepare_sqlite(engine.sync_engine, begin)
    return engine


def _prepare_sqlite(engine: Engine, begin: str) -> None:
    """Each connection with its pragmas, each transaction begun as told."""
    event.listen(engine, "connect", _set_pragmas)

    def begin_transaction(connection: "_DriverSql") -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "begin", begin_transaction)


def _batch_engine(url: URL) -> Engine:
    """One connection for one thread, by the same drivers."""
    if url.get_backend_name() != "sqlite":
        return create_engine(
            url,
            pool_size=1,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"connect_timeout": BUSY_SECONDS},
        )
    engine = create_engine(
        url.set(drivername="sqlite"),
        pool_size=1,
        max_overflow=0,
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
    )
    _prepare_sqlite(engine, "BEGIN IMMEDIATE")
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
