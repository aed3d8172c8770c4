"""The settings of links that approve of a stage."""

from dataclasses import dataclass

from tidegate.config.setting import setting
from tidegate.config.values import lasting, names, text, url

_url = url("http", "https")


def _url_or_none(value: object) -> str:
    return _url(value) if value != "" else text(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """Links by which a stage is promoted; see docs/howto/roll-out-a-skill.md."""

    url: str = setting(
        _url_or_none, "", "Where people reach this gateway: what links begin with; empty: they are paths."
    )
    keys: tuple[str, ...] = setting(
        names,
        "",
        "Ids of operators' keys: a stage that asks for approval leaves a notice with a link for each.",
    )
    valid: float = setting(lasting("1m", "30d"), "24h", "How long a link is good, if the stage still asks.")
