"""A provider emulator and a gateway as real processes, for flow tests."""

import asyncio
import signal
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec
from forked import ForkedCommandLine, ForkedProcess, announced, executed, forked, logged
from homes import home_with_keys

from tidegate.harness.demo.processes import CommandLine, child_environment
from tidegate.registry.archive import canonical_archive
from tidegate.registry.folder import read_folder
from tidegate.registry.validate import DEFAULT_LIMITS

SKILLS = Path(__file__).parents[2] / "skills"


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class GatewayProcess:
    """`tidegate up` on a home, which may be killed and started again on the same port.

    Without an upstream it serves from an emulated provider of its own.
    """

    home: Path
    upstream: str | None
    log: Path
    port: int = field(default_factory=free_port)
    arguments: Sequence[str] = ()
    scripts: bool = False
    """Whether it tries its sandbox, which takes more CPU than all else at a start, and runs scripts."""

    fresh: bool = False
    """Whether it is started as an operator starts it; else forked, for a third of the CPU."""

    process: ForkedProcess | asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Returns once it says that it listens."""
        upstream = ("--upstream", self.upstream) if self.upstream else ("--emulator",)
        command = ("up", "--home", str(self.home), "--port", str(self.port), *upstream)
        environment = child_environment(
            {
                "TIDEGATE_UPSTREAM_KEY": "upstream-secret",
                "TIDEGATE_SANDBOX_ENABLED": str(self.scripts).lower(),
            }
        )
        start = executed if self.fresh else forked
        self.process = await start((*command, *self.arguments), environment, self.log)
        await announced(self.process, self.log)

    async def kill(self) -> None:
        """By SIGKILL: no handler runs, nothing is flushed."""
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        """By SIGTERM; returns the exit code."""
        if self.process.returncode is None:
            self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), 30)


@dataclass(slots=True)
class Stack:
    """Everything a flow test speaks to."""

    emulator: str
    gateway: GatewayProcess
    client_key: str
    operator_key: str
    operator: CommandLine
    folder: Path

    @property
    def url(self) -> str:
        return self.gateway.url

    async def faults(self, *faults: dict[str, object]) -> None:
        """Replace the emulator's faults."""
        async with (
            aiohttp.ClientSession() as session,
            session.put(f"{self.emulator}/emulator/faults", json={"faults": list(faults)}) as response,
        ):
            assert response.status == 200, await response.text()

    async def emulator_counts(self) -> dict[str, object]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.emulator}/emulator/counts") as response,
        ):
            return await response.json()

    async def reset_emulator_counts(self) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.delete(f"{self.emulator}/emulator/counts") as response,
        ):
            assert response.status < 300

    async def publish(self, *names: str) -> None:
        """Publish sample skills, as another program would: a process for each would take the test's time."""
        for name in names:
            tree = read_folder(SKILLS / name, DEFAULT_LIMITS)
            zipped = canonical_archive(tree.root, tree.files)
            await self._post("skills", params={"reason": "test"}, data=zipped)

    async def start_rollout(self, spec: str) -> dict[str, object]:
        return await self._post("rollouts", json={"spec": spec, "reason": "test"})

    async def _post(self, path: str, **request: object) -> dict[str, object]:
        async with (
            aiohttp.ClientSession(headers={"x-api-key": self.operator_key}) as session,
            session.post(f"{self.url}/api/{path}", **request) as response,
        ):
            assert response.status in (200, 201), await response.text()
            return await response.json()

    async def status(self, name: str) -> dict[str, object]:
        async with (
            aiohttp.ClientSession(headers={"x-api-key": self.operator_key}) as session,
            session.get(f"{self.url}/api/rollouts/{name}") as response,
        ):
            assert response.status == 200, await response.text()
            return await response.json()

    async def until(self, name: str, *states: str, within: float = 60.0) -> dict[str, object]:
        """Poll the rollout's status until it is in one of `states`."""
        async with asyncio.timeout(within):
            while (status := await self.status(name))["state"] not in states:
                await asyncio.sleep(0.1)
        return status

    async def ledger(self, rollout: str | None = None) -> list[dict[str, object]]:
        """The exported exchanges, once the spool has been read out."""
        await asyncio.sleep(0.6)
        params = {"format": "jsonl"} | ({"rollout": rollout} if rollout else {})
        async with (
            aiohttp.ClientSession(headers={"x-api-key": self.operator_key}) as session,
            session.get(f"{self.url}/api/ledger/export", params=params) as response,
        ):
            assert response.status == 200, await response.text()
            return [msgspec.json.decode(line) async for line in response.content]


@asynccontextmanager
async def _running(log: Path, *arguments: str) -> AsyncGenerator[str]:
    """Run `tidegate ARGUMENTS` and yield the URL it announces; it ends with exit code 0."""
    process = await forked(arguments, child_environment(), log)
    try:
        yield await announced(process, log)
    finally:
        process.terminate()
        code = await asyncio.wait_for(process.wait(), 30)
    assert code == 0, logged(log)


@asynccontextmanager
async def stack(
    folder: Path,
    *,
    profile: str = "seed = 1\n",
    up: Sequence[str] = (),
    config: str = "",
    scripts: bool = False,
) -> AsyncGenerator[Stack]:
    """Emulator and gateway with a client and an operator key; both end with exit code 0.

    `config` is a tidegate.toml, in which EMULATOR stands for the emulator's URL.
    """
    home = folder / "home"
    (folder / "emulator.toml").write_text(profile)
    client, operator = await home_with_keys(home)
    emulate = ("emulate", "--port", "0", "--profile", str(folder / "emulator.toml"))
    async with _running(folder / "emulator.log", *emulate) as emulator:
        if config:
            (home / "tidegate.toml").write_text(config.replace("EMULATOR", emulator))
        gateway = GatewayProcess(home, emulator, folder / "gateway.log", arguments=up, scripts=scripts)
        await gateway.start()
        reach = {"TIDEGATE_URL": gateway.url, "TIDEGATE_KEY": operator}
        command = ForkedCommandLine(reach, folder / "commands")
        try:
            yield Stack(emulator, gateway, client, operator, command, folder)
        finally:
            code = await gateway.stop()
        assert code == 0, gateway.log.read_text()
