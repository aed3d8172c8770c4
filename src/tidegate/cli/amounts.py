"""The options that name limits: a number, or `none` for no limit."""

from typing import Annotated

import typer

RequestsPerMinute = Annotated[
    str | None, typer.Option("--requests-per-minute", metavar="N|none", help="Exchanges a minute.")
]
TokensPerMinute = Annotated[
    str | None,
    typer.Option(
        "--tokens-per-minute", metavar="N|none", help="Tokens a minute: input, cache writes and output."
    ),
]
UsdPerDay = Annotated[
    str | None,
    typer.Option("--usd-per-day", metavar="X|none", help="US dollars a day, as the ledger has them."),
]


def amounts(
    requests_per_minute: str | None, tokens_per_minute: str | None, usd_per_day: str | None
) -> dict[str, object]:
    """The limits that were given, as the control API takes them; anything else is a usage error."""
    given = {
        "requests_per_minute": _whole("--requests-per-minute", requests_per_minute),
        "tokens_per_minute": _whole("--tokens-per-minute", tokens_per_minute),
        "usd_per_day": _dollars("--usd-per-day", usd_per_day),
    }
    return {name: value for name, value in given.items() if value is not None}


def _whole(option: str, text: str | None) -> int | str | None:
    if text is None or text == "none":
        return text
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{option} {text}: use a whole number, or none") from None


def _dollars(option: str, text: str | None) -> float | str | None:
    if text is None or text == "none":
        return text
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{option} {text}: use an amount in US dollars, or none") from None
