"""A plan as the text of a spec: what `control/spec` reads."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import yaml

from tidegate.domain.rollout import After, Gates, Plan, Stage, Variant
from tidegate.domain.schedule import DAYS, Hours, Schedule

_USUAL = Variant()
_KEYS = {"extend_seconds": "extend", "quiet_seconds": "quiet"}
_SECONDS = frozenset({"p95", "over", "extend_seconds", "quiet_seconds"})
_FIXED = frozenset({"limits", "expected", "prices"})
"""Fields that the start of a rollout fills in from the past."""

_SHARES = frozenset({"max", "errors", "slow", "min", "floor"})


def write_spec(plan: Plan) -> str:
    """YAML that gives the plan again, but for what its start fixes; skills by their versions."""
    body: dict[str, object] = {
        "unit": plan.unit.value,
        "eligible": {"tenants": list(plan.eligible.tenants), "tasks": list(plan.eligible.tasks)},
        "baseline": _variant(plan.baseline),
        "candidate": _variant(plan.candidate),
        "stages": [_stage(stage) for stage in plan.stages],
        "schedule": _schedule(plan.schedule),
        "gates": _gates(plan.gates),
        "after": _after(plan.after),
    }
    document = {
        "apiVersion": "tidegate/v1",
        "kind": "Rollout",
        "metadata": {"name": plan.name},
        "spec": {key: each for key, each in body.items() if each or key in ("baseline", "candidate")},
    }
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)


class _Plain(yaml.SafeDumper):
    """Without anchors, which no spec may have."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def duration_text(seconds: float) -> str:
    """In the largest unit that gives a whole number: 259,200 is `3d`, half a second `500ms`."""
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        if seconds >= size and seconds % size == 0:
            return f"{round(seconds / size)}{unit}"
    return f"{round(seconds * 1000)}ms" if seconds < 1000 else f"{seconds:.3f}s"


def _variant(variant: Variant) -> dict[str, object]:
    found: dict[str, object] = {"skills": {ref.name: ref.version or "latest" for ref in variant.skills}}
    if (variant.lexical, variant.threshold) != (_USUAL.lexical, _USUAL.threshold):
        lexical = "on" if variant.lexical else "off"
        found["select"] = {"lexical": lexical, "threshold": _decimal(variant.threshold)}
    if variant.model is not None:
        found["model"] = variant.model
    if variant.system != _USUAL.system:
        found["system"] = variant.system
    if variant.route is not None:
        middle = {} if variant.route.middle is None else {"middle": variant.route.middle}
        thresholds = [float(each) for each in variant.route.thresholds]
        found["route"] = {"small": variant.route.small, **middle, "thresholds": thresholds}
    found["timeout"] = duration_text(variant.timeout_seconds)
    if variant.deadline_seconds is not None:
        found["deadline"] = duration_text(variant.deadline_seconds)
    if variant.cache is not None:
        found["cache"] = {"ttl": duration_text(variant.cache.ttl_seconds), "when": variant.cache.when}
    return found


def _stage(stage: Stage) -> dict[str, object]:
    approvals = {"approvals": stage.approvals} if stage.approvals > 1 else {}
    return {
        "name": stage.name,
        "weight": _percent_of(stage.weight),
        "bake": duration_text(stage.bake_seconds),
        "promote": stage.promote,
        **approvals,
        "report": stage.report,
        "holdout": _percent_of(stage.holdout),
    }


def _gates(gates: Gates) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in gates.__struct_fields__:
        gate: msgspec.Struct | None = getattr(gates, name)
        if gate is not None:
            fields = msgspec.structs.asdict(gate)
            found[name] = {
                _KEYS.get(key, key): _gate_value(name, key, value)
                for key, value in fields.items()
                if value is not None and key not in _FIXED
            }
    return found


def _gate_value(gate: str, key: str, value: object) -> object:
    if isinstance(value, int | float):
        if key in _SECONDS and not (gate == "trip" and key == "over"):
            return duration_text(value)
        if key in _SHARES and (gate, key) != ("samples", "min"):
            return f"{_decimal(100 * value)}%"
    return value


def _after(after: After) -> dict[str, object]:
    if after == After():
        return {}
    lasts = {"for": duration_text(after.for_seconds)} if after.for_seconds else {}
    return {"holdout": _percent_of(after.holdout), **lasts}


def _schedule(schedule: Schedule) -> dict[str, object]:
    found: dict[str, object] = {}
    if schedule.hours:
        found["hours"] = [text for hours in schedule.hours for text in _hours(hours)]
    if schedule.freezes:
        found["freeze"] = [
            {"from": _moment(each.since, schedule), "until": _moment(each.until, schedule), **_why(each.why)}
            for each in schedule.freezes
        ]
    return {**found, "timezone": schedule.timezone} if found else {}


def _hours(hours: Hours) -> Sequence[str]:
    """A run of days in one line; days with gaps, or round the week's end, each by itself."""
    times = f"{_clock(hours.since)}-{_clock(hours.until)}"
    first, last = hours.days[0], hours.days[-1]
    if last - first == len(hours.days) - 1 and last > first:
        return [f"{DAYS[first]}-{DAYS[last]} {times}"]
    return [f"{DAYS[day]} {times}" for day in hours.days]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _moment(at: float, schedule: Schedule) -> str:
    return datetime.fromtimestamp(at, ZoneInfo(schedule.timezone)).strftime("%Y-%m-%d %H:%M")


def _why(why: str) -> Mapping[str, str]:
    return {"why": why} if why else {}


def _percent_of(basis_points: int) -> str:
    return f"{_decimal(basis_points / 100)}%"


def _decimal(value: float) -> str:
    """At most six decimals and no exponent."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
