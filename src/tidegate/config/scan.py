"""The settings of the scanner that judges skills before they are published."""

from dataclasses import dataclass

from tidegate.config.setting import setting
from tidegate.config.values import choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What keeps a skill from being published; see docs/explanation/scanner.md."""

    block: str = setting(
        choice("low", "medium", "high", "critical", "never"),
        "high",
        "Findings of this severity and above block a skill, unless an operator grants an exception.",
    )
