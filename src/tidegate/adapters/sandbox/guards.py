"""What holds a script, part by part, so that a test can take each away and see its attack succeed."""

from enum import StrEnum


class Guard(StrEnum):
    """One part of the containment."""

    EMPTY_ENVIRONMENT = "empty_environment"  # of bubblewrap itself, beside `--clearenv`
    CLEARED_ENVIRONMENT = "cleared_environment"  # `--clearenv`
    OWN_INIT = "own_init"  # the script is process 1; none of bubblewrap's own is in there with it
    OWN_USER = "own_user"  # a uid that nobody has, where the gateway is root
    USER_NAMESPACES = "user_namespaces"  # none within
    NETWORK = "network"
    PROCESSES = "processes"  # a pid namespace
    VIEW = "view"  # nothing of the file system but the runtime and this skill
    READ_ONLY = "read_only"
    FRESH_WORK = "fresh_work"
    QUOTA = "quota"
    LIMITS = "limits"
    SECCOMP = "seccomp"


ALL_GUARDS = frozenset(Guard)
