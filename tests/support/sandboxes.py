"""Sandboxes for tests: as configured, or with a guard taken away; nothing of them stays."""

import asyncio
import subprocess
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path

import msgspec
from require import require

from tidegate.adapters.sandbox.bubblewrap import Bubblewrap
from tidegate.adapters.sandbox.guards import ALL_GUARDS, Guard
from tidegate.adapters.sandbox.locate import INSTALL, find_bwrap
from tidegate.adapters.sandbox.settings import SandboxSettings
from tidegate.adapters.sandbox.unfit import SandboxUnfit
from tidegate.domain.script import ScriptResult, ScriptRun


@cache
def require_namespaces() -> None:
    """Skip loudly where bubblewrap is missing, or where the kernel gives no user namespaces."""
    try:
        bwrap = find_bwrap("")
    except SandboxUnfit:
        require("bubblewrap", INSTALL)
    tried = subprocess.run(
        [bwrap, "--unshare-user", "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "true"],
        capture_output=True,
        check=False,
    )
    if tried.returncode:
        require("a kernel with user namespaces", f"allow them ({tried.stderr.decode().strip()})")


@asynccontextmanager
async def sandbox(
    folder: Path,
    *without: Guard,
    environment: dict[str, str] | None = None,
    shared_work: Path | None = None,
    **settings: object,
) -> AsyncGenerator[Bubblewrap]:
    """A sandbox whose folder lies in `folder`, which strangers may pass through; nothing of it stays."""
    require_namespaces()
    made = Bubblewrap(
        msgspec.convert({"folder": str(folder), **settings}, SandboxSettings),
        guards=ALL_GUARDS - set(without),
        environment=environment,
        shared_work=shared_work,
    )
    try:
        yield made
        await asyncio.wait_for(made.places.idle(), 10)
    finally:
        made.close()


def run_of(
    text: str | bytes,
    *arguments: str,
    files: Mapping[str, bytes] | None = None,
    script: str = "scripts/script.py",
    **more: object,
) -> ScriptRun:
    """A run of a skill that has this script."""
    body = text.encode() if isinstance(text, str) else text
    content = {**(files or {}), script: body}
    digest = sha256(repr(sorted(content.items())).encode()).hexdigest()
    return ScriptRun(
        **{
            "tenant": "acme",
            "skill": "skill",
            "digest": f"sha256:{digest}",
            "files": content,
            "script": script,
            "arguments": arguments,
            "seconds": 20.0,
            "output_bytes": 100_000,
            **more,
        }
    )


async def ran(made: Bubblewrap, text: str | bytes, *arguments: str, **more: object) -> ScriptResult:
    """The end of a script, which nothing bars."""
    return await made.run(run_of(text, *arguments, **more), lambda: True)


async def until(true: object, seconds: float = 10.0) -> None:
    """Wait for what another process does."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


def processes_with(argument: str) -> list[str]:
    """The processes of this machine that have the argument."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdecimal():
            try:
                words = (path / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if argument.encode() in words:
                found.append(path.name)
    return found
