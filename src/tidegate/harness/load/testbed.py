"""An emulated provider and a gateway of one's own, with the sample skills rolled out, for one run."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import msgspec

from tidegate.domain.errors import NotFound, TidegateError
from tidegate.harness.demo.processes import CommandLine, ended_by_sigterm, running
from tidegate.harness.emulator.faults import Fault, FaultList

SKILLS = Path(__file__).parents[4] / "skills"

HOSTED = ("contract-analysis", "incident-summary", "log-digest")
NATIVE = "release-notes"
"""The skill that the provider serves itself here; as it is shipped, the gateway serves it."""

SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: load}
spec:
  unit: user
  candidate:
    skills: {contract-analysis: latest, incident-summary: latest, log-digest: latest, release-notes: latest}
    timeout: 5s
  stages:
    - {name: full, weight: 100, bake: 30d, promote: manual, holdout: 5}
  gates:
    samples: {min: 1000, unsure: hold}
"""
"""Nineteen of twenty users get the skills. No gate takes them back: faults are part of a load run."""

PROFILE = """\
seed = 11
[timing]
first_token_seconds = 0.4
first_token_sigma = 0.4
token_seconds = 0.008
token_sigma = 0.2
[output]
median_tokens = 120
sigma = 0.5
"""


@dataclass(frozen=True, slots=True)
class Testbed:
    """Where the parts listen, and with which keys."""

    gateway: str
    emulator: str
    client_key: str
    home: Path
    operator: CommandLine

    @property
    def supervisor(self) -> int:
        """The process id to signal."""
        return msgspec.json.decode((self.home / "gateway.json").read_bytes(), type=_Note).pid


class _Note(msgspec.Struct):
    pid: int


@asynccontextmanager
async def open_testbed(
    folder: Path, *, profile: str = PROFILE, up: Sequence[str] = (), spec: str = SPEC
) -> AsyncGenerator[Testbed]:
    """Start both in `folder`, publish the sample skills and roll them out. Raises TidegateError.

    SIGTERM ends both and the program, wherever it was started from.
    """
    if not SKILLS.is_dir():
        raise NotFound("the sample skills are not installed here; name a gateway with --url and --key")
    home = folder / "home"
    (folder / "emulator.toml").write_text(profile)
    (folder / "load.yaml").write_text(spec)
    emulate = ("emulate", "--port", "0", "--profile", str(folder / "emulator.toml"))
    async with AsyncExitStack() as stack:
        stack.enter_context(ended_by_sigterm())
        keys = CommandLine({"TIDEGATE_HOME": str(home)})
        key = await keys("keys", "create", "--role", "client", "--name", "load")
        emulator = await stack.enter_async_context(running(folder / "emulator.log", *emulate))
        provider = {"TIDEGATE_UPSTREAM_URL": emulator, "TIDEGATE_UPSTREAM_KEY": "emulated"}
        operator = CommandLine({"TIDEGATE_HOME": str(home), **provider})
        command = ("up", "--home", str(home), "--port", "0", *up)
        log = folder / "gateway.log"
        gateway = await stack.enter_async_context(running(log, *command, environment=provider))
        packages = (*(SKILLS / name for name in HOSTED), _native_copy(folder))
        async with asyncio.TaskGroup() as publishing:
            for package in packages:
                publishing.create_task(operator("skill", "publish", str(package), "--reason", "load"))
        await operator("skill", "sync", NATIVE, "--reason", "load")
        await operator("rollout", "start", str(folder / "load.yaml"), "--reason", "load")
        yield Testbed(gateway, emulator, str(key["key"]), home, operator)


def _native_copy(folder: Path) -> Path:
    """A copy of the sample skill that asks to be served by the provider."""
    copy = folder / "skills" / NATIVE
    shutil.copytree(SKILLS / NATIVE, copy)
    document = copy / "SKILL.md"
    text = document.read_text(encoding="utf-8")
    document.write_text(
        text.replace("metadata:\n", "metadata:\n  tidegate.mode: native\n", 1), encoding="utf-8"
    )
    return copy


async def set_faults(emulator: str, faults: Sequence[Fault]) -> None:
    """Replace the emulator's faults; raises TidegateError."""
    data = msgspec.json.encode(FaultList(tuple(faults)))
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.put(f"{emulator}/emulator/faults", data=data) as response,
        ):
            if response.status != 200:
                raise TidegateError(f"{emulator} refused the faults: {await response.text()}")
    except aiohttp.ClientError as wrong:
        raise TidegateError(f"no emulator answers at {emulator}: {wrong}") from wrong
