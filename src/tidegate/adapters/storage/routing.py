"""What every gateway process follows: the revision, the state behind it, and who serves which."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import delete, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.clearings import read_clearings
from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.keys import read_keys
from tidegate.adapters.storage.quotas import read_quotas
from tidegate.adapters.storage.rollouts import read_rollouts
from tidegate.adapters.storage.schema import PROCESS, REVISION, SKILL_VERSION
from tidegate.adapters.storage.scores import read_scores
from tidegate.adapters.storage.skills import SERVABLE, to_version
from tidegate.adapters.storage.switches import read_switches
from tidegate.adapters.storage.syncs import read_syncs
from tidegate.domain.rollout import Rollout
from tidegate.domain.skill import SkillVersion
from tidegate.ports import Clock, Process, RoutingState

GONE_AFTER_SECONDS = 120.0
"""A process that was silent for so long is not listed: longer than anybody waits for one."""

_REVISION = "SELECT number FROM revision"


class SqlRouting:
    """`ports.Routing` over SQL."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def revision(self) -> int:
        """The newest revision; meant to be asked several times a second."""
        return await self._database.probe(_REVISION)

    async def load(self) -> RoutingState:
        """Everything routing is derived from, of one moment."""
        async with self._database.read() as connection:
            revision = (await connection.execute(select(REVISION.c.number))).scalar_one()
            rollouts = await read_rollouts(connection)
            return RoutingState(
                revision=revision,
                rollouts=tuple(rollouts),
                switches=tuple(await read_switches(connection)),
                keys=tuple(await read_keys(connection)),
                quotas=tuple(await read_quotas(connection)),
                versions=tuple(await _read_served(connection, rollouts)),
                scores=tuple(await read_scores(connection)),
                synced=tuple(await read_syncs(connection)),
                cleared=tuple(await read_clearings(connection)),
            )

    async def acknowledge(self, process: Process) -> None:
        """Say that `process` lives and which revision it serves."""
        said = msgspec.structs.asdict(process)
        upsert = (
            self._database.insert(PROCESS)
            .values(said)
            .on_conflict_do_update(index_elements=[PROCESS.c.id], set_=said)
        )
        async with self._database.write() as connection:
            await connection.execute(upsert)

    async def leave(self, process_id: str) -> None:
        """Take the process off the list, and those that left without a word long ago."""
        left = or_(PROCESS.c.id == process_id, PROCESS.c.seen_at < self._gone_before())
        async with self._database.write() as connection:
            await connection.execute(delete(PROCESS).where(left))

    async def processes(self) -> Sequence[Process]:
        """Processes that were seen within GONE_AFTER_SECONDS, oldest first."""
        listed = (
            select(PROCESS)
            .where(PROCESS.c.seen_at >= self._gone_before())
            .order_by(PROCESS.c.started_at, PROCESS.c.id)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(listed)).all()
        return [msgspec.convert(row, Process, from_attributes=True) for row in rows]

    def _gone_before(self) -> float:
        return self._clock.now() - GONE_AFTER_SECONDS


async def _read_served(connection: AsyncConnection, rollouts: Sequence[Rollout]) -> list[SkillVersion]:
    named = {
        (skill.name, skill.version)
        for rollout in rollouts
        for variant in (rollout.plan.baseline, rollout.plan.candidate)
        for skill in variant.skills
    }
    wanted = or_(
        SKILL_VERSION.c.state.in_(SERVABLE),
        tuple_(SKILL_VERSION.c.name, SKILL_VERSION.c.number).in_(sorted(named)),
    )
    newest_last = (SKILL_VERSION.c.created_at, SKILL_VERSION.c.name, SKILL_VERSION.c.number)
    statement = select(SKILL_VERSION.c.body, SKILL_VERSION.c.state).where(wanted).order_by(*newest_last)
    rows = (await connection.execute(statement)).all()
    return [to_version(row.body, row.state) for row in rows]
