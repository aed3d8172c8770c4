"""Options that name a past period, and the scenario fitted from it."""

import sys
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

from tidegate.cli.call import call
from tidegate.control.asked_period import USUAL
from tidegate.control.timestamp import rfc3339
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


def note_fit(found: Fit) -> None:
    """Tell on standard error what a rehearsal rests on, and what of it the ledger did not tell."""
    missing = [each.key for each in found.figures if not each.fitted]
    sys.stderr.write(
        f"tidegate: note: traffic and control are those of {found.requests:,} requests from "
        f"{rfc3339(found.since)} to {rfc3339(found.until)}; not told by the ledger: {', '.join(missing)} "
        "(`tidegate ledger fit` says why)\n"
    )
