"""What a call costs this machine, apart from what else goes on in it."""

import gc
import time
from collections.abc import Callable

TRIES = 3


def cpu_seconds(call: Callable[[], object], enough: float) -> float:
    """CPU seconds of one `call`, the least of three: what other work adds to a measure is never negative.

    One that takes no more than `enough` is not tried again. The collector is off meanwhile: it would go
    through all that the tests before have left.
    """
    least = float("inf")
    for _ in range(TRIES):
        gc.disable()
        try:
            begun = time.process_time()
            call()
            least = min(least, time.process_time() - begun)
        finally:
            gc.enable()
        if least <= enough:
            break
    return least
