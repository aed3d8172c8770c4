"""What is simulated: plans, scenarios, how often, and what is required of each."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from tidegate.rehearsal.named import NAMED


class Figure(StrEnum):
    """What of the rehearsals is looked at."""

    FALSE_ROLLBACKS = "false rollbacks"
    REQUESTS = "candidate requests until rolled back"
    CERTIFIED = "candidate requests until certified"
    FALSE_CERTIFICATES = "falsely certified"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table: how many may be false, as a ratio, or how many requests `p50` and `p95` may be.

    With `rivals` such traffic is put to other tools' rules too, once for every `compared` repetitions.
    Rows of a `pool` are too few to show their share each: they are judged together as well.
    """

    name: str
    said: str
    spec: str
    scenario: str
    reps: int
    figure: Figure
    share: float | None = None
    p50: float | None = None
    p95: float | None = None
    rivals: bool = False
    compared: int = 10
    pool: str | None = None
    expected: Mapping[str, float] = {}
    """By rule what the design says is its median, in candidate requests until it acts."""
    revisions: tuple[float, ...] = ()
    """When the candidate is revised, in seconds after the start."""


_HEAD = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {{name: simulated}}
spec:
  unit: {unit}
  candidate: {{skills: {{contract-analysis: latest}}}}
  stages:
"""
_TWELVE_DAYS = """\
    - {name: canary, weight: 5, bake: 72h, promote: auto}
    - {name: beta, weight: 25, bake: 168h, promote: auto}
    - {name: full, weight: 100, bake: 48h, promote: auto, holdout: 5}
"""
_CANARY = """\
    - {{name: canary, weight: {weight}, bake: {bake}, promote: auto}}
    - {{name: full, weight: 100, bake: 1m, promote: auto, holdout: 5}}
"""
_GATES = """\
  gates:
    errors: {max: 2%, worse: rollback}
    latency: {worse: rollback}
    feedback: {min: 70%, worse: rollback}
    trip: {errors: 50%, over: 20}
    samples: {min: 1000}
"""
"""Every gate that may roll back by itself but savings; `slo` and `ratio` never do."""

_FLOOR = """\
    savings: {min: 35%, floor: 30%, worse: rollback}
"""

_SAVINGS = """\
  gates:
    savings: {min: 35%, worse: hold}
"""


def twelve_days(unit: str) -> str:
    """The production plan."""
    return _HEAD.format(unit=unit) + _TWELVE_DAYS + _GATES


def canary(unit: str, *, weight: int = 5, bake: str = "72h", savings: bool = False) -> str:
    """Its first stage, and a last one that is over at once."""
    stages = _CANARY.format(weight=weight, bake=bake)
    return _HEAD.format(unit=unit) + stages + (_SAVINGS if savings else _GATES)


HEAVY = "control: {user_spread: 1.5, daily_drift: 0.5}\n"
"""Users whose failure rates differ by 1.5 in log, on days that differ by .5."""

EXPECTED: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "errors-5pct": {"flagger": 355, "kayenta": 3000},
        "errors-2x": {"flagger": 8183},
        "errors-100pct": {"flagger": 250, "kayenta": 3000},
        "late-onset-30h": {"flagger": 355, "kayenta": 3000},
        "slow-1.3x": {"kayenta": 3000},
    }
)
"""The design's columns of other tools, by row; where it says that a rule misses or is blind there is none."""

OUTAGES = "faults: [{}]".format(
    ", ".join(f"{{arm: both, at: {24 * day + 12}h, for: 10m, errors: 100%}}" for day in range(12))
)
REVISIONS = (6 * 3600.0, 30 * 3600.0, 150 * 3600.0, 330 * 3600.0)
AT_FLOOR = "candidate: {cost: {mean: 0.014}}"
"""Savings of 30 % exactly, which the floor allows."""

JUST = "candidate: {cost: {mean: 0.013}}"
"""Of 0.02 dollars: savings of 35 % exactly."""


VARIANTS = "all of these with fewer repetitions"
SHOWN = 299
"""Of so many repetitions without a hit at least, less than 1 % is shown with 95 %."""


def _fault(errors: str, at: str = "0h") -> str:
    return f"faults: [{{arm: candidate, at: {at}, errors: {errors}}}]"


def _harmless(name: str, said: str, scenario: str, reps: int, *, unit: str = "request") -> Row:
    """By user errors in absolute terms hold a stage for days, of a few heavy users: that gate, which rolls
    nothing back, is wide there, so that the plan takes its twelve days.
    """
    spec = twelve_days(unit)
    return Row(
        name=name,
        said=said,
        spec=spec.replace("max: 2%", "max: 20%") if unit == "user" else spec,
        scenario=scenario,
        reps=reps,
        figure=Figure.FALSE_ROLLBACKS,
        share=0.01,
        pool=VARIANTS if reps < SHOWN else None,
    )


def _at_floor(name: str, unit: str) -> Row:
    reps = 600 if unit == "request" else 300
    row = _harmless(name, "savings of just the floor's 30 %", AT_FLOOR, reps, unit=unit)
    return msgspec.structs.replace(row, spec=canary(unit, bake="24h") + _FLOOR)


def _revised(unit: str) -> Row:
    """By user the plan asks for approval: there its revisions are taken up.

    Errors in absolute terms hold a stage for days, of the few heavy users that are new in one.
    """
    name = "revised" if unit == "request" else "revised-user"
    row = _harmless(name, "the candidate revised in every stage", HEAVY, 50, unit=unit)
    spec = row.spec.replace("max: 2%", "max: 20%")
    if unit == "user":
        spec = spec.replace("promote: auto", "promote: manual")
    return msgspec.structs.replace(row, spec=spec, revisions=REVISIONS)


def _seen(name: str, said: str, scenario: str, reps: int, *, p50: float = 0.0, p95: float = 0.0) -> Row:
    return Row(
        expected=EXPECTED.get(name, {}),
        name=name,
        said=said,
        spec=canary("request"),
        scenario=scenario,
        reps=reps,
        figure=Figure.REQUESTS,
        p50=p50 or None,
        p95=p95 or None,
        rivals=True,
    )


def _seen_by_user(name: str, said: str, errors: str, *, p50: float, p95: float) -> Row:
    row = _seen(name, said, HEAVY + _fault(errors, "30h"), 100, p50=p50, p95=p95)
    return msgspec.structs.replace(row, spec=canary("user"), rivals=False)


def _saving(name: str, said: str, unit: str, *, hours: int, weight: int, reps: int) -> Row:
    """Certified within so many hours by half of the repetitions; by request the design counts requests."""
    requests = 1000 * 60 * hours * weight / 100 if unit == "user" else 4200
    return Row(
        name=name,
        said=said,
        spec=canary(unit, weight=weight, bake=f"{hours}h", savings=True),
        scenario=NAMED["savings-40"],
        reps=reps,
        figure=Figure.CERTIFIED,
        p50=requests,
    )


def _just(name: str, said: str, unit: str) -> Row:
    return Row(
        name=name,
        said=said,
        spec=canary(unit, bake="24h", savings=True),
        scenario=JUST,
        reps=1000,
        figure=Figure.FALSE_CERTIFICATES,
        share=0.01,
    )


HARMLESS = (
    msgspec.structs.replace(
        _harmless("aa-request", "no difference, 12 days", NAMED["aa"], 1000),
        spec=twelve_days("request") + _FLOOR,
        rivals=True,
        compared=50,
    ),
    _harmless("outages", "10 minutes a day both arms fail entirely", OUTAGES, 100),
    _harmless("diurnal", "traffic by the time of day", NAMED["diurnal"], 100),
    _harmless("replica-lag", "evidence up to 60 s late, out of order", NAMED["replica-lag"], 100),
    _harmless("aa-user", "no difference, heavy and unlucky users", HEAVY, 1000, unit="user"),
    _harmless("outages-user", "the same, both arms fail 10 minutes a day", HEAVY + OUTAGES, 25, unit="user"),
    _revised("request"),
    _revised("user"),
    _harmless("usage-user", "heavy users, 1.5 times the usage", HEAVY + NAMED["more-usage"], 50, unit="user"),
    _at_floor("floor-30", "request"),
    _at_floor("floor-30-user", "user"),
)
SEEN = (
    _seen("errors-5pct", "errors 0.8 → 5 %", NAMED["errors-5pct"], 400, p50=220, p95=550),
    _seen("errors-2x", "errors 0.8 → 1.6 %", NAMED["errors-2x"], 200, p50=4000),
    _seen("errors-100pct", "errors → 100 %", _fault("100%"), 400, p50=5),
    _seen("late-onset-30h", "errors → 5 % at hour 30", NAMED["late-onset-30h"], 200, p50=420),
    _seen("slow-1.3x", "each request takes 1.3 times as long", NAMED["slow-1.3x"], 200, p95=280),
    _seen("tail", "95th percentile 3 → 6 s", NAMED["tail"], 200, p95=280),
    _seen_by_user("late-5pct-user", "errors → 5 % at hour 30, heavy users", "5%", p50=900, p95=4000),
    _seen_by_user("late-100pct-user", "errors → 100 % at hour 30, heavy users", "100%", p50=25, p95=90),
)
SAVED = (
    _saving("savings-40", "savings of 40 %", "request", hours=72, weight=5, reps=200),
    _saving("savings-40-user", "savings of 40 %, within 48 h", "user", hours=48, weight=5, reps=50),
    _saving("savings-40-user-25", "at 25 %, within 8 h", "user", hours=8, weight=25, reps=50),
    _just("savings-35", "savings of just 35 %", "request"),
    _just("savings-35-user", "savings of just 35 %", "user"),
)
ROWS = (*HARMLESS, *SEEN, *SAVED)
