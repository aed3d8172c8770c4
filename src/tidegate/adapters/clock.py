"""The real clock."""

import time


class SystemClock:
    """The port Clock: the machine's time, and the monotonic clock that asyncio's and uvloop's loops read."""

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never step back; comparable with the event loop's `time()`."""
        return time.monotonic()
