"""The process's limit on open files: each connection is one, and the usual soft limit is 1024."""

import logging
import resource

_SPARE = 200
"""For the store, the spool, logs and connections that have not asked anything yet."""

_log = logging.getLogger("tidegate.process")


def allow_open_files(exchanges: int, upstream_connections: int) -> None:
    """Raise the soft limit to what that many exchanges at once need, as far as the hard limit allows.

    Where that is not far enough it is logged: beyond the limit connections are not accepted.
    """
    needed = exchanges + upstream_connections + _SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    reached = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (reached, hard))
    if reached < needed:
        _log.warning(
            "the limit on open files is below what limits.concurrency may need: raise it (ulimit -n, "
            "or LimitNOFILE= of systemd), or lower limits.concurrency and upstream.max_connections",
            extra={"limit": reached, "needed": needed},
        )
