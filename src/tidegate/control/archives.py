"""A version's archive to be handed out: the bytes that were published, or none."""

import asyncio
import logging

from tidegate.control.services import Services
from tidegate.domain.errors import NotFound, TidegateError
from tidegate.domain.skill import ListedVersion, intact

_log = logging.getLogger("tidegate.skills")


async def intact_archive(services: Services, version: ListedVersion) -> bytes:
    """The canonical archive of a version, compared with its digest beside the event loop.

    Raises NotFound where the store has none, TidegateError where it has other bytes than were published.
    """
    archive = await services.store.skills.archive(version.digest)
    if archive is None:
        raise NotFound(f"the archive of {version.name} version {version.number} is not in the store")
    if await asyncio.to_thread(intact, archive, version.digest):
        return archive
    why = "the archive in the store is damaged, or was changed there"
    _log.error(
        "a skill's archive is not handed out",
        extra={"skill": version.name, "version": version.number, "why": why},
    )
    raise TidegateError(
        f"{version.name} version {version.number}: {why}: it is not what {version.digest} is of, and is "
        "not handed out; find out who can write to the store, and bring its row back from a backup"
    )
