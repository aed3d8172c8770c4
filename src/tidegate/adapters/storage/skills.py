"""Immutable versions of skills and their archives."""

import asyncio
from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Executable, Text, case, cast, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.journal import read_revision, record, state_change
from tidegate.adapters.storage.rollouts import read_rollouts
from tidegate.adapters.storage.schema import SKILL_ARCHIVE, SKILL_VERSION
from tidegate.domain.errors import Conflict, NotFound
from tidegate.domain.skill import VERSION_MOVES, ListedVersion, SkillPackage, SkillVersion, VersionState
from tidegate.ports import Admit

STREAM = "skills"
SERVABLE = (VersionState.PUBLISHED, VersionState.DEPRECATED)


class SqlSkills:
    """`ports.Skills` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._untold = _without_text(sqlite=database.sqlite)

    async def publish(
        self, package: SkillPackage, *, by: str, reason: str, at: float, first: bool = False
    ) -> tuple[SkillVersion, bool]:
        """Store the package as the skill's next version, or find the version its digest has (then False).

        `first`: raises Conflict where the skill has a servable version of other content.
        """
        name = package.manifest.name
        async with state_change(self._database) as connection:
            known = await _read_one(connection, name, SKILL_VERSION.c.digest == package.digest)
            if known is not None:
                return known, False
            if first:
                await _refuse_taken(connection, name)
            version = SkillVersion(
                name=name,
                number=await _last_number(connection, name) + 1,
                digest=package.digest,
                state=VersionState.PUBLISHED,
                manifest=package.manifest,
                body=package.body,
                files=package.files,
                created_at=at,
                created_by=by,
            )
            await self._insert(connection, version, package.archive)
            data = {"name": name, "number": version.number, "digest": version.digest}
            await record(
                self._database, connection, STREAM, "published", by=by, reason=reason, at=at, data=data
            )
            return version, True

    async def get(self, name: str, number: int | None = None) -> SkillVersion | None:
        """That version in any state; without a number the highest published, else the highest deprecated."""
        async with self._database.read() as connection:
            if number is not None:
                return await _read_one(connection, name, SKILL_VERSION.c.number == number)
            return await _read_one(connection, name, SKILL_VERSION.c.state.in_(SERVABLE))

    async def list(self, name: str | None = None) -> Sequence[SkillVersion]:
        """Every version, or every one of a skill, in any state, by name and number."""
        async with self._database.read() as connection:
            found = await connection.execute(_by_number(SKILL_VERSION.c.body, name))
            return [to_version(row.body, row.state) for row in found]

    async def listed(self, name: str | None = None) -> Sequence[ListedVersion]:
        """The same without their texts, which do not leave the database; read beside the event loop."""
        async with self._database.read() as connection:
            rows = (await connection.execute(_by_number(self._untold, name))).all()
        return await asyncio.to_thread(lambda: [_to_listed(row.body, row.state) for row in rows])

    async def archive(self, digest: str) -> bytes | None:
        """The canonical archive of a digest; None where it is unknown."""
        found = select(SKILL_ARCHIVE.c.archive).where(SKILL_ARCHIVE.c.digest == digest)
        async with self._database.read() as connection:
            return (await connection.execute(found)).scalar_one_or_none()

    async def set_state(
        self, name: str, number: int, state: VersionState, *, by: str, reason: str, at: float
    ) -> int:
        """Move a version to `state`; returns the revision. Raises NotFound, or Conflict if it may not."""
        async with state_change(self._database) as connection:
            return await self._move(connection, name, number, state, by=by, reason=reason, at=at)

    async def withdraw(
        self, name: str, numbers: Sequence[int], *, by: str, reason: str, at: float, admit: Admit
    ) -> int:
        """Revoke all of these versions or none; returns the revision.

        `admit` judges beside the rollouts in the transaction; raises NotFound, or Conflict for one that is
        revoked already.
        """
        async with state_change(self._database) as connection:
            admit(await read_rollouts(connection))
            revision = await read_revision(connection)
            for number in numbers:
                revision = await self._move(
                    connection, name, number, VersionState.REVOKED, by=by, reason=reason, at=at
                )
            return revision

    async def _move(
        self,
        connection: AsyncConnection,
        name: str,
        number: int,
        state: VersionState,
        *,
        by: str,
        reason: str,
        at: float,
    ) -> int:
        """One move and its event, within a state change."""
        same = (SKILL_VERSION.c.name == name) & (SKILL_VERSION.c.number == number)
        before = (await connection.execute(select(SKILL_VERSION.c.state).where(same))).scalar_one_or_none()
        if before is None:
            raise NotFound(f"Skill '{name}' has no version {number}; `tidegate skill list` shows them.")
        if state not in VERSION_MOVES[VersionState(before)]:
            raise Conflict(f"Version {number} of skill '{name}' is {before} and cannot become {state}.")
        await connection.execute(update(SKILL_VERSION).where(same).values(state=state))
        data = {"name": name, "number": number, "from": before, "to": state}
        return await record(self._database, connection, STREAM, state, by=by, reason=reason, at=at, data=data)

    async def _insert(self, connection: AsyncConnection, version: SkillVersion, archive: bytes) -> None:
        row = {
            "name": version.name,
            "number": version.number,
            "digest": version.digest,
            "state": version.state,
            "created_at": version.created_at,
            "body": msgspec.json.encode(version).decode(),
        }
        await connection.execute(insert(SKILL_VERSION), row)
        await connection.execute(
            self._database.insert(SKILL_ARCHIVE)
            .values(digest=version.digest, archive=archive)
            .on_conflict_do_nothing(index_elements=[SKILL_ARCHIVE.c.digest])
        )


def to_version(body: str, state: str) -> SkillVersion:
    """A stored version in the state it has now."""
    stored = msgspec.json.decode(body, type=SkillVersion)
    return msgspec.structs.replace(stored, state=VersionState(state))


def _to_listed(body: str, state: str) -> ListedVersion:
    stored = msgspec.json.decode(body, type=ListedVersion)
    return msgspec.structs.replace(stored, state=VersionState(state))


def _without_text(*, sqlite: bool) -> ColumnElement[str]:
    """A version as JSON, but for the text of its SKILL.md (which has no NUL, that jsonb could not hold)."""
    if sqlite:
        return func.json_remove(SKILL_VERSION.c.body, "$.body")
    member = cast(literal("body"), Text)
    return cast(cast(SKILL_VERSION.c.body, postgresql.JSONB).op("-")(member), Text)


def _by_number(body: ColumnElement[str], name: str | None) -> Executable:
    """What is selected as `body` of every version, or of every one of a skill, with its state."""
    found = select(body.label("body"), SKILL_VERSION.c.state).order_by(
        SKILL_VERSION.c.name, SKILL_VERSION.c.number
    )
    return found if name is None else found.where(SKILL_VERSION.c.name == name)


async def _refuse_taken(connection: AsyncConnection, name: str) -> None:
    taken = await _read_one(connection, name, SKILL_VERSION.c.state.in_(SERVABLE))
    if taken is not None:
        raise Conflict(
            f"the skill {name} was created meanwhile, by {taken.created_by}; look at it, and publish "
            "a version of it or give SKILL.md another name"
        )


async def _last_number(connection: AsyncConnection, name: str) -> int:
    last = select(func.max(SKILL_VERSION.c.number)).where(SKILL_VERSION.c.name == name)
    return (await connection.execute(last)).scalar_one_or_none() or 0


async def _read_one(
    connection: AsyncConnection, name: str, condition: ColumnElement[bool]
) -> SkillVersion | None:
    published_first = case((SKILL_VERSION.c.state == VersionState.PUBLISHED, 0), else_=1)
    statement = (
        select(SKILL_VERSION.c.body, SKILL_VERSION.c.state)
        .where(SKILL_VERSION.c.name == name, condition)
        .order_by(published_first, SKILL_VERSION.c.number.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).one_or_none()
    return to_version(row.body, row.state) if row else None
