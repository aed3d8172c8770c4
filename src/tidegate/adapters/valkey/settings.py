"""What an operator may set about Valkey."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ValkeySettings:
    """How to reach one Valkey server: times in seconds.

    `url` is `valkey://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, or `valkeys://…` for TLS, where `ca_file`
    (PEM) takes the place of the system's authorities. Every key begins with `prefix`.
    """

    url: str = field(repr=False)
    ca_file: str | None = None
    prefix: str = "tidegate:"
    timeout: float = 0.02
    """For one command; who asks goes on without an answer then."""
    connect_timeout: float = 2.0
    """For name lookup, TCP and TLS together; nobody waits for it longer than for a command."""
    max_connections: int = 64
    """Sockets open at once; further commands wait for one until their timeout."""
