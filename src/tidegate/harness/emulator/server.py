"""Starting and stopping an emulator on a socket."""

import asyncio
import ssl
import time
from collections.abc import Callable, Collection, Sequence

from tidegate.harness.emulator.connection import Connection
from tidegate.harness.emulator.counts import Counts, ShownRequest
from tidegate.harness.emulator.faults import Fault
from tidegate.harness.emulator.profile import Profile
from tidegate.harness.emulator.service import Service


class Emulator:
    """A running emulator; `url` is what an SDK takes as its base URL."""

    def __init__(
        self, server: asyncio.Server, service: Service, connections: set[Connection], *, tls: bool
    ) -> None:
        host, self.port = server.sockets[0].getsockname()[:2]
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"
        self._server = server
        self._service = service
        self._connections = connections

    @property
    def counts(self) -> Counts:
        """Live counts: they change while the emulator serves."""
        return self._service.counts

    def recent(self, count: int) -> list[ShownRequest]:
        """The latest requests, at most this many, oldest first."""
        return self._service.recent.latest(count)

    def set_faults(self, faults: Sequence[Fault]) -> None:
        """Replace the running faults, as `PUT /emulator/faults` does."""
        self._service.provider.faults = tuple(faults)

    async def close(self) -> None:
        """Stop listening and drop every connection; safe to call twice."""
        self._server.close()
        open_now = list(self._connections)
        for connection in open_now:
            connection.close()
        for connection in open_now:
            await connection.lost.wait()
        await self._server.wait_closed()


async def start_emulator(
    profile: Profile,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    keys: Collection[str] = (),
    now: Callable[[], float] = time.time,
) -> Emulator:
    """Listen and serve on the running loop; without `keys` any key is good; `now` drives cache lifetimes.

    Raises OSError where the address is taken.
    """
    service = Service(profile, keys=keys, now=now)
    connections: set[Connection] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(service, connections), host, port, ssl=tls, backlog=4096
    )
    return Emulator(server, service, connections, tls=tls is not None)
