"""What a scenario is fitted from, summed by the database; costs are read in pages, since logarithms are
nothing that every SQLite has."""

import asyncio
from collections.abc import Iterable

from sqlalchemy import BigInteger, ColumnElement, Row, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.answers import AnswerRows
from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.recorded import Recorded
from tidegate.adapters.storage.schema import EXCHANGE, VOTE
from tidegate.domain.census import Alike, Census, Hour, Sampled
from tidegate.domain.exchange import Arm, Outcome
from tidegate.domain.log_costs import LogCosts
from tidegate.domain.rollout import Unit
from tidegate.domain.tuning.answers import Answers, Tuned

_HOUR = 3600
_ROWS = 1000
"""Rows taken from the database at a time, and summed by a thread: the loop may serve requests."""


class SqlSamples:
    """`control.services.Samples` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._body = Recorded(sqlite=database.sqlite)
        self._answers = AnswerRows(self._body)

    async def census(self, sampled: Sampled) -> Census:
        """The period's sums; one statement each, so that what comes meanwhile may be in some of them."""
        async with self._database.read() as connection:
            up, down = await self._votes(connection, sampled)
            hours, first_at = await self._hours(connection, sampled)
            judged, triggered = await self._triggered(connection, sampled)
            costs = await self._costs(connection, sampled)
            return Census(
                hours=hours,
                first_at=first_at,
                alike=await self._alike(connection, sampled, Unit.USER),
                milliseconds=await self._milliseconds(connection, sampled),
                costs=costs.sums(),
                user_costs=costs.by_user(),
                judged=judged,
                triggered=triggered,
                up=up,
                down=down,
            )

    async def activity(self, sampled: Sampled, unit: Unit) -> Census:
        """How many units asked how often, and in which hours: two statements, whatever the period."""
        async with self._database.read() as connection:
            hours, first_at = await self._hours(connection, sampled)
            alike = await self._alike(connection, sampled, unit)
            return Census(hours=hours, first_at=first_at, alike=alike)

    async def answers(self, tuned: Tuned) -> Answers:
        """What a candidate's answers were like."""
        async with self._database.read() as connection:
            return await self._answers.read(connection, tuned)

    def _matching(self, sampled: Sampled) -> list[ColumnElement[bool]]:
        body = self._body
        found = [
            EXCHANGE.c.at >= sampled.since,
            EXCHANGE.c.at < sampled.until,
            or_(body.flag("counted", default=True), body.flag("stays"), _AFTER),
        ]
        if "*" not in sampled.tenants:
            found.append(EXCHANGE.c.tenant.in_(sampled.tenants))
        if "*" not in sampled.tasks:
            found.append(body.text("task").in_(sampled.tasks))
        return found

    async def _hours(self, connection: AsyncConnection, sampled: Sampled) -> tuple[tuple[Hour, ...], float]:
        """The hours in which anything came, and when the first request did."""
        passed = EXCHANGE.c.at / _HOUR
        whole = cast(passed if self._database.sqlite else func.floor(passed), BigInteger).label("hour")
        sums = (func.count(), func.count().filter(_BASELINE), func.count().filter(_FAULTED))
        found = select(func.min(EXCHANGE.c.at), whole, *sums).where(*self._matching(sampled))
        rows = (await connection.execute(found.group_by("hour").order_by("hour"))).all()
        hours = tuple(Hour(at * _HOUR, *counts) for _, at, *counts in rows)
        return hours, rows[0][0] if rows else 0.0

    async def _alike(self, connection: AsyncConnection, sampled: Sampled, unit: Unit) -> tuple[Alike, ...]:
        """By conversation those that are known, else by user those whose unit is not a conversation."""
        conversation, user = self._body.text("conversation_hash"), EXCHANGE.c.unit_hash
        by_conversation = unit is Unit.CONVERSATION
        known = conversation != "" if by_conversation else self._body.text("unit_kind") != "conversation"
        each = (
            select(
                func.count().label("requests"),
                func.count().filter(_BASELINE).label("baseline"),
                func.count().filter(_FAULTED).label("faulted"),
            )
            .where(*self._matching(sampled), known)
            .group_by(EXCHANGE.c.tenant, conversation if by_conversation else user)
            .subquery()
        )
        apart = (each.c.requests, each.c.baseline, each.c.faulted)
        found = select(func.count(), *apart).group_by(*apart).order_by(*apart)
        return tuple(Alike(*row) for row in await connection.execute(found))

    async def _milliseconds(self, connection: AsyncConnection, sampled: Sampled) -> dict[int, int]:
        rounded = cast(func.round(self._body.number("seconds") * 1000), BigInteger).label("ms")
        good = and_(_BASELINE, EXCHANGE.c.outcome == Outcome.OK)
        found = select(rounded, func.count()).where(*self._matching(sampled), good).group_by("ms")
        return {row[0]: row[1] for row in await connection.execute(found)}

    async def _triggered(self, connection: AsyncConnection, sampled: Sampled) -> tuple[int, int]:
        judged = and_(EXCHANGE.c.arm != Arm.OUTSIDE, EXCHANGE.c.stage.is_not(None), self._body.counts())
        sums = (func.count(), func.count().filter(self._body.flag("triggered")))
        row = (await connection.execute(select(*sums).where(*self._matching(sampled), judged))).one()
        return row[0], row[1]

    async def _costs(self, connection: AsyncConnection, sampled: Sampled) -> LogCosts:
        body = self._body
        cost, asked = body.cost(), func.coalesce(body.number("asked_bytes"), 0.0)
        kind = body.text("unit_kind")
        found = select(
            cost.label("cost"), asked.label("asked"), EXCHANGE.c.tenant, EXCHANGE.c.unit_hash, kind
        )
        found = found.where(*self._matching(sampled), _BASELINE, cost.is_not(None))
        sums = LogCosts()
        result = await connection.stream(found.order_by(EXCHANGE.c.at))
        async for page in result.partitions(_ROWS):
            await asyncio.to_thread(_add, sums, page)
        return sums

    async def _votes(self, connection: AsyncConnection, sampled: Sampled) -> tuple[int, int]:
        up, down = (func.count().filter(VOTE.c.vote == vote) for vote in ("up", "down"))
        found = (
            select(up, down)
            .select_from(EXCHANGE)
            .join(VOTE, and_(VOTE.c.exchange_id == EXCHANGE.c.id, VOTE.c.counted))
            .where(*self._matching(sampled), _BASELINE)
        )
        row = (await connection.execute(found)).one()
        return row[0], row[1]


def _add(sums: LogCosts, page: Iterable[Row[float, float, str, str, str]]) -> None:
    for cost, asked, tenant, unit, kind in page:
        sums.add(cost, asked, None if kind == "conversation" else (tenant, unit))


_AFTER = and_(EXCHANGE.c.rollout.is_not(None), EXCHANGE.c.stage.is_(None))
"""What comes after a rollout while some units are held back; all of it is on record as not counted."""

_BASELINE = or_(
    EXCHANGE.c.arm == Arm.OUTSIDE,
    and_(EXCHANGE.c.arm == Arm.CONTROL, EXCHANGE.c.stage.is_not(None)),
    and_(EXCHANGE.c.arm == Arm.CANDIDATE, _AFTER),
)
"""What users have: once a rollout is complete that is its candidate, and no longer its control."""

_FAULTED = and_(_BASELINE, EXCHANGE.c.faulted)
