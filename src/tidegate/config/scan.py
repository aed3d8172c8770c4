"""The settings of the scanner that judges skills before they are published."""

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.config.setting import setting
from tidegate.config.values import argv, choice, lasting, truth

_SEVERITIES = choice("low", "medium", "high", "critical", "never")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What keeps a skill from being published; see docs/explanation/scanner.md."""

    block: str = setting(
        _SEVERITIES,
        "high",
        "Findings of this severity and above block a skill, unless an operator grants an exception.",
    )
    second: tuple[str, ...] = setting(
        argv,
        "",
        "Another scanner, as a list of program and arguments: it gets a package's folder as its last one and "
        "prints SARIF. In the file alone; see docs/howto/second-opinion.md.",
    )
    second_time: float = setting(
        lasting("1s", "50s"), "45s", "How long a publisher waits for it; a client waits a minute in all."
    )
    second_block: str = setting(
        _SEVERITIES, "never", "Its findings of this severity and above block a skill as well."
    )
    second_required: bool = setting(truth, "false", "Whether a skill is blocked where it has no opinion.")


def idle_without_second(scan: Scan, sources: Mapping[str, str]) -> list[str]:
    """What was set for a second opinion that nobody gives: who requires one must not believe to have it."""
    if scan.second:
        return []
    keys = ("scan.second_time", "scan.second_block", "scan.second_required")
    return [
        f"{key} ({sources[key]}) has no effect without scan.second; set that, or take this out"
        for key in keys
        if sources[key] != "default"
    ]
