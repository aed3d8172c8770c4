"""`tidegate skill capabilities`: what a skill's scripts make use of, and how other commands say it."""

from collections.abc import Iterable
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from tidegate.cli.call import call
from tidegate.cli.options import AsJson
from tidegate.cli.output import emit_json, run, say
from tidegate.domain.capability import Capability, Use

SHOWN = 4
"""Places that a line names; `--json` has them all."""


class _Version(msgspec.Struct):
    version: int


class _Derived(msgspec.Struct):
    name: str
    version: int
    digest: str
    capabilities: list[Use]


def capabilities(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The skill's name.")],
    version: Annotated[int | None, typer.Option("--version", min=1, help="Default: the latest.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what the scripts of a version use: network, files, processes, environment, further code."""
    path = f"/api/skills/{quote(name, safe='')}"
    if version is None:
        version = msgspec.convert(run(call("GET", path)), _Version).version
    document = run(call("GET", f"{path}/capabilities", params={"version": str(version)}))
    if as_json:
        emit_json(document)
        return
    derived = msgspec.convert(document, _Derived)
    say(f"{derived.name} version {derived.version} {derived.digest}")
    for line in lines_of(derived.capabilities) or ["nothing but their input and output"]:
        say(line)


def lines_of(uses: Iterable[Use], most: int = SHOWN) -> list[str]:
    """A line for each capability: `network: scripts/a.py:3 socket, scripts/b.sh:1 curl`; at most `most`."""
    places: dict[Capability, list[str]] = {}
    for use in uses:
        places.setdefault(use.capability, []).append(f"{use.path}:{use.line} {use.seen}")
    return [f"{capability}: {_few(where, most)}" for capability, where in places.items()]


def _few(places: list[str], most: int) -> str:
    more = len(places) - most
    return ", ".join(places[:most]) + (f" and {more} more" if more > 0 else "")
