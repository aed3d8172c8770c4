"""Limits of each process of a script, set from within: another user's process takes them from hardly anybody.

The shell sets them and becomes the script's interpreter; no process without capabilities raises them again.
"""

from collections.abc import Mapping, Sequence

_OPTIONS = {  # option and unit of POSIX's `ulimit` and its usual extensions
    "RLIMIT_FSIZE": ("-f", 512),
    "RLIMIT_NOFILE": ("-n", 1),
    "RLIMIT_CPU": ("-t", 1),
    "RLIMIT_AS": ("-v", 1024),
    "RLIMIT_MEMLOCK": ("-l", 1024),
}
_PROCESSES = "RLIMIT_NPROC"


def limited(command: Sequence[str], limits: Mapping[str, int]) -> list[str]:
    """A command line that runs `command` under `limits`, by the names of module `resource`.

    A limit that cannot be set ends it with 126.
    """
    steps = [
        f"ulimit {_OPTIONS[name][0]} {value // _OPTIONS[name][1]}"
        for name, value in limits.items()
        if name != _PROCESSES
    ]
    if _PROCESSES in limits:  # bash says -u, dash and busybox -p
        count = limits[_PROCESSES]
        steps.append(f"{{ ulimit -u {count} 2>/dev/null || ulimit -p {count}; }}")
    return ["/bin/sh", "-c", " && ".join(steps) + ' || exit 126; exec "$@"', "sh", *command]
