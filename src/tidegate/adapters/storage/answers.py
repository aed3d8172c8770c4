"""What a candidate's answers were like: waits, votes by score, and look-ups in the result cache."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from math import floor

import msgspec
from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, literal, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.recorded import Recorded
from tidegate.adapters.storage.schema import EXCHANGE, VOTE
from tidegate.domain.exchange import Arm, Outcome, SkillUse
from tidegate.domain.reuse import HIT, MISS, SHARED
from tidegate.domain.tuning.answers import Answers, Band, Reuses, Tuned, Waits
from tidegate.domain.tuning.reuse_distances import Distances, Lookup, ladder_with

_ROWS = 1000
"""Rows taken from the database at a time, and gone through by a thread: the loop may serve requests."""

_Votes = Counter[tuple[bool, int, str]]


class _Chosen(msgspec.Struct):
    """What an exchange says of how its skills were chosen."""

    arm: Arm = Arm.OUTSIDE
    skills: tuple[SkillUse, ...] = ()
    wanted: tuple[SkillUse, ...] = ()
    fallback: str | None = None


_CHOSEN = msgspec.json.Decoder(_Chosen)


class AnswerRows:
    """The statements, one for each kind of evidence."""

    def __init__(self, body: Recorded) -> None:
        self._body = body

    async def read(self, connection: AsyncConnection, tuned: Tuned) -> Answers:
        """All of it."""
        candidate = self._of(tuned, Arm.CANDIDATE)
        requests = select(func.count()).select_from(EXCHANGE).where(*candidate)
        return Answers(
            requests=(await connection.execute(requests)).scalar_one(),
            waits=await self._waits(connection, tuned),
            bands=await self._bands(connection, tuned),
            reuses=await self._reuses(connection, tuned),
        )

    def _of(self, tuned: Tuned, *arms: Arm) -> list[ColumnElement[bool]]:
        """The candidate's, in the rollout and after it, and control's where that is asked for."""
        within = and_(
            EXCHANGE.c.rollout == tuned.rollout,
            EXCHANGE.c.attempt == tuned.attempt,
            EXCHANGE.c.arm.in_(arms),
        )
        return [
            EXCHANGE.c.at >= tuned.since,
            EXCHANGE.c.at < tuned.until,
            within
            if tuned.standing_since is None
            else or_(within, self._standing(tuned, tuned.standing_since)),
        ]

    def _standing(self, tuned: Tuned, since: float) -> ColumnElement[bool]:
        """What everybody in scope has since it is complete."""
        found = [EXCHANGE.c.rollout.is_(None), EXCHANGE.c.arm == Arm.OUTSIDE, EXCHANGE.c.at >= since]
        if "*" not in tuned.tenants:
            found.append(EXCHANGE.c.tenant.in_(tuned.tenants))
        if "*" not in tuned.tasks:
            found.append(self._body.text("task").in_(tuned.tasks))
        return and_(*found)

    async def _waits(self, connection: AsyncConnection, tuned: Tuned) -> Waits:
        body = self._body
        first = func.coalesce(body.number("first_token_seconds"), body.number("seconds"))
        timed_out = body.text("skill_outcome") == Outcome.SKILL_TIMEOUT
        good = and_(body.text("skill_outcome") == Outcome.OK, body.text("fallback") == "")
        ms = case((timed_out, literal(-1)), else_=cast(func.round(first * 1000), BigInteger)).label("ms")
        conditions = [*self._of(tuned, Arm.CANDIDATE), good | timed_out, not_(body.cached())]
        conditions += [] if tuned.skill is None else [self._has(tuned.skill)]
        conditions += [not_(self._has(name)) for name in tuned.without]
        found = select(ms, func.count()).where(*conditions).group_by("ms")
        counts = {row[0]: row[1] for row in await connection.execute(found)}
        return Waits(cut=counts.pop(-1, 0), good=counts)

    def _has(self, skill: str) -> ColumnElement[bool]:
        """Whether the answer was made with a skill."""
        names = literal(",") + func.coalesce(self._body.skills("skills"), "")
        return names.contains(f",{skill}@", autoescape=True)

    async def _bands(self, connection: AsyncConnection, tuned: Tuned) -> tuple[Band, ...]:
        found = (
            select(EXCHANGE.c.body, VOTE.c.vote)
            .join(VOTE, and_(VOTE.c.exchange_id == EXCHANGE.c.id, VOTE.c.counted))
            .where(*self._of(tuned, Arm.CANDIDATE, Arm.CONTROL))
        )
        votes: _Votes = Counter()
        result = await connection.stream(found)
        async for page in result.partitions(_ROWS):
            votes.update(await asyncio.to_thread(_voted, [(row[0], row[1]) for row in page], tuned.skill))
        return tuple(
            Band(served, tenths, votes[served, tenths, "up"], votes[served, tenths, "down"])
            for served, tenths in sorted({(served, tenths) for served, tenths, _ in votes})
        )

    async def _reuses(self, connection: AsyncConnection, tuned: Tuned) -> Reuses:
        body, key = self._body, self._body.text("cache_key")
        good = and_(EXCHANGE.c.outcome == Outcome.OK, body.text("fallback") == "")
        looked_up = [*self._of(tuned, Arm.CANDIDATE), body.text("cache").in_((HIT, SHARED, MISS))]
        looked_up += [] if tuned.skill is None else [self._has(tuned.skill)]
        keyless = select(func.count()).select_from(EXCHANGE).where(*looked_up, key == "")
        columns = (key.label("key"), EXCHANGE.c.at, EXCHANGE.c.finished_at, good, body.cached(), body.cost())
        found = select(*columns).where(*looked_up, key != "").order_by("key", EXCHANGE.c.at, EXCHANGE.c.id)
        distances = Distances(ladder_with(tuned.kept_seconds))
        result = await connection.stream(found)
        async for page in result.partitions(_ROWS):
            await asyncio.to_thread(distances.add, [Lookup(*row) for row in page])
        return distances.sums((await connection.execute(keyless)).scalar_one())


def _voted(rows: Iterable[tuple[str, str]], skill: str | None) -> _Votes:
    """Each vote under the score of each skill that words chose."""
    votes: _Votes = Counter()
    for body, vote in rows:
        chosen = _CHOSEN.decode(body)
        served = chosen.arm is not Arm.CONTROL
        if served and chosen.fallback is not None:
            continue
        for use in chosen.skills if served else chosen.wanted:
            if use.reason == "lexical" and skill in (None, use.name):
                votes[served, floor(use.score * 10 + 1e-9), vote] += 1
    return votes
