"""Trying the catalogue, part by part; each part gives a line for every attack of its own."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from tidegate.harness.audit import execution, scanning
from tidegate.harness.audit.catalogue import execution_attack, scan_attack
from tidegate.harness.audit.execution import Surroundings
from tidegate.harness.audit.gateway import GATEWAY, GatewayAttack
from tidegate.harness.audit.judgement import Attack, Line, Outcome, judged, not_shown
from tidegate.harness.audit.publishing import attempt_scan, attempt_upload
from tidegate.harness.audit.target import Target
from tidegate.harness.audit.uploads import UPLOADS
from tidegate.ports import Sandbox, ScriptRefused

NOTHING_LACKS: Mapping[str, str] = MappingProxyType({})


async def try_packages(target: Target) -> list[Line]:
    """Hostile packages, one after the other, published by every way that there is."""
    uploads = [
        await _awaited(each.attack, lambda each=each: attempt_upload(target, each)) for each in UPLOADS
    ]
    scans = [
        await _awaited(scan_attack(each), lambda each=each: attempt_scan(target, each))
        for each in scanning.ATTACKS
    ]
    return [*uploads, *scans]


def packages_not_shown(why: str) -> list[Line]:
    """The same lines where no gateway came up."""
    every = (*(each.attack for each in UPLOADS), *map(scan_attack, scanning.ATTACKS))
    return [Line(attack=each, outcome=not_shown(why), seconds=0.0) for each in every]


async def try_scripts(
    sandbox: Sandbox, surroundings: Surroundings, lacking: Mapping[str, str] = NOTHING_LACKS
) -> list[Line]:
    """Scripts, one after the other: they would meet each other's processes.

    `lacking` says by an attack's name what is not there for it to find, so that its failure shows nothing.
    """
    return [
        await _awaited(
            execution_attack(each),
            lambda each=each: _script(sandbox, each, surroundings, lacking.get(each.name, "")),
        )
        for each in execution.CATALOGUE
    ]


def scripts_not_shown(why: str) -> list[Line]:
    """The same lines where no script runs."""
    return [
        Line(attack=execution_attack(each), outcome=not_shown(why), seconds=0.0)
        for each in execution.CATALOGUE
    ]


def gateway_not_shown(why: str) -> list[Line]:
    """The lines over HTTP where no gateway came up."""
    return [Line(attack=each.attack, outcome=not_shown(why), seconds=0.0) for each in GATEWAY]


def told_of(wrong: Exception) -> str:
    """An unexpected exception in a line of the report."""
    return f"{type(wrong).__name__}: {wrong}"[:300]


async def try_gateway(target: Target, *, scripts: bool, only: Sequence[str] = ()) -> list[Line]:
    """The gateway and its APIs; what has to wait long runs beside the rest. `only` names some, by id."""
    chosen = [each for each in GATEWAY if not only or each.attack.id in only]
    waiting = {
        each.attack.id: asyncio.create_task(_awaited(each.attack, lambda each=each: each.attempt(target)))
        for each in chosen
        if each.patient
    }
    try:
        return [
            await waiting[each.attack.id] if each.patient else await _one(target, each, scripts)
            for each in sorted(chosen, key=lambda each: each.patient)
        ]
    finally:
        for task in waiting.values():
            task.cancel()


async def _one(target: Target, each: GatewayAttack, scripts: bool) -> Line:
    if each.scripts and not scripts:
        return Line(attack=each.attack, outcome=not_shown("no script runs here"), seconds=0.0)
    return await _awaited(each.attack, lambda: each.attempt(target))


async def _script(
    sandbox: Sandbox, attack: execution.Attack, surroundings: Surroundings, lacking: str
) -> Outcome:
    try:
        tried = await execution.attempt(sandbox, attack, surroundings)
    except ScriptRefused as refused:
        return not_shown(str(refused))
    if not tried.succeeded and (lacking or not tried.came_to_an_end):
        return not_shown(lacking or tried.seen)
    return judged(tried.succeeded, tried.seen)


async def _awaited(attack: Attack, attempt: Callable[[], Awaitable[Outcome]]) -> Line:
    """An attack whose answer cannot be had or read was not shown to fail."""
    began = time.monotonic()
    try:
        outcome = await attempt()
    except Exception as wrong:  # whatever it is: the other lines are reported all the same
        outcome = not_shown(told_of(wrong))
    return Line(attack=attack, outcome=outcome, seconds=round(time.monotonic() - began, 3))
