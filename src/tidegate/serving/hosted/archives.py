"""The files of the skills that are served, in memory: loaded beside serving, never by a request."""

import asyncio
import logging
import zipfile
from collections.abc import Mapping
from io import BytesIO

from tidegate.domain.errors import StoreUnavailable
from tidegate.domain.skill import intact
from tidegate.ports import Skills
from tidegate.serving.snapshot import RoutingSnapshot
from tidegate.serving.variant import ServedSkill

_log = logging.getLogger("tidegate.hosted")

AGAIN_SECONDS = 1.0
"""Between two tries of a store that is away."""

Files = Mapping[str, bytes]


class Archives:
    """Follows the snapshots: what they serve is loaded, what they no longer serve is let go.

    At most `limit` bytes are held; skills that do not fit stay out, which is logged, and their files cannot
    be read until others go.
    """

    def __init__(self, skills: Skills, *, limit: int) -> None:
        self._skills = skills
        self._limit = limit
        self._wanted: dict[str, ServedSkill] = {}
        self._held: dict[str, Files] = {}
        self._left_out: set[str] = set()
        self._work = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()

    @property
    def left_out(self) -> tuple[str, ...]:
        """The skills whose files cannot be read, as `NAME@VERSION`: too large together, or damaged."""
        served = (self._wanted[digest] for digest in self._left_out if digest in self._wanted)
        return tuple(sorted(f"{skill.name}@{skill.version}" for skill in served))

    def files(self, digest: str) -> Files | None:
        """The files by path; None where they are not here."""
        return self._held.get(digest)

    async def ready(self, digest: str, seconds: float) -> Files | None:
        """The same, but waits so long for a loading that is under way."""
        if digest not in self._held and digest not in self._left_out:
            try:
                async with asyncio.timeout(seconds):
                    await self._settled.wait()
            except TimeoutError:
                return None
        return self._held.get(digest)

    def follow(self, snapshot: RoutingSnapshot) -> None:
        """Want what the snapshot serves; returns at once."""
        served = (*snapshot.active, *snapshot.completed)
        variants = (variant for each in served for variant in (each.baseline, each.candidate))
        self._wanted = {
            skill.digest: skill for variant in variants for skill in variant.skills.values() if skill.files
        }
        self._held = {digest: files for digest, files in self._held.items() if digest in self._wanted}
        self._left_out = set()
        if self._wanted.keys() - self._held.keys():
            self._settled.clear()
            self._work.set()

    async def run(self) -> None:
        """Load until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                await self.step()
            except StoreUnavailable as away:
                _log.warning("skill files are not loaded yet: the store is away", extra={"why": str(away)})
                await asyncio.sleep(AGAIN_SECONDS)
                self._work.set()

    async def step(self) -> None:
        """Load what is wanted and not here; raises StoreUnavailable."""
        while missing := [
            skill
            for digest, skill in self._wanted.items()
            if digest not in self._held and digest not in self._left_out
        ]:
            await self._load(missing[0])
        self._settled.set()

    async def _load(self, skill: ServedSkill) -> None:
        held = sum(len(content) for files in self._held.values() for content in files.values())
        if held + sum(entry.size for entry in skill.files) > self._limit:
            self._leave_out(skill, "they do not fit; raise hosted.archives")
            return
        archive = await self._skills.archive(skill.digest)
        if archive is None or not await asyncio.to_thread(intact, archive, skill.digest):
            self._leave_out(skill, "the archive in the store is missing or damaged; publish the skill again")
            return
        files = await asyncio.to_thread(_unpacked, archive)
        if skill.digest in self._wanted:
            self._held[skill.digest] = files

    def _leave_out(self, skill: ServedSkill, why: str) -> None:
        self._left_out.add(skill.digest)
        _log.error(
            "a skill's files cannot be read",
            extra={"skill": skill.name, "version": skill.version, "why": why},
        )


def _unpacked(archive: bytes) -> Files:
    """The files of a canonical archive, by their path below its one folder."""
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        return {name.partition("/")[2]: opened.read(name) for name in opened.namelist()}
