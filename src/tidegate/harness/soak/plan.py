"""What a soak does and when; times are shares of its length, so that the short form is the same in small."""

import msgspec

from tidegate.harness.emulator.faults import Fault
from tidegate.harness.load.scenario import SCENARIOS, Phase, Scenario

SKILLS = ("contract-analysis", "incident-summary", "log-digest")

RESTART_AT = 0.4
KILL_AT = 0.6
MARK_AT = 1 / 6
"""Memory is compared with that at this share of the run: after five minutes of thirty."""

PROFILE = """\
# Whole answers take about 1.5 s in the median: 0.5 s to the first token, then 125 tokens of 8 ms.
seed = 17
[timing]
first_token_seconds = 0.5
first_token_sigma = 0.3
token_seconds = 0.008
token_sigma = 0.15
[output]
median_tokens = 125
sigma = 0.3
"""

STEADY = (
    *(Fault(kind="status", status=500, share=0.03, skill=skill) for skill in SKILLS),
    *(Fault(kind="hang", share=0.01, skill=skill) for skill in SKILLS),
)
"""Three in a hundred requests with a skill fail, one in a hundred gets no answer."""

STORM = (Fault(kind="status", status=529, share=0.5, retry_after=1.0), *STEADY)

GATEWAY_SHARE = 0.001
"""Failures that the gateway itself causes, as a share of half an hour's requests.

One kill breaks what that worker has in its hands, about as much in three minutes as in thirty.
"""

HALF_AN_HOUR = 30_000
"""Requests."""

MEMORY_GROWTH = 1.10
"""At the end against the mark."""


def scenario(seconds: float) -> Scenario:
    """`load seed` for so long, with the provider's faults; the storm of 529 lasts a hundredth of the run."""
    phases = (
        Phase(begins=0.0, name="steady faults", faults=STEADY),
        Phase(begins=0.25, name="529 storm", faults=STORM),
        Phase(begins=0.26, name="steady faults", faults=STEADY),
    )
    return msgspec.structs.replace(SCENARIOS["seed"], name="soak", seconds=seconds, phases=phases)
