"""`tidegate emulate`: run the emulated provider as a process."""

import asyncio
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
import uvloop

from tidegate.cli.options import AsJson, say_listening
from tidegate.cli.output import run
from tidegate.domain.errors import Conflict, NotFound
from tidegate.harness.emulator import PROFILES, Profile, parse_profile, start_emulator

app = typer.Typer(
    subcommand_metavar="",
    help="Run an emulated provider: Anthropic's Messages, Models and Skills APIs, OpenAI's chat completions.",
)


@app.callback(invoke_without_command=True)
def emulate(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on the loopback; 0 picks a free one.")],
    profile: Annotated[
        str, typer.Option(help="instant, realistic, or a TOML file (docs/reference/emulator.md).")
    ] = "instant",
    seed: Annotated[int | None, typer.Option(help="Takes the place of the profile's seed.")] = None,
    key: Annotated[
        list[str] | None, typer.Option(help="A key to accept, repeatable; without any, every key is good.")
    ] = None,
    *,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not print the address.")] = False,
    as_json: AsJson = False,
) -> None:
    """Serve until SIGTERM or SIGINT."""
    announce = _keep_quiet if quiet else partial(say_listening, "emulator", as_json=as_json)
    served = _serve(port, profile, seed, tuple(key or ()), announce)
    run(served, loop_factory=uvloop.new_event_loop)


async def _serve(
    port: int, name: str, seed: int | None, keys: tuple[str, ...], announce: Callable[[str], None]
) -> None:
    profile = _profile(name)
    if seed is not None:
        profile = msgspec.structs.replace(profile, seed=seed)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        emulator = await start_emulator(profile, port=port, keys=keys)
    except OSError as problem:
        raise Conflict(f"cannot listen on 127.0.0.1:{port}: {problem}; choose another --port") from problem
    announce(emulator.url)
    await stopped.wait()
    await emulator.close()


def _keep_quiet(_: str) -> None:
    """In place of telling the address."""


def _profile(name: str) -> Profile:
    """A named profile, or the one in a file."""
    if name in PROFILES:
        return PROFILES[name]
    try:
        text = Path(name).read_bytes()
    except OSError as problem:
        known = ", ".join(PROFILES)
        raise NotFound(f"--profile {name}: {problem.strerror}; give {known} or a TOML file") from problem
    return parse_profile(text, name)
