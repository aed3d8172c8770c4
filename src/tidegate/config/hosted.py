"""The settings of the hosted loop."""

from dataclasses import dataclass

from tidegate.config.setting import setting
from tidegate.config.values import between, lasting, size, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """How far a skill's files and scripts may take one exchange (`tidegate.mode: hosted`)."""

    turns: int = setting(
        between(1, 100, whole),
        "8",
        "Upstream turns of one exchange; at the limit the model is told so and has one last turn.",
    )
    time: float = setting(lasting("1s", "1h"), "60s", "After so long no further turn but the last begins.")
    tokens: int = setting(
        between(1000, 100_000_000, whole), "400000", "Tokens of all turns together; then the last one begins."
    )
    parallel: int = setting(between(1, 64, whole), "4", "Calls of one turn that are answered at once.")
    calls: int = setting(
        between(1, 1000, whole), "32", "Calls of one turn that are answered at all; the others get an error."
    )
    file: int = setting(size, "64KiB", "A longer file of a skill is not handed to a model.")
    script_time: float = setting(lasting("100ms", "10m"), "10s", "How long one script may run.")
    script_output: int = setting(size, "32KiB", "Bytes of each of a script's outputs that a model gets.")
    archives: int = setting(size, "64MB", "Files of served skills that are held in memory, all together.")
    results: int = setting(
        size, "8MB", "Results of scripts that are remembered, for conversations that come back to them."
    )
