"""Follow a rollout to its end: a live view on a terminal, one line a change elsewhere."""

import asyncio
import sys
from collections.abc import Callable

import msgspec

from tidegate.cli.call import ControlSession, session
from tidegate.cli.output import say
from tidegate.cli.rollout_lines import headline
from tidegate.control.status import RolloutStatus
from tidegate.domain.rollout import ACTIVE, Phase

_LOOK_SECONDS = 1.0
_ENDED = frozenset(Phase) - ACTIVE - {Phase.DRAFT}


async def watch(path: str, *, as_json: bool) -> bool:
    """Show the rollout at `path` until it ends; True where it completed."""
    async with session() as control:
        if as_json or not sys.stdout.isatty():
            return await _follow(control, path, _lines(as_json))
        from rich.console import Console, RenderableType  # noqa: PLC0415 (drawing takes long to load)
        from rich.live import Live  # noqa: PLC0415 (the same)

        from tidegate.cli.rollout_view import picture  # noqa: PLC0415 (the same)

        console = Console()

        def fitting(status: RolloutStatus) -> RenderableType:
            """Where it is too long for the terminal, without why: a live view shows no more than that."""
            whole = picture(status)
            fits = len(console.render_lines(whole)) < console.height
            return whole if fits else picture(status, brief=True)

        with Live(console=console, refresh_per_second=4) as live:
            return await _follow(control, path, lambda status: live.update(fitting(status)))


async def _follow(control: ControlSession, path: str, see: Callable[[RolloutStatus], None]) -> bool:
    while True:
        status = msgspec.convert(await control.call("GET", path), RolloutStatus)
        see(status)
        if status.state in _ENDED:
            return status.state is Phase.COMPLETED
        await asyncio.sleep(_LOOK_SECONDS)


def _lines(as_json: bool) -> Callable[[RolloutStatus], None]:
    """Print a status when its state, stage or last decision is another than before."""
    seen: list[object] = []

    def see(status: RolloutStatus) -> None:
        change = (status.state, status.stage, status.attempt, status.last_decision)
        if seen and seen[-1] == change:
            return
        seen[:] = [change]
        last = status.last_decision
        why = f" — {last.kind}: {last.reason}" if last else ""
        say(msgspec.json.encode(status).decode() if as_json else headline(status) + why)
        sys.stdout.flush()

    return see
