"""`tidegate route`: which model a skill's effectiveness chooses, and why."""

from typing import Annotated

import msgspec
import typer

from tidegate.cli.call import call
from tidegate.cli.options import AsJson
from tidegate.cli.output import emit_json, emit_table, run

app = typer.Typer(no_args_is_help=True, help="Model routing by the skills' effectiveness.")


class _Part(msgspec.Struct):
    name: str
    value: float | None
    weight: float
    count: float


class _Version(msgspec.Struct):
    version: int
    published: float | None
    at: str | None
    now: float | None
    parts: list[_Part]


class _Route(msgspec.Struct):
    rollout: str
    side: str
    version: int
    small: str
    middle: str | None
    thresholds: tuple[float, float]
    tier: str
    model: str | None


class _Explanation(msgspec.Struct):
    skill: str
    versions: list[_Version]
    routes: list[_Route]


@app.callback()
def route() -> None:
    """Model routing by the skills' effectiveness."""


@app.command()
def explain(
    skill: Annotated[str, typer.Argument(metavar="SKILL", help="The skill's name.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Explain a skill's effectiveness and the model that each route chooses for it."""
    document = run(call("GET", f"/api/routes/{skill}"))
    if as_json:
        emit_json(document)
        return
    told = msgspec.convert(document, _Explanation)
    emit_table(
        f"effectiveness of {told.skill}",
        ("version", "published", "since", "now", *_PARTS),
        [_version_row(each) for each in told.versions],
        empty=f"{told.skill} has no version",
    )
    emit_table(
        "routes",
        ("rollout", "side", "version", "chosen", "model", "above", "small", "above ", "middle"),
        [_route_row(each) for each in told.routes],
        empty=f"no rollout routes {told.skill}: write `route` into a variant of one",
    )


_PARTS = ("success", "savings", "speed", "feedback")


def _version_row(each: _Version) -> tuple[str, ...]:
    parts = {part.name: part for part in each.parts}
    return (
        str(each.version),
        _score(each.published),
        each.at or "–",
        _score(each.now),
        *(_part(parts[name]) for name in _PARTS),
    )


def _route_row(each: _Route) -> tuple[str, ...]:
    high, low = each.thresholds
    model = each.model or "as asked"
    return (
        *(each.rollout, each.side, str(each.version), each.tier, model),
        *(f"{high:g}", each.small, f"{low:g}", each.middle or "–"),
    )


def _score(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"


def _part(part: _Part) -> str:
    return f"{_score(part.value)} × {part.weight:g} (of {part.count:.0f})"
