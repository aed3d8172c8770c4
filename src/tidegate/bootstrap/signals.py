"""What a serving process is told by signals."""

import asyncio
import signal
from collections.abc import Callable


class Signals:
    """The first SIGTERM or SIGINT asks to stop, each further one to hurry; SIGHUP to restart, or as said."""

    def __init__(self, *, hangup: bool = False) -> None:
        self.stop = asyncio.Event()
        self.hurry = asyncio.Event()
        self.restart = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._received)
        if hangup:
            loop.add_signal_handler(signal.SIGHUP, self.restart.set)

    @staticmethod
    def on_hangup(action: Callable[[], object]) -> None:
        """From now on SIGHUP does this, and ends nothing."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, action)

    def _received(self) -> None:
        (self.hurry if self.stop.is_set() else self.stop).set()
