"""A store on SQLite and on a real PostgreSQL, started by this fixture from the binaries of a wheel."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from fresh_store import fresh_store
from postgresql_server import postgresql_server

from tidegate.adapters.storage.migrate import upgrade
from tidegate.adapters.storage.store import Store, open_store

TEMPLATE = "tidegate_template"


class SetClock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Path]:
    """The folder of a running server's socket."""
    with postgresql_server() as server:
        yield server.folder


@pytest.fixture(scope="session")
def postgresql_databases(postgresql: Path) -> Iterator[Callable[[], str]]:
    """Makes empty databases in a server that has a migrated template; returns their names."""
    with psycopg.connect(f"host={postgresql} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
        asyncio.run(upgrade(_postgresql_url(postgresql, TEMPLATE)))
        made: list[str] = []

        def make(template: str = TEMPLATE) -> str:
            name = f"tidegate_{len(made)}"
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            made.append(name)
            return name

        yield make


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of one's own, on each of the two."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/tidegate.db"
    make = request.getfixturevalue("postgresql_databases")
    return _postgresql_url(request.getfixturevalue("postgresql"), make())


@pytest.fixture
async def open_another(store_url: str, clock: SetClock) -> AsyncIterator[Callable[[], Awaitable[Store]]]:
    """Opens the same database again, as another process would."""
    opened: list[Store] = []

    async def open_one() -> Store:
        first = store_url.startswith("sqlite") and not opened
        file = Path(store_url.removeprefix("sqlite:///"))
        opened.append(await (fresh_store(file, clock) if first else open_store(store_url, clock=clock)))
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


@pytest.fixture
async def store(open_another: Callable[[], Awaitable[Store]]) -> Store:
    return await open_another()


def _postgresql_url(folder: Path, database: str) -> str:
    return f"postgresql+psycopg://postgres@/{database}?host={folder}"
