"""Bring a database to the newest schema; safe where several processes start at once."""

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import URL, Column, Connection, MetaData, String, Table, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.database import Database, parse_url
from tidegate.adapters.storage.failures import translated
from tidegate.adapters.storage.schema import METADATA, REVISION
from tidegate.domain.errors import InvalidInput

HEAD = "0016"
"""The newest migration under migrations/versions; a test compares the two. Names sort by age."""

_VERSION_TABLE = "alembic_version"
_ADVISORY_LOCK = "tidegate schema"


async def upgrade(url: str) -> None:
    """Create the tables, or run every migration that is lacking; quick where nothing is to be done."""
    parsed = parse_url(url)
    database = Database(parsed)
    try:
        async with start_lock(parsed):
            await upgrade_database(database)
    finally:
        await database.close()


async def upgrade_database(database: Database) -> None:
    """As `upgrade`, over open connections; call it under `start_lock`.

    Raises InvalidInput for a database that a newer version has made.
    """
    current = await _current(database)
    if current == HEAD:
        return
    if current is not None and current > HEAD:
        raise InvalidInput(
            f"the database {database.name} was made by a newer version of Tidegate (schema {current}; "
            f"this one knows {HEAD}): upgrade Tidegate, or name another store with store.url"
        )
    async with database.write() as connection:
        await connection.run_sync(database.lock, _ADVISORY_LOCK)
        await connection.run_sync(_bring_up_to_date)


@asynccontextmanager
async def start_lock(url: URL) -> AsyncGenerator[None]:
    """Let one process at a time open a SQLite file: switching it to WAL cannot wait for another's lock."""
    if url.get_backend_name() != "sqlite":
        yield
        return
    path = Path(f"{url.database}.lock")
    with translated(str(url)):
        descriptor = await asyncio.to_thread(_locked, path)
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


async def _current(database: Database) -> str | None:
    try:
        async with database.read() as connection:
            return await _version(connection)
    except DBAPIError:
        return None  # no version table: an empty database


async def _version(connection: AsyncConnection) -> str | None:
    return (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()


def _bring_up_to_date(connection: Connection) -> None:
    """Make everything in an empty database, run migrations over one that has a version."""
    if inspect(connection).has_table(_VERSION_TABLE):
        _run_migrations(connection)
    else:
        _create(connection)


def _create(connection: Connection) -> None:
    # What the migrations leave, without running them one by one: a first start takes a third of the time.
    METADATA.create_all(connection, checkfirst=False)
    connection.execute(REVISION.insert().values(id=1, number=1))
    version = Table(_VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))
    version.create(connection)
    connection.execute(version.insert().values(version_num=HEAD))


def _run_migrations(connection: Connection) -> None:
    # Alembic takes a third of a second to import: only a home of an older version pays for it.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
