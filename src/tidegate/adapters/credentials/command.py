"""A key that a program prints: a secret store's own client, asked anew before its answer ends."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress

from tidegate.adapters.credentials.secret import LONGEST, secret_of
from tidegate.domain.errors import InvalidInput

_OURS = "TIDEGATE_"
_END_SECONDS = 2.0
"""For a killed program to be gone."""


class CommandKey:
    """`ports.CredentialSource` of a key that a command prints.

    What it writes to stderr may tell a secret too, so it is thrown away. It gets the gateway's environment
    without the gateway's own variables, no input, and no shell.
    """

    fixed = False

    def __init__(
        self, argv: Sequence[str], environ: Mapping[str, str], *, timeout: float, refresh: float
    ) -> None:
        self._argv = tuple(argv)
        self._environ = {name: value for name, value in environ.items() if not name.startswith(_OURS)}
        self._timeout = timeout
        self.refresh: float | None = refresh

    async def changed(self) -> bool:
        """Never known: it is asked after a time."""
        return False

    async def read(self) -> str:
        """The key; raises InvalidInput. A program that is late is killed with all that it has started."""
        process = await self._started()
        try:
            async with asyncio.timeout(self._timeout):
                told = await self._told(process)
                code = await process.wait()
        except TimeoutError:
            await _ended(process)
            raise InvalidInput(
                f"{self._what} had not ended after its timeout of {self._timeout:g} s; {self._mend}"
            ) from None
        except BaseException:
            await _ended(process)
            raise
        if code:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise InvalidInput(f"{self._what} {how}; {self._mend}")
        return secret_of(told, of=f"the output of {self._what}", mend=self._mend)

    async def _started(self) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=self._environ,
                start_new_session=True,
            )
        except OSError as wrong:
            raise InvalidInput(
                f"{self._what} cannot be started: {wrong.strerror}; name it by its whole path, executable by "
                "the user that the gateway runs as"
            ) from None

    async def _told(self, process: asyncio.subprocess.Process) -> bytes:
        """What it prints, to the end or to more than a key can be."""
        assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
        told = b""
        while piece := await process.stdout.read(LONGEST):
            told = (told + piece)[: LONGEST * 2]
        return told

    @property
    def _what(self) -> str:
        """Without the arguments: they may hold a secret."""
        return f"the command {self._argv[0]}"

    @property
    def _mend(self) -> str:
        return "run it by hand as the user that the gateway runs as, it must print the key and exit with 0"


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Kill a program that is cut off, and all that it has started and that still holds its output."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()
