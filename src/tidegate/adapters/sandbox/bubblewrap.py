"""Scripts in bubblewrap: a world of its own for each, under limits, and nothing of it left afterwards."""

import asyncio
import math
import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path

from tidegate.adapters.sandbox.capped import Capped
from tidegate.adapters.sandbox.cgroup import Groups, Shares, find_groups
from tidegate.adapters.sandbox.command import SKILL, Layout, command_line
from tidegate.adapters.sandbox.confined import Confined, Start
from tidegate.adapters.sandbox.finish import finished
from tidegate.adapters.sandbox.guards import ALL_GUARDS, Guard
from tidegate.adapters.sandbox.locate import find_bwrap, within_reach
from tidegate.adapters.sandbox.outputs import outputs
from tidegate.adapters.sandbox.places import Place, Places, uid_of
from tidegate.adapters.sandbox.runtime import find_runtime
from tidegate.adapters.sandbox.seccomp import deny_list
from tidegate.adapters.sandbox.settings import SandboxSettings
from tidegate.adapters.sandbox.staging import Staging
from tidegate.adapters.sandbox.ulimits import limited
from tidegate.adapters.sandbox.unfit import SandboxUnfit
from tidegate.domain.script import ScriptLimit, ScriptResult, ScriptRun
from tidegate.ports import ScriptRefused

NICENESS = 5
"""Scripts give way to the gateway."""

UNCOUNTED = 4
"""Processes of a run, at most, where no control group counts the memory of all together: each has a share."""

DRAIN_SECONDS = 1.0
"""For the last output, once nothing runs any more that could write."""


class Bubblewrap:
    """`ports.Sandbox`; `guards` is all of them but in a test that shows what one is for.

    Makes a folder, and control groups where it may. Raises SandboxUnfit.
    """

    def __init__(
        self,
        settings: SandboxSettings,
        *,
        guards: frozenset[Guard] = ALL_GUARDS,
        environment: dict[str, str] | None = None,
        shared_work: Path | None = None,
    ) -> None:
        self.settings = settings
        self.own_user = real_root()
        self._guards = guards
        self._environment = {} if Guard.EMPTY_ENVIRONMENT in guards else environment or {}
        bwrap = find_bwrap(settings.bwrap)
        runtime = find_runtime(settings.python, stranger=self.own_user)
        try:
            self._seccomp = deny_list()
        except ValueError as unknown:
            raise SandboxUnfit(str(unknown)) from unknown
        self._staging = _staging(settings, writable=Guard.READ_ONLY not in guards)
        program = within_reach(bwrap, self._staging.folder) if self.own_user else bwrap
        self.layout = Layout(
            bwrap=program,
            runtime=runtime,
            etc=self._staging.etc,
            work_bytes=settings.work,
            guards=guards,
            shared_work=shared_work,
        )
        self.groups = find_groups() if settings.cgroup and Guard.LIMITS in guards else Groups({})
        self.places = Places(self._places(), queue=settings.queue, wait=settings.wait)

    async def run(self, run: ScriptRun, allowed: Callable[[], bool]) -> ScriptResult:
        """Run in a place of its own; raises ScriptRefused, and SandboxUnfit where bubblewrap fails."""
        script = self.layout.runtime.command(run, SKILL)
        place = await self.places.take(run.tenant, run.seconds)
        given_back = partial(self.places.give, place)
        with ExitStack() as kept:
            kept.callback(given_back)
            try:
                await self._staging.lay(run.digest, run.files)
            except OSError as wrong:
                raise SandboxUnfit(
                    f"the skill cannot be laid out in {self._staging.folder}: {wrong}"
                ) from wrong
            if not allowed():
                raise ScriptRefused("not done: the skill has just been switched off")
            with self._staging.used(run.digest) as skill:
                start = self._start(run, place, skill, script)
                killed_before = _killed_for_memory(place)
                kept.pop_all()  # the start gives it back from here on, whatever comes of it
                confined = await Confined.start(start, given_back)
                try:
                    return await self._result(run, confined, place, killed_before)
                except OSError as wrong:
                    raise SandboxUnfit(f"what a script did cannot be read: {wrong}") from wrong
                finally:
                    confined.close()

    async def _result(
        self, run: ScriptRun, confined: Confined, place: Place, killed_before: int
    ) -> ScriptResult:
        began = time.monotonic()
        limits: list[ScriptLimit] = []

        def flooded() -> None:
            limits.append(ScriptLimit.OUTPUT)
            confined.kill()

        with ExitStack() as reading:
            out = reading.enter_context(closing(Capped(confined.stdout, run.output_bytes, flooded)))
            err = reading.enter_context(closing(Capped(confined.stderr, run.output_bytes, flooded)))
            try:
                async with asyncio.timeout(run.seconds):
                    code = await asyncio.shield(confined.exited)
            except TimeoutError:
                limits.append(ScriptLimit.TIME)
                confined.kill()
                code = await asyncio.shield(confined.exited)
            with suppress(TimeoutError):  # nobody is left to write, and what was written is here
                async with asyncio.timeout(DRAIN_SECONDS):
                    await asyncio.gather(out.done.wait(), err.done.wait())
            if not limits and _killed_for_memory(place) > killed_before:
                limits.append(ScriptLimit.MEMORY)
            seconds = time.monotonic() - began
            return await _told(
                run, confined, code, (out, err), limit=limits[0] if limits else None, seconds=seconds
            )

    def close(self) -> None:
        """Remove what was made; call it when nothing runs any more."""
        self.places.close()
        self._staging.close()

    @property
    def rlimits(self) -> dict[str, int]:
        """What each process of a script may use, by the names of module `resource`."""
        settings = self.settings
        wanted = {
            "RLIMIT_NOFILE": settings.open_files,
            "RLIMIT_FSIZE": settings.work,
            "RLIMIT_NPROC": settings.processes,
            "RLIMIT_MEMLOCK": 65_536,
        }
        if "memory" not in self.groups.controllers:
            wanted["RLIMIT_NPROC"] = min(settings.processes, UNCOUNTED)
            wanted["RLIMIT_AS"] = settings.memory // wanted["RLIMIT_NPROC"]
        return wanted

    def _start(self, run: ScriptRun, place: Place, skill: Path, script: Sequence[str]) -> Start:
        entries = sorted({path.partition("/")[0] for path in run.files})
        seconds = math.ceil(run.seconds * max(1.0, self.settings.cpus)) + 1
        if Guard.LIMITS in self._guards:
            script = limited(script, {**self.rlimits, "RLIMIT_CPU": seconds})
        return Start(
            arguments=lambda descriptors: command_line(self.layout, descriptors, skill, entries, script),
            stdin=run.stdin,
            seccomp=self._seccomp,
            uid=place.uid,
            environment=self._environment,
            niceness=NICENESS,
            admit=place.group.admit if place.group else lambda _: None,
        )

    def _places(self) -> list[Place]:
        own = self.own_user and Guard.OWN_USER in self._guards
        shares = Shares(
            memory=self.settings.memory, processes=self.settings.processes, cpus=self.settings.cpus
        )
        made: list[Place] = []
        for number in range(self.settings.parallel):
            uid = uid_of(number, self.settings.first_uid) if own else None
            try:
                group = self.groups.make(number, shares) if self.groups.controllers else None
            except OSError as wrong:
                for place in made:
                    if place.group:
                        place.group.remove()
                self._staging.close()
                raise SandboxUnfit(
                    f"control groups cannot be made: {wrong}; or set sandbox.cgroup to false"
                ) from wrong
            made.append(Place(number, uid, group))
        return made


def real_root() -> bool:
    """Whether this process is the machine's root, not merely one within a user namespace."""
    if os.geteuid() != 0:
        return False
    return Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]


def _staging(settings: SandboxSettings, *, writable: bool) -> Staging:
    try:
        return Staging(settings.folder, limit=settings.laid_out, writable=writable)
    except OSError as wrong:
        raise SandboxUnfit(f"there is no room to lay skills out: {wrong}; set sandbox.folder") from wrong


def _killed_for_memory(place: Place) -> int:
    return place.group.killed_for_memory() if place.group else 0


async def _told(
    run: ScriptRun,
    confined: Confined,
    code: int,
    read: tuple[Capped, Capped],
    *,
    limit: ScriptLimit | None,
    seconds: float,
) -> ScriptResult:
    out, err = read
    assert confined.work is not None  # noqa: S101 (it was opened at the gate, or there was no start)
    files, left_out = await finished(
        asyncio.to_thread(outputs, confined.work, files=run.output_files, limit=run.output_bytes)
    )
    return ScriptResult(
        exit_code=code,
        stdout=out.kept,
        stderr=err.kept,
        stdout_truncated=out.truncated,
        stderr_truncated=err.truncated,
        files=files,
        files_left_out=left_out,
        limit=limit,
        seconds=seconds,
    )
