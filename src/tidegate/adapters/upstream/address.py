"""Where an upstream or a proxy is, parsed once from its URL."""

import base64
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from tidegate.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Origin:
    """An upstream's address; `prefix` is the base path without its last slash."""

    tls: bool
    host: str
    port: int
    prefix: str

    @property
    def place(self) -> str:
        """host:port for messages and CONNECT, IPv6 in brackets."""
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def authority(self) -> str:
        """The Host header: without the port where it is the scheme's own (RFC 9110 section 7.2)."""
        return _bracketed(self.host) if self.port == (443 if self.tls else 80) else self.place


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy's address and the value of Proxy-Authorization, None without credentials."""

    host: str
    port: int
    authorization: str | None = field(repr=False)

    @property
    def place(self) -> str:
        """host:port for messages."""
        return f"{_bracketed(self.host)}:{self.port}"


def parse_origin(url: str) -> Origin:
    """Read an upstream's base URL; raises InvalidInput."""
    parts = _split(url, "base_url", ("http", "https"))
    if parts.username is not None or parts.query or parts.fragment:
        raise InvalidInput("base_url: credentials, a query or a fragment do not belong in it; leave them out")
    if not parts.path.isascii() or not parts.path.isprintable() or " " in parts.path:
        raise InvalidInput(f"base_url: the path {parts.path!r} must be printable ASCII; percent-encode it")
    tls = parts.scheme == "https"
    return Origin(tls, _host(parts), parts.port or (443 if tls else 80), parts.path.rstrip("/"))


def parse_proxy(url: str) -> Proxy:
    """Read a proxy's URL (http only: the tunnel itself carries TLS); raises InvalidInput."""
    parts = _split(url, "proxy", ("http",))
    authorization = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    return Proxy(_host(parts), parts.port or 80, authorization)


def _split(url: str, name: str, schemes: tuple[str, ...]) -> SplitResult:
    allowed = " or ".join(f"{scheme}://host[:port]" for scheme in schemes)
    try:
        parts = urlsplit(url)
        good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError as wrong:
        raise InvalidInput(f"{name}: not a URL ({wrong}); write {allowed}") from wrong
    if not good:
        raise InvalidInput(f"{name}: must be {allowed}, with a port from 1 to 65535 where one is given")
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if ":" in host:
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError as wrong:
        raise InvalidInput(f"the host name {host!r} is not valid ({wrong}); check its spelling") from wrong


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
