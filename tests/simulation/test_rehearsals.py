"""`make simulate` in short: every row of it, a few repetitions, harmless rollouts for twelve hours only.

Seeded, so what is asserted of few repetitions is the same each time; the long form has the figures.
"""

from collections.abc import Callable

import msgspec
import pytest

from tidegate.harness.simulate.__main__ import simulated
from tidegate.harness.simulate.rows import AT_FLOOR, ROWS, Figure, Row, canary

REPS = {Figure.FALSE_ROLLBACKS: 1, Figure.REQUESTS: 3, Figure.CERTIFIED: 1, Figure.FALSE_CERTIFICATES: 1}


def short(row: Row) -> Row:
    """Without other tools' rules, which have tests of their own."""
    slow = row.figure is Figure.REQUESTS and "unit: user" in row.spec
    row = msgspec.structs.replace(row, reps=1 if slow else REPS[row.figure], rivals=False)
    if row.figure is not Figure.FALSE_ROLLBACKS or row.scenario == AT_FLOOR:
        return row
    unit = "user" if "unit: user" in row.spec else "request"
    spec = canary(unit, bake="13h")
    if row.revisions and unit == "user":
        spec = spec.replace("promote: auto", "promote: manual")
    return msgspec.structs.replace(row, spec=spec)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_the_design_requires_holds_in_a_few_rehearsals(row: Row, figure: Callable[[str], None]) -> None:
    (found,) = simulated([short(row)], workers=1)
    figure(f"{row.name}: {found.hits} of {found.reps}, p50 {found.p50}, required {found.required}")
    if row.share is not None:
        assert found.hits == 0
    else:
        assert found.p50 is not None
        assert found.p50 <= 2 * (row.p50 or row.p95 or 0)
