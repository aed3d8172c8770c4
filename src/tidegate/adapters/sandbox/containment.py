"""What the sandbox shows of itself before it runs a skill's script: a script of its own tries to get out."""

import json
from collections.abc import Mapping
from pathlib import Path

from tidegate.adapters.sandbox.bubblewrap import Bubblewrap
from tidegate.adapters.sandbox.inside import CHECKS
from tidegate.adapters.sandbox.unfit import SandboxUnfit
from tidegate.domain.script import ScriptLimit, ScriptResult, ScriptRun
from tidegate.ports import ScriptRefused

_SCRIPT = "scripts/inside.py"
_STUBBORN = "scripts/stubborn.py"
_STUBBORN_TEXT = b"""\
import os, signal, time
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
time.sleep(600)  # until it is killed, which is what is tried
"""
START, OUTPUTS, STOP = "start", "outputs", "stop"
ALL_CHECKS = (START, *CHECKS, OUTPUTS, STOP)
"""The names of all checks: those in `inside`, and what is seen from without."""

STOP_SECONDS = 0.3


async def troubles(sandbox: Bubblewrap) -> Mapping[str, str]:
    """What does not hold, by check; empty where scripts may run."""
    try:
        tried = await sandbox.run(_run(sandbox, _SCRIPT, seconds=20.0), _always)
        stopped = await sandbox.run(_run(sandbox, _STUBBORN, seconds=STOP_SECONDS), _always)
    except (SandboxUnfit, ScriptRefused) as wrong:
        return {START: str(wrong)}
    found = {**_inside(tried), OUTPUTS: _outputs(tried), STOP: _stop(stopped)}
    return {name: why for name, why in found.items() if why}


def _run(sandbox: Bubblewrap, script: str, *, seconds: float) -> ScriptRun:
    files = {
        _SCRIPT: Path(__file__).with_name("inside.py").read_bytes(),
        _STUBBORN: _STUBBORN_TEXT,
    }
    settings = sandbox.settings
    expected = {
        "own_user": sandbox.own_user,
        "work": settings.work,
        "processes": settings.processes,
        "limits": sandbox.rlimits,
        "roots": sorted({path.parts[1] for path in sandbox.layout.runtime.binds}),
    }
    return ScriptRun(
        tenant="",
        skill="containment",
        digest="sha256:containment",
        files=files,
        script=script,
        arguments=(json.dumps(expected),),
        seconds=seconds,
        output_bytes=65_536,
    )


def _inside(result: ScriptResult) -> dict[str, str]:
    """What the script saw; one that did not come to an end has shown nothing."""
    try:
        said: object = json.loads(result.stdout)
    except ValueError:
        said = None
    if not isinstance(said, dict) or result.exit_code or result.limit:
        errors = result.stderr.decode(errors="replace").strip()[-500:]
        return {START: f"the script that tries to get out ended with {result.exit_code} {errors}".strip()}
    return {name: str(said.get(name, "was not tried")) for name in CHECKS}  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] (any text will do)


def _outputs(result: ScriptResult) -> str:
    return (
        ""
        if dict(result.files) == {"kept.txt": b"kept"}
        else f"collected {', '.join(result.files) or 'nothing'}"
    )


def _stop(result: ScriptResult) -> str:
    late = result.seconds > STOP_SECONDS + 5
    return (
        "" if result.limit is ScriptLimit.TIME and not late else "a script that ignores signals is not ended"
    )


def _always() -> bool:
    return True
