"""When the virtual clock stops for a look: every quarter second after a change, then ever more seldom.

The controller looks every second; while nothing changes its verdicts hardly move between two looks. After a
change a look comes each time its age has grown by one percent, which is how exact a delay is told, and at
least every five minutes. Errors keep times of their own in between, and the highest E of all of them counts.

Where no fault is going on and every test is far from what it acts on, looks are fewer: by five percent of the
age, and at least every quarter of an hour. A test that stands at a twentieth of its bound would have to reach
it and to fall back within one such stretch for its alarm to be missed: E is a martingale then, so that it
reaches the bound at all has a chance of one in twenty (Ville's inequality), and that it is then below again a
smaller one still. `tests/simulation/test_shared_streams.py` compares the decisions on shared evidence.
"""

import math
from collections.abc import Sequence

from tidegate.domain.evidence import BUCKET_SECONDS

SHORTEST = 0.25
LONGEST = 300.0
_PART = 1 / 100
CALM_LONGEST = 900.0
_CALM_PART = 1 / 20


def next_look(now: float, changed: float, edges: Sequence[float], *, calm: bool = False) -> float:
    """The next look after `now`: `changed` is when something last did, `edges` are not to be passed over."""
    longest, part = (CALM_LONGEST, _CALM_PART) if calm else (LONGEST, _PART)
    wait = min(longest, max(SHORTEST, (now - changed) * part))
    at = now + wait
    if wait >= BUCKET_SECONDS:
        at = math.floor(at / BUCKET_SECONDS) * BUCKET_SECONDS
    return min((edge for edge in edges if now < edge < at), default=at)
