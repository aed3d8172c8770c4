"""No sandbox: every script is refused, none is ever run bare."""

from collections.abc import Callable

from tidegate.domain.script import ScriptResult, ScriptRun
from tidegate.ports import ScriptRefused


class NoSandbox:
    """`ports.Sandbox` of a gateway that has none."""

    async def run(self, run: ScriptRun, allowed: Callable[[], bool]) -> ScriptResult:
        """Refuse, with what the model is to do instead."""
        raise ScriptRefused(
            "scripts cannot run here: there is no sandbox; do without "
            f"{run.script}, by hand where the skill {run.skill} says how, and say that it was not run"
        )
