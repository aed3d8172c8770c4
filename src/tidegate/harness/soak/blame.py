"""Whose fault a failure was: the provider's, by ledger and the provider's own counts, or the gateway's."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tidegate.harness.load.tally import Failed

_OF_UPSTREAM = frozenset({"upstream_error", "upstream_timeout"})


class Line(msgspec.Struct, frozen=True):
    """What of a ledger's line is looked at."""

    id: str
    outcome: str
    attempts: int


class Blamed(msgspec.Struct, frozen=True):
    """Failures by whose they were; `why` names the gateway's, by what the client saw."""

    provider: int
    gateway: int
    why: dict[str, int]


def blame(failed: Sequence[Failed], ledger: Iterable[Line], faults: Mapping[str, int]) -> Blamed:
    """A failure is the provider's where the client got a whole answer or an error event that says so, and the
    ledger has it as an upstream's after at least one attempt. All else is the gateway's: broken connections,
    answers cut short, refusals of its own, and whatever there is more of than `faults` the provider counts.
    """
    upstream = {line.id for line in ledger if line.outcome in _OF_UPSTREAM and line.attempts > 0}
    why: dict[str, int] = {}
    provider = 0
    for each in failed:
        said = each.failure == "error_event" or each.failure.startswith("status")
        if said and each.request_id in upstream:
            provider += 1
        else:
            why[each.failure] = why.get(each.failure, 0) + 1
    beyond = max(0, provider - sum(faults.values()))
    if beyond:
        why["more than the provider's faults"] = beyond
    return Blamed(provider - beyond, sum(why.values()), why)
