"""What was used and what it cost: summed as exchanges come in, read back by tenant, key, model or skills."""

import asyncio
import math
from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.rowbatch import Meeting, RowBatch
from tidegate.adapters.storage.schema import COST, EXCHANGE
from tidegate.domain.account import PICOS, SLOT_SECONDS, Costs, Spent, account_of, costs_of, summed
from tidegate.domain.exchange import Exchange
from tidegate.ports import LedgerQuery

_EXCHANGE = msgspec.json.Decoder(Exchange)
_PAGE = 500
"""Exchanges read and summed at once, by a thread: at 200 a second a quarter of an hour has 180,000."""

_SUMS = tuple(func.sum(COST.c[name]).label(name) for name in Costs.__struct_fields__)


class CostRows:
    """The table of sums; written in the transaction that inserts the exchanges."""

    def __init__(self, database: Database) -> None:
        self._rows = RowBatch(database, COST, Meeting.ADD)

    def add(self, connection: Connection, exchanges: Sequence[Exchange]) -> None:
        """Add what is new; in one order, so that two processes never wait for each other's rows in a ring."""
        sums = summed(exchanges)
        rows = [(*account, *msgspec.structs.astuple(sums[account])) for account in sorted(sums)]
        self._rows.write(connection, rows)


class SqlCosts:
    """`ports.Costs` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by(self, dimension: str, query: LedgerQuery) -> dict[str, Costs]:
        """Sums by `tenant`, `key_id`, `model` or `skills`.

        Whole quarters of an hour come from the sums, what is left at both ends from the exchanges.
        """
        first = 0 if query.since is None else math.ceil(query.since / SLOT_SECONDS)
        last = None if query.until is None else math.floor(query.until / SLOT_SECONDS)
        async with self._database.read() as connection:
            if last is not None and first >= last:
                return await _edge(connection, dimension, query, query.since, query.until)
            found = await _slots(connection, dimension, query, first, last)
            if query.since is not None:
                edge = await _edge(connection, dimension, query, query.since, first * SLOT_SECONDS)
                found = _merged(found, edge)
            if last is not None:
                edge = await _edge(connection, dimension, query, last * SLOT_SECONDS, query.until)
                found = _merged(found, edge)
            return found

    async def spent(self, since: float, until: float) -> Sequence[Spent]:
        """Dollars by tenant and key in the quarters of an hour that begin in [since, until)."""
        slots = (COST.c.slot >= since // SLOT_SECONDS, COST.c.slot < until // SLOT_SECONDS)
        keys = (COST.c.tenant, COST.c.key_id)
        found = select(*keys, func.sum(COST.c.cost_picos).label("picos")).where(*slots).group_by(*keys)
        async with self._database.read() as connection:
            rows = (await connection.execute(found)).all()
        return [Spent(row.tenant, row.key_id, int(row.picos) / PICOS) for row in rows]

    async def last_used(self) -> dict[str, float]:
        """By key, when the quarter of an hour began in which it was last used."""
        latest = select(COST.c.key_id, func.max(COST.c.slot)).group_by(COST.c.key_id)
        async with self._database.read() as connection:
            return {key: slot * SLOT_SECONDS for key, slot in await connection.execute(latest)}


async def _slots(
    connection: AsyncConnection, dimension: str, query: LedgerQuery, first: int, last: int | None
) -> dict[str, Costs]:
    column = COST.c[dimension]
    conditions: list[ColumnElement[bool]] = [COST.c.slot >= first]
    if last is not None:
        conditions.append(COST.c.slot < last)
    if query.tenant is not None:
        conditions.append(COST.c.tenant == query.tenant)
    if query.rollout is not None:
        conditions.append(COST.c.rollout == query.rollout)
    rows = await connection.execute(select(column, *_SUMS).where(*conditions).group_by(column))
    return {name: Costs(*map(int, sums)) for name, *sums in rows}


async def _edge(
    connection: AsyncConnection, dimension: str, query: LedgerQuery, since: float | None, until: float | None
) -> dict[str, Costs]:
    """The same from exchanges themselves; since and until are less than half an hour apart, or both open."""
    conditions: list[ColumnElement[bool]] = [] if since is None else [EXCHANGE.c.at >= since]
    if until is not None:
        conditions.append(EXCHANGE.c.at < until)
    if query.tenant is not None:
        conditions.append(EXCHANGE.c.tenant == query.tenant)
    if query.rollout is not None:
        conditions.append(EXCHANGE.c.rollout == query.rollout)
    found: dict[str, Costs] = {}
    place = tuple_(EXCHANGE.c.at, EXCHANGE.c.id)
    page = select(EXCHANGE.c.at, EXCHANGE.c.id, EXCHANGE.c.body).order_by(*place).limit(_PAGE)
    after: Sequence[ColumnElement[bool]] = ()
    while rows := (await connection.execute(page.where(*conditions, *after))).all():
        after = (place > tuple_(rows[-1].at, rows[-1].id),)
        found = await asyncio.to_thread(_added, found, dimension, [row.body for row in rows])
        if len(rows) < _PAGE:
            break
    return found


def _added(found: dict[str, Costs], dimension: str, bodies: Iterable[str]) -> dict[str, Costs]:
    added = dict(found)
    for exchange in map(_EXCHANGE.decode, bodies):
        name = getattr(account_of(exchange), dimension)
        added[name] = added.get(name, Costs()) + costs_of(exchange)
    return added


def _merged(one: dict[str, Costs], other: dict[str, Costs]) -> dict[str, Costs]:
    return one | {name: one.get(name, Costs()) + costs for name, costs in other.items()}
