"""The measured processes: started, pinned to a core, and set up as in production."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from tidegate.harness.demo.processes import child_environment

HERE = Path(__file__).parent
TIDEGATE = str(Path(sys.executable).with_name("tidegate"))
SKILLS = HERE.parent / "skills"
SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: bench}
spec:
  unit: user
  candidate: {skills: {contract-analysis: latest}}
  stages:
    - {name: half, weight: 50, bake: 24h, promote: manual}
    - {name: full, weight: 100, bake: 24h, promote: manual}
  gates:
    errors: {max: 2%, worse: rollback}
    trip: {errors: 50%, over: 20}
    samples: {min: 1000, unsure: hold}
"""


@dataclass(slots=True)
class Started:
    """A process that listens."""

    url: str
    process: psutil.Process


@asynccontextmanager
async def started(
    *command: str, core: int, environment: dict[str, str] | None = None
) -> AsyncGenerator[Started]:
    """Run a program that announces `… listening on URL`, pinned to `core`; ended by SIGTERM."""
    child = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, env=child_environment(environment)
    )
    try:
        process = psutil.Process(child.pid)
        process.cpu_affinity([core])
        assert child.stdout is not None
        while line := (await child.stdout.readline()).decode():
            if " listening on " in line:
                break
        yield Started(line.rpartition(" listening on ")[2].strip(), process)
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


def fixed_upstream(core: int) -> AbstractAsyncContextManager[Started]:
    """The fixed upstream on `core`."""
    return started(sys.executable, str(HERE / "upstream.py"), core=core)


def bare_proxy(upstream: str, core: int) -> AbstractAsyncContextManager[Started]:
    """The bare proxy on `core`, before `upstream`."""
    return started(sys.executable, str(HERE / "bare_proxy.py"), upstream, core=core)


@dataclass(slots=True)
class Gateway:
    """Tidegate with everything on: keys, skills, a running rollout, metering, metrics, ledger."""

    home: Path
    upstream: str
    core: int
    url: str = ""
    key: str = ""
    process: psutil.Process | None = None
    launched: float = 0.0
    """When `tidegate up` was called, by `time.perf_counter`."""

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Gateway"]:
        """Create a key on the fresh home, start, stop at the end."""
        created = await self._tidegate("keys", "create", "--role", "client", "--name", "bench")
        self.key = str(msgspec.json.decode(created)["key"])
        for folder in sorted(SKILLS.iterdir()):
            await self._tidegate("skill", "publish", str(folder), "--reason", "bench")
        self.launched = time.perf_counter()
        arguments = ("up", "--home", str(self.home), "--port", "0", "--upstream", self.upstream)
        async with started(
            TIDEGATE, *arguments, core=self.core, environment={"TIDEGATE_UPSTREAM_KEY": "bench"}
        ) as up:
            self.url, self.process = up.url, up.process
            yield self

    async def roll_out(self) -> None:
        """Start a rollout at 50 %, so that half of the answers carry a skill."""
        spec = self.home / "bench.yaml"
        spec.write_text(SPEC)
        await self._tidegate("rollout", "start", str(spec), "--reason", "bench")

    async def _tidegate(self, *arguments: str) -> bytes:
        child = await asyncio.create_subprocess_exec(
            TIDEGATE,
            *arguments,
            "--json",
            env=child_environment({"TIDEGATE_HOME": str(self.home)}),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await child.communicate()
        if child.returncode != 0:
            raise SystemExit(f"tidegate {' '.join(arguments)} failed")
        return out
