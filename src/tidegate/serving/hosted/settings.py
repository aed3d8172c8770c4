"""What an operator may set about the hosted loop."""

from dataclasses import dataclass, field

from tidegate.domain.hosted import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedSettings:
    """How far skills may go in one exchange: times in seconds, sizes in bytes."""

    limits: Limits = field(default_factory=Limits)
    parallel: int = 4
    """Calls of one turn that are answered at once."""
    calls: int = 32
    """Calls of one turn that are answered at all."""
    file_bytes: int = 65_536
    """A longer file is not handed to a model."""
    script_seconds: float = 10.0
    output_bytes: int = 32_768
    """Of each of a script's outputs so much is handed to a model."""
    archive_bytes: int = 64_000_000
    """All skills' files that this process holds in memory."""
    result_bytes: int = 8_000_000
    """Script results that are remembered, for conversations that come back with them sealed."""
