"""When the virtual clock stops for a look: every quarter second after a change, then ever more seldom.

The controller looks every second; while nothing changes its verdicts hardly move between two looks. After a
change a look comes each time its age has grown by one percent, which is how exact a delay is told, and at
least every five minutes. Errors keep times of their own in between, and the highest E of all of them counts.
"""

import math
from collections.abc import Sequence

from tidegate.domain.evidence import BUCKET_SECONDS

SHORTEST = 0.25
LONGEST = 300.0
_PART = 1 / 100


def next_look(now: float, changed: float, edges: Sequence[float]) -> float:
    """The next look after `now`: `changed` is when something last did, `edges` are not to be passed over."""
    wait = min(LONGEST, max(SHORTEST, (now - changed) * _PART))
    at = now + wait
    if wait >= BUCKET_SECONDS:
        at = math.floor(at / BUCKET_SECONDS) * BUCKET_SECONDS
    return min((edge for edge in edges if now < edge < at), default=at)
