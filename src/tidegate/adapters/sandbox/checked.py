"""The sandbox as the gateway has it: it shows that it holds before it runs anything, and says how it is."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from tidegate.adapters.sandbox.bubblewrap import Bubblewrap
from tidegate.adapters.sandbox.containment import ALL_CHECKS, START, troubles
from tidegate.adapters.sandbox.settings import SandboxSettings
from tidegate.adapters.sandbox.unfit import SandboxUnfit
from tidegate.domain import sandbox_metrics
from tidegate.domain.script import ScriptResult, ScriptRun
from tidegate.ports import Meter, ScriptRefused

SETTLE_SECONDS = 3.0
"""The processor belongs to serving for so long after a start."""

STOP_SECONDS = 5.0
"""For what was killed to be gone."""

_log = logging.getLogger("tidegate.sandbox")


class CheckedSandbox:
    """`ports.Sandbox` that refuses every script until `check` finds nothing amiss; for ever, if it does."""

    def __init__(self, settings: SandboxSettings, meter: Meter) -> None:
        self._settings = settings
        self._meter = meter
        self._sandbox: Bubblewrap | None = None
        self._asked = asyncio.Event()
        self._checked = asyncio.Event()
        self._troubles: Mapping[str, str] = {}
        self._checking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Check in the background: once the start is over, or as soon as a script is asked for."""
        self._checking = asyncio.create_task(self._check_soon(), name="sandbox-check")

    async def _check_soon(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                await self._asked.wait()
        await self.check()

    async def check(self) -> None:
        """Make the sandbox and let a script try to get out; returns at once where that has been done."""
        if self._checked.is_set():
            return
        try:
            self._sandbox = await asyncio.to_thread(Bubblewrap, self._settings)
            self._troubles = await troubles(self._sandbox)
        except SandboxUnfit as unfit:
            self._troubles = {START: str(unfit)}
        except Exception as defect:  # what cannot be tried does not hold
            _log.exception("the sandbox could not be tried")
            self._troubles = {START: f"it could not be tried: {type(defect).__name__}: {defect}"}
        for name in ALL_CHECKS:
            self._meter.set(sandbox_metrics.CONTAINED, (name,), float(not self._failed(name)))
        self._checked.set()
        if self._troubles:
            _log.error("no skill's script is run", extra={"troubles": dict(self._troubles)})
        else:
            _log.info("skills' scripts are contained", extra={"how": self.detail})

    async def run(self, run: ScriptRun, allowed: Callable[[], bool]) -> ScriptResult:
        """Run it, if the sandbox holds."""
        began = time.monotonic()
        result = "cancelled"
        try:
            done = await (await self._holding(run)).run(run, allowed)
            result = done.limit.value if done.limit else "failed" if done.exit_code else "ok"
        except ScriptRefused:
            result = "refused"
            raise
        except SandboxUnfit as unfit:
            result = "unfit"
            _log.warning(
                "a script was not run", extra={"skill": run.skill, "script": run.script, "why": str(unfit)}
            )
            raise ScriptRefused("the sandbox could not start the script; go on without it") from unfit
        finally:
            self._meter.add(sandbox_metrics.RUNS, (result,))
            self._meter.observe(sandbox_metrics.SECONDS, (), time.monotonic() - began)
        return done

    @property
    def ok(self) -> bool:
        """Whether scripts are run."""
        return self._checked.is_set() and not self._troubles

    @property
    def detail(self) -> str:
        """How scripts are held, or why none is run."""
        if self._troubles:
            return "no script is run: " + "; ".join(f"{name}: {why}" for name, why in self._troubles.items())
        if self._sandbox is None or not self._checked.is_set():
            return "being tried"
        user = (
            "a user of its own for each"
            if self._sandbox.own_user
            else "a user namespace alone, since the gateway is not root"
        )
        controllers = (
            ", ".join(self._sandbox.groups.controllers)
            or "none: rlimits alone, so few processes with little memory each"
        )
        return f"{user}; control groups: {controllers}; {self._sandbox.layout.bwrap}"

    def gauge(self) -> None:
        """Set the gauges of this moment."""
        places = self._sandbox.places if self._sandbox else None
        self._meter.set(sandbox_metrics.OPEN, (), places.taken if places else 0)
        self._meter.set(sandbox_metrics.QUEUED, (), places.waiting if places else 0)

    async def close(self) -> None:
        """Remove what the sandbox has made."""
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.wait((self._checking,))
        if self._sandbox is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self._sandbox.places.idle()
            self._sandbox.close()

    async def _holding(self, run: ScriptRun) -> Bubblewrap:
        self._asked.set()
        try:
            async with asyncio.timeout(run.seconds):
                await self._checked.wait()
        except TimeoutError:
            raise ScriptRefused("the sandbox is still being tried; go on without it") from None
        if self._troubles or self._sandbox is None:
            raise ScriptRefused(
                "scripts cannot run here: the sandbox does not hold; do without "
                f"{run.script}, by hand where the skill {run.skill} says how, and say that it was not run"
            )
        return self._sandbox

    def _failed(self, name: str) -> bool:
        """What was not come to is as bad as what failed."""
        return name in self._troubles or (START in self._troubles)
