"""One credential of an upstream, as it is configured."""

from dataclasses import dataclass

from tidegate.config.setting import setting
from tidegate.config.values import argv, lasting, text

SOURCES = ("value", "file", "env", "command")
"""Where a key comes from: each credential has exactly one of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The key that opens an upstream, for one tenant or for all that have none of their own."""

    upstream: str = setting(text, "default", "The upstream it opens; `default` is `[upstream]`.")
    tenant: str = setting(
        text, "", "Whose it is; empty: the gateway's own, for every tenant without one for that upstream."
    )
    file: str = setting(text, "", "A file with the key in its first line; read again when it changes.")
    env: str = setting(text, "", "An environment variable with the key, read at start.")
    command: tuple[str, ...] = setting(
        argv,
        "",
        'Program and arguments, as in `["vault", "read", "…"]`, run without a shell; the first line that it '
        "prints is the key.",
        secret=True,
    )
    value: str = setting(
        text, "", "The key itself; whoever reads the file has it: better one of the others.", secret=True
    )
    refresh: float = setting(
        lasting("5s", "30d"), "15m", "How long what a command printed is good; it is run again before that."
    )
    timeout: float = setting(lasting("100ms", "5m"), "10s", "How long a command may run.")

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that are given."""
        return tuple(name for name in SOURCES if getattr(self, name))
