"""`tidegate report`: what a day, a stage, a rollout or a week came to, from the ledger and the event log."""

import re
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from tidegate.cli.call import ControlSession, session
from tidegate.cli.output import run, say
from tidegate.domain.errors import InvalidInput

app = typer.Typer(no_args_is_help=True, help="Reports of a day, a stage, a whole rollout or a week.")


_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9-]")


class Form(StrEnum):
    """What a report is written as."""

    MARKDOWN = "md"
    HTML = "html"
    JSON = "json"


Name = Annotated[str, typer.Argument(metavar="ROLLOUT", help="The rollout's name.")]
Out = Annotated[
    Path | None,
    typer.Option(
        help="A file (its ending says the format), or a folder: there all three, named for the report."
    ),
]
Format = Annotated[
    Form | None, typer.Option("--format", help="md (the default on the terminal), html or json.")
]
Zone = Annotated[str, typer.Option("--timezone", help="Whose days: a name such as Europe/Berlin.")]
AsJson = Annotated[bool, typer.Option("--json", help="The same as --format json.")]


@app.command()
def daily(
    rollout: Name,
    *,
    day: Annotated[str, typer.Option(help="A date (2026-11-28), today or yesterday.")] = "today",
    out: Out = None,
    form: Format = None,
    timezone: Zone = "UTC",
    as_json: AsJson = False,
) -> None:
    """One day of a rollout: arms side by side, savings so far, incidents, a recommendation."""
    asked = {"day": day, "timezone": timezone}
    _report(f"/api/reports/daily/{quote(rollout, safe='')}", asked, out, _form(form, as_json=as_json))


@app.command()
def stage(
    rollout: Name,
    *,
    stage: Annotated[str | None, typer.Option(help="The stage; else the one it was in last.")] = None,
    out: Out = None,
    form: Format = None,
    timezone: Zone = "UTC",
    as_json: AsJson = False,
) -> None:
    """One stage of a rollout with the record of its decision: each criterion and its verdict."""
    asked = {"timezone": timezone} | ({"stage": stage} if stage is not None else {})
    _report(f"/api/reports/stage/{quote(rollout, safe='')}", asked, out, _form(form, as_json=as_json))


@app.command()
def final(
    rollout: Name,
    *,
    out: Out = None,
    form: Format = None,
    timezone: Zone = "UTC",
    as_json: AsJson = False,
) -> None:
    """All of a rollout: its stages, its timeline, and what was saved after it."""
    asked = {"timezone": timezone}
    _report(f"/api/reports/final/{quote(rollout, safe='')}", asked, out, _form(form, as_json=as_json))


@app.command()
def weekly(
    *,
    week: Annotated[str | None, typer.Option(help="An ISO week (2026-W48); else this one.")] = None,
    out: Out = None,
    form: Format = None,
    timezone: Zone = "UTC",
    as_json: AsJson = False,
) -> None:
    """All rollouts and skills of a week, with what they saved."""
    asked = {"timezone": timezone} | ({"week": week} if week is not None else {})
    _report("/api/reports/weekly", asked, out, _form(form, as_json=as_json))


def _form(form: Form | None, *, as_json: bool) -> Form | None:
    if as_json and form not in (None, Form.JSON):
        raise typer.BadParameter(f"give --json or --format {form}, not both")
    return Form.JSON if as_json else form


def _report(path: str, asked: dict[str, str], out: Path | None, form: Form | None) -> None:
    if out is None:
        sys.stdout.buffer.write(run(_one(path, asked, form or Form.MARKDOWN)))
        sys.stdout.buffer.flush()
        return
    folder = out.is_dir() or (form is None and not out.suffix)
    forms = [form] if form else list(Form) if folder else [_by_ending(out)]
    for file in run(_written(path, asked, forms, out, in_folder=folder)):
        say(str(file))


async def _one(path: str, asked: dict[str, str], form: Form) -> bytes:
    async with session() as control:
        return await _fetched(control, path, asked, form)


async def _written(
    path: str, asked: dict[str, str], forms: Sequence[Form], out: Path, *, in_folder: bool
) -> list[Path]:
    """The files, in a folder named for the report; everything is made before anything is written."""
    async with session() as control:
        made = {form: await _fetched(control, path, asked, form) for form in forms}
        stem = _stem(await _fetched(control, path, asked, Form.JSON)) if in_folder else ""
    files = {out / f"{stem}.{form}" if in_folder else out: content for form, content in made.items()}
    for file, content in files.items():
        _write(file, content, in_folder=in_folder)
    return list(files)


async def _fetched(control: ControlSession, path: str, asked: dict[str, str], form: Form) -> bytes:
    pieces = [piece async for piece in control.stream(path, params={**asked, "format": form.value})]
    return b"".join(pieces)


def _by_ending(out: Path) -> Form:
    ending = out.suffix.removeprefix(".")
    if ending not in list(Form):
        raise typer.BadParameter(
            f"--out {out}: it is no folder, and does not end in .md, .html or .json; say which by --format"
        )
    return Form(ending)


def _write(file: Path, content: bytes, *, in_folder: bool) -> None:
    """A folder that is not there yet is made."""
    try:
        if in_folder:
            file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}; name another with --out") from error


class _Period(msgspec.Struct):
    label: str


class _Named(msgspec.Struct):
    report: str
    period: _Period
    rollout: str = "tidegate"


def _stem(document: bytes) -> str:
    """`contract-skills-daily-2026-11-28`."""
    named = msgspec.json.decode(document, type=_Named)
    label = "" if named.report == "final" else "-" + named.period.label.removeprefix("stage ")
    return _NOT_IN_NAMES.sub("-", f"{named.rollout}-{named.report}{label}")
