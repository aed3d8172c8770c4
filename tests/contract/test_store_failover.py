"""What PostgreSQL says after a failover: the connection is good, but nothing can be written."""

from pathlib import Path

import psycopg
import pytest
from exchanges import make_exchange

from tidegate.adapters.storage.store import open_store
from tidegate.domain.errors import StoreUnavailable
from tidegate.ports import LedgerQuery


@pytest.mark.xdist_group("postgresql")
async def test_a_postgresql_that_has_become_read_only_is_unavailable(
    postgresql: Path, postgresql_databases, clock
) -> None:
    database = postgresql_databases()
    with psycopg.connect(f"host={postgresql} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    store = await open_store(f"postgresql+psycopg://postgres@/{database}?host={postgresql}", clock=clock)
    with pytest.raises(StoreUnavailable, match="read-only"):
        await store.ledger.ingest([make_exchange(1)], [])
    assert await store.ledger.count(LedgerQuery()) == 0
    await store.close()
