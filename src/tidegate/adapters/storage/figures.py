"""What reports ask of the ledger, summed by the database: a day of it may be a million exchanges.

Each inner query ends with `OFFSET 0`, which keeps both databases from merging it into the outer one: they
would take the JSON of each row apart again wherever a field is named.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.recorded import Recorded
from tidegate.adapters.storage.schema import EXCHANGE, VOTE
from tidegate.domain.exchange import Arm, Outcome, Usage
from tidegate.domain.reporting.sums import ArmTasks, Comment, Line, Place, Span, UnitSpending

LONGEST_SECONDS = 86_400.0
"""No exchange takes longer: what ended in a span began at most so long before it, and `at` has the index."""

_ROWS = 1000
"""Rows taken from the database at a time where there may be one for each user."""

_KINDS = Usage.__struct_fields__
_ALIKE = Line.__struct_fields__[: Line.__struct_fields__.index("requests")]
"""The fields that the exchanges of a line have in common."""

_NOTHING: ColumnElement[str] = literal_column("''")
"""Written out: PostgreSQL takes an expression with a parameter for another one wherever it stands."""


class SqlFigures:
    """`ports.Figures` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._body = Recorded(sqlite=database.sqlite)

    async def lines(self, span: Span) -> Sequence[Line]:
        """Sums over the exchanges that ended in the span, in the order of their first fields."""
        each = self._each(span)
        told = {
            "skills": func.coalesce(each.c.served_with, each.c.wanted, _NOTHING).label("skills"),
            "served": each.c.served_with.is_not(None).label("served"),
        }
        alike = [told[name] if name in told else each.c[name] for name in _ALIKE]
        sums = [_total(each.c[name]).label(name) for name in ("priced", "unpriced", "cost_picos", *_KINDS)]
        found = select(
            *alike, func.count().label("requests"), *sums, func.max(each.c.last_at).label("last_at")
        ).group_by(*alike)
        async with self._database.read() as connection:
            rows = (await connection.execute(found)).mappings().all()
        lines = [msgspec.convert(row, Line, strict=False) for row in rows]
        return sorted(lines, key=_order)

    async def spending(
        self, place: Place, edges: Sequence[float], *, by_unit: bool
    ) -> Sequence[UnitSpending]:
        """What triggered requests of a stage cost, by day, arm and (`by_unit`) unit that lives on.

        A unit that lives on is triggered from its first trigger in the attempt on, as evidence has it.
        """
        each = self._spent(place, edges, by_unit=by_unit)
        apart = (each.c.day, each.c.arm, each.c.unit)
        units = literal(1) if by_unit else func.count()
        squares = func.sum(each.c.cost * each.c.cost)
        found = select(*apart, units, func.count(), _total(each.c.picos), squares).group_by(*apart)
        rows: list[UnitSpending] = []
        async with self._database.read() as connection:
            result = await connection.stream(found.order_by(*apart))
            async for page in result.partitions(_ROWS):
                rows += (UnitSpending(row[0], Arm(row[1]), *row[2:]) for row in page)
        return rows

    async def tasks(self, place: Place, edges: Sequence[float]) -> Sequence[ArmTasks]:
        """Conversations with a triggered request by arm, of exchanges that ended in between."""
        talk = self._talks(place, edges)
        good = _one(and_(talk.c.good == 1, talk.c.down == 0))
        sums = (func.count(), _total(good), _total(talk.c.priced), _total(talk.c.picos))
        found = select(talk.c.arm, *sums).group_by(talk.c.arm).order_by(talk.c.arm)
        async with self._database.read() as connection:
            rows = (await connection.execute(found)).all()
        return [ArmTasks(Arm(arm), *counts) for arm, *counts in rows]

    async def comments(self, span: Span, *, limit: int) -> tuple[Sequence[Comment], int]:
        """The newest comments beside votes that came in the span, and how many there are in all."""
        joined = select(VOTE.c.at, EXCHANGE.c.arm, VOTE.c.vote, VOTE.c.comment).where(
            VOTE.c.exchange_id == EXCHANGE.c.id,
            VOTE.c.at >= span.since,
            VOTE.c.at < span.until,
            VOTE.c.comment != "",
            EXCHANGE.c.rollout == span.rollout,
            EXCHANGE.c.arm != Arm.OUTSIDE,
        )
        newest = joined.order_by(VOTE.c.at.desc(), VOTE.c.id.desc()).limit(limit)
        count = select(func.count()).select_from(joined.subquery())
        async with self._database.read() as connection:
            rows = (await connection.execute(newest)).all()
            total = (await connection.execute(count)).scalar_one()
        return [Comment(row.at, Arm(row.arm), row.vote, row.comment) for row in rows], total

    def _each(self, span: Span) -> Subquery:
        """Every exchange of the span with what a line is summed by."""
        body = self._body
        used = or_(*(body.tokens(kind) != 0 for kind in _KINDS))
        return (
            select(
                func.coalesce(EXCHANGE.c.rollout, "").label("rollout"),
                *(EXCHANGE.c[name] for name in ("attempt", "stage", "arm", "outcome")),
                body.flag("counted", default=True).label("counted"),
                body.flag("triggered").label("triggered"),
                func.nullif(body.text("skill_outcome"), "").label("skill_outcome"),
                body.text("model").label("model"),
                body.skills("skills").label("served_with"),
                body.skills("wanted").label("wanted"),
                body.cached().label("cached"),
                body.text("fallback").label("fallback"),
                _one(body.cost().is_not(None)).label("priced"),
                _one(and_(body.cost().is_(None), used)).label("unpriced"),
                body.picos().label("cost_picos"),
                *(body.tokens(kind).label(kind) for kind in _KINDS),
                EXCHANGE.c.finished_at.label("last_at"),
            )
            .where(*_of_span(span))
            .offset(0)
            .subquery()
        )

    def _spent(self, place: Place, edges: Sequence[float], *, by_unit: bool) -> Subquery:
        """Every priced, triggered exchange of a stage."""
        body = self._body
        unit = EXCHANGE.c.unit_hash if by_unit else literal("")
        fields = (EXCHANGE.c.arm, unit.label("unit"), body.picos().label("picos"), body.cost().label("cost"))
        found = select(_day(edges).label("day"), *fields).where(
            *_of_place(place, edges), body.counts(), body.cost().is_not(None)
        )
        if not by_unit:
            return found.where(body.flag("triggered")).offset(0).subquery()
        first = self._first_triggers(place)
        return (
            found.join(first, and_(first.c.unit_hash == EXCHANGE.c.unit_hash, first.c.seq <= EXCHANGE.c.seq))
            .offset(0)
            .subquery()
        )

    def _first_triggers(self, place: Place) -> Subquery:
        """By unit, the place in the order of arrival of its first trigger in the attempt."""
        body = self._body
        return (
            select(EXCHANGE.c.unit_hash, func.min(EXCHANGE.c.seq).label("seq"))
            .where(
                EXCHANGE.c.rollout == place.rollout,
                EXCHANGE.c.attempt == place.attempt,
                or_(EXCHANGE.c.stage.is_not(None), literal(place.stage is None)),
                EXCHANGE.c.arm != Arm.OUTSIDE,
                body.counts(),
                body.flag("triggered"),
            )
            .group_by(EXCHANGE.c.unit_hash)
            .subquery()
        )

    def _talks(self, place: Place, edges: Sequence[float]) -> Subquery:
        """Every conversation of the place that had a triggered request, summed."""
        body = self._body
        named = func.nullif(body.text("conversation_hash"), "")
        down = select(VOTE.c.exchange_id).where(VOTE.c.counted, VOTE.c.vote == "down").subquery()
        each = (
            select(
                *(EXCHANGE.c[name] for name in ("arm", "tenant", "outcome")),
                func.coalesce(named, EXCHANGE.c.id).label("talk"),
                _one(body.flag("triggered")).label("triggered"),
                _one(down.c.exchange_id.is_not(None)).label("down"),
                _one(body.cost().is_not(None)).label("priced"),
                body.picos().label("picos"),
            )
            .select_from(EXCHANGE)
            .outerjoin(down, down.c.exchange_id == EXCHANGE.c.id)
            .where(*_of_place(place, edges), body.counts())
            .offset(0)
            .subquery()
        )
        return (
            select(
                each.c.arm,
                func.max(_one(each.c.outcome == Outcome.OK)).label("good"),
                func.max(each.c.down).label("down"),
                func.sum(each.c.priced).label("priced"),
                func.sum(each.c.picos).label("picos"),
            )
            .group_by(each.c.arm, each.c.tenant, each.c.talk)
            .having(func.max(each.c.triggered) == 1)
            .subquery()
        )


def _of_span(span: Span) -> list[ColumnElement[bool]]:
    named = [] if span.rollout is None else [EXCHANGE.c.rollout == span.rollout]
    return [*_ended((span.since, span.until)), *named]


def _of_place(place: Place, edges: Sequence[float]) -> list[ColumnElement[bool]]:
    return [
        EXCHANGE.c.rollout == place.rollout,
        EXCHANGE.c.attempt == place.attempt,
        EXCHANGE.c.stage == place.stage,
        EXCHANGE.c.arm != Arm.OUTSIDE,
        *_ended(edges),
    ]


def _ended(edges: Sequence[float]) -> list[ColumnElement[bool]]:
    return [
        EXCHANGE.c.at >= edges[0] - LONGEST_SECONDS,
        EXCHANGE.c.at < edges[-1],
        EXCHANGE.c.finished_at >= edges[0],
        EXCHANGE.c.finished_at < edges[-1],
    ]


def _day(edges: Sequence[float]) -> ColumnElement[int]:
    """The place of the day in which it ended; each day's end is the next one's start."""
    ends = edges[1:-1]
    if not ends:
        return literal(0)
    return case(*((EXCHANGE.c.finished_at < end, place) for place, end in enumerate(ends)), else_=len(ends))


def _one(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _total(values: ColumnElement[int]) -> ColumnElement[int]:
    """PostgreSQL sums integers to decimals."""
    return cast(func.sum(values), BigInteger)


def _order(line: Line) -> tuple[str, ...]:
    return tuple(str(getattr(line, name)) for name in _ALIKE)
