"""The real clock."""

import time


class SystemClock:
    """The port Clock: the machine's time, and the monotonic clock that asyncio's and uvloop's loops read."""

    # The machine's own functions, with no call of ours around them: a request asks a dozen times.
    now = staticmethod(time.time)
    """Epoch seconds."""

    monotonic = staticmethod(time.monotonic)
    """Seconds that never step back; comparable with the event loop's `time()`."""
