"""One run: the requests, the faults of each phase, and what came of it."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from urllib.parse import urlsplit

from tidegate.domain.errors import InvalidInput, TidegateError
from tidegate.harness.load.connection import Target
from tidegate.harness.load.entry import Entry
from tidegate.harness.load.generator import Generator
from tidegate.harness.load.outcome import Outcome, judge
from tidegate.harness.load.scenario import Scenario
from tidegate.harness.load.shot import Shot
from tidegate.harness.load.tally import Tally
from tidegate.harness.load.testbed import set_faults

PATIENCE_SECONDS = 60.0
"""A request whose answer takes longer has failed."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

Progress = Callable[[Generator, Tally], None]


async def run_load(
    scenario: Scenario,
    shots: Iterable[Shot],
    *,
    url: str,
    key: str,
    emulator: str = "",
    progress: Progress | None = None,
    tally: Tally | None = None,
) -> Outcome:
    """Send `shots` to the gateway at `url`; phases with faults need the `emulator`'s URL.

    Raises InvalidInput, TidegateError.
    """
    if scenario.phases and not emulator:
        raise InvalidInput(
            f"scenario {scenario.name} makes the provider fail: name its emulator with --emulator, or leave "
            "out --url to have both started"
        )
    tally = tally or Tally(window=max(1.0, scenario.seconds / 60))
    target = Target(url, key)
    entry = Entry(tally.take, url)
    generator = Generator(target, entry.take, patience=PATIENCE_SECONDS, emulated=bool(emulator))
    beside = [_phases(scenario, emulator), entry.watch()]
    if progress is not None:
        beside.append(_report(progress, generator, tally))
    try:
        await _beside(generator.run(shots), beside)
    finally:
        if scenario.phases:
            await set_faults(emulator, ())
    return judge(
        scenario, tally, target=url, unsent=generator.unsent, sending_seconds=generator.sending_seconds
    )


async def _beside(
    work: Coroutine[object, object, None], others: Sequence[Coroutine[object, object, None]]
) -> None:
    """Do the work, and the others as long as it lasts; raises the first refusal of any of them."""
    refused: Exception | None = None
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in others]
            await work
            for task in tasks:
                task.cancel()
    except* TidegateError as refusals:
        refused = refusals.exceptions[0]
    if refused is not None:  # raised above it would be in a group again before Python 3.11.4
        raise refused


def check_target(url: str, *, owned: bool) -> None:
    """Refuse what is no URL, and a machine that is not this one unless told that it is one's own.

    Raises InvalidInput.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput(f"--url {url!r} is not where a gateway can be; use http://HOST:PORT")
    if parts.hostname not in LOOPBACK and not owned:
        raise InvalidInput(
            f"{parts.hostname} is not this machine: load on what belongs to others is an attack. If it is "
            "yours, and whoever runs it knows, say so with --i-own-this-target"
        )


async def _phases(scenario: Scenario, emulator: str) -> None:
    began = asyncio.get_running_loop().time()
    for phase in scenario.phases:
        due = began + phase.begins * scenario.seconds
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        await set_faults(emulator, phase.faults)


async def _report(progress: Progress, generator: Generator, tally: Tally) -> None:
    while True:
        await asyncio.sleep(1.0)
        progress(generator, tally)
