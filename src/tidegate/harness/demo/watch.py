"""Following one rollout over the control API, live on the terminal, until it ends."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
import msgspec
from rich.console import Console

from tidegate.domain.errors import TidegateError

LOOK_SECONDS = 0.4
ENDED = frozenset({"completed", "rolled-back", "aborted"})


class ArmStatus(msgspec.Struct, frozen=True):
    """One arm as `rollout status` shows it."""

    requests: int
    errors: int
    faulted: int
    p95_seconds: float | None
    cost_usd: float | None


class Decision(msgspec.Struct, frozen=True):
    """The last decision, with its reason."""

    kind: str
    reason: str


class SavingsStatus(msgspec.Struct, frozen=True):
    """What the candidate saves, as a ratio."""

    point: float | None


class Status(msgspec.Struct, frozen=True):
    """`tidegate rollout status NAME --json`, as far as the demonstration reads it."""

    name: str
    state: str
    stage: str
    weight: float
    arms: dict[str, ArmStatus]
    savings: SavingsStatus
    last_decision: Decision | None


@dataclass(frozen=True, slots=True)
class Look:
    """A status and when it was read, epoch seconds."""

    at: float
    status: Status


@dataclass(slots=True)
class Watcher:
    """Reads a rollout's status every LOOK_SECONDS and shows what changes."""

    url: str
    operator_key: str
    console: Console
    looks: list[Look] = field(default_factory=list[Look])

    async def until(self, name: str, reached: Callable[[Status], bool], *, within: float) -> Status:
        """Watch until `reached`; raises TidegateError after `within` seconds, or if it ends otherwise."""
        deadline = time.monotonic() + within
        headers = {"x-api-key": self.operator_key}
        shown: tuple[str, str] | None = None
        async with aiohttp.ClientSession(headers=headers) as session:
            while True:
                status = await self._look(session, name)
                if (status.state, status.stage) != shown:
                    shown = (status.state, status.stage)
                    self.console.print(_headline(status))
                self._line(status)
                if reached(status):
                    return status
                if status.state in ENDED or time.monotonic() > deadline:
                    why = status.last_decision.reason if status.last_decision else "no decision yet"
                    raise TidegateError(f"rollout {name!r} is {status.state} at stage {status.stage}: {why}")
                await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, session: aiohttp.ClientSession, name: str) -> Status:
        async with session.get(f"{self.url}/api/rollouts/{name}") as response:
            status = msgspec.json.decode(await response.read(), type=Status)
        self.looks.append(Look(time.time(), status))
        return status

    def _line(self, status: Status) -> None:
        if self.console.is_terminal:
            self.console.print(f"  {_arms(status)}", end="\r", highlight=False)


def _headline(status: Status) -> str:
    why = f" · {status.last_decision.reason}" if status.last_decision else ""
    return f"[bold]{status.name}[/] {status.state} · stage {status.stage} · {status.weight:g} %{why}"


def _arms(status: Status) -> str:
    parts = [
        f"{arm}: {numbers.requests} requests, {numbers.errors} errors, p95 {numbers.p95_seconds or 0:.2f} s"
        for arm, numbers in status.arms.items()
    ]
    point = status.savings.point
    return " | ".join(parts) + (f" | savings {point:.0%}" if point is not None else "") + "   "
