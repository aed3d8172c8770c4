"""One worker as its supervisor sees it: a child process and the line to it."""

import asyncio
import contextlib
import math
import socket
from collections.abc import Sequence

import msgspec

from tidegate.bootstrap.workers.channel import Channel, open_channel
from tidegate.bootstrap.workers.messages import FromWorker
from tidegate.bootstrap.workers.posting import Posting

_DECODER: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)


class WorkerProcess:
    """Times are by the event loop's clock; `ready_at` is infinite until it serves."""

    def __init__(self, place: int, child: asyncio.subprocess.Process, channel: Channel[FromWorker]) -> None:
        self.place = place
        self.channel = channel
        self.retiring = False
        self.hung = False
        self.ready = asyncio.Event()
        self.ended = asyncio.Event()
        self.ready_at = math.inf
        self.heard_at = asyncio.get_running_loop().time()
        self.answered = 0
        """The latest question for numbers that it answered."""
        self._child = child

    @classmethod
    async def start(cls, command: Sequence[str], posting: Posting) -> "WorkerProcess":
        """Start it, with what it inherits; in a session of its own: Ctrl-C is for the supervisor alone.

        Raises OSError.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            line = theirs.fileno()
            posting = msgspec.structs.replace(posting, line=line)
            child = await asyncio.create_subprocess_exec(
                *command,
                msgspec.json.encode(posting).decode(),
                pass_fds=(posting.listening, posting.seats, line),
                start_new_session=True,
            )
        return cls(posting.place, child, await open_channel(ours, _decode))

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def serving(self) -> bool:
        """It takes connections."""
        return self.ready.is_set() and not self.ended.is_set() and not self.retiring

    @property
    def code(self) -> int:
        """How it ended; negative: the signal that killed it."""
        return self._child.returncode if self._child.returncode is not None else 0

    def served_seconds(self, now: float) -> float:
        """For how long it has served; 0 where it never did."""
        return max(0.0, now - self.ready_at)

    async def serves(self, seconds: float) -> bool:
        """Wait until it serves; False where it ends instead, or takes longer than `seconds`."""
        waits = [asyncio.create_task(event.wait()) for event in (self.ready, self.ended)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return self.ready.is_set() and not self.ended.is_set()

    async def wait(self) -> None:
        """Wait for the end of the process."""
        await self._child.wait()

    def terminate(self) -> None:
        """Ask it to finish and end; a second time, to hurry."""
        with contextlib.suppress(ProcessLookupError):
            self._child.terminate()

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._child.kill()


def _decode(data: bytes) -> FromWorker:
    return _DECODER.decode(data)
