"""The sandbox of a serving process."""

from contextlib import AsyncExitStack

from tidegate.adapters.sandbox.checked import CheckedSandbox
from tidegate.adapters.sandbox.settings import SandboxSettings
from tidegate.config import Settings
from tidegate.ports import Meter


def open_sandbox(settings: Settings, meter: Meter, stack: AsyncExitStack) -> CheckedSandbox | None:
    """The sandbox as it is configured, not tried yet; None where scripts are switched off."""
    given = settings.sandbox
    if not given.enabled:
        return None
    sandbox = CheckedSandbox(
        SandboxSettings(
            bwrap=given.bwrap,
            python=given.python,
            folder=given.folder,
            memory=given.memory,
            processes=given.processes,
            cpus=given.cpu / 100,
            open_files=given.open_files,
            work=given.work,
            parallel=given.parallel,
            queue=given.queue,
            wait=given.wait,
            first_uid=given.first_uid,
            cgroup=given.cgroup,
            laid_out=given.laid_out,
        ),
        meter,
    )
    stack.push_async_callback(sandbox.close)
    return sandbox
