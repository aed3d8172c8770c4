"""Usage over the turns of one exchange: each turn's own for its bill, and the sum that the client is told."""

from collections.abc import Mapping
from typing import cast

import msgspec

from tidegate.serving.usage import ReportedUsage

Said = Mapping[str, object]


def summed(one: Said, other: Said) -> dict[str, object]:
    """Over two turns: numbers are added, objects member by member, of anything else the later one counts."""
    total = dict(one)
    for key, value in other.items():
        before = total.get(key)
        if _number(before) and _number(value):
            total[key] = cast("int", before) + cast("int", value)
        elif isinstance(before, dict) and isinstance(value, dict):
            total[key] = summed(cast("Said", before), cast("Said", value))
        elif value is not None or before is None:
            total[key] = value
    return total


def reported(usage: Said) -> ReportedUsage | None:
    """What one turn is billed by; None where it said nothing that can be read."""
    if not usage:
        return None
    try:
        return msgspec.convert(usage, ReportedUsage)
    except msgspec.ValidationError:
        return None


def _number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
