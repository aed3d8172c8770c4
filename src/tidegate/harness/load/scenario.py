"""The load scenarios: who asks how often, for how long, and what must be kept."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from tidegate.harness.emulator.faults import Fault
from tidegate.harness.load.shot import Kind

MIX: Mapping[Kind, float] = MappingProxyType(
    {Kind.PLAIN: 0.25, Kind.INSTRUCTIONS: 0.25, Kind.REFERENCES: 0.25, Kind.SCRIPT: 0.15, Kind.NATIVE: 0.1}
)
"""What people ask, as shares."""


class Promises(msgspec.Struct, frozen=True, kw_only=True):
    """What a run must keep: seconds, and a share of the requests."""

    p95_seconds: float = 5.0
    errors: float = 0.02


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """From this share of the run on, the emulator has these faults."""

    begins: float
    name: str
    faults: tuple[Fault, ...] = ()


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """`per_minute` requests for `seconds`; every `burst_every` seconds, `burst` more at once."""

    name: str
    purpose: str
    users: int
    per_minute: float
    seconds: float
    burst: int = 0
    burst_every: float = 0.0
    stream_share: float = 0.3
    phases: tuple[Phase, ...] = ()
    promises: Promises = Promises()


FAULTS = (
    Phase(begins=0.0, name="none"),
    Phase(
        begins=0.1,
        name="one bad skill",
        faults=(Fault(kind="status", status=500, skill="contract-analysis"),),
    ),
    Phase(begins=0.3, name="529 storm", faults=(Fault(kind="status", status=529, share=0.1),)),
    Phase(begins=0.5, name="skill hangs", faults=(Fault(kind="hang", share=0.1, skill="log-digest"),)),
    Phase(begins=0.7, name="slow provider", faults=(Fault(kind="latency", seconds=0.5, share=0.3),)),
    Phase(begins=0.9, name="none again"),
)

SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        scenario.name: scenario
        for scenario in (
            Scenario(name="smoke", purpose="does it work at all", users=10, per_minute=120, seconds=15),
            Scenario(
                name="seed",
                purpose="100 users, 1,000 requests a minute",
                users=100,
                per_minute=1000,
                seconds=300,
            ),
            Scenario(
                name="trace",
                purpose="arrivals and lengths of a recorded hour (--trace)",
                users=1000,
                per_minute=0,
                seconds=300,
            ),
            Scenario(
                name="burst",
                purpose="little, and 200 at once every 20 s",
                users=200,
                per_minute=300,
                seconds=120,
                burst=200,
                burst_every=20.0,
            ),
            Scenario(name="soak", purpose="seed for half an hour", users=100, per_minute=1000, seconds=1800),
            Scenario(
                name="faults",
                purpose="seed while the provider fails in turn",
                users=100,
                per_minute=1000,
                seconds=180,
                phases=FAULTS,
            ),
        )
    }
)
