"""Options that name a past period, and the scenario fitted from it."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

from tidegate.cli.call import call
from tidegate.control.asked_period import USUAL
from tidegate.domain.census import Census, Sampled
from tidegate.rehearsal.fitting.fit import Fit, fit

Since = Annotated[
    str | None,
    typer.Option(
        metavar="LENGTH|TIME", help=f"So long until then (7d, 12h), or from this time on; else {USUAL}."
    ),
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Before this time; else now.")]


class _Taken(Sampled, frozen=True, kw_only=True):
    census: Census


async def fit_period(
    since: str | None, until: str | None, *, tenants: Sequence[str] = ("*",), tasks: Sequence[str] = ("*",)
) -> Fit:
    """The store sums, and this process fits; raises InvalidInput where there is too little."""
    asked = {"since": since, "until": until, "tenants": list(tenants), "tasks": list(tasks)}
    taken = msgspec.convert(await call("POST", "/api/census", json=asked), _Taken, strict=False)
    return fit(taken.census, taken)
