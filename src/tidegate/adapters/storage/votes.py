"""Thumbs on answers; one that comes before its exchange is parked until the exchange is ingested."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, and_, delete, or_, select, update

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.jsonrows import encode_rows, json_texts
from tidegate.adapters.storage.schema import EXCHANGE, VOTE
from tidegate.domain.exchange import Exchange, Vote

PARKED_SECONDS = 24 * 3600.0
"""A vote whose exchange has not come by then is forgotten."""

KEPT_VOTES = 10
"""So many votes of a tenant are kept under one id, its exchange here or not; further ones change nothing."""

_LOCK = "votes"


class Counted(NamedTuple):
    """A vote that counts, and the exchange it is on."""

    exchange: Exchange
    vote: str
    at: float


class Kept(NamedTuple):
    """What became of a vote: `answer` for the voter, and the id of the exchange it counts on, if it does."""

    answer: str
    counted_on: str | None = None


class VoteRows:
    """The votes, each on an exchange of the voter's own tenant; another tenant's id looks unknown."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._parked_for = (
            select(VOTE)
            .where(VOTE.c.exchange_id.is_(None), VOTE.c.request_id.in_(json_texts(database)))
            .order_by(VOTE.c.at, VOTE.c.id)
        )

    def lock(self, connection: Connection, *, shared: bool) -> None:
        """Shared to ingest, alone to vote: a vote finds its exchange, or the exchange finds it parked."""
        self._database.lock(connection, _LOCK, shared=shared)

    def keep(self, connection: Connection, vote: Vote) -> Kept:
        """Store the vote under `lock`; says `counted`, `repeated` or `parked`."""
        exchange_id = _find_exchange(connection, vote)
        if exchange_id is None:
            if not _is_full(connection, vote):
                self._park(connection, vote)
            return Kept("parked")
        row = msgspec.structs.asdict(vote) | {"exchange_id": exchange_id, "counted": True}
        first = self._database.insert(VOTE).values(row).on_conflict_do_nothing()
        if (connection.execute(first.returning(VOTE.c.id))).first():
            return Kept("counted", exchange_id)
        if not _is_full(connection, vote):
            connection.execute(self._database.insert(VOTE).values(row | {"counted": False}))
        return Kept("repeated")

    def settle(self, connection: Connection, exchanges: Sequence[Exchange]) -> list[Counted]:
        """Give exchanges that have just come their parked votes; the earliest counts, and is returned."""
        if not (connection.execute(select(VOTE.c.id).where(VOTE.c.exchange_id.is_(None)).limit(1))).first():
            return []
        names = {found.id: found for found in exchanges}
        names |= {found.message_id: found for found in exchanges if found.message_id is not None}
        parked = connection.execute(self._parked_for, encode_rows(sorted(names)))
        voted: dict[str, Counted] = {}
        for row in parked.all():
            exchange = names[row.request_id]
            if exchange.tenant != row.tenant:
                continue
            settled = {"exchange_id": exchange.id, "counted": exchange.id not in voted}
            connection.execute(update(VOTE).where(VOTE.c.id == row.id).values(settled))
            voted.setdefault(exchange.id, Counted(exchange, row.vote, row.at))
        return list(voted.values())

    def _park(self, connection: Connection, vote: Vote) -> None:
        stale = and_(VOTE.c.exchange_id.is_(None), VOTE.c.at < vote.at - PARKED_SECONDS)
        connection.execute(delete(VOTE).where(stale))
        row = msgspec.structs.asdict(vote) | {"exchange_id": None, "counted": False}
        connection.execute(self._database.insert(VOTE).values(row))


def _is_full(connection: Connection, vote: Vote) -> bool:
    same = select(VOTE.c.id).where(VOTE.c.request_id == vote.request_id, VOTE.c.tenant == vote.tenant)
    return len(connection.execute(same.limit(KEPT_VOTES)).all()) == KEPT_VOTES


def _find_exchange(connection: Connection, vote: Vote) -> str | None:
    named = or_(EXCHANGE.c.id == vote.request_id, EXCHANGE.c.message_id == vote.request_id)
    found = (
        select(EXCHANGE.c.id).where(named, EXCHANGE.c.tenant == vote.tenant).order_by(EXCHANGE.c.seq).limit(1)
    )
    return (connection.execute(found)).scalar_one_or_none()
