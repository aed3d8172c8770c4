"""What there is for a script to attack: listeners that answer with a canary, and files that hold it."""

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from tidegate.harness.audit import attacks
from tidegate.harness.audit.execution import Surroundings


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one run, as they are configured; sizes in bytes."""

    memory: int
    processes: int
    work: int
    open_files: int


class _Echo(asyncio.DatagramProtocol):
    def __init__(self, canary: bytes) -> None:
        self._canary = canary
        self._way: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] typeshed's base takes any
        self._way = transport

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        del data
        if self._way is not None:
            self._way.sendto(self._canary, addr)


@asynccontextmanager
async def surroundings(
    canary: str, folder: Path, bounds: Bounds, others: Sequence[str] = ()
) -> AsyncGenerator[Surroundings]:
    """TCP, UDP and an abstract socket that answer with the canary; a file in `folder` that holds it.

    `others` are further files that hold it. While this lasts the process's environment has the canary too.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(100):
            writer.write(canary.encode())
        writer.close()

    secret = folder / "secret.txt"
    secret.write_text(canary)
    secret.chmod(0o644)
    loop = asyncio.get_running_loop()
    tcp = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = int(tcp.sockets[0].getsockname()[1])
    udp, _ = await loop.create_datagram_endpoint(
        lambda: _Echo(canary.encode()), local_addr=("127.0.0.1", port)
    )
    unix = await asyncio.start_unix_server(answer, path=f"\0{canary}")
    os.environ[_VARIABLE] = canary
    try:
        yield Surroundings(
            canary=canary,
            port=port,
            abstract=canary,
            paths=[str(secret), *others],
            left_over=left_over,
            **msgspec.structs.asdict(bounds),
        )
    finally:
        del os.environ[_VARIABLE]
        udp.close()
        tcp.close()
        unix.close()


def left_over(argument: str) -> list[str]:
    """The processes of this machine that run an attack and have the argument."""
    script = Path(attacks.__file__).name.encode()
    found: list[str] = []
    for path in Path("/proc").iterdir():
        if path.name.isdecimal():
            try:
                words = (path / "cmdline").read_bytes()
            except OSError:  # it has ended
                continue
            if argument.encode() in words and script in words:
                found.append(path.name)
    return found


_VARIABLE = "TIDEGATE_CANARY"
