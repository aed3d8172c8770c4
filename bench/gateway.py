"""The measured processes: started, pinned to a core, and set up as in production."""

import asyncio
import io
import sys
import time
import zipfile
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import msgspec
import psutil

from tidegate.harness.demo.processes import child_environment
from tidegate.registry.archive import canonical_archive
from tidegate.registry.folder import read_folder
from tidegate.registry.validate import DEFAULT_LIMITS

HERE = Path(__file__).parent
TIDEGATE = str(Path(sys.executable).with_name("tidegate"))
SKILLS = HERE.parent / "skills"
FILLED_UP_TO = 100
"""Skills in the rollout: the shipped ones and generated ones beside them."""

TOPICS = [
    "invoices",
    "travel",
    "payroll",
    "hiring",
    "backups",
    "incidents",
    "tickets",
    "surveys",
    "budgets",
    "audits",
    "leases",
    "patents",
]
ACTIONS = ["summarise", "draft", "check", "translate", "classify", "compare", "schedule", "forecast"]
SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {{name: bench}}
spec:
  unit: user
  candidate: {{skills: {skills}}}
  stages:
    - {{name: half, weight: 50, bake: 24h, promote: manual}}
    - {{name: full, weight: 100, bake: 24h, promote: manual}}
  gates:
    errors: {{max: 2%, worse: rollback}}
    trip: {{errors: 50%, over: 20}}
    samples: {{min: 1000, unsure: hold}}
"""
SKILL_MD = """\
---
name: {name}
description: >-
  Helps to {action} {topic} the way the company does it, number {number}. Use when somebody wants to {action}
  {topic} for department {number}.
metadata:
  tidegate.match: |
    (?i)\\b{action}\\b[^.?!]{{0,40}}\\b{topic}\\b[^.?!]{{0,40}}\\bdepartment {number}\\b
---
Read what was asked, then {action} the {topic}: first what is certain, then what is not, each with its source.
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
        self.key = await self._made_key("client")
        self.launched = time.perf_counter()
        arguments = ("up", "--home", str(self.home), "--port", "0", "--upstream", self.upstream)
        async with started(
            TIDEGATE, *arguments, core=self.core, environment={"TIDEGATE_UPSTREAM_KEY": "bench"}
        ) as up:
            self.url, self.process = up.url, up.process
            yield self

    async def roll_out(self) -> None:
        """Publish skills until there are FILLED_UP_TO, and roll all out to half of the users."""
        headers = {"authorization": f"Bearer {await self._made_key('operator')}"}
        shipped = [shipped_skill(folder) for folder in sorted(SKILLS.iterdir())]
        generated = [generated_skill(number) for number in range(len(shipped), FILLED_UP_TO)]
        skills = [*shipped, *generated]
        few = httpx2.Limits(max_connections=8)
        async with httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=60, limits=few) as control:
            why = {"reason": "bench"}
            posts = [control.post("/api/skills", params=why, content=archive) for _, archive in skills]
            for answer in await asyncio.gather(*posts):
                answer.raise_for_status()
            listed = "{" + ", ".join(f"{name}: latest" for name, _ in skills) + "}"
            plan = why | {"spec": SPEC.format(skills=listed)}
            (await control.post("/api/rollouts", json=plan)).raise_for_status()

    async def _made_key(self, role: str) -> str:
        made = await self._tidegate("keys", "create", "--role", role, "--name", "bench")
        return str(msgspec.json.decode(made)["key"])

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


def shipped_skill(folder: Path) -> tuple[str, bytes]:
    """Name and archive of a sample skill."""
    tree = read_folder(folder, DEFAULT_LIMITS)
    return folder.name, canonical_archive(tree.root, tree.files)


def generated_skill(number: int) -> tuple[str, bytes]:
    """One of many skills that no request of the bench is for: its name and its zip."""
    name = f"generated-{number:03d}"
    topic, action = TOPICS[number % len(TOPICS)], ACTIONS[number // len(TOPICS) % len(ACTIONS)]
    text = SKILL_MD.format(name=name, topic=topic, action=action, number=number)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{name}/SKILL.md", text)
    return name, buffer.getvalue()
