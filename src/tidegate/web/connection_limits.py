"""How much and how long a client's connection may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Bytes and count of a request's head, and seconds for head, body pieces and idleness.

    A body must be whole within `body_timeout` and a second for each `body_rate` bytes that have come: one
    that drips would hold its part of the room for bodies for as long as its pieces come in time.
    `write_timeout` is for a client that stops reading: that long, nothing that waits could be sent on.
    """

    max_head: int = 65536
    max_headers: int = 100
    head_timeout: float = 10.0
    body_timeout: float = 30.0
    body_rate: float = 1024.0
    keep_alive: float = 75.0
    write_timeout: float = 60.0
