"""A report in one of its formats: JSON for programs, Markdown and HTML for people."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping

import msgspec

from tidegate.domain.errors import InvalidInput, Overloaded
from tidegate.domain.reporting.week import Report

FORMATS: Mapping[str, str] = {
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
"""What a report can be written as, and what HTTP calls that."""

SECONDS = 60.0
"""For one page, the start of the process included; it takes some tenths of a second."""

COMMAND = (sys.executable, "-I", "-m", "tidegate.reports.child")
_ENVIRONMENT = {"LANG": "C.UTF-8"}
"""Nothing of the gateway's, where keys may stand."""


def require_format(text: str) -> str:
    """Raises InvalidInput for one that is not written."""
    if text not in FORMATS:
        raise InvalidInput(f"format {text!r}: use one of {', '.join(FORMATS)}")
    return text


def as_json(report: Report) -> bytes:
    """The report for programs."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


async def render(report: Report, form: str, command: tuple[str, ...] = COMMAND) -> bytes:
    """The report in one of FORMATS; raises InvalidInput for another, Overloaded where no process starts.

    Pages are written in a process of their own: templates would take memory of the one that serves requests,
    for good, and turns of its interpreter. Raises RuntimeError where that process fails or takes too long.
    """
    require_format(form)
    if form == "json":
        return await asyncio.to_thread(as_json, report)  # a long one takes tens of milliseconds
    try:
        process = await asyncio.create_subprocess_exec(
            *command, report.report, form, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=_ENVIRONMENT, cwd="/"
        )
    except OSError as wrong:
        raise Overloaded(f"no process can be started to write the report: {wrong}; try again") from wrong
    return await _written(process, report)


async def _written(process: asyncio.subprocess.Process, report: Report) -> bytes:
    try:
        async with asyncio.timeout(SECONDS):
            page, said = await process.communicate(msgspec.msgpack.encode(report))
    except TimeoutError:
        raise RuntimeError(f"the report was not written within {SECONDS:g} s; ask for it as JSON") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines()
        raise RuntimeError(f"the report could not be written: {lines[-1] if lines else process.returncode}")
    return page
