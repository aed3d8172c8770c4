"""What an operator may set about one upstream."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """How to reach one provider endpoint: times in seconds, sizes in bytes, files by path.

    `base_url` may carry a path prefix, which is put before every target. `ca_file` replaces the system's
    authorities; `client_cert` with `client_key` (PEM) turns on mutual TLS. `proxy` is
    `http://[user:password@]host:port`: https upstreams are reached through CONNECT, plain ones by
    absolute-form requests (RFC 9112 section 3.2.2).
    """

    base_url: str
    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    proxy: str | None = field(default=None, repr=False)
    connect_timeout: float = 5.0
    """For name lookup, TCP, proxy and TLS together."""
    max_connections: int = 1000
    """Sockets open at once; further requests wait for one until their deadline."""
    idle_seconds: float = 30.0
    """A kept connection unused for so long is closed."""
    stale_seconds: float = 1.0
    """A reused connection that dies unanswered so soon after the request was closed by the peer as idle."""
    max_head_bytes: int = 65_536
    """For a response's head, interim responses included, and for its trailers."""
    max_buffered_bytes: int = 262_144
    """Body bytes held for a consumer that is behind before reading from the socket pauses."""
