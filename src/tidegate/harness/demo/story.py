"""What happens in the demonstration, in order; every step goes through the command line or the API."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from rich.console import Console

from tidegate.domain.errors import TidegateError
from tidegate.harness.demo import plan
from tidegate.harness.demo.processes import CommandLine
from tidegate.harness.demo.sdk import SdkTraffic
from tidegate.harness.demo.traffic import Traffic
from tidegate.harness.demo.watch import Watcher

STAGE_PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Told:
    """What the story leaves for the summary; times in epoch seconds."""

    traffic: Traffic
    sdk: SdkTraffic
    watcher: Watcher
    fault_at: float
    skill_answers_after_switch: int
    answers_after_switch: int


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the story plays: the running processes, their keys and the work folder."""

    emulator: str
    gateway: str
    client_key: str
    operator_key: str
    operator: CommandLine
    folder: Path
    console: Console


async def tell(stage: Stage) -> Told:
    """(a) a healthy rollout completes, (b) a failing one is rolled back by itself, (c) the kill switch."""
    watcher = Watcher(stage.gateway, stage.operator_key, stage.console)
    traffic = Traffic(stage.gateway, stage.client_key, seed=1)
    sdk = SdkTraffic(stage.gateway, stage.client_key, seed=2)
    async with _flowing(traffic, sdk):
        stage.console.rule("(a) a healthy rollout")
        await _complete(stage, watcher)
        stage.console.rule("(b) a candidate that begins to fail in its second stage")
        fault_at = await _fail_in_second_stage(stage, watcher)
        stage.console.rule("(c) the kill switch")
        after, with_skill = await _switch_off(stage, traffic)
    return Told(traffic, sdk, watcher, fault_at, with_skill, after)


@contextlib.asynccontextmanager
async def _flowing(traffic: Traffic, sdk: SdkTraffic) -> AsyncGenerator[None]:
    async with asyncio.TaskGroup() as group:
        group.create_task(traffic.run())
        official = group.create_task(sdk.run())
        yield
        await official
        traffic.stop()


async def _start(stage: Stage, name: str, skills: tuple[str, ...], *, savings: bool) -> None:
    path = stage.folder / f"{name}.yaml"
    path.write_text(plan.spec(name, skills, plan.DEMONSTRATION, savings=savings))
    await stage.operator("rollout", "start", str(path), "--reason", "demonstration")


async def _complete(stage: Stage, watcher: Watcher) -> None:
    await _start(stage, plan.FIRST_ROLLOUT, plan.FIRST_SKILLS, savings=True)
    await watcher.until(
        plan.FIRST_ROLLOUT, lambda status: status.state == "completed", within=3 * STAGE_PATIENCE
    )


async def _fail_in_second_stage(stage: Stage, watcher: Watcher) -> float:
    await _start(stage, plan.SECOND_ROLLOUT, plan.SECOND_SKILLS, savings=False)
    await watcher.until(plan.SECOND_ROLLOUT, lambda status: status.stage == "beta", within=STAGE_PATIENCE)
    await asyncio.sleep(3.0)
    await _set_faults(stage, [{"kind": "status", "status": 500, "share": 1.0, "skill": plan.FAULTY_SKILL}])
    fault_at = time.time()
    stage.console.print(f"[red]fault[/]: every request that carries {plan.FAULTY_SKILL} now fails upstream")
    await watcher.until(
        plan.SECOND_ROLLOUT, lambda status: status.state == "rolled-back", within=STAGE_PATIENCE
    )
    await _set_faults(stage, [])
    return fault_at


async def _set_faults(stage: Stage, faults: list[dict[str, object]]) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.put(f"{stage.emulator}/emulator/faults", json={"faults": faults}) as response,
    ):
        if response.status != 200:
            raise TidegateError(f"the emulator refused the faults: {await response.text()}")


async def _switch_off(stage: Stage, traffic: Traffic) -> tuple[int, int]:
    """Returns answers and skill answers to requests sent after that."""
    await stage.operator("switch", "off", "--all", "--reason", "demonstration of the kill switch")
    off_at = asyncio.get_running_loop().time()
    stage.console.print("all skills are off; every process has acknowledged it")
    await asyncio.sleep(6.0)
    later = [answer for answer in traffic.answers if answer.sent > off_at and answer.status]
    with_skill = sum(bool(answer.skills) for answer in later)
    stage.console.print(f"{len(later)} answers since, {with_skill} with a skill")
    await stage.operator("switch", "on", "--all", "--reason", "demonstration is over")
    return len(later), with_skill
