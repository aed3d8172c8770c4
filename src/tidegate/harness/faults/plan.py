"""Which faults are tried, on what gateway, and what has to hold."""

import msgspec

from tidegate.harness.emulator.faults import Fault
from tidegate.harness.load.question import MODEL
from tidegate.harness.load.scenario import Scenario

RATE = 200.0
"""Requests a second."""

FIRST_SECONDS = 3.0
"""Of each fault in the first round; no round is shorter."""

LEAD_SECONDS = 1.0
"""Without a fault, before it begins."""

REST_SECONDS = 2.5
"""Without a fault, after it: breakers close, what is out ends."""

DEADLINE_SECONDS = 2.5
SKILL_SECONDS = 1.0
TRY_SECONDS = 0.5
PROBE_SECONDS = 1.0

ERRORS = 0.02
LATE_SECONDS = 0.25
"""How far an exchange may outlive its deadline."""

CLOSING_SECONDS = 0.5
"""What a probe's own answer may take, beside the interval until it goes out."""

TO_OPEN = 20
MEMORY_GROWTH = 1.10
"""Against a first round through all faults: what so many connections take at once is not given back."""

OTHER_MODEL = "claude-haiku-4-5"
BAD_SKILL = "contract-analysis"

CONFIGURATION = f"""\
[limits]
deadline = "{DEADLINE_SECONDS * 1000:g}ms"

[breakers]
probe_interval = "{PROBE_SECONDS:g}s"

[fallback]
timeout = "{TRY_SECONDS * 1000:g}ms"

[fallback.models]
"{MODEL}" = ["{OTHER_MODEL}"]
"""

PROFILE = """\
# Answers take about a tenth of a second: what is measured is the fault.
seed = 23
[timing]
first_token_seconds = 0.03
first_token_sigma = 0.3
token_seconds = 0.002
token_sigma = 0.2
[output]
median_tokens = 30
sigma = 0.3
"""

SPEC = f"""\
apiVersion: tidegate/v1
kind: Rollout
metadata: {{name: load}}
spec:
  unit: user
  candidate:
    skills: {{contract-analysis: latest, incident-summary: latest, log-digest: latest, release-notes: latest}}
    timeout: {SKILL_SECONDS:g}s
  stages:
    - {{name: full, weight: 100, bake: 30d, promote: manual, holdout: 5}}
  gates:
    samples: {{min: 1000, unsure: hold}}
"""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One fault. `breaker` is the one it has to open, by kind and target; `quick` failures are seen at once:
    of the others hundreds are on their way before the first is known to have failed. A fault that strikes
    fewer than a breaker opens for has none.
    """

    name: str
    fault: Fault
    breaker: tuple[str, str] | None = ("upstream", f"default/{MODEL}")
    quick: bool = True


TRIALS = (
    Trial(name="upstream hangs", fault=Fault(kind="hang", model=MODEL), quick=False),
    Trial(name="529 storm", fault=Fault(kind="status", status=529, model=MODEL)),
    Trial(name="connection resets", fault=Fault(kind="reset", model=MODEL)),
    Trial(name="half-closed sockets", fault=Fault(kind="half_close", model=MODEL)),
    Trial(name="cuts in mid-answer", fault=Fault(kind="cut", model=MODEL)),
    Trial(name="slow drip from the start", fault=Fault(kind="slow", seconds=60, model=MODEL), quick=False),
    Trial(
        name="slow drip after the first content",
        fault=Fault(kind="slow", seconds=60, after_bytes=1200, model=MODEL),
        breaker=None,
        quick=False,
    ),
    Trial(
        name="one bad skill only",
        fault=Fault(kind="status", status=500, skill=BAD_SKILL),
        breaker=("skill", f"{BAD_SKILL}@1"),
    ),
)


def scenario(trial: Trial, seconds: float) -> Scenario:
    """The load around and through a fault of `seconds`."""
    return Scenario(
        name=trial.name,
        purpose=trial.name,
        users=2000,
        per_minute=RATE * 60,
        seconds=LEAD_SECONDS + seconds + REST_SECONDS,
    )
