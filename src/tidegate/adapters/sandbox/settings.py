"""What an operator may set about running scripts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """Limits of one run and of all together; sizes in bytes, times in seconds, paths "" for a search."""

    bwrap: str = ""
    python: str = ""
    folder: str = ""
    """Where skills are laid out for scripts; a new folder in the system's temporary one."""
    memory: int = 268_435_456
    processes: int = 64
    cpus: float = 1.0
    open_files: int = 256
    work: int = 67_108_864
    """What a script may write, all files together."""
    parallel: int = 4
    queue: int = 64
    wait: float = 5.0
    """How long a script waits for its place."""
    first_uid: int = 1_073_741_824
    cgroup: bool = True
    laid_out: int = 268_435_456
    """What skills' files may take on disk; those used longest ago are removed."""
