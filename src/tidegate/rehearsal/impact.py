"""What the faults of a moment do to one arm."""

from collections.abc import Iterable
from typing import NamedTuple

from tidegate.rehearsal.scenario import Fault, Variant


class Change(NamedTuple):
    """A share of the answers, slower and dearer by these factors; `own`: by the candidate's own fault."""

    share: float
    slower: float
    sigma: float | None
    dearer: float
    own: bool


UNCHANGED = Change(1.0, 1.0, None, 1.0, own=False)


class Impact(NamedTuple):
    """How many requests fail that had not failed (a rate), which part of them by the candidate's own faults,
    the changed answers, and the share of votes that are down."""

    errors: float
    own_errors: float
    changes: tuple[Change, ...]
    down: float


def impact(faults: Iterable[Fault], variant: Variant, arm: str, at: float) -> Impact:
    """What they do at `at` (seconds after the start)."""
    spared = own_spared = 1.0
    changes: list[Change] = []
    down = variant.down
    for fault in faults:
        share = fault.hits(arm, at)
        if share <= 0:
            continue
        if fault.errors is not None and fault.errors > variant.errors:
            added = share * (fault.errors - variant.errors) / (1 - variant.errors)
            spared *= 1 - added
            own_spared *= 1 - added if fault.arm == "candidate" else 1
        if fault.slower != 1 or fault.sigma is not None or fault.dearer != 1:
            own = fault.arm == "candidate"
            changes.append(Change(share, fault.slower, fault.sigma, fault.dearer, own))
        if fault.down is not None:
            down += share * (fault.down - down)
    added, by_own = 1 - spared, 1 - own_spared
    return Impact(added, min(1.0, by_own / added) if added > 0 else 0.0, tuple(changes), down)
