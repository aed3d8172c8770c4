import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from exchanges import make_exchange
from sqlalchemy import Connection, MetaData, create_engine, select, text

from tidegate.adapters.storage import database, migrate
from tidegate.adapters.storage.database import parse_url
from tidegate.adapters.storage.migrate import HEAD, upgrade
from tidegate.adapters.storage.schema import METADATA
from tidegate.adapters.storage.store import Store, open_store
from tidegate.domain.errors import InvalidInput, StoreUnavailable
from tidegate.ports import LedgerQuery


def _differences(connection: Connection) -> list[object]:
    return compare_metadata(MigrationContext.configure(connection), METADATA)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    name = request.getfixturevalue("postgresql_databases")("template0")
    return f"postgresql+psycopg://postgres@/{name}?host={request.getfixturevalue('postgresql')}"


def _rows(connection: Connection) -> dict[str, list[object]]:
    found = MetaData()
    found.reflect(connection)
    return {name: list(connection.execute(select(table))) for name, table in found.tables.items()}


@pytest.mark.parametrize("way", [migrate._create, migrate._run_migrations])
async def test_a_first_start_and_the_migrations_both_make_the_schema_and_the_same_rows(
    empty_url: str, way: Callable[[Connection], None]
) -> None:
    made = database.Database(parse_url(empty_url))
    async with migrate.start_lock(parse_url(empty_url)), made.write() as connection:
        await connection.run_sync(way)
    async with made.read() as connection:
        assert await connection.run_sync(_differences) == []
        rows = await connection.run_sync(_rows)
    await made.close()
    assert {name: each for name, each in rows.items() if each} == {
        "alembic_version": [(HEAD,)],
        "revision": [(1, 1)],
    }


def test_the_newest_migration_is_the_one_that_a_start_looks_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


async def test_several_processes_may_create_the_same_database_at_once(store_url: str, clock) -> None:
    stores = await asyncio.gather(*(open_store(store_url, clock=clock) for _ in range(4)))
    assert [await store.routing.revision() for store in stores] == [1, 1, 1, 1]
    for store in stores:
        await store.close()


async def test_empty_postgresql_is_migrated_by_one_of_several_starts(
    postgresql: Path, postgresql_databases, clock
) -> None:
    url = f"postgresql+psycopg://postgres@/{postgresql_databases('template0')}?host={postgresql}"
    stores = await asyncio.gather(*(open_store(url, clock=clock) for _ in range(3)))
    assert [await store.routing.revision() for store in stores] == [1, 1, 1]
    for store in stores:
        await store.close()


async def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(store_url: str, clock) -> None:
    first = await open_store(store_url, clock=clock)
    async with first._database.write() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    await first.close()
    for _ in range(2):
        with pytest.raises(InvalidInput, match="newer version"):
            await open_store(store_url, clock=clock)


async def test_data_outlives_a_close_and_another_upgrade(store_url: str, clock) -> None:
    first = await open_store(store_url, clock=clock)
    await first.ledger.ingest([make_exchange(1)], [])
    await first.close()
    await upgrade(store_url)
    second = await open_store(store_url, clock=clock)
    assert await second.ledger.count(LedgerQuery()) == 1
    await second.close()


def test_what_was_synced_before_tenants_had_workspaces_is_in_the_gateways(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/t.db")
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    row = "('sha256:a', 'default', 'tides', 'skill_1', 'skver_1', '', 7.0, 'ann')"
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        connection.execute(text(f"INSERT INTO skill_sync VALUES {row}"))
        command.upgrade(config, "head")
        (found,) = connection.execute(text("SELECT * FROM skill_sync")).mappings()
    engine.dispose()
    assert (found["tenant"], found["digest"], found["skill_id"], found["by"]) == (
        "",
        "sha256:a",
        "skill_1",
        "ann",
    )


def test_a_start_on_an_up_to_date_home_does_not_load_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/t.db"
    asyncio.run(upgrade(url))
    code = (
        "import asyncio, sys; from tidegate.adapters.storage.migrate import upgrade;"
        f"asyncio.run(upgrade({url!r})); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://x/y", "driver 'mysql'"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("nonsense", "not a database URL"),
        ("", "not a database URL"),
    ],
)
async def test_a_url_that_cannot_serve_is_refused(clock, url: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        await open_store(url, clock=clock)


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path, clock) -> None:
    (tmp_path / "t.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreUnavailable, match=r"t\.db"):
        await open_store(f"sqlite:///{tmp_path}/t.db", clock=clock)


async def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path, clock) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable):
        await open_store(f"sqlite:///{tmp_path}/file/t.db", clock=clock)


async def test_a_server_that_does_not_answer_is_unavailable_and_its_password_is_not_told(
    tmp_path: Path, clock
) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        await open_store(f"postgresql://u:secret@/x?host={tmp_path}", clock=clock)
    assert "secret" not in str(caught.value)


async def test_a_writer_that_waits_too_long_is_told_so_and_readers_are_not_stopped(
    tmp_path: Path, clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    store = await open_store(f"sqlite:///{tmp_path}/t.db", clock=clock)
    other = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        await store.ledger.ingest([make_exchange(1)], [])
    assert await store.routing.revision() == 1
    assert await store.ledger.count(LedgerQuery()) == 0
    other.execute("ROLLBACK")
    other.close()
    assert (await store.ledger.ingest([make_exchange(1)], [])).inserted == 1
    await store.close()


def _leave_one_page(connection: Connection) -> None:
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 1}")


async def test_a_full_disk_is_unavailable_and_loses_nothing_that_was_there(tmp_path: Path, clock) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/t.db", clock=clock)
    await store.ledger.ingest([make_exchange(1)], [])
    await store._database.batch(_leave_one_page)
    with pytest.raises(StoreUnavailable, match="full"):
        await store.ledger.ingest([make_exchange(number) for number in range(500)], [])
    assert await store.ledger.count(LedgerQuery()) == 1
    await store.close()


async def test_a_value_postgresql_cannot_hold_is_refused_not_called_an_outage(
    postgresql: Path, postgresql_databases, clock
) -> None:
    url = f"postgresql+psycopg://postgres@/{postgresql_databases()}?host={postgresql}"
    store = await open_store(url, clock=clock)
    with pytest.raises(InvalidInput, match="cannot hold"):
        await store.ledger.ingest([make_exchange(1, message_id="msg_\0")], [])
    assert (await store.ledger.ingest([make_exchange(2)], [])).inserted == 1
    await store.close()


async def test_a_cancelled_write_leaves_nothing_and_the_store_usable(store: Store) -> None:
    for _ in range(5):
        task = asyncio.create_task(store.ledger.ingest([make_exchange(n) for n in range(200)], []))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await store.ledger.count(LedgerQuery()) == 0
    assert (await store.ledger.ingest([make_exchange(1)], [])).inserted == 1
