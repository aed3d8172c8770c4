"""Every exchange, durably, and the evidence that is summed with it in one transaction."""

import math
from collections.abc import AsyncIterator, Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, select, tuple_, update

from tidegate.adapters.storage.costs import CostRows
from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.evidence import EvidenceRows
from tidegate.adapters.storage.jsonrows import encode_rows, field, json_rows
from tidegate.adapters.storage.rowbatch import Row as Values
from tidegate.adapters.storage.rowbatch import RowBatch
from tidegate.adapters.storage.schema import EXCHANGE, VOTE
from tidegate.adapters.storage.skill_sums import SkillRows
from tidegate.adapters.storage.votes import Counted, VoteRows
from tidegate.domain.evidence import StageEvidence
from tidegate.domain.exchange import Amend, Arm, Exchange, Outcome, Vote
from tidegate.domain.recount import recount
from tidegate.domain.tallying import has_sticky_unit, is_evidence
from tidegate.ports import IngestResult, LedgerQuery, StageKey

PAGE = 1000
"""Exchanges an export reads at a time."""

_EXCHANGE = msgspec.json.Decoder(Exchange)
_encode = msgspec.json.Encoder().encode


class SqlLedger:
    """`ports.Ledger` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._evidence = EvidenceRows(database)
        self._votes = VoteRows(database)
        self._costs = CostRows(database)
        self._skills = SkillRows(database)
        self._rows = RowBatch(database, EXCHANGE)
        self._body = select(EXCHANGE.c.body).where(EXCHANGE.c.id == bindparam("id"))
        rows = json_rows(database)
        self._amend = (
            update(EXCHANGE)
            .where(EXCHANGE.c.id == field(rows, EXCHANGE.c.id))
            .values(
                delivered=field(rows, EXCHANGE.c.delivered),
                delivered_seconds=field(rows, EXCHANGE.c.delivered_seconds),
            )
        )

    async def ingest(self, exchanges: Sequence[Exchange], amends: Sequence[Amend]) -> IngestResult:
        """Insert what is new, sum its evidence, add amends, settle parked votes; all or none."""
        return await self._database.batch(lambda connection: self._ingest(connection, exchanges, amends))

    def _ingest(
        self, connection: Connection, exchanges: Sequence[Exchange], amends: Sequence[Amend]
    ) -> IngestResult:
        amended = {amend.id: amend for amend in amends}
        self._votes.lock(connection, shared=True)
        self._evidence.lock(connection, exchanges)
        fresh = self._insert_new(connection, exchanges, amended)
        touched = self._evidence.add(connection, list(fresh.values()))
        later = [_amend_row(amend) for amend in amended.values() if amend.id not in fresh]
        if later:
            connection.execute(self._amend, encode_rows(later))
        voted = self._votes.settle(connection, list(fresh.values()))
        self._evidence.add_votes(connection, voted)
        self._skills.add(connection, fresh.values(), voted)
        self._costs.add(connection, list(fresh.values()))
        return IngestResult(len(fresh), touched)

    async def evidence(
        self, key: StageKey, *, latest: int, since: float = 0.0, until: float = math.inf
    ) -> StageEvidence:
        """A stage's evidence: buckets that end after `since`, events from then on, latest units per arm.

        Buckets that start at `until` or later, and events from then on, are left out.
        """
        async with self._database.read() as connection:
            return await self._evidence.read(connection, key, latest=latest, since=since, until=until)

    async def evidence_from_ledger(self, key: StageKey, *, latest: int) -> StageEvidence:
        """The same recounted from the exchanges: it differs only if either was tampered with."""
        of_attempt = EXCHANGE.c.rollout == key.rollout, EXCHANGE.c.attempt == key.attempt
        attempt = select(EXCHANGE.c.body).where(*of_attempt)
        voted = (
            select(EXCHANGE.c.body, VOTE.c.vote, VOTE.c.at)
            .join(VOTE, VOTE.c.exchange_id == EXCHANGE.c.id)
            .where(*of_attempt, VOTE.c.counted)
            .order_by(VOTE.c.id)
        )
        async with self._database.read() as connection:
            bodies = (await connection.execute(attempt.order_by(EXCHANGE.c.seq))).scalars().all()
            votes = (await connection.execute(voted)).all()
        return recount(
            [_EXCHANGE.decode(body) for body in bodies],
            key.rollout,
            key.attempt,
            key.stage,
            latest=latest,
            votes=[(_EXCHANGE.decode(row.body), row.vote, row.at) for row in votes],
        )

    async def export(self, query: LedgerQuery) -> AsyncIterator[Exchange]:
        """Exchanges by (at, id), a page at a time: a long export holds no transaction open."""
        last: tuple[float, str] | None = None
        while True:
            page = select(*_STORED).where(*_matching(query)).limit(PAGE)
            if last is not None:
                page = page.where(tuple_(EXCHANGE.c.at, EXCHANGE.c.id) > tuple_(*last))
            async with self._database.read() as connection:
                rows = (await connection.execute(page.order_by(EXCHANGE.c.at, EXCHANGE.c.id))).all()
            for row in rows:
                yield _to_exchange(row)
            if len(rows) < PAGE:
                return
            last = (rows[-1].at, rows[-1].id)

    async def vote(self, vote: Vote) -> str:
        """Keep a vote: `counted`, `repeated`, or `parked` where the tenant has no such exchange (yet)."""
        return await self._database.batch(lambda connection: self._vote(connection, vote))

    def _vote(self, connection: Connection, vote: Vote) -> str:
        self._votes.lock(connection, shared=False)
        kept = self._votes.keep(connection, vote)
        if kept.counted_on is not None:
            body = connection.execute(self._body, {"id": kept.counted_on}).scalar_one()
            counted = Counted(_EXCHANGE.decode(body), vote.vote, vote.at)
            self._evidence.add_votes(connection, [counted])
            self._skills.add(connection, (), [counted])
        return kept.answer

    async def count(self, query: LedgerQuery) -> int:
        """How many exchanges `export` would give."""
        async with self._database.read() as connection:
            counted = select(func.count()).select_from(EXCHANGE).where(*_matching(query))
            return (await connection.execute(counted)).scalar_one()

    def _insert_new(
        self, connection: Connection, exchanges: Sequence[Exchange], amended: dict[str, Amend]
    ) -> dict[str, Exchange]:
        """The exchanges really inserted, by id, in their order of arrival."""
        distinct: dict[str, Exchange] = {}
        for found in exchanges:
            distinct.setdefault(found.id, found)
        if not self._database.sqlite:
            rows = [_exchange_row(found, amended.get(found.id)) for found in distinct.values()]
            inserted = self._rows.write_returning(connection, rows, EXCHANGE.c.id)
            return {id_: found for id_, found in distinct.items() if id_ in inserted}
        last = connection.execute(_LAST).scalar() or 0
        rows = [_exchange_row(found, amended.get(id_)) for id_, found in distinct.items()]
        if self._rows.write(connection, rows) == len(rows):
            return distinct
        new = set(connection.execute(_LATER, {"last": last}).scalars())  # nobody else writes meanwhile
        return {id_: found for id_, found in distinct.items() if id_ in new}


_TEXTS: dict[str, str] = {member: member.value for kind in (Arm, Outcome) for member in kind}
"""Members as plain strings, which the driver binds at once; `value` is a call before Python 3.12."""

_LAST = select(func.max(EXCHANGE.c.seq))
_LATER = select(EXCHANGE.c.id).where(EXCHANGE.c.seq > bindparam("last"))

_STORED = (EXCHANGE.c.at, EXCHANGE.c.id, EXCHANGE.c.body, EXCHANGE.c.delivered, EXCHANGE.c.delivered_seconds)


def _matching(query: LedgerQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.since is not None:
        conditions.append(EXCHANGE.c.at >= query.since)
    if query.until is not None:
        conditions.append(EXCHANGE.c.at < query.until)
    if query.rollout is not None:
        conditions.append(EXCHANGE.c.rollout == query.rollout)
    if query.tenant is not None:
        conditions.append(EXCHANGE.c.tenant == query.tenant)
    return conditions


def _exchange_row(exchange: Exchange, amend: Amend | None) -> Values:
    return (
        exchange.id,
        exchange.at,
        exchange.finished_at,
        exchange.tenant,
        exchange.unit_hash,
        exchange.message_id,
        exchange.rollout,
        exchange.attempt,
        exchange.stage,
        _TEXTS[exchange.arm],
        _TEXTS[exchange.outcome],
        exchange.faulted,
        exchange.triggered and not has_sticky_unit(exchange) and is_evidence(exchange),
        amend.delivered if amend else None,
        amend.seconds if amend else None,
        _encode(exchange).decode(),
    )


def _amend_row(amend: Amend) -> dict[str, object]:
    return {"id": amend.id, "delivered": amend.delivered, "delivered_seconds": amend.seconds}


def _to_exchange(row: Row[*tuple[object, ...]]) -> Exchange:
    recorded = _EXCHANGE.decode(row.body)
    if row.delivered is None:
        return recorded
    return msgspec.structs.replace(recorded, delivered=row.delivered, delivered_seconds=row.delivered_seconds)
