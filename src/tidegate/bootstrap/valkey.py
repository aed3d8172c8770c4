"""Valkey, where one is configured."""

from contextlib import AsyncExitStack

from tidegate.adapters.valkey.link import ValkeyLink
from tidegate.adapters.valkey.settings import ValkeySettings
from tidegate.config.settings import Valkey
from tidegate.ports import Meter


def open_valkey(given: Valkey, meter: Meter, stack: AsyncExitStack) -> ValkeyLink | None:
    """The link to the configured server, being reached in the background; None where there is none."""
    if not given.url:
        return None
    link = ValkeyLink(
        ValkeySettings(
            url=given.url,
            ca_file=given.ca_file or None,
            prefix=given.prefix,
            timeout=given.timeout,
            connect_timeout=given.connect_timeout,
            max_connections=given.max_connections,
        ),
        meter,
    )
    link.open()
    stack.push_async_callback(link.aclose)
    return link
